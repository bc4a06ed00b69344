/*
 * Products of single rows, as of fully connected layers: each weight is used once, so they are
 * kept as bytes, which take half as long to come as gemm_qs8_avx2.c's and are widened on the way.
 */
#include "nn/base/arena.h"
#include "nn/kernels/gemm_qs8.h"
#include "nn/kernels/x86/epilogue_qs8_avx2.h"

#define NR 16
#define K_STEP 2
#define AHEAD 2048 /* bytes, to be fetched */

/* Weights as [k / 2][16 channels][2], the channels in the epilogue's order. */
typedef struct Panel {
    int32_t bias[NR];
    float multiplier[NR];
    int8_t weights[];
} Panel;

static size_t panel_bytes(size_t k) {
    return (sizeof(Panel) + NR * k + MNET_ALIGN - 1) / MNET_ALIGN * MNET_ALIGN;
}

static void pack(const MnetGemmQs8Weights *weights, void *memory) {
    Panel *panel = memory;

    for (size_t c = 0; c < weights->columns; c++) {
        const int16_t *w = weights->w + c * weights->k;
        size_t lane = mnet_lane_avx2(c);

        panel->bias[lane] = weights->bias[c];
        panel->multiplier[lane] = weights->multiplier[c];
        for (size_t i = 0; i < weights->k; i++)
            panel->weights[(i / K_STEP * NR + lane) * K_STEP + i % K_STEP] = (int8_t)w[i];
    }
}

MNET_INLINE __m256i widened(const int8_t *bytes) {
    return _mm256_cvtepi8_epi16(_mm_load_si128((const __m128i *)bytes));
}

MNET_INLINE __m256i pair_of(const int16_t *x) {
    int32_t pair;
    memcpy(&pair, x, sizeof(pair));
    return _mm256_set1_epi32(pair);
}

static void gemm_qs8_1x16_avx2(const MnetGemmQs8Args *args) {
    const Panel *panel = args->panel;
    const __m256i *bias = (const __m256i *)panel->bias;

    for (size_t r = 0, at = 0; r < args->rows; r++, at += args->y_stride) {
        const int16_t *x = (const int16_t *)args->x + r * args->x_stride;
        const int8_t *w = panel->weights;
        __m256i sums[1][2] = {{bias[0], bias[1]}};

        for (size_t i = 0; i < args->k; i += K_STEP, w += NR * K_STEP) {
            __m256i pair = pair_of(x + i);

            _mm_prefetch((const char *)(w + AHEAD), _MM_HINT_T0);
            mnet_add_avx2(&sums[0][0], _mm256_madd_epi16(pair, widened(w)));
            mnet_add_avx2(&sums[0][1], _mm256_madd_epi16(pair, widened(w + NR)));
        }
        mnet_finish_pixels_avx2(args->epilogue, 1, args->columns, sums, panel->multiplier,
                                args->residual ? args->residual + at : NULL, args->y + at,
                                args->y_stride);
    }
}

void mnet_gemm_qs8_kernels_init_row_avx2(MnetGemmQs8Kernels *kernels) {
    *kernels = (MnetGemmQs8Kernels){
        .mr = 1,
        .block = 1,
        .nr = NR,
        .k_step = K_STEP,
        .rows = {.type = MNET_ROW_S16},
        .panel_bytes = panel_bytes,
        .pack = pack,
        .run = gemm_qs8_1x16_avx2,
        .name = "gemm_qs8_1x16_avx2",
    };
}
