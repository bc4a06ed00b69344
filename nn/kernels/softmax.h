/** Softmax of n values that lie `stride` elements apart, in x and in y alike; x may be y. */
#ifndef MNET_KERNELS_SOFTMAX_H
#define MNET_KERNELS_SOFTMAX_H

#include "nn/kernels/quant.h"

#include <stddef.h>

#define MNET_SOFTMAX_ONE (1 << 30)

typedef struct MnetSoftmaxKernels {
    /** y = e^(beta x - m) / sum, m the greatest beta x. */
    void (*f32)(size_t n, const float *x, ptrdiff_t stride, float beta, float *y);
    /**
     * With d the greatest x less x: y = exp_table[d] / sum / scale, rounded as `range` says.
     * exp_table[0 to 255] holds e^(-d * beta * x.scale) in units of 1 / MNET_SOFTMAX_ONE: as
     * integers, their sum is the same in any order.
     */
    void (*qs8)(size_t n, const int8_t *x, ptrdiff_t stride, const int32_t *exp_table, float scale,
                MnetQuantRange range, int8_t *y);
} MnetSoftmaxKernels;

/** The best kernels for a CPU with these features (nn/base/cpu.h). */
void mnet_softmax_kernels_init(MnetSoftmaxKernels *kernels, uint32_t cpu_features);

#endif
