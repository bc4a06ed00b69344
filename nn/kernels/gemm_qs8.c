#include "nn/kernels/gemm_qs8.h"

#include "nn/base/cpu.h"

#include <string.h>

#define K_STEP 8
#define NR 32 /* enough for the epilogue to vectorise */

/* A panel: bias[NR], multiplier[NR], then w[NR][k]. */
#define HEAD_BYTES (NR * 8)

/* Eight dot products over the same k in one loop: compilers turn each into 16-bit multiply-adds of
 * pairs. */
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

static size_t panel_bytes_c(size_t k) {
    return HEAD_BYTES + NR * k * sizeof(int16_t);
}

static void pack_c(size_t columns, size_t k, const int16_t *weights, const int32_t *bias,
                   const float *multiplier, void *panel) {
    memcpy(panel, bias, columns * sizeof(*bias));
    memcpy((float *)panel + NR, multiplier, columns * sizeof(*multiplier));
    memcpy((uint8_t *)panel + HEAD_BYTES, weights, columns * k * sizeof(*weights));
}

static void gemm_qs8_2x4_c(size_t rows, size_t columns, size_t k, const int16_t *x, size_t x_stride,
                           const void *panel, const MnetEpilogueQs8 *epilogue,
                           const int8_t *residual, int8_t *y, size_t y_stride) {
    const int32_t *bias = panel;
    const float *multiplier = (const float *)panel + NR;
    const int16_t *w = (const int16_t *)((const uint8_t *)panel + HEAD_BYTES);
    int32_t sums[2 * NR];

    k -= k % K_STEP; /* so that the compiler knows it */
    for (size_t r = 0; r < rows; r += 2) {
        size_t n = rows - r < 2 ? 1 : 2;

        for (size_t c = 0; c < columns; c += 4) {
            if (n == 2)
                tile_s16_2x4(k, x, x + x_stride, w + c * k, sums + c, NR);
            else
                tile_s16_1x4(k, x, w + c * k, sums + c);
        }
        for (size_t i = 0; i < n; i++) {
            size_t at = (r + i) * y_stride;
            mnet_epilogue_qs8_c(epilogue, columns, sums + i * NR, bias, multiplier,
                                residual ? residual + at : NULL, y + at);
        }
        x += 2 * x_stride;
    }
}

void mnet_gemm_qs8_kernels_init(MnetGemmQs8Kernels *kernels, uint32_t cpu_features) {
    *kernels = (MnetGemmQs8Kernels){
        .mr = 2,
        .nr = NR,
        .k_step = K_STEP,
        .panel_bytes = panel_bytes_c,
        .pack = pack_c,
        .run = gemm_qs8_2x4_c,
        .widen = mnet_widen_s16,
        .name = "gemm_qs8_2x4_c",
    };
#ifdef __x86_64__
    if (cpu_features & MNET_CPU_AVX2)
        mnet_gemm_qs8_kernels_init_avx2(kernels);
#endif
}
