#include "nn/kernels/mean.h"

#include "nn/base/cpu.h"

#define SUM_KERNEL(name, T, S)                                                                     \
    static void sum_##name##_c(size_t rows, size_t cols, const T *x, ptrdiff_t row_stride,         \
                               ptrdiff_t col_stride, S *sums) {                                    \
        if (col_stride == 1) {                                                                     \
            for (size_t r = 0; r < rows; r++, x += row_stride) {                                   \
                for (size_t c = 0; c < cols; c++)                                                  \
                    sums[c] += x[c];                                                               \
            }                                                                                      \
            return;                                                                                \
        }                                                                                          \
        for (size_t c = 0; c < cols; c++, x += col_stride) {                                       \
            S sum = sums[c];                                                                       \
                                                                                                   \
            for (size_t r = 0; r < rows; r++)                                                      \
                sum += x[(ptrdiff_t)r * row_stride];                                               \
            sums[c] = sum;                                                                         \
        }                                                                                          \
    }

SUM_KERNEL(f32, float, float)
SUM_KERNEL(qs8, int8_t, int32_t)

void mnet_mean_kernels_init(MnetMeanKernels *kernels, uint32_t cpu_features) {
    *kernels = (MnetMeanKernels){
        .sum_f32 = sum_f32_c,
        .sum_qs8 = sum_qs8_c,
        .f32_name = "mean_f32_c",
        .qs8_name = "mean_qs8_c",
    };
#ifdef __x86_64__
    if (cpu_features & MNET_CPU_AVX2) {
        mnet_mean_f32_kernels_init_avx2(kernels);
        mnet_mean_qs8_kernels_init_avx2(kernels);
    }
    if (cpu_features & MNET_CPU_AVX512)
        mnet_mean_f32_kernels_init_avx512(kernels);
#endif
}
