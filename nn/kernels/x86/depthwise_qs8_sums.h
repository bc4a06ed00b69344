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
    size_t quad_size; /* vectors from one to the next */
    size_t kw, stride, dilation;
} Row;

MNET_INLINE const Vector *quad_at(const Row *row, size_t i) {
    size_t place = row->first + 2 * i;
    return row->x + (place < row->ring_size ? place : place - row->ring_size) * row->quad_size;
}

/* A usual kernel, column by column: each is loaded once for all pixels that see it. clang 14
 * unrolls by exactly what the pragmas say, or not at all, so the conditions are inside. */
MNET_INLINE void add_columns(size_t vectors, size_t kw, size_t stride, size_t pixels,
                             const Vector *x, const Vector *taps, Vector *sums) {
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

MNET_INLINE void load_taps(size_t vectors, size_t kw, const Vector *w, Vector *taps) {
#pragma GCC unroll 7
    for (size_t kx = 0; kx < 7; kx++)
        if (kx < kw)
            taps[kx] = w[kx * vectors];
}

/* Pixels' sums of a vector from one or two quads; taps of one are in registers. */
MNET_INLINE void usual_tile(size_t vectors, size_t kw, size_t quads, size_t stride, size_t pixels,
                            const Vector *const *x, size_t at, const Vector *first_taps,
                            const Vector *w, Vector bias, Vector *out) {
    Vector sums[TILE];

#pragma GCC unroll 7
    for (size_t i = 0; i < TILE; i++)
        if (i < pixels)
            sums[i] = bias;
    if (quads == 1) {
        add_columns(vectors, kw, stride, pixels, x[0] + at, first_taps, sums);
    } else {
        Vector taps[7];

        load_taps(vectors, kw, w, taps);
        add_columns(vectors, kw, stride, pixels, x[0] + at, taps, sums);
        load_taps(vectors, kw, w + kw * vectors, taps);
        add_columns(vectors, kw, stride, pixels, x[1] + at, taps, sums);
    }
#pragma GCC unroll 7
    for (size_t i = 0; i < TILE; i++)
        if (i < pixels)
            out[i * vectors] = sums[i];
}

/* Square kernels of 3, 5 or 7, which one or two quads hold. */
MNET_INLINE void sum_usual(size_t vectors, size_t kw, size_t stride, const Row *row, size_t pixels,
                           size_t x, const Vector *bias, Vector *sums) {
    const size_t step = stride * vectors, quads = kw == 3 ? 1 : 2;
    const Vector *quad[2] = {quad_at(row, 0) + x * step}, *w = row->w;

    if (quads == 2)
        quad[1] = quad_at(row, 1) + x * step;
    for (size_t v = 0; v < vectors; v++, w++) {
        size_t left = pixels, at = v;
        Vector taps[7], *out = sums + v;

        if (quads == 1)
            load_taps(vectors, kw, w, taps);
        for (; left >= TILE; left -= TILE, at += TILE * step, out += TILE * vectors)
            usual_tile(vectors, kw, quads, stride, TILE, quad, at, taps, w, bias[v], out);
        for (; left; left -= left < REST_TILE ? left : REST_TILE) {
            usual_tile(vectors, kw, quads, stride, REST_TILE, quad, at, taps, w, bias[v], out);
            at += REST_TILE * step;
            out += REST_TILE * vectors;
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

/* One vector of each pixel's sums. */
MNET_INLINE void tile(size_t vectors, size_t pixels, const Row *row, size_t x, const Vector *w,
                      Vector bias, Vector *out) {
    Vector sums[TILE];

#pragma GCC unroll 7
    for (size_t i = 0; i < TILE; i++)
        if (i < pixels)
            sums[i] = bias;
    for (size_t i = 0; i < row->quads; i++, w += row->kw * vectors)
        add_taps(vectors, pixels, row, quad_at(row, i) + x, w, sums);
#pragma GCC unroll 7
    for (size_t i = 0; i < TILE; i++)
        if (i < pixels)
            out[i * vectors] = sums[i];
}

MNET_INLINE void sum_pixels(size_t vectors, const Row *row, size_t pixels, size_t x,
                            const Vector *bias, Vector *sums) {
    size_t step = row->stride * vectors;

    for (size_t v = 0; v < vectors; v++) {
        const Vector *w = row->w + v;
        Vector *out = sums + v;
        size_t left = pixels, at = x * step + v;

        for (; left >= TILE; left -= TILE, at += TILE * step, out += TILE * vectors)
            tile(vectors, TILE, row, at, w, bias[v], out);
        for (; left; left -= left < REST_TILE ? left : REST_TILE) {
            tile(vectors, REST_TILE, row, at, w, bias[v], out);
            at += REST_TILE * step;
            out += REST_TILE * vectors;
        }
    }
}

static bool is_usual(size_t kh, const Row *row) {
    return kh == row->kw && (kh == 3 || kh == 5 || kh == 7) && row->stride <= 2 &&
           row->dilation == 1;
}

/* Sums of pixels from the x-th on, [pixel][vector]; up to REST_TILE - 1 more are written. */
typedef void (*SumPixels)(const Row *row, size_t pixels, size_t x, const Vector *bias,
                          Vector *sums);

/* Functions of their own: within one another, compilers keep addresses in memory. */
#define USUAL(vectors, kw, stride)                                                                 \
    static __attribute__((noinline)) void sum_##vectors##_##kw##_##stride(                         \
        const Row *row, size_t pixels, size_t x, const Vector *bias, Vector *sums) {               \
        sum_usual(vectors, kw, stride, row, pixels, x, bias, sums);                                \
    }
#define SUMS(vectors)                                                                              \
    USUAL(vectors, 3, 1)                                                                           \
    USUAL(vectors, 3, 2)                                                                           \
    USUAL(vectors, 5, 1)                                                                           \
    USUAL(vectors, 5, 2)                                                                           \
    USUAL(vectors, 7, 1)                                                                           \
    USUAL(vectors, 7, 2)                                                                           \
    static __attribute__((noinline)) void sum_##vectors##_any(                                     \
        const Row *row, size_t pixels, size_t x, const Vector *bias, Vector *sums) {               \
        sum_pixels(vectors, row, pixels, x, bias, sums);                                           \
    }                                                                                              \
    static SumPixels sums_of_##vectors(size_t kh, const Row *row) {                                \
        static const SumPixels usual[3][2] = {{sum_##vectors##_3_1, sum_##vectors##_3_2},          \
                                              {sum_##vectors##_5_1, sum_##vectors##_5_2},          \
                                              {sum_##vectors##_7_1, sum_##vectors##_7_2}};         \
        return is_usual(kh, row) ? usual[(row->kw - 3) / 2][row->stride - 1]                       \
                                 : sum_##vectors##_any;                                            \
    }

WIDTHS(SUMS)

/* The best for blocks of so many vectors and kernels kh high. */
static SumPixels sums_of(size_t vectors, size_t kh, const Row *row) {
    switch (vectors) {
#define CASE(vectors)                                                                              \
    case vectors:                                                                                  \
        return sums_of_##vectors(kh, row);
        WIDTHS(CASE)
#undef CASE
    }
    return NULL;
}

#endif
