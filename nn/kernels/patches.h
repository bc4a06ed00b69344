/**
 * Patches: what a convolution's window covers for each output pixel, laid out as rows of a matrix
 * (im2row), kernel row by kernel row, pixel by pixel, channel by channel. Cells outside of the
 * picture are real zeros.
 */
#ifndef MNET_KERNELS_PATCHES_H
#define MNET_KERNELS_PATCHES_H

#include "nn/kernels/rows_qs8.h"

#include <stddef.h>
#include <stdint.h>

/** Pairs are h, w. The picture is [batch][size h][size w][channels], dense. */
typedef struct MnetPatches {
    int size[2], out_size[2];
    int channels;   /* of the picture */
    int channel;    /* the first of a patch: those of one group */
    int n_channels; /* of a patch */
    int kernel[2], stride[2], dilation[2];
    int pad[2]; /* before the picture */
} MnetPatches;

/** Rows [first, first + rows) of the matrix, counting output pixels over the whole batch. */
void mnet_patches_f32(const MnetPatches *patches, const float *x, size_t first, size_t rows,
                      float *out, size_t out_stride);

/** out[i] = x[i] - zero_point */
void mnet_widen_s16(const int8_t *x, int32_t zero_point, int16_t *out, size_t count);

/** The same in the form of `kernels`; elements up to out_stride, which is in elements, are zeros.
 */
void mnet_patches_qs8(const MnetPatches *patches, const int8_t *x, int32_t zero_point, size_t first,
                      size_t rows, const MnetRowsQs8 *kernels, void *out, size_t out_stride);

#endif
