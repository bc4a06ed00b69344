/*
 * Tiles of 6 pixels by 16 channels; pairs of inputs are multiplied and added by vpmaddwd, which is
 * exact. vpmaddubsw would do twice as many a time, but saturates where two neighbouring weights of
 * one sign are large: in trained per-channel models in 20 to 90 % of all groups of 4 inputs by 16
 * channels, which would have to be done twice.
 */
#include "nn/kernels/gemm_qs8.h"
#include "nn/kernels/x86/epilogue_qs8_avx2.h"

#define MR 6
#define NR 16
#define ROWS (8 * MR) /* their sums wait for the epilogue */

/* Weights as [k / 2][16 channels][2], the channels in the epilogue's order; of a narrow panel [k /
 * 2][8 channels][2]. */
typedef struct Panel {
    int32_t bias[NR];
    float multiplier[NR];
    int16_t weights[];
} Panel;

static size_t panel_bytes(size_t k) {
    return sizeof(Panel) + NR * k * sizeof(int16_t);
}

static bool is_narrow(size_t columns) {
    return columns <= NR / 2;
}

static void pack(const MnetGemmQs8Weights *weights, void *memory) {
    Panel *panel = memory;
    bool narrow = is_narrow(weights->columns);
    size_t k = weights->k, width = narrow ? NR / 2 : NR;

    for (size_t c = 0; c < weights->columns; c++) {
        const int16_t *w = weights->w + c * k;
        size_t lane = narrow ? c : mnet_lane_avx2(c);

        panel->bias[lane] = weights->bias[c];
        panel->multiplier[lane] = weights->multiplier[c];
        for (size_t i = 0; i < k; i += 2)
            memcpy(panel->weights + i * width + lane * 2, w + i, 2 * sizeof(*w));
    }
}

MNET_INLINE __m256i pair_of(const int16_t *x) {
    int32_t pair;
    memcpy(&pair, x, sizeof(pair));
    return _mm256_set1_epi32(pair);
}

/* Sums of `rows` by `vectors` of eight channels. */
MNET_INLINE void tile(size_t rows, size_t vectors, size_t k, const int16_t *x, size_t x_stride,
                      const Panel *panel, __m256i (*sums)[2]) {
    const __m256i *bias = (const __m256i *)panel->bias, *w = (const __m256i *)panel->weights;
    __m256i acc[MR][2];

#pragma GCC unroll 6
    for (size_t r = 0; r < rows; r++) {
        acc[r][0] = bias[0];
        acc[r][1] = bias[1];
    }
    for (const int16_t *end = x + k; x < end; x += 2, w += vectors) {
        const __m256i w0 = w[0], w1 = w[vectors - 1]; /* clang would load them for each row */

#pragma GCC unroll 6
        for (size_t r = 0; r < rows; r++) {
            __m256i pair = pair_of(x + r * x_stride);
            mnet_add_avx2(&acc[r][0], _mm256_madd_epi16(pair, w0));
            if (vectors == 2)
                mnet_add_avx2(&acc[r][1], _mm256_madd_epi16(pair, w1));
        }
    }
#pragma GCC unroll 6
    for (size_t r = 0; r < rows; r++) {
        sums[r][0] = acc[r][0];
        if (vectors == 2)
            sums[r][1] = acc[r][1];
    }
}

/* All rows' sums of a panel. */
MNET_INLINE void sum_rows(size_t rows, size_t vectors, size_t k, const int16_t *x, size_t x_stride,
                          const Panel *panel, __m256i (*sums)[2]) {
    for (; rows >= MR; rows -= MR, x += MR * x_stride, sums += MR)
        tile(MR, vectors, k, x, x_stride, panel, sums);
    switch (rows) {
    case 5:
        tile(5, vectors, k, x, x_stride, panel, sums);
        break;
    case 4:
        tile(4, vectors, k, x, x_stride, panel, sums);
        break;
    case 3:
        tile(3, vectors, k, x, x_stride, panel, sums);
        break;
    case 2:
        tile(2, vectors, k, x, x_stride, panel, sums);
        break;
    case 1:
        tile(1, vectors, k, x, x_stride, panel, sums);
        break;
    }
}

static void gemm_qs8_6x16_avx2(const MnetGemmQs8Args *args) {
    const Panel *panel = args->panel;
    __m256i sums[ROWS][2];

    for (size_t r = 0; r < args->rows; r += ROWS) {
        size_t n = args->rows - r < ROWS ? args->rows - r : ROWS, at = r * args->y_stride;
        const int16_t *x = (const int16_t *)args->x + r * args->x_stride;
        const int8_t *b = args->residual ? args->residual + at : NULL;

        if (is_narrow(args->columns)) {
            sum_rows(n, 1, args->k, x, args->x_stride, panel, sums);
            mnet_finish_narrow_pixels_avx2(args->epilogue, n, args->columns, sums,
                                           panel->multiplier, b, args->y + at, args->y_stride);
        } else {
            sum_rows(n, 2, args->k, x, args->x_stride, panel, sums);
            mnet_finish_pixels_avx2(args->epilogue, n, args->columns, sums, panel->multiplier, b,
                                    args->y + at, args->y_stride);
        }
    }
}

void mnet_gemm_qs8_kernels_init_avx2(MnetGemmQs8Kernels *kernels) {
    *kernels = (MnetGemmQs8Kernels){
        .mr = MR,
        .block = ROWS,
        .nr = NR,
        .k_step = 2,
        .rows = {.type = MNET_ROW_S16},
        .panel_bytes = panel_bytes,
        .pack = pack,
        .run = gemm_qs8_6x16_avx2,
        .name = "gemm_qs8_6x16_avx2",
    };
}
