#include "nn/kernels/gemm_f32.h"

#include <string.h>

#define MR 4
#define NR 8

/* Compilers don't keep a plain array of accumulators in registers; GNU vectors they do, on every CPU. */
typedef float Vec4 __attribute__((vector_size(16)));

static inline __attribute__((always_inline)) void tile_f32(size_t rows, size_t columns, size_t k,
                                                           const float *x, size_t x_stride,
                                                           const float *panel, float *y,
                                                           size_t y_stride) {
    const Vec4 *w = (const Vec4 *)panel;
    Vec4 acc[MR][2];

    for (size_t r = 0; r < rows; r++) {
        acc[r][0] = w[0];
        acc[r][1] = w[1];
    }
    for (size_t i = 0; i < k; i++) {
        w += 2;
        for (size_t r = 0; r < rows; r++) {
            acc[r][0] += x[r * x_stride + i] * w[0];
            acc[r][1] += x[r * x_stride + i] * w[1];
        }
    }
    for (size_t r = 0; r < rows; r++) {
        if (columns == NR)
            memcpy(y + r * y_stride, acc[r], sizeof(acc[r]));
        else
            memcpy(y + r * y_stride, acc[r], columns * sizeof(float));
    }
}

static void gemm_f32_4x8_c(size_t rows, size_t columns, size_t k, const float *x, size_t x_stride,
                           const float *panel, float *y, size_t y_stride) {
    for (; rows >= MR; rows -= MR) {
        tile_f32(MR, columns, k, x, x_stride, panel, y, y_stride);
        x += MR * x_stride;
        y += MR * y_stride;
    }
    if (rows == 3)
        tile_f32(3, columns, k, x, x_stride, panel, y, y_stride);
    else if (rows == 2)
        tile_f32(2, columns, k, x, x_stride, panel, y, y_stride);
    else if (rows == 1)
        tile_f32(1, columns, k, x, x_stride, panel, y, y_stride);
}

void mnet_gemm_f32_kernels_init(MnetGemmF32Kernels *kernels, uint32_t cpu_features) {
    *kernels = (MnetGemmF32Kernels){.run = gemm_f32_4x8_c, .nr = NR, .name = "gemm_f32_4x8_c"};
}
