/** What a pixel format looks like in memory. All other files of image/ know planes and components,
 * never formats. */
#ifndef MNET_IMAGE_FORMAT_H
#define MNET_IMAGE_FORMAT_H

#include "nn/mnet.h"

#include <stdbool.h>

typedef enum MnetColorModel {
    MNET_COLOR_MODEL_YUV,
    MNET_COLOR_MODEL_RGB,
    MNET_COLOR_MODEL_GRAY
} MnetColorModel;

/** A plane's row is ceil(width >> group_shift) groups of group_bytes; it has ceil(height >>
 * shift_y) rows. */
typedef struct MnetPlaneInfo {
    uint8_t group_bytes, group_shift, shift_y;
} MnetPlaneInfo;

/**
 * Sample x of a component is sample x * step + offset of its plane's row. Horizontally there is one
 * for 1 << shift_x pixels, vertically one for 1 << shift_y of its plane.
 */
typedef struct MnetComponentInfo {
    uint8_t plane, offset, step, shift_x;
} MnetComponentInfo;

typedef struct MnetFormatInfo {
    const char *name;
    MnetColorModel model;
    uint8_t n_planes, n_components;
    uint8_t sample_bytes; /* 1, or 2 little endian */
    uint8_t unit_bits;    /* right shift that makes a sample a number of `depth` bits */
    uint8_t depth;
    MnetPlaneInfo planes[3];
    MnetComponentInfo components[3]; /* Y, U, V or R, G, B or grey */
} MnetFormatInfo;

/** NULL for a value that is no format. Never fails otherwise; constant data. */
const MnetFormatInfo *mnet_format_info(MnetPixelFormat format);

/** Bytes that a row of the plane takes. */
int mnet_format_row_bytes(const MnetFormatInfo *info, int plane, int width);

#endif
