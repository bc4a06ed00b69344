/*
 * Tiles of 6 pixels by 16 channels; pairs of inputs are multiplied and added by vpmaddwd, which is exact. vpmaddubsw would do
 * twice as many a time, but saturates where two neighbouring weights of one sign are large: in trained per-channel models in
 * 20 to 90 % of all groups of 4 inputs by 16 channels, which would have to be done twice.
 */
#include "nn/kernels/gemm_qs8.h"
#include "nn/kernels/x86/epilogue_qs8_avx2.h"

#define MR 6
#define NR 16

/* bias, multiplier, and weights as [k / 2][16 channels][2], the channels in the epilogue's order. */
typedef struct Panel {
    int32_t bias[NR];
    float multiplier[NR];
    int16_t weights[];
} Panel;

static size_t panel_bytes(size_t k) {
    return sizeof(Panel) + NR * k * sizeof(int16_t);
}

static void pack(size_t columns, size_t k, const int16_t *weights, const int32_t *bias,
                 const float *multiplier, void *memory) {
    Panel *panel = memory;

    for (size_t c = 0; c < columns; c++) {
        size_t lane = mnet_lane_avx2(c);

        panel->bias[lane] = bias[c];
        panel->multiplier[lane] = multiplier[c];
        for (size_t i = 0; i < k; i++)
            panel->weights[(i / 2 * NR + lane) * 2 + i % 2] = weights[c * k + i];
    }
}

MNET_INLINE __m256i pair_of(const int16_t *x) {
    int32_t pair;
    memcpy(&pair, x, sizeof(pair));
    return _mm256_set1_epi32(pair);
}

MNET_INLINE void tile(size_t rows, size_t columns, size_t k, const int16_t *x, size_t x_stride,
                      const Panel *panel, const MnetEpilogueAvx2 *e, const int8_t *residual,
                      int8_t *y, size_t y_stride) {
    const __m256i *bias = (const __m256i *)panel->bias, *w = (const __m256i *)panel->weights;
    __m256i sums[MR][2];

#pragma GCC unroll 6
    for (size_t r = 0; r < rows; r++) {
        sums[r][0] = bias[0];
        sums[r][1] = bias[1];
    }
    for (const int16_t *end = x + k; x < end; x += 2, w += 2) {
#pragma GCC unroll 6
        for (size_t r = 0; r < rows; r++) {
            __m256i pair = pair_of(x + r * x_stride);
            sums[r][0] = _mm256_add_epi32(sums[r][0], _mm256_madd_epi16(pair, w[0]));
            sums[r][1] = _mm256_add_epi32(sums[r][1], _mm256_madd_epi16(pair, w[1]));
        }
    }
    if (columns < NR) {
        for (size_t r = 0; r < rows; r++)
            mnet_finish_part_avx2(e, sums[r], panel->multiplier, residual + r * y_stride,
                                  y + r * y_stride, columns);
        return;
    }
#pragma GCC unroll 6
    for (size_t r = 0; r < rows; r += 2) {
        size_t at0 = r * y_stride, at1 = r + 1 < rows ? at0 + y_stride : at0;
        __m256i s0 = mnet_finish_avx2(e, sums[r], panel->multiplier, residual + at0), s1 = s0;

        if (r + 1 < rows)
            s1 = mnet_finish_avx2(e, sums[r + 1], panel->multiplier, residual + at1);
        mnet_store_avx2(e, s0, s1, y + at0, y + at1);
    }
}

static void gemm_qs8_6x16_avx2(size_t rows, size_t columns, size_t k, const int16_t *x,
                               size_t x_stride, const void *panel, const MnetEpilogueQs8 *epilogue,
                               const int8_t *residual, int8_t *y, size_t y_stride) {
    const MnetEpilogueAvx2 e = mnet_epilogue_avx2(epilogue);

    if (!e.add)
        residual = y; /* not read, but counted from */
    for (; rows >= MR; rows -= MR) {
        tile(MR, columns, k, x, x_stride, panel, &e, residual, y, y_stride);
        x += MR * x_stride;
        y += MR * y_stride;
        residual += MR * y_stride;
    }
    switch (rows) {
    case 5:
        tile(5, columns, k, x, x_stride, panel, &e, residual, y, y_stride);
        break;
    case 4:
        tile(4, columns, k, x, x_stride, panel, &e, residual, y, y_stride);
        break;
    case 3:
        tile(3, columns, k, x, x_stride, panel, &e, residual, y, y_stride);
        break;
    case 2:
        tile(2, columns, k, x, x_stride, panel, &e, residual, y, y_stride);
        break;
    case 1:
        tile(1, columns, k, x, x_stride, panel, &e, residual, y, y_stride);
        break;
    }
}

void mnet_gemm_qs8_kernels_init_avx2(MnetGemmQs8Kernels *kernels) {
    *kernels = (MnetGemmQs8Kernels){
        .mr = MR,
        .nr = NR,
        .panel_bytes = panel_bytes,
        .pack = pack,
        .run = gemm_qs8_6x16_avx2,
        .name = "gemm_qs8_6x16_avx2",
    };
}
