/**
 * Matrix products for AVX-512, but for the instruction: the file that includes this defines
 * ELEMENT, the bytes of an element of a row, and add_products(), which takes four bytes of a row
 * and of each of sixteen columns. Tiles of 6 rows by 64 channels, 8 by 48, 14 by 32 or 14 by 16,
 * their rows evened out: 49 rows are 13 + 12 + 12 + 12.
 */
#ifndef MNET_KERNELS_X86_GEMM_QS8_AVX512_H
#define MNET_KERNELS_X86_GEMM_QS8_AVX512_H

#include "nn/kernels/gemm_qs8.h"
#include "nn/kernels/x86/panel_qs8_avx512.h"

#define ROWS 48 /* asked for; their sums wait for the epilogue */

MNET_INLINE void add_products(__m512i *sum, __m512i x, __m512i w);

MNET_INLINE __m512i four_of(const uint8_t *x) {
    int32_t four;
    memcpy(&four, x, sizeof(four));
    return _mm512_set1_epi32(four);
}

/* Sums of `rows` by `vectors` of sixteen channels. */
MNET_INLINE void tile(size_t rows, size_t vectors, size_t bytes, const uint8_t *x, size_t x_stride,
                      const int32_t *terms, const MnetPanelAvx512 *panel, __m512i *sums) {
    const __m512i *bias = (const __m512i *)panel->bias, *w = (const __m512i *)panel->weights;
    const uint8_t *threes[5]; /* every third row */
    __m512i acc[14][4], b[4];

    MNET_UNROLL
    for (size_t i = 0; 3 * i < rows; i++)
        threes[i] = x + 3 * i * x_stride;
    MNET_UNROLL
    for (size_t r = 0; r < rows; r++) {
        MNET_UNROLL
        for (size_t v = 0; v < vectors; v++)
            acc[r][v] = terms ? _mm512_add_epi32(bias[v], _mm512_set1_epi32(terms[r])) : bias[v];
    }
    for (; bytes; bytes -= 4, w += vectors) {
        MNET_UNROLL
        for (size_t v = 0; v < vectors; v++)
            b[v] = w[v];
        MNET_UNROLL
        for (size_t r = 0; r < rows; r++) {
            __m512i four = four_of(threes[r / 3] + r % 3 * x_stride);

            MNET_UNROLL
            for (size_t v = 0; v < vectors; v++)
                add_products(&acc[r][v], four, b[v]);
        }
        MNET_UNROLL
        for (size_t i = 0; 3 * i < rows; i++)
            threes[i] += 4;
    }
    MNET_UNROLL
    for (size_t r = 0; r < rows; r++) {
        MNET_UNROLL
        for (size_t v = 0; v < vectors; v++)
            sums[r * vectors + v] = acc[r][v];
    }
}

#define TILE(rows, vectors)                                                                        \
    case rows:                                                                                     \
        tile(rows, vectors, args->k *ELEMENT, x, args->x_stride *ELEMENT, terms, args->panel,      \
             sums);                                                                                \
        break;

#define ARGUMENTS                                                                                  \
    size_t rows, const MnetGemmQs8Args *args, const uint8_t *x, const int32_t *terms, __m512i *sums

static void tile_1(ARGUMENTS) {
    switch (rows) {
        TILE(1, 1)
        TILE(2, 1)
        TILE(3, 1)
        TILE(4, 1)
        TILE(5, 1)
        TILE(6, 1)
        TILE(7, 1)
        TILE(8, 1)
        TILE(9, 1)
        TILE(10, 1)
        TILE(11, 1)
        TILE(12, 1)
        TILE(13, 1)
        TILE(14, 1)
    }
}

static void tile_2(ARGUMENTS) {
    switch (rows) {
        TILE(1, 2)
        TILE(2, 2)
        TILE(3, 2)
        TILE(4, 2)
        TILE(5, 2)
        TILE(6, 2)
        TILE(7, 2)
        TILE(8, 2)
        TILE(9, 2)
        TILE(10, 2)
        TILE(11, 2)
        TILE(12, 2)
        TILE(13, 2)
        TILE(14, 2)
    }
}

static void tile_3(ARGUMENTS) {
    switch (rows) {
        TILE(1, 3)
        TILE(2, 3)
        TILE(3, 3)
        TILE(4, 3)
        TILE(5, 3)
        TILE(6, 3)
        TILE(7, 3)
        TILE(8, 3)
    }
}

static void tile_4(ARGUMENTS) {
    switch (rows) {
        TILE(1, 4)
        TILE(2, 4)
        TILE(3, 4)
        TILE(4, 4)
        TILE(5, 4)
        TILE(6, 4)
    }
}

/** All rows of a panel. */
MNET_INLINE void run_panel(const MnetGemmQs8Args *args) {
    static void (*const tiles_of[])(ARGUMENTS) = {tile_1, tile_2, tile_3, tile_4};
    static const size_t most_rows[] = {14, 14, 8, 6};
    size_t vectors = mnet_panel_vectors_avx512(args->columns), mr = most_rows[vectors - 1];
    size_t tiles = (args->rows + mr - 1) / mr, waiting = 0;
    const float *multiplier = ((const MnetPanelAvx512 *)args->panel)->multiplier;
    __m512i sums[ROWS * 4];

    for (size_t r = 0, at = 0; r < args->rows; tiles--) {
        size_t n = (args->rows - r + tiles - 1) / tiles;

        tiles_of[vectors - 1](n, args, (const uint8_t *)args->x + r * args->x_stride * ELEMENT,
                              args->row_terms ? args->row_terms + r : NULL,
                              sums + waiting * vectors);
        r += n;
        waiting += n;
        if (waiting + n > ROWS || r == args->rows) {
            mnet_finish_pixels_avx512(args->epilogue, waiting, args->columns, sums, multiplier,
                                      args->residual ? args->residual + at : NULL, args->y + at,
                                      args->y_stride);
            at = r * args->y_stride;
            waiting = 0;
        }
    }
}

#undef TILE
#undef ARGUMENTS

#endif
