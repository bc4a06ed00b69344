/** From the components of a format (unrounded) to R, G, B of 0 to 255. */
#ifndef MNET_IMAGE_COLOR_H
#define MNET_IMAGE_COLOR_H

#include "nn/image/format.h"

/** rgb[i] = clamp(sum over c of gain[i][c] * component[c] + offset[i], 0, 255). */
typedef struct MnetColor {
    float gain[3][3];
    float offset[3];
} MnetColor;

/**
 * For samples as they are stored: depth, range and matrix are all in the numbers. Sources: ITU-R BT.601-7, BT.709-6,
 * BT.2020-2 (non-constant luminance). A 10-bit sample is not rounded to 8; full-range 1023 is 255.
 */
MnetColor mnet_color_make(const MnetFormatInfo *info, const MnetImage *image);

/** Converts n pixels in place: rows[0..2] come in as components and leave as R, G, B. */
void mnet_color_apply(const MnetColor *color, float *const rows[3], int n);

/** BT.601 luma of R, G, B. */
float mnet_color_luma(float r, float g, float b);

#endif
