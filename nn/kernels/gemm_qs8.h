/**
 * Matrix product with its epilogue: what quantised convolutions (over rows of patches,
 * nn/kernels/patches.h) and fully connected layers come to. Output channels come in panels of `nr`;
 * a call computes all rows of one panel.
 */
#ifndef MNET_KERNELS_GEMM_QS8_H
#define MNET_KERNELS_GEMM_QS8_H

#include "nn/kernels/patches.h"
#include "nn/kernels/requantize.h"

#include <stddef.h>
#include <stdint.h>

typedef struct MnetGemmQs8Kernels {
    size_t mr, nr; /* rows of a tile, a hint; output channels of a panel */
    size_t k_step; /* k is a multiple of it, rows being filled up with zeros */

    /** Of a panel, a multiple of MNET_ALIGN. */
    size_t (*panel_bytes)(size_t k);

    /**
     * Weights without their zero points, [columns][k], 1 <= columns <= nr, with a bias and a
     * multiplier for each column, into the kernel's own form; `panel` is aligned to MNET_ALIGN and
     * zeroed.
     */
    void (*pack)(size_t columns, size_t k, const int16_t *weights, const int32_t *bias,
                 const float *multiplier, void *panel);

    /**
     * y[r][c] = epilogue(sum over i of x[r][i] * w[c][i]), r < rows, c < columns. |x| and |w| are
     * up to 255, and the sum fits int32_t, which the caller has checked. `residual`, where the
     * epilogue adds one, lies like y, and may be y. Strides are in elements. Nothing is read or
     * written outside of `columns` and k.
     */
    void (*run)(size_t rows, size_t columns, size_t k, const int16_t *x, size_t x_stride,
                const void *panel, const MnetEpilogueQs8 *epilogue, const int8_t *residual,
                int8_t *y, size_t y_stride);

    MnetWidenS16 widen; /* makes rows of x */
    const char *name;
} MnetGemmQs8Kernels;

/** The best kernels for a CPU with these features (nn/base/cpu.h). */
void mnet_gemm_qs8_kernels_init(MnetGemmQs8Kernels *kernels, uint32_t cpu_features);

/** Tiers: each overrides what it has. */
void mnet_gemm_qs8_kernels_init_avx2(MnetGemmQs8Kernels *kernels);

#endif
