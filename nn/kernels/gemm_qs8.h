/**
 * Matrix product with its epilogue: what quantised convolutions (over rows of patches,
 * nn/kernels/patches.h) and fully connected layers come to. Output channels come in panels of `nr`;
 * a call computes all rows of one panel.
 */
#ifndef MNET_KERNELS_GEMM_QS8_H
#define MNET_KERNELS_GEMM_QS8_H

#include "nn/kernels/requantize.h"
#include "nn/kernels/rows_qs8.h"

#include <stddef.h>
#include <stdint.h>

/** Weights of a panel. |w| is up to 255, and every w - w_offset fits int8_t but for MNET_ROW_S16.
 */
typedef struct MnetGemmQs8Weights {
    size_t columns, k; /* 1 <= columns <= nr */
    const int16_t *w;  /* [columns][k], without their zero points */
    int32_t w_offset;  /* 0 for MNET_ROW_S16; of all panels of a product alike */
    const int32_t *bias;
    const float *multiplier;
    int32_t x_zero_point;
} MnetGemmQs8Weights;

typedef struct MnetGemmQs8Args {
    size_t rows, columns, k;
    /* Filled rows; x_stride, in elements, may be less than k where they are the tensor itself:
     * what is read past a row's end meets weights of 0. */
    const void *x;
    size_t x_stride;
    /* Where the weights have a w_offset, that by the sum of a row's x without their zero point,
     * for each row: added to its sums. Else NULL. */
    const int32_t *row_terms;
    const void *panel;
    const MnetEpilogueQs8 *epilogue;
    const int8_t *residual; /* lies like y where the epilogue adds one, and may be y */
    int8_t *y;
    size_t y_stride;
} MnetGemmQs8Args;

typedef struct MnetGemmQs8Kernels {
    size_t mr, block; /* hints: rows of a tile, and of a call that is worth its panels */
    size_t nr;        /* output channels of a panel */
    size_t k_step;    /* k is a multiple of it, weights being filled up with zeros */
    MnetRowsQs8 rows; /* what rows of x are, and how they are made */

    /** Of a panel, a multiple of MNET_ALIGN. */
    size_t (*panel_bytes)(size_t k);

    /** Weights into the kernel's own form; `panel` is aligned to MNET_ALIGN and zeroed. */
    void (*pack)(const MnetGemmQs8Weights *weights, void *panel);

    /**
     * Unless NULL, begin() goes before calls of run() for so many rows, and end() behind the last
     * one, both in the thread that runs.
     */
    void (*begin)(size_t rows);
    void (*end)(void);

    /**
     * y[r][c] = epilogue(sum over i of x[r][i] * w[c][i]), r < rows, c < columns, x and w being
     * taken without their zero points. Those sums fit int32_t, which the caller has checked. Up to
     * k elements of each row are read, and nothing is written outside of `columns`.
     */
    void (*run)(const MnetGemmQs8Args *args);

    const char *name;
} MnetGemmQs8Kernels;

/** The best kernels for a CPU with these features (nn/base/cpu.h). */
void mnet_gemm_qs8_kernels_init(MnetGemmQs8Kernels *kernels, uint32_t cpu_features);

/** The best for a single row, weights being int8_t with a w_offset of 0. */
void mnet_gemm_qs8_kernels_init_row(MnetGemmQs8Kernels *kernels, uint32_t cpu_features);

/**
 * Fills terms[r] for MnetGemmQs8Args.row_terms from rows of k elements, k being their real number.
 */
void mnet_gemm_qs8_row_terms(const MnetRowsQs8 *kernels, size_t rows, size_t k, const void *x,
                             size_t x_stride, int32_t x_zero_point, int32_t w_offset,
                             int32_t *terms);

/** Tiers: each overrides what it has. */
void mnet_gemm_qs8_kernels_init_avx2(MnetGemmQs8Kernels *kernels);
void mnet_gemm_qs8_kernels_init_row_avx2(MnetGemmQs8Kernels *kernels);
void mnet_gemm_qs8_kernels_init_avx_vnni(MnetGemmQs8Kernels *kernels);
void mnet_gemm_qs8_kernels_init_avx512(MnetGemmQs8Kernels *kernels);
void mnet_gemm_qs8_kernels_init_avx512_vnni(MnetGemmQs8Kernels *kernels);
void mnet_gemm_qs8_kernels_init_amx(MnetGemmQs8Kernels *kernels);

#endif
