/** One output pixel of a pool, all channels (NHWC), over the taps that lie inside the picture. */
#ifndef MNET_KERNELS_POOL_H
#define MNET_KERNELS_POOL_H

#include "nn/kernels/quant.h"

#include <stddef.h>

/** A grid of taps, each with `channels` contiguous values; strides are in elements. No taps at all
 * are fine. */
typedef struct MnetPoolTaps {
    int rows, cols;
    ptrdiff_t row_stride, col_stride;
    int channels;
} MnetPoolTaps;

typedef struct MnetPoolKernels {
    /** The taps' sum, in the taps' order, by `divisor`. */
    void (*avg_f32)(const MnetPoolTaps *taps, const float *x, float divisor, float *y);
    /** The taps' sum without their zero points, times `multiplier`. At most 2^23 taps. */
    void (*avg_qs8)(const MnetPoolTaps *taps, const int8_t *x, int32_t zero_point, float multiplier,
                    MnetQuantRange range, int8_t *y);
    /** The greatest tap; without any the type's lowest value. */
    void (*max_f32)(const MnetPoolTaps *taps, const float *x, float *y);
    void (*max_qs8)(const MnetPoolTaps *taps, const int8_t *x, int8_t *y);
} MnetPoolKernels;

/** The best kernels for a CPU with these features (nn/base/cpu.h). */
void mnet_pool_kernels_init(MnetPoolKernels *kernels, uint32_t cpu_features);

#endif
