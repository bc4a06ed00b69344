/**
 * Matrix product: what convolutions (over rows of patches, nn/kernels/patches.h) and fully connected layers come to.
 * Weights are packed in panels of `nr` output channels; a call computes all rows of one panel.
 */
#ifndef MNET_KERNELS_GEMM_QS8_H
#define MNET_KERNELS_GEMM_QS8_H

#include <stddef.h>
#include <stdint.h>

/**
 * acc[r][c] = sum over i of x[r][i] * w[c][i], exact: |x| and |w| up to 255 and a sum that fits int32_t, which the caller
 * has checked. `panel`: w[nr][k]; rows past the last hold zeros, and are computed too: acc has nr columns.
 * k is a multiple of MNET_GEMM_K_STEP.
 */
typedef void (*MnetGemmS16)(size_t rows, size_t k, const int16_t *x, size_t x_stride,
                            const int16_t *panel, int32_t *acc, size_t acc_stride);

#define MNET_GEMM_K_STEP 8

typedef struct MnetGemmQs8Kernels {
    MnetGemmS16 s16;
    size_t nr;
    const char *name;
} MnetGemmQs8Kernels;

/** The best kernels for a CPU with these features (nn/base/cpu.h). */
void mnet_gemm_qs8_kernels_init(MnetGemmQs8Kernels *kernels, uint32_t cpu_features);

#endif
