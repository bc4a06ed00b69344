/**
 * Matrix product: what convolutions and fully connected layers come to. Weights are packed in
 * panels of `nr` output channels, the last of which may be wider, up to `wide`, or narrower; a
 * call computes all rows of one panel.
 */
#ifndef MNET_KERNELS_GEMM_F32_H
#define MNET_KERNELS_GEMM_F32_H

#include "nn/kernels/activation.h"

/**
 * y[r][c] = finish(panel's bias[c] + sum over i of x[r][i] * w[i][c]) for r < rows and c <
 * columns, summed in the order of i but for a single row. A tier may fuse multiply and add, so
 * tiers differ by rounding alone: less than 1e-5 of the sum of the products' magnitudes. A row's
 * result hangs neither on the other rows nor on the split into panels, but for the choice
 * between one row and several. All strides are in elements.
 */
typedef struct MnetGemmF32Args {
    size_t rows, columns;
    /* A row of x is `segments` pieces of k each, such as the rows of a convolution's window. */
    size_t segments, k;
    const float *x;
    size_t x_stride, x_segment;
    /* bias, then w[segments * k], each as wide as columns rounded up to `lanes`; columns past
     * the last hold zeros */
    const float *panel;
    /* The panel that the caller will want next, to be fetched into the cache meanwhile; or NULL. */
    const float *next_panel;
    float *y;
    size_t y_stride;
    MnetFinishF32 finish;
    const float *residual; /* added behind `finish`, with y's stride; or NULL. May be y. */
} MnetGemmF32Args;

typedef void (*MnetGemmF32)(const MnetGemmF32Args *args);

typedef struct MnetGemmF32Kernels {
    MnetGemmF32 run;
    /* NULL, or what makes a panel of segments * k rows into one that `run` takes, once, in place */
    void (*prepare)(float *panel, size_t columns, size_t k);
    size_t mr, nr, wide, lanes; /* mr: rows of a tile, a hint */
    const char *name;
} MnetGemmF32Kernels;

/**
 * Panels of `columns` output channels: all but the last have nr columns. Panel i starts at float
 * i * nr * (k + 1).
 */
static inline size_t mnet_gemm_f32_panels(const MnetGemmF32Kernels *kernels, size_t columns) {
    size_t spare = kernels->wide - kernels->nr;

    return columns <= kernels->wide ? 1 : (columns - spare + kernels->nr - 1) / kernels->nr;
}

/** The best kernels for a CPU with these features (nn/base/cpu.h). */
void mnet_gemm_f32_kernels_init(MnetGemmF32Kernels *kernels, uint32_t cpu_features);

/**
 * The best ones that may round x and weights to bf16 (8 bits of precision), where the CPU has
 * products of these: results are within 0.008 of the sum of the products' magnitudes.
 */
void mnet_gemm_f32_kernels_init_bf16(MnetGemmF32Kernels *kernels, uint32_t cpu_features);

/** Tiers: each overrides what it has. */
void mnet_gemm_f32_kernels_init_avx2(MnetGemmF32Kernels *kernels);
void mnet_gemm_f32_kernels_init_avx512(MnetGemmF32Kernels *kernels);
void mnet_gemm_f32_kernels_init_amx_bf16(MnetGemmF32Kernels *kernels);

#endif
