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

static void pack_c(const MnetGemmQs8Weights *weights, void *panel) {
    size_t columns = weights->columns;

    memcpy(panel, weights->bias, columns * sizeof(*weights->bias));
    memcpy((float *)panel + NR, weights->multiplier, columns * sizeof(*weights->multiplier));
    memcpy((uint8_t *)panel + HEAD_BYTES, weights->w, columns * weights->k * sizeof(*weights->w));
}

static void gemm_qs8_2x4_c(const MnetGemmQs8Args *args) {
    const int32_t *bias = args->panel;
    const float *multiplier = (const float *)args->panel + NR;
    const int16_t *w = (const int16_t *)((const uint8_t *)args->panel + HEAD_BYTES), *x = args->x;
    size_t k = args->k - args->k % K_STEP; /* so that the compiler knows it */
    int32_t sums[2 * NR];

    for (size_t r = 0; r < args->rows; r += 2, x += 2 * args->x_stride) {
        size_t n = args->rows - r < 2 ? 1 : 2;

        for (size_t c = 0; c < args->columns; c += 4) {
            if (n == 2)
                tile_s16_2x4(k, x, x + args->x_stride, w + c * k, sums + c, NR);
            else
                tile_s16_1x4(k, x, w + c * k, sums + c);
        }
        for (size_t i = 0; i < n; i++) {
            size_t at = (r + i) * args->y_stride;
            mnet_epilogue_qs8_c(args->epilogue, args->columns, sums + i * NR, bias, multiplier,
                                args->residual ? args->residual + at : NULL, args->y + at);
        }
    }
}

void mnet_gemm_qs8_row_terms(const MnetRowsQs8 *kernels, size_t rows, size_t k, const void *x,
                             size_t x_stride, int32_t x_zero_point, int32_t w_offset,
                             int32_t *terms) {
    kernels->sum(rows, k, x, x_stride, x_zero_point, terms);
    for (size_t r = 0; r < rows; r++)
        terms[r] = (int32_t)((uint32_t)terms[r] * (uint32_t)w_offset);
}

void mnet_gemm_qs8_kernels_init(MnetGemmQs8Kernels *kernels, uint32_t cpu_features) {
    *kernels = (MnetGemmQs8Kernels){
        .mr = 2,
        .block = 32,
        .nr = NR,
        .k_step = K_STEP,
        .rows = {.type = MNET_ROW_S16},
        .panel_bytes = panel_bytes_c,
        .pack = pack_c,
        .run = gemm_qs8_2x4_c,
        .name = "gemm_qs8_2x4_c",
    };
#ifdef __x86_64__
    if (cpu_features & MNET_CPU_AVX2)
        mnet_gemm_qs8_kernels_init_avx2(kernels);
    if (cpu_features & MNET_CPU_AVX512)
        mnet_gemm_qs8_kernels_init_avx512(kernels);
    if (cpu_features & MNET_CPU_AVX_VNNI)
        mnet_gemm_qs8_kernels_init_avx_vnni(kernels);
    if (cpu_features & MNET_CPU_AVX512_VNNI)
        mnet_gemm_qs8_kernels_init_avx512_vnni(kernels);
    if (cpu_features & MNET_CPU_AMX_INT8)
        mnet_gemm_qs8_kernels_init_amx(kernels);
#endif
    mnet_rows_qs8_init(&kernels->rows, kernels->rows.type, cpu_features);
}

void mnet_gemm_qs8_kernels_init_row(MnetGemmQs8Kernels *kernels, uint32_t cpu_features) {
    mnet_gemm_qs8_kernels_init(kernels, cpu_features);
#ifdef __x86_64__
    if (cpu_features & MNET_CPU_AVX2 && kernels->rows.type == MNET_ROW_S16) {
        mnet_gemm_qs8_kernels_init_row_avx2(kernels);
        mnet_rows_qs8_init(&kernels->rows, kernels->rows.type, cpu_features);
    }
#endif
}
