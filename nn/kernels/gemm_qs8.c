#include "nn/kernels/gemm_qs8.h"

#define NR 4

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

void mnet_gemm_qs8_kernels_init(MnetGemmQs8Kernels *kernels, uint32_t cpu_features) {
    *kernels = (MnetGemmQs8Kernels){.s16 = gemm_s16_2x4_c, .nr = NR, .name = "gemm_s16_2x4_c"};
}
