/*
 * Tiles of 6 rows by 16 channels, or 4 by 24: 12 sums in registers, which two multiply-adds a cycle need to hide their
 * latency, and no more loads than fit beside them. Rows are shared out evenly, so that 49 is 4 tiles of 6 and 5 of 5: tiles
 * of 4 or more rows all run at full speed, one of a single row at a quarter of it.
 */
#include "nn/kernels/gemm_f32.h"

#include "nn/kernels/x86/float_avx2.h"

#define LANES 8
#define MOST_ROWS 6
#define UNROLL 4
#define LINE_FLOATS 16

/* The product of row group `x` and the panel at i, by V vectors of channels. */
MNET_INLINE void add_products(int rows, int vectors, const float *const *x, size_t i,
                              const float *w, __m256 (*sums)[3]) {
    __m256 weights[3];

    MNET_UNROLL
    for (int v = 0; v < vectors; v++)
        weights[v] = _mm256_load_ps(w + v * LANES);
    MNET_UNROLL
    for (int r = 0; r < rows; r++) {
        __m256 value = _mm256_broadcast_ss(x[r] + i);

        MNET_UNROLL
        for (int v = 0; v < vectors; v++)
            sums[r][v] = _mm256_fmadd_ps(value, weights[v], sums[r][v]);
    }
}

MNET_INLINE void store_row(int vectors, const MnetGemmF32Args *args, size_t at, __m256 *sums) {
    size_t left = args->columns;
    float *y = args->y + at;
    const float *residual = args->residual ? args->residual + at : NULL;

    MNET_UNROLL
    for (int v = 0; v < vectors; v++, left -= LANES) {
        __m256 value = mnet_finish_avx2(sums[v], &args->finish);

        if (v < vectors - 1 || left >= LANES) {
            if (residual)
                value = _mm256_add_ps(value, _mm256_loadu_ps(residual + v * LANES));
            _mm256_storeu_ps(y + v * LANES, value);
        } else {
            __m256i mask = mnet_mask_avx2(left);

            if (residual)
                value = _mm256_add_ps(value, _mm256_maskload_ps(residual + v * LANES, mask));
            _mm256_maskstore_ps(y + v * LANES, mask, value);
        }
    }
}

/* `ahead`: a line of the next panel for each step. */
MNET_INLINE void tile(int rows, int vectors, const MnetGemmF32Args *args, size_t first,
                      const float *ahead) {
    const float *w = args->panel;
    __m256 sums[MOST_ROWS][3];

    MNET_UNROLL
    for (int r = 0; r < rows; r++) {
        MNET_UNROLL
        for (int v = 0; v < vectors; v++)
            sums[r][v] = _mm256_load_ps(w + v * LANES);
    }
    w += vectors * LANES;
    for (size_t s = 0; s < args->segments; s++) {
        const float *x[MOST_ROWS];
        size_t i = 0;

        MNET_UNROLL
        for (int r = 0; r < rows; r++)
            x[r] = args->x + (first + (size_t)r) * args->x_stride + s * args->x_segment;
        for (; i + UNROLL <= args->k; i += UNROLL) {
            _mm_prefetch((const char *)ahead, _MM_HINT_T1);
            ahead += LINE_FLOATS;
            MNET_UNROLL
            for (int u = 0; u < UNROLL; u++, w += vectors * LANES)
                add_products(rows, vectors, x, i + (size_t)u, w, sums);
        }
        for (; i < args->k; i++, w += vectors * LANES)
            add_products(rows, vectors, x, i, w, sums);
    }
    MNET_UNROLL
    for (int r = 0; r < rows; r++)
        store_row(vectors, args, (first + (size_t)r) * args->y_stride, sums[r]);
}

/* A single row: four sums of every fourth product each, as one alone would wait for its own result. */
MNET_INLINE void row(int vectors, const MnetGemmF32Args *args, size_t first) {
    const float *w = args->panel + vectors * LANES;
    __m256 sums[UNROLL][3] = {{_mm256_setzero_ps()}};

    for (int v = 0; v < vectors; v++) {
        sums[0][v] = _mm256_load_ps(args->panel + v * LANES);
        sums[1][v] = sums[2][v] = sums[3][v] = _mm256_setzero_ps();
    }
    for (size_t s = 0; s < args->segments; s++) {
        const float *x = args->x + first * args->x_stride + s * args->x_segment;
        size_t i = 0;

        for (; i + UNROLL <= args->k; i += UNROLL) {
            MNET_UNROLL
            for (int u = 0; u < UNROLL; u++, w += vectors * LANES)
                add_products(1, vectors, &x, i + (size_t)u, w, sums + u);
        }
        for (; i < args->k; i++, w += vectors * LANES)
            add_products(1, vectors, &x, i, w, sums);
    }
    for (int v = 0; v < vectors; v++)
        sums[0][v] = _mm256_add_ps(_mm256_add_ps(sums[0][v], sums[1][v]),
                                   _mm256_add_ps(sums[2][v], sums[3][v]));
    store_row(vectors, args, first * args->y_stride, sums[0]);
}

#define TILE(rows, vectors)                                                                        \
    static void tile_##rows##x##vectors(const MnetGemmF32Args *args, size_t first,                 \
                                        const float *ahead) {                                      \
        tile(rows, vectors, args, first, ahead);                                                   \
    }
#define ROW(vectors)                                                                               \
    static void row_##vectors(const MnetGemmF32Args *args, size_t first, const float *ahead) {     \
        row(vectors, args, first);                                                                 \
    }

ROW(1)
TILE(2, 1)
TILE(3, 1)
TILE(4, 1)
TILE(5, 1)
TILE(6, 1)
ROW(2)
TILE(2, 2)
TILE(3, 2)
TILE(4, 2)
TILE(5, 2)
TILE(6, 2)
ROW(3)
TILE(2, 3)
TILE(3, 3)
TILE(4, 3)

static void (*const tiles[3][MOST_ROWS])(const MnetGemmF32Args *, size_t, const float *) = {
    {row_1, tile_2x1, tile_3x1, tile_4x1, tile_5x1, tile_6x1},
    {row_2, tile_2x2, tile_3x2, tile_4x2, tile_5x2, tile_6x2},
    {row_3, tile_2x3, tile_3x3, tile_4x3},
};

static void gemm_f32_6x16_avx2(const MnetGemmF32Args *args) {
    size_t vectors = (args->columns + LANES - 1) / LANES, most = vectors == 3 ? 4 : MOST_ROWS;
    size_t n_tiles = (args->rows + most - 1) / most;
    size_t rows = args->rows / n_tiles, more = args->rows % n_tiles, first = 0;
    /* Each tile fetches a line for 4 lines that it reads, so the next panel is there after 4 tiles. */
    const float *ahead = args->next_panel;
    size_t ahead_step = args->segments * (args->k / UNROLL) * LINE_FLOATS;

    for (size_t t = 0; t < n_tiles; t++) {
        size_t n = rows + (t < more);

        tiles[vectors - 1][n - 1](args, first,
                                  ahead && t < UNROLL ? ahead + t * ahead_step : args->panel);
        first += n;
    }
}

void mnet_gemm_f32_kernels_init_avx2(MnetGemmF32Kernels *kernels) {
    *kernels = (MnetGemmF32Kernels){
        .run = gemm_f32_6x16_avx2,
        .mr = MOST_ROWS,
        .nr = 2 * LANES,
        .wide = 3 * LANES,
        .lanes = LANES,
        .name = "gemm_f32_6x16_avx2",
    };
}
