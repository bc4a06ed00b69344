/** From the components of a format (unrounded) to R, G, B of 0 to 255. */
#ifndef MNET_IMAGE_COLOR_H
#define MNET_IMAGE_COLOR_H

#include "nn/image/format.h"
#include "nn/kernels/image_rows.h"

/**
 * For components as the resampling leaves them: codes of the format's depth, an 8-bit one with
 * MNET_ROWS_FRACTION + MNET_ROWS_TAP_BITS fraction bits, a deeper one with as many fewer. Range and
 * matrix are in the numbers. Sources: ITU-R BT.601-7, BT.709-6, BT.2020-2 (non-constant luminance).
 * A 10-bit code is not rounded to 8; full-range 1023 is 255.
 */
MnetRowsColor mnet_color_make(const MnetFormatInfo *info, const MnetImage *image);

/** BT.601 luma of R, G, B. */
float mnet_color_luma(float r, float g, float b);

#endif
