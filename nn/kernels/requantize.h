/** What is done behind the sums of a quantised op. */
#ifndef MNET_KERNELS_REQUANTIZE_H
#define MNET_KERNELS_REQUANTIZE_H

#include "nn/kernels/quant.h"

#include <stddef.h>

/** A quantised sum: a and b by their own scales and zero points into the range of the output. */
typedef struct MnetQuantAdd {
    float a_multiplier, b_multiplier; /* mnet_quant_multiplier(a.scale, 1, y.scale), b likewise */
    int32_t a_zero_point, b_zero_point;
    MnetQuantRange range;
} MnetQuantAdd;

/**
 * y = requantize((float)(sum + bias) * multiplier) into `range`, bias and multiplier being finite
 * and the channel's own; the sum wraps, as in the other runtimes. Then, unless `add` is NULL, y =
 * add(y, residual): add->a_zero_point is that of `range`.
 */
typedef struct MnetEpilogueQs8 {
    MnetQuantRange range;
    const MnetQuantAdd *add;
} MnetEpilogueQs8;

/** The epilogue of `count` channels; residual may be y, and is read only where one is added. */
void mnet_epilogue_qs8_c(const MnetEpilogueQs8 *epilogue, size_t count, const int32_t *sums,
                         const int32_t *bias, const float *multiplier, const int8_t *residual,
                         int8_t *y);

/** y[i] = a[i] + b[i]; y may be a or b. */
typedef void (*MnetAddF32)(size_t count, const float *a, const float *b, float *y);

typedef struct MnetRequantizeKernels {
    MnetAddF32 add_f32;
} MnetRequantizeKernels;

/** The best kernels for a CPU with these features (nn/base/cpu.h). */
void mnet_requantize_kernels_init(MnetRequantizeKernels *kernels, uint32_t cpu_features);

#endif
