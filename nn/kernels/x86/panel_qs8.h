/** How kernels for rows of bytes pack their weights: four along k for each column, as vpdpbusd and
 * AMX tiles take them. */
#ifndef MNET_KERNELS_X86_PANEL_QS8_H
#define MNET_KERNELS_X86_PANEL_QS8_H

#include "nn/kernels/gemm_qs8.h"

/**
 * Writes column c, without its offset, four bytes every `stride` from `out` on, k being a multiple
 * of 4. Returns its bias for sums of x as it lies in rows of this type:
 * sum of (x - zero) * w + bias = sum of x * w + (bias - zero * sum of w), which may wrap.
 */
static inline int32_t mnet_pack_column_qs8(const MnetGemmQs8Weights *weights, MnetRowType type,
                                           size_t c, int8_t *out, size_t stride) {
    const int16_t *w = weights->w + c * weights->k;
    int32_t sum = 0;

    for (size_t i = 0; i < weights->k; i++) {
        int8_t byte = (int8_t)(w[i] - weights->w_offset);

        out[i / 4 * stride + i % 4] = byte;
        sum += byte;
    }
    return (int32_t)((uint32_t)weights->bias[c] -
                     (uint32_t)mnet_row_zero(type, weights->x_zero_point) * (uint32_t)sum);
}

#endif
