/**
 * Matrix product: what convolutions (over rows of patches, nn/kernels/patches.h) and fully connected layers come to.
 * Weights are packed in panels of `nr` output channels; a call computes all rows of one panel.
 */
#ifndef MNET_KERNELS_GEMM_F32_H
#define MNET_KERNELS_GEMM_F32_H

#include <stddef.h>
#include <stdint.h>

/**
 * y[r][c] = panel's bias[c] + sum over i of x[r][i] * w[i][c], summed in the order of i, for r < rows and c < columns <= nr.
 * `panel`: bias[nr], then w[k][nr]; columns past the last hold zeros. Strides are in elements.
 */
typedef void (*MnetGemmF32)(size_t rows, size_t columns, size_t k, const float *x, size_t x_stride,
                            const float *panel, float *y, size_t y_stride);

typedef struct MnetGemmF32Kernels {
    MnetGemmF32 run;
    size_t nr;
    const char *name;
} MnetGemmF32Kernels;

/** The best kernels for a CPU with these features (nn/base/cpu.h). */
void mnet_gemm_f32_kernels_init(MnetGemmF32Kernels *kernels, uint32_t cpu_features);

#endif
