#include "nn/kernels/gemm.h"

#include <string.h>

#define F32_MR 4
#define F32_NR 8
#define S16_NR 4

/* Compilers don't keep a plain array of accumulators in registers; GNU vectors they do, on every CPU. */
typedef float Vec4 __attribute__((vector_size(16)));

static inline __attribute__((always_inline)) void tile_f32(size_t rows, size_t columns, size_t k,
                                                           const float *x, size_t x_stride,
                                                           const float *panel, float *y,
                                                           size_t y_stride) {
    const Vec4 *w = (const Vec4 *)panel;
    Vec4 acc[F32_MR][2];

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
        if (columns == F32_NR)
            memcpy(y + r * y_stride, acc[r], sizeof(acc[r]));
        else
            memcpy(y + r * y_stride, acc[r], columns * sizeof(float));
    }
}

static void gemm_f32_4x8_c(size_t rows, size_t columns, size_t k, const float *x, size_t x_stride,
                           const float *panel, float *y, size_t y_stride) {
    for (; rows >= F32_MR; rows -= F32_MR) {
        tile_f32(F32_MR, columns, k, x, x_stride, panel, y, y_stride);
        x += F32_MR * x_stride;
        y += F32_MR * y_stride;
    }
    if (rows == 3)
        tile_f32(3, columns, k, x, x_stride, panel, y, y_stride);
    else if (rows == 2)
        tile_f32(2, columns, k, x, x_stride, panel, y, y_stride);
    else if (rows == 1)
        tile_f32(1, columns, k, x, x_stride, panel, y, y_stride);
}

/* Eight dot products over the same k in one loop: compilers turn each into 16-bit multiply-adds of pairs. */
static void tile_s16_2x4(size_t k, const int16_t *restrict x0, const int16_t *restrict x1,
                         const int16_t *restrict w, int32_t *acc, size_t acc_stride) {
    const int16_t *w0 = w, *w1 = w + k, *w2 = w + 2 * k, *w3 = w + 3 * k;
    int32_t a00 = 0, a01 = 0, a02 = 0, a03 = 0, a10 = 0, a11 = 0, a12 = 0, a13 = 0;

    for (size_t i = 0; i < k; i++) {
        a00 += x0[i] * w0[i];
        a01 += x0[i] * w1[i];
        a02 += x0[i] * w2[i];
        a03 += x0[i] * w3[i];
        a10 += x1[i] * w0[i];
        a11 += x1[i] * w1[i];
        a12 += x1[i] * w2[i];
        a13 += x1[i] * w3[i];
    }
    acc[0] = a00;
    acc[1] = a01;
    acc[2] = a02;
    acc[3] = a03;
    acc += acc_stride;
    acc[0] = a10;
    acc[1] = a11;
    acc[2] = a12;
    acc[3] = a13;
}

static void tile_s16_1x4(size_t k, const int16_t *restrict x, const int16_t *restrict w,
                         int32_t *acc) {
    const int16_t *w0 = w, *w1 = w + k, *w2 = w + 2 * k, *w3 = w + 3 * k;
    int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;

    for (size_t i = 0; i < k; i++) {
        a0 += x[i] * w0[i];
        a1 += x[i] * w1[i];
        a2 += x[i] * w2[i];
        a3 += x[i] * w3[i];
    }
    acc[0] = a0;
    acc[1] = a1;
    acc[2] = a2;
    acc[3] = a3;
}

static void gemm_s16_2x4_c(size_t rows, size_t k, const int16_t *x, size_t x_stride,
                           const int16_t *panel, int32_t *acc, size_t acc_stride) {
    k -= k % MNET_GEMM_K_STEP;
    for (; rows >= 2; rows -= 2) {
        tile_s16_2x4(k, x, x + x_stride, panel, acc, acc_stride);
        x += 2 * x_stride;
        acc += 2 * acc_stride;
    }
    if (rows)
        tile_s16_1x4(k, x, panel, acc);
}

void mnet_gemm_kernels_init(MnetGemmKernels *kernels, uint32_t cpu_features) {
    *kernels = (MnetGemmKernels){
        .f32 = gemm_f32_4x8_c,
        .f32_nr = F32_NR,
        .s16 = gemm_s16_2x4_c,
        .s16_nr = S16_NR,
        .f32_name = "gemm_f32_4x8_c",
        .s16_name = "gemm_s16_2x4_c",
    };
}
