/** Sums over rows, for means. */
#ifndef MNET_KERNELS_MEAN_H
#define MNET_KERNELS_MEAN_H

#include <stddef.h>
#include <stdint.h>

/** The columns whose sums a caller keeps. */
#define MNET_MEAN_BLOCK 64

typedef struct MnetMeanKernels {
    /**
     * sums[c] += x[r * row_stride + c * col_stride] for all r < rows, c < cols <= MNET_MEAN_BLOCK.
     * Each column is added in the order of its rows, one by one.
     */
    void (*sum_f32)(size_t rows, size_t cols, const float *x, ptrdiff_t row_stride,
                    ptrdiff_t col_stride, float *sums);
    void (*sum_qs8)(size_t rows, size_t cols, const int8_t *x, ptrdiff_t row_stride,
                    ptrdiff_t col_stride, int32_t *sums);
    const char *f32_name, *qs8_name;
} MnetMeanKernels;

/** The best kernels for a CPU with these features (nn/base/cpu.h). */
void mnet_mean_kernels_init(MnetMeanKernels *kernels, uint32_t cpu_features);

/** Tiers: each overrides what it has. */
void mnet_mean_f32_kernels_init_avx2(MnetMeanKernels *kernels);
void mnet_mean_f32_kernels_init_avx512(MnetMeanKernels *kernels);
void mnet_mean_qs8_kernels_init_avx2(MnetMeanKernels *kernels);

#endif
