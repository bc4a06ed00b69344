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
#define GROUP 3 /* rows whose addresses are a register and a multiple */
#define GROUPS 2
#define STEPS 4       /* of a loop's round: its own work takes slots from the products, too */
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

/* Both products before both sums: in turn, the sums take more of the multipliers' cycles. */
MNET_INLINE void add_two_products(__m256i sums[2], __m256i pair, __m256i w0, __m256i w1) {
    __m256i product;

    __asm__ volatile("vpmaddwd %4, %3, %2\n\t"
                     "vpmaddwd %5, %3, %3\n\t"
                     "vpaddd %3, %1, %1\n\t"
                     "vpaddd %2, %0, %0"
                     : "+x"(sums[0]), "+x"(sums[1]), "=&x"(product), "+x"(pair)
                     : "x"(w0), "x"(w1));
}

/* One pair of each row, from x[r / GROUP] on, and its weights. */
MNET_INLINE void add_step(size_t rows, size_t vectors, const int16_t *const *x, size_t stride,
                          const __m256i *w, __m256i (*sums)[2]) {
    const __m256i w0 = w[0], w1 = w[vectors - 1]; /* clang would load them for each row */

    MNET_UNROLL
    for (size_t r = 0; r < rows; r++) {
        __m256i pair = pair_of(x[r / GROUP] + r % GROUP * stride);

        if (vectors == 2)
            add_two_products(sums[r], pair, w0, w1);
        else
            mnet_add_avx2(&sums[r][0], _mm256_madd_epi16(pair, w0));
    }
}

/* Sums of `rows` by `vectors` of eight channels. */
MNET_INLINE void tile(size_t rows, size_t vectors, size_t k, const int16_t *x_first, size_t stride,
                      const Panel *panel, __m256i (*out)[2]) {
    const __m256i *bias = (const __m256i *)panel->bias, *w = (const __m256i *)panel->weights;
    const int16_t *end = x_first + k, *whole = end - k % (2 * STEPS), *x[GROUPS];
    __m256i sums[MR][2];

    MNET_UNROLL
    for (size_t g = 0; g < GROUPS; g++) {
        x[g] = g * GROUP < rows ? x_first + g * GROUP * stride : x_first;
        MNET_KEEP(x[g]);
    }
    MNET_UNROLL
    for (size_t r = 0; r < rows; r++) {
        sums[r][0] = bias[0];
        sums[r][1] = bias[1];
    }
    while (x[0] < whole) {
        MNET_UNROLL
        for (size_t u = 0; u < STEPS; u++) {
            const int16_t *const at[GROUPS] = {x[0] + 2 * u, x[1] + 2 * u};

            add_step(rows, vectors, at, stride, w + u * vectors, sums);
            MNET_STEP_ENDS();
        }
        x[0] += 2 * STEPS;
        x[1] += 2 * STEPS;
        w += STEPS * vectors;
    }
    for (; x[0] < end; x[0] += 2, x[1] += 2, w += vectors)
        add_step(rows, vectors, x, stride, w, sums);
    MNET_UNROLL
    for (size_t r = 0; r < rows; r++) {
        out[r][0] = sums[r][0];
        if (vectors == 2)
            out[r][1] = sums[r][1];
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
