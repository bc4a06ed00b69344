/*
 * Tiles of 6 rows by 16 channels, or 4 by 24: 12 sums in registers, which two multiply-adds a
 * cycle need to hide their latency, and no more loads than fit beside them. Rows are shared out
 * evenly, so that 49 is 4 tiles of 6 and 5 of 5: tiles of 4 or more rows all run at full speed,
 * one of a single row at a quarter of it.
 */
#include "nn/kernels/gemm_f32.h"

#include "nn/kernels/x86/float_avx2.h"

#define LANES 8
#define MOST_ROWS 6
#define ROW_PARTS 4
#define GROUP 3 /* rows whose addresses are a register and a multiple */
#define GROUPS 2
#define STEPS 4 /* of a loop's round: its own work takes slots from the multiply-adds, too */

/* The instructions themselves: compilers that see several steps would copy sums to and fro. */
MNET_INLINE void add_products(int vectors, const float *x, const __m256 w[3], __m256 sums[3]) {
    __m256 value;

    if (vectors == 1)
        __asm__ volatile("vbroadcastss %2, %1\n\t"
                         "vfmadd231ps %3, %1, %0"
                         : "+x"(sums[0]), "=&x"(value)
                         : "m"(*x), "x"(w[0]));
    else if (vectors == 2)
        __asm__ volatile("vbroadcastss %3, %2\n\t"
                         "vfmadd231ps %4, %2, %0\n\t"
                         "vfmadd231ps %5, %2, %1"
                         : "+x"(sums[0]), "+x"(sums[1]), "=&x"(value)
                         : "m"(*x), "x"(w[0]), "x"(w[1]));
    else
        __asm__ volatile("vbroadcastss %4, %3\n\t"
                         "vfmadd231ps %5, %3, %0\n\t"
                         "vfmadd231ps %6, %3, %1\n\t"
                         "vfmadd231ps %7, %3, %2"
                         : "+x"(sums[0]), "+x"(sums[1]), "+x"(sums[2]), "=&x"(value)
                         : "m"(*x), "x"(w[0]), "x"(w[1]), "x"(w[2]));
}

/* One input of each row, from x[r / GROUP] on, and its weights. */
MNET_INLINE void add_step(int rows, int vectors, const float *const *x, size_t stride,
                          const float *w, __m256 (*sums)[3]) {
    __m256 weights[3];

    MNET_UNROLL
    for (int v = 0; v < vectors; v++)
        weights[v] = _mm256_load_ps(w + v * LANES);
    MNET_UNROLL
    for (int r = 0; r < rows; r++)
        add_products(vectors, x[r / GROUP] + (size_t)(r % GROUP) * stride, weights, sums[r]);
}

MNET_INLINE void store_row(int vectors, const MnetGemmF32Args *a, size_t at, const __m256 *sums) {
    size_t left = a->columns;

    MNET_UNROLL
    for (int v = 0; v < vectors; v++, left -= LANES, at += LANES) {
        __m256 value = sums[v];

        if (v < vectors - 1 || left >= LANES) {
            if (a->residual)
                value = _mm256_add_ps(value, _mm256_loadu_ps(a->residual + at));
            _mm256_storeu_ps(a->y + at, value);
        } else {
            __m256i mask = mnet_mask_avx2(left);

            if (a->residual)
                value = _mm256_add_ps(value, _mm256_maskload_ps(a->residual + at, mask));
            _mm256_maskstore_ps(a->y + at, mask, value);
        }
    }
}

/* What is most common costs no test for each vector: with few inputs a tile is as much stores as
 * sums. */
MNET_INLINE void store_tile(int rows, int vectors, const MnetGemmF32Args *a, size_t at,
                            __m256 (*sums)[3]) {
    if (a->columns % LANES == 0 && !a->residual) {
        float *y = a->y + at;

        MNET_UNROLL
        for (int r = 0; r < rows; r++, y += a->y_stride) {
            MNET_UNROLL
            for (int v = 0; v < vectors; v++)
                _mm256_storeu_ps(y + v * LANES, sums[r][v]);
        }
        return;
    }
    MNET_UNROLL
    for (int r = 0; r < rows; r++)
        store_row(vectors, a, at + (size_t)r * a->y_stride, sums[r]);
}

/* What lies ahead is fetched once a round, which skips lines where there are few tiles. */
MNET_INLINE void add_segment(int rows, int vectors, const MnetGemmF32Args *a, const float *x_first,
                             const float *w, const float *ahead, size_t ahead_step,
                             __m256 (*sums)[3]) {
    const size_t width = (size_t)vectors * LANES, stride = a->x_stride;
    const float *end = x_first + a->k, *whole = end - a->k % STEPS, *x[GROUPS];

    MNET_UNROLL
    for (int g = 0; g < GROUPS; g++) {
        x[g] = g * GROUP < rows ? x_first + (size_t)(g * GROUP) * stride : x_first;
        MNET_KEEP(x[g]);
    }
    while (x[0] < whole) {
        _mm_prefetch((const char *)ahead, _MM_HINT_T1);
        ahead += STEPS * ahead_step;
        MNET_UNROLL
        for (size_t u = 0; u < STEPS; u++) {
            const float *const at[GROUPS] = {x[0] + u, x[1] + u};

            add_step(rows, vectors, at, stride, w + u * width, sums);
            MNET_STEP_ENDS();
        }
        x[0] += STEPS;
        x[1] += STEPS;
        w += STEPS * width;
    }
    for (; x[0] < end; x[0]++, x[1]++, w += width)
        add_step(rows, vectors, x, stride, w, sums);
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
        __m256 sums[MOST_ROWS][3];

        MNET_UNROLL
        for (int r = 0; r < rows; r++) {
            MNET_UNROLL
            for (int v = 0; v < vectors; v++)
                sums[r][v] = _mm256_load_ps(a.panel + v * LANES);
        }
        for (size_t s = 0; s < a.segments; s++, w += a.k * width, ahead += a.k * ahead_step)
            add_segment(rows, vectors, &a, x_first + s * a.x_segment, w, ahead, ahead_step, sums);
        MNET_UNROLL
        for (int r = 0; r < rows; r++)
            mnet_finish_avx2(vectors, &a.finish, sums[r]);
        store_tile(rows, vectors, &a, at, sums);
        at += (size_t)rows * a.y_stride;
    }
}

/* A single row, in four parts: a sum alone would wait for its own result, and weights that are
 * used but once come a third faster from four places at once than from one. */
MNET_INLINE void run_row(int vectors, const MnetGemmF32Args *a) {
    const float *w = a->panel + vectors * LANES;
    __m256 sums[ROW_PARTS][3];

    MNET_UNROLL
    for (int v = 0; v < vectors; v++) {
        sums[0][v] = _mm256_load_ps(a->panel + v * LANES);
        sums[1][v] = sums[2][v] = sums[3][v] = _mm256_setzero_ps();
    }
    for (size_t s = 0; s < a->segments; s++) {
        const float *x = a->x + s * a->x_segment;
        size_t part = a->k / ROW_PARTS, part_size = part * (size_t)vectors * LANES;

        for (size_t i = 0; i < part; i++, w += vectors * LANES) {
            MNET_UNROLL
            for (size_t u = 0; u < ROW_PARTS; u++) {
                const float *at = x + u * part + i;

                add_step(1, vectors, &at, 0, w + u * part_size, sums + u);
            }
        }
        w += (ROW_PARTS - 1) * part_size;
        for (size_t i = ROW_PARTS * part; i < a->k; i++, w += vectors * LANES) {
            const float *at = x + i;

            add_step(1, vectors, &at, 0, w, sums);
        }
    }
    MNET_UNROLL
    for (int v = 0; v < vectors; v++)
        sums[0][v] = _mm256_add_ps(_mm256_add_ps(sums[0][v], sums[1][v]),
                                   _mm256_add_ps(sums[2][v], sums[3][v]));
    mnet_finish_avx2(vectors, &a->finish, sums[0]);
    store_row(vectors, a, 0, sums[0]);
}

typedef void (*Tiles)(const MnetGemmF32Args *args, size_t first, size_t count, const float *ahead,
                      size_t ahead_step);

#define TILES(rows, vectors)                                                                       \
    static void tiles_##rows##x##vectors(const MnetGemmF32Args *args, size_t first, size_t count,  \
                                         const float *ahead, size_t ahead_step) {                  \
        run_tiles(rows, vectors, args, first, count, ahead, ahead_step);                           \
    }
#define ROW(vectors)                                                                               \
    static void row_##vectors(const MnetGemmF32Args *args, size_t first, size_t count,             \
                              const float *ahead, size_t ahead_step) {                             \
        run_row(vectors, args);                                                                    \
    }

ROW(1)
TILES(2, 1)
TILES(3, 1)
TILES(4, 1)
TILES(5, 1)
TILES(6, 1)
ROW(2)
TILES(2, 2)
TILES(3, 2)
TILES(4, 2)
TILES(5, 2)
TILES(6, 2)
ROW(3)
TILES(2, 3)
TILES(3, 3)
TILES(4, 3)

static const Tiles tiles[3][MOST_ROWS] = {
    {row_1, tiles_2x1, tiles_3x1, tiles_4x1, tiles_5x1, tiles_6x1},
    {row_2, tiles_2x2, tiles_3x2, tiles_4x2, tiles_5x2, tiles_6x2},
    {row_3, tiles_2x3, tiles_3x3, tiles_4x3},
};

/* Shared out evenly, there is a tile of one row only where there is one row. The next panel is
 * fetched bit by bit, which leaves room for all else that is. */
static void gemm_f32_6x16_avx2(const MnetGemmF32Args *args) {
    size_t vectors = (args->columns + LANES - 1) / LANES, most = vectors == 3 ? 4 : MOST_ROWS;
    size_t count = (args->rows + most - 1) / most, rows = args->rows / count;
    size_t higher = args->rows % count, width = vectors * LANES;
    size_t ahead_step = args->next_panel ? (width + count - 1) / count : 0;
    const float *ahead = args->next_panel ? args->next_panel : args->panel;

    if (higher)
        tiles[vectors - 1][rows](args, 0, higher, ahead, ahead_step);
    ahead += higher * args->segments * args->k * ahead_step;
    tiles[vectors - 1][rows - 1](args, higher * (rows + 1), count - higher, ahead, ahead_step);
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
