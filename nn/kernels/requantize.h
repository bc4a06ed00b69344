/** What is done behind the sums of a quantised op, a row at a time. */
#ifndef MNET_KERNELS_REQUANTIZE_H
#define MNET_KERNELS_REQUANTIZE_H

#include "nn/kernels/quant.h"

#include <stddef.h>

/** y[i] = requantize((float)(acc[i] + bias[i]) * multiplier[i]); the sum wraps, as in the other runtimes. */
typedef void (*MnetRequantize)(size_t count, const int32_t *acc, const int32_t *bias,
                               const float *multiplier, MnetQuantRange range, int8_t *y);

/** A quantised sum: a and b by their own scales and zero points into the range of the output. */
typedef struct MnetQuantAdd {
    float a_multiplier, b_multiplier; /* mnet_quant_multiplier(a.scale, 1, y.scale), b likewise */
    int32_t a_zero_point, b_zero_point;
    MnetQuantRange range;
} MnetQuantAdd;

/** y[i] = a[i] + b[i]; y may be a or b. */
typedef void (*MnetAddQs8)(size_t count, const MnetQuantAdd *add, const int8_t *a, const int8_t *b,
                           int8_t *y);

/** y[i] = a[i] + b[i]; y may be a or b. */
typedef void (*MnetAddF32)(size_t count, const float *a, const float *b, float *y);

typedef struct MnetRequantizeKernels {
    MnetRequantize requantize;
    MnetAddQs8 add_qs8;
    MnetAddF32 add_f32;
} MnetRequantizeKernels;

/** The best kernels for a CPU with these features (nn/base/cpu.h). */
void mnet_requantize_kernels_init(MnetRequantizeKernels *kernels, uint32_t cpu_features);

#endif
