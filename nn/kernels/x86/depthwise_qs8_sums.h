/** The sums of depthwise_qs8_quads.h, which says what the including file defines, in registers. */
#ifndef MNET_KERNELS_X86_DEPTHWISE_QS8_SUMS_H
#define MNET_KERNELS_X86_DEPTHWISE_QS8_SUMS_H

#include <stdbool.h>

#define TILE 7 /* pixels: the usual widths are its multiples */
#define REST_TILE 4

/* What an output row's sums are made of. */
typedef struct Row {
    const Vector *x, *w; /* the strip's first column in the ring */
    size_t ring_size, first, quads;
    size_t quad_size, part_size; /* vectors from one to the next */
    size_t kw, stride, dilation;
    bool is_wide;
} Row;

MNET_INLINE const Vector *quad_at(const Row *row, size_t i) {
    size_t place = row->first + 2 * i;
    return row->x + (place < row->ring_size ? place : place - row->ring_size) * row->quad_size;
}

/* A usual kernel, column by column: each is loaded once for all pixels that see it. clang 14
 * unrolls by exactly what the pragmas say, or not at all, so the conditions are inside. */
MNET_INLINE void add_columns(size_t vectors, size_t kw, size_t stride, size_t pixels,
                             const Vector *x, const Vector *w, Vector *sums) {
    Vector taps[7];

#pragma GCC unroll 7
    for (size_t kx = 0; kx < 7; kx++)
        if (kx < kw)
            taps[kx] = w[kx * vectors];
#pragma GCC unroll 19
    for (size_t i = 0; i < 19; i++) {
        if (i < (pixels - 1) * stride + kw) {
            const Vector column = x[i * vectors];

#pragma GCC unroll 7
            for (size_t kx = 0; kx < 7; kx++)
                if (kx < kw && kx <= i && (i - kx) % stride == 0 && (i - kx) / stride < pixels)
                    dot(&sums[(i - kx) / stride], column, taps[kx]);
        }
    }
}

/* Any other. */
MNET_INLINE void add_taps(size_t vectors, size_t pixels, const Row *row, const Vector *x,
                          const Vector *w, Vector *sums) {
    for (size_t kx = 0; kx < row->kw; kx++, x += row->dilation * vectors, w += vectors) {
#pragma GCC unroll 7
        for (size_t i = 0; i < TILE; i++)
            if (i < pixels)
                dot(&sums[i], x[i * row->stride * vectors], *w);
    }
}

/* One vector of each pixel's sums; kw is 0 where it isn't known. */
MNET_INLINE void tile(size_t vectors, size_t kw, size_t stride, size_t pixels, const Row *row,
                      size_t x, const Vector *w, Vector bias, Vector *out) {
    Vector sums[TILE];
    bool is_again = row->is_wide;

#pragma GCC unroll 7
    for (size_t i = 0; i < TILE; i++)
        if (i < pixels)
            sums[i] = is_again ? fill(0) : bias;
    for (const Vector *part = w;; part += row->part_size, is_again = false) {
        const Vector *taps = part;

        for (size_t i = 0; i < row->quads; i++, taps += row->kw * vectors) {
            if (kw)
                add_columns(vectors, kw, stride, pixels, quad_at(row, i) + x, taps, sums);
            else
                add_taps(vectors, pixels, row, quad_at(row, i) + x, taps, sums);
        }
        if (!is_again)
            break;
#pragma GCC unroll 7
        for (size_t i = 0; i < TILE; i++)
            if (i < pixels)
                sums[i] = twice_plus(sums[i], bias);
    }
#pragma GCC unroll 7
    for (size_t i = 0; i < TILE; i++)
        if (i < pixels)
            out[i * vectors] = sums[i];
}

MNET_INLINE void sum_pixels(size_t vectors, size_t kw, size_t stride, const Row *row, size_t pixels,
                            size_t x, const Vector *bias, Vector *sums) {
    size_t step = (kw ? stride : row->stride) * vectors;

    for (size_t v = 0; v < vectors; v++) {
        const Vector *w = row->w + v;
        Vector *out = sums + v;
        size_t left = pixels, at = x * step + v;

        for (; left >= TILE; left -= TILE, at += TILE * step, out += TILE * vectors)
            tile(vectors, kw, stride, TILE, row, at, w, bias[v], out);
        for (; left; left -= left < REST_TILE ? left : REST_TILE) {
            tile(vectors, kw, stride, REST_TILE, row, at, w, bias[v], out);
            at += REST_TILE * step;
            out += REST_TILE * vectors;
        }
    }
}

/* The sums of a block that has so many vectors. */
MNET_INLINE void sum_block(size_t vectors, const Row *row, size_t pixels, size_t x,
                           const Vector *bias, Vector *sums) {
    switch (row->dilation == 1 ? row->kw * 10 + row->stride : 0) {
    case 31:
        sum_pixels(vectors, 3, 1, row, pixels, x, bias, sums);
        break;
    case 32:
        sum_pixels(vectors, 3, 2, row, pixels, x, bias, sums);
        break;
    case 51:
        sum_pixels(vectors, 5, 1, row, pixels, x, bias, sums);
        break;
    case 52:
        sum_pixels(vectors, 5, 2, row, pixels, x, bias, sums);
        break;
    case 71:
        sum_pixels(vectors, 7, 1, row, pixels, x, bias, sums);
        break;
    case 72:
        sum_pixels(vectors, 7, 2, row, pixels, x, bias, sums);
        break;
    default:
        sum_pixels(vectors, 0, 0, row, pixels, x, bias, sums);
    }
}

#endif
