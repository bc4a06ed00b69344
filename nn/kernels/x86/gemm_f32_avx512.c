/*
 * Tiles of up to 14 rows by 32 channels, or 9 by 48: 28 and 27 sums, which leave registers for the
 * weights and one value. Rows are shared out evenly, so that 49 is 13 and three times 12.
 */
#include "nn/kernels/gemm_f32.h"

#include "nn/kernels/x86/float_avx512.h"

#define LANES 16
#define MOST_ROWS 14
#define MOST_VECTORS 3
#define ROW_PARTS 4

/* An address is a pointer and up to twice the stride: fourteen pointers wouldn't fit. */
#define GROUP 3
#define GROUPS ((MOST_ROWS + GROUP - 1) / GROUP)

MNET_INLINE void load_weights(int vectors, const float *w, __m512 *weights) {
    MNET_UNROLL
    for (int v = 0; v < vectors; v++)
        weights[v] = _mm512_load_ps(w + v * LANES);
}

MNET_INLINE void add_products(int vectors, float x, const __m512 *weights, __m512 *sums) {
    __m512 value = _mm512_set1_ps(x);

    MNET_UNROLL
    for (int v = 0; v < vectors; v++)
        sums[v] = _mm512_fmadd_ps(value, weights[v], sums[v]);
}

MNET_INLINE void add_segment(int rows, int vectors, const MnetGemmF32Args *a, const float *x_first,
                             const float *w, const float *ahead, size_t ahead_step,
                             __m512 (*sums)[MOST_VECTORS]) {
    const float *x[GROUPS];
    size_t stride = a->x_stride;

    MNET_UNROLL
    for (int g = 0; g * GROUP < rows; g++) {
        x[g] = x_first + (size_t)(g * GROUP) * stride;
        MNET_KEEP(x[g]);
    }
    for (size_t i = 0; i < a->k; i++, w += vectors * LANES, ahead += ahead_step) {
        __m512 weights[MOST_VECTORS];

        load_weights(vectors, w, weights);
        MNET_UNROLL
        for (int v = 0; v < vectors; v++)
            _mm_prefetch((const char *)(ahead + v * LANES), _MM_HINT_T1);
        MNET_UNROLL
        for (int r = 0; r < rows; r++)
            add_products(vectors, x[r / GROUP][(size_t)(r % GROUP) * stride], weights, sums[r]);
        MNET_UNROLL
        for (int g = 0; g * GROUP < rows; g++)
            x[g]++;
    }
}

MNET_INLINE void store_row(int vectors, size_t columns, const __m512 *sums, const float *residual,
                           float *y) {
    __mmask16 last = mnet_mask_avx512(columns - (size_t)(vectors - 1) * LANES);

    MNET_UNROLL
    for (int v = 0; v < vectors; v++) {
        __mmask16 mask = v < vectors - 1 ? 0xffff : last;
        __m512 value = sums[v];

        if (residual)
            value = _mm512_add_ps(value, _mm512_maskz_loadu_ps(mask, residual + v * LANES));
        _mm512_mask_storeu_ps(y + v * LANES, mask, value);
    }
}

/* What is most common takes plain stores: with few inputs a tile is as much stores as sums. */
MNET_INLINE void store_tile(int rows, int vectors, const MnetGemmF32Args *a, size_t at,
                            __m512 (*sums)[MOST_VECTORS]) {
    const float *residual = a->residual;
    float *y = a->y + at;

    if (a->columns % LANES == 0 && !residual) {
        MNET_UNROLL
        for (int r = 0; r < rows; r++, y += a->y_stride) {
            MNET_KEEP(y);
            MNET_UNROLL
            for (int v = 0; v < vectors; v++)
                _mm512_storeu_ps(y + v * LANES, sums[r][v]);
        }
    } else {
        MNET_UNROLL
        for (int r = 0; r < rows; r++, at += a->y_stride) {
            MNET_KEEP(at);
            store_row(vectors, a->columns, sums[r], residual ? residual + at : NULL, a->y + at);
        }
    }
}

MNET_INLINE void finish_tile(int rows, int vectors, MnetFinishF32 finish,
                             __m512 (*sums)[MOST_VECTORS]) {
    if (finish.hard_swish) {
        MNET_UNROLL
        for (int i = 0; i < rows * vectors; i++) {
            __m512 *sum = &sums[i / vectors][i % vectors];
            *sum = mnet_hard_swish_avx512(*sum);
        }
    } else {
        __m512 lo = mnet_broadcast_avx512(&finish.lo), hi = mnet_broadcast_avx512(&finish.hi);

        MNET_UNROLL
        for (int i = 0; i < rows * vectors; i++) {
            __m512 *sum = &sums[i / vectors][i % vectors];
            *sum = mnet_clamp_avx512(*sum, lo, hi);
        }
    }
}

/* `count` tiles from row `first` on, which fetch what lies ahead, one part after the other. */
MNET_INLINE void run_tiles(int rows, int vectors, const MnetGemmF32Args *args, size_t first,
                           size_t count, const float *ahead, size_t ahead_step) {
    /* Stores of vectors may alias anything, so what the loop needs is copied. */
    const MnetGemmF32Args a = *args;
    const float *x_first = a.x + first * a.x_stride;
    size_t at = first * a.y_stride, width = (size_t)vectors * LANES;

    for (; count; count--, x_first += (size_t)rows * a.x_stride) {
        const float *w = a.panel + width;
        __m512 sums[MOST_ROWS][MOST_VECTORS];

        MNET_UNROLL
        for (int r = 0; r < rows; r++)
            load_weights(vectors, a.panel, sums[r]);
        for (size_t s = 0; s < a.segments; s++, w += a.k * width, ahead += a.k * ahead_step)
            add_segment(rows, vectors, &a, x_first + s * a.x_segment, w, ahead, ahead_step, sums);
        finish_tile(rows, vectors, a.finish, sums);
        store_tile(rows, vectors, &a, at, sums);
        at += (size_t)rows * a.y_stride;
    }
}

/* A single row, in four parts: a sum alone would wait for its own result, and weights that are
 * used but once come faster from four places at once than from one. */
MNET_INLINE void run_row(int vectors, const MnetGemmF32Args *a) {
    const float *w = a->panel + vectors * LANES;
    __m512 sums[ROW_PARTS][MOST_VECTORS], weights[MOST_VECTORS];

    load_weights(vectors, a->panel, sums[0]);
    MNET_UNROLL
    for (int v = 0; v < vectors; v++)
        sums[1][v] = sums[2][v] = sums[3][v] = _mm512_setzero_ps();
    for (size_t s = 0; s < a->segments; s++) {
        const float *x = a->x + s * a->x_segment;
        size_t part = a->k / ROW_PARTS, part_size = part * (size_t)vectors * LANES;

        for (size_t i = 0; i < part; i++, w += vectors * LANES) {
            MNET_UNROLL
            for (size_t u = 0; u < ROW_PARTS; u++) {
                load_weights(vectors, w + u * part_size, weights);
                add_products(vectors, x[u * part + i], weights, sums[u]);
            }
        }
        w += (ROW_PARTS - 1) * part_size;
        for (size_t i = ROW_PARTS * part; i < a->k; i++, w += vectors * LANES) {
            load_weights(vectors, w, weights);
            add_products(vectors, x[i], weights, sums[0]);
        }
    }
    MNET_UNROLL
    for (int v = 0; v < vectors; v++)
        sums[0][v] = _mm512_add_ps(_mm512_add_ps(sums[0][v], sums[1][v]),
                                   _mm512_add_ps(sums[2][v], sums[3][v]));
    finish_tile(1, vectors, a->finish, sums);
    store_row(vectors, a->columns, sums[0], a->residual, a->y);
}

typedef void (*Tiles)(const MnetGemmF32Args *args, size_t first, size_t count, const float *ahead,
                      size_t ahead_step);

#define TILES(rows, vectors)                                                                       \
    static void tiles_##rows##x##vectors(const MnetGemmF32Args *args, size_t first, size_t count,  \
                                         const float *ahead, size_t ahead_step) {                  \
        run_tiles(rows, vectors, args, first, count, ahead, ahead_step);                           \
    }
#define TILES_TO_9(vectors)                                                                        \
    static void row_##vectors(const MnetGemmF32Args *args, size_t first, size_t count,             \
                              const float *ahead, size_t ahead_step) {                             \
        run_row(vectors, args);                                                                    \
    }                                                                                              \
    TILES(2, vectors)                                                                              \
    TILES(3, vectors)                                                                              \
    TILES(4, vectors)                                                                              \
    TILES(5, vectors)                                                                              \
    TILES(6, vectors)                                                                              \
    TILES(7, vectors)                                                                              \
    TILES(8, vectors)                                                                              \
    TILES(9, vectors)
#define TILES_TO_14(vectors)                                                                       \
    TILES_TO_9(vectors)                                                                            \
    TILES(10, vectors)                                                                             \
    TILES(11, vectors)                                                                             \
    TILES(12, vectors)                                                                             \
    TILES(13, vectors)                                                                             \
    TILES(14, vectors)

TILES_TO_14(1)
TILES_TO_14(2)
TILES_TO_9(3)

/* clang-format off */
static const Tiles tiles[MOST_VECTORS][MOST_ROWS] = {
    {row_1, tiles_2x1, tiles_3x1, tiles_4x1, tiles_5x1, tiles_6x1, tiles_7x1, tiles_8x1, tiles_9x1,
     tiles_10x1, tiles_11x1, tiles_12x1, tiles_13x1, tiles_14x1},
    {row_2, tiles_2x2, tiles_3x2, tiles_4x2, tiles_5x2, tiles_6x2, tiles_7x2, tiles_8x2, tiles_9x2,
     tiles_10x2, tiles_11x2, tiles_12x2, tiles_13x2, tiles_14x2},
    {row_3, tiles_2x3, tiles_3x3, tiles_4x3, tiles_5x3, tiles_6x3, tiles_7x3, tiles_8x3, tiles_9x3},
};
/* clang-format on */

/* Rows of x that lie a multiple of 4 KiB apart share a set of the first-level cache, which has 8
 * or 12 lines. */
static size_t most_rows(const MnetGemmF32Args *args, size_t vectors) {
    if (args->x_stride % 1024 == 0)
        return 7;
    return vectors == 3 ? 9 : MOST_ROWS;
}

/* Shared out evenly, there is a tile of one row only where there is one row. The next panel is
 * fetched bit by bit, which leaves room for all else that is. */
static void gemm_f32_14x32_avx512(const MnetGemmF32Args *args) {
    size_t vectors = (args->columns + LANES - 1) / LANES, most = most_rows(args, vectors);
    size_t count = (args->rows + most - 1) / most, rows = args->rows / count;
    size_t higher = args->rows % count, width = vectors * LANES;
    size_t ahead_step = args->next_panel ? (width + count - 1) / count : 0;
    const float *ahead = args->next_panel ? args->next_panel : args->panel;

    if (higher)
        tiles[vectors - 1][rows](args, 0, higher, ahead, ahead_step);
    ahead += higher * args->segments * args->k * ahead_step;
    tiles[vectors - 1][rows - 1](args, higher * (rows + 1), count - higher, ahead, ahead_step);
}

void mnet_gemm_f32_kernels_init_avx512(MnetGemmF32Kernels *kernels) {
    *kernels = (MnetGemmF32Kernels){
        .run = gemm_f32_14x32_avx512,
        .mr = MOST_ROWS,
        .nr = 2 * LANES,
        .wide = MOST_VECTORS * LANES,
        .lanes = LANES,
        .name = "gemm_f32_14x32_avx512",
    };
}
