/* The tiles of the AVX2 product, 6 pixels by 16 channels, with four inputs at a time, exactly, by
 * vpdpbusd. */
#include "nn/base/arena.h"
#include "nn/kernels/gemm_qs8.h"
#include "nn/kernels/x86/epilogue_qs8_avx2.h"
#include "nn/kernels/x86/panel_qs8.h"

#define MR 6
#define NR 16
#define ROWS (8 * MR) /* their sums wait for the epilogue */

/* Weights as [k / 4][16 channels][4], the channels in the epilogue's order; of a narrow panel [k /
 * 4][8 channels][4]. */
typedef struct Panel {
    int32_t bias[NR];
    float multiplier[NR];
    int8_t weights[];
} Panel;

static size_t panel_bytes(size_t k) {
    return (sizeof(Panel) + NR * k + MNET_ALIGN - 1) / MNET_ALIGN * MNET_ALIGN;
}

static bool is_narrow(size_t columns) {
    return columns <= NR / 2;
}

static void pack(const MnetGemmQs8Weights *weights, void *memory) {
    Panel *panel = memory;
    bool narrow = is_narrow(weights->columns);

    for (size_t c = 0; c < weights->columns; c++) {
        size_t lane = narrow ? c : mnet_lane_avx2(c);

        panel->multiplier[lane] = weights->multiplier[c];
        panel->bias[lane] = mnet_pack_column_qs8(weights, MNET_ROW_U8, c, panel->weights + lane * 4,
                                                 narrow ? NR / 2 * 4 : NR * 4);
    }
}

/* *sum += four products, the instruction itself: see mnet_add_avx2(). */
MNET_INLINE void add_products(__m256i *sum, __m256i x, __m256i w) {
    __asm__ volatile("%{vex%} vpdpbusd %2, %1, %0" : "+x"(*sum) : "x"(x), "x"(w));
}

MNET_INLINE __m256i four_of(const uint8_t *x) {
    int32_t four;
    memcpy(&four, x, sizeof(four));
    return _mm256_set1_epi32(four);
}

/* Sums of `rows` by `vectors` of eight channels. */
MNET_INLINE void tile(size_t rows, size_t vectors, size_t k, const uint8_t *x, size_t x_stride,
                      const int32_t *terms, const Panel *panel, __m256i (*sums)[2]) {
    const __m256i *bias = (const __m256i *)panel->bias, *w = (const __m256i *)panel->weights;
    const __m256i zero = _mm256_setzero_si256();
    __m256i acc[MR][2];

    MNET_UNROLL
    for (size_t r = 0; r < rows; r++) {
        __m256i term = terms ? _mm256_set1_epi32(terms[r]) : zero;

        acc[r][0] = _mm256_add_epi32(bias[0], term);
        acc[r][1] = _mm256_add_epi32(bias[1], term);
    }
    for (const uint8_t *end = x + k; x < end; x += 4, w += vectors) {
        const __m256i w0 = w[0], w1 = w[vectors - 1]; /* clang would load them for each row */

        MNET_UNROLL
        for (size_t r = 0; r < rows; r++) {
            __m256i four = four_of(x + r * x_stride);

            add_products(&acc[r][0], four, w0);
            if (vectors == 2)
                add_products(&acc[r][1], four, w1);
        }
    }
    MNET_UNROLL
    for (size_t r = 0; r < rows; r++) {
        sums[r][0] = acc[r][0];
        if (vectors == 2)
            sums[r][1] = acc[r][1];
    }
}

/* The next rows' sums, at most MR; returns how many. */
MNET_INLINE size_t sum_rows(size_t rows, size_t vectors, const MnetGemmQs8Args *args,
                            const uint8_t *x, const int32_t *terms, __m256i (*sums)[2]) {
    switch (rows) {
    case 1:
        tile(1, vectors, args->k, x, args->x_stride, terms, args->panel, sums);
        return 1;
    case 2:
        tile(2, vectors, args->k, x, args->x_stride, terms, args->panel, sums);
        return 2;
    case 3:
        tile(3, vectors, args->k, x, args->x_stride, terms, args->panel, sums);
        return 3;
    case 4:
        tile(4, vectors, args->k, x, args->x_stride, terms, args->panel, sums);
        return 4;
    case 5:
        tile(5, vectors, args->k, x, args->x_stride, terms, args->panel, sums);
        return 5;
    default:
        tile(6, vectors, args->k, x, args->x_stride, terms, args->panel, sums);
        return 6;
    }
}

static void gemm_qs8_6x16_avx_vnni(const MnetGemmQs8Args *args) {
    const float *multiplier = ((const Panel *)args->panel)->multiplier;
    bool narrow = is_narrow(args->columns);
    __m256i sums[ROWS][2];

    for (size_t first = 0, r = 0; first < args->rows; first = r) {
        size_t end = args->rows - first < ROWS ? args->rows : first + ROWS;
        size_t at = first * args->y_stride;
        const int8_t *b = args->residual ? args->residual + at : NULL;

        while (r < end) {
            const uint8_t *x = (const uint8_t *)args->x + r * args->x_stride;
            const int32_t *terms = args->row_terms ? args->row_terms + r : NULL;

            r += narrow ? sum_rows(end - r, 1, args, x, terms, sums + (r - first))
                        : sum_rows(end - r, 2, args, x, terms, sums + (r - first));
        }
        (narrow ? mnet_finish_narrow_pixels_avx2
                : mnet_finish_pixels_avx2)(args->epilogue, end - first, args->columns, sums,
                                           multiplier, b, args->y + at, args->y_stride);
    }
}

void mnet_gemm_qs8_kernels_init_avx_vnni(MnetGemmQs8Kernels *kernels) {
    *kernels = (MnetGemmQs8Kernels){
        .mr = MR,
        .block = ROWS,
        .nr = NR,
        .k_step = 4,
        .rows = {.type = MNET_ROW_U8},
        .panel_bytes = panel_bytes,
        .pack = pack,
        .run = gemm_qs8_6x16_avx_vnni,
        .name = "gemm_qs8_6x16_avx_vnni",
    };
}
