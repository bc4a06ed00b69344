/*
 * Columns are summed in registers, each row's 64 bytes in turn, so that a segment's rows are as
 * many streams; the hardware's prefetcher follows none of them far, so each asks for the line that
 * it takes in the next segment.
 */
#include "nn/kernels/image_rows.h"

#include <immintrin.h>
#include <string.h>

/* Bytes of each row that a step takes. */
#define STEP 64

/* A kind must be a constant where vectors are in play; the functions are too large for the compiler
 * to see that alone. */
#define INLINE static inline __attribute__((always_inline))

/* Structures of named vectors and no arrays: gcc 12 keeps those in memory. */
typedef struct Columns {
    __m256i a, b; /* 16 columns each */
} Columns;

typedef struct Sums {
    __m256i sum_a, sum_b, prefix_a, prefix_b;
} Sums;

typedef struct Coefficients {
    __m256i sum, slope_sum, slope_prefix;
    __m256i above_weight, above_slope, below_weight, below_slope;
} Coefficients;

INLINE __m256i load(const void *at) {
    return _mm256_loadu_si256(at);
}

INLINE void store(void *at, __m256i v) {
    _mm256_storeu_si256(at, v);
}

/**
 * 32 columns of one row as 16-bit numbers: for pairs the even and the odd ones, for bytes those of
 * the two unpacks (see in_order()), for 10 bits in order.
 */
INLINE Columns load_columns(const uint8_t *row, MnetRowsKind kind, __m128i shift) {
    __m256i bytes = load(row);
    if (kind == MNET_ROWS_U16) {
        __m256i mask = _mm256_set1_epi16(1023);
        return (Columns){_mm256_and_si256(_mm256_srl_epi16(bytes, shift), mask),
                         _mm256_and_si256(_mm256_srl_epi16(load(row + 32), shift), mask)};
    }
    if (kind == MNET_ROWS_U8_PAIRS)
        return (Columns){_mm256_and_si256(bytes, _mm256_set1_epi16(255)),
                         _mm256_srli_epi16(bytes, 8)};
    return (Columns){_mm256_unpacklo_epi8(bytes, _mm256_setzero_si256()),
                     _mm256_unpackhi_epi8(bytes, _mm256_setzero_si256())};
}

/** Brings what load_columns() made into the order of the row buffer. */
INLINE Columns in_order(Columns v, MnetRowsKind kind) {
    if (kind != MNET_ROWS_U8)
        return v;
    return (Columns){_mm256_permute2x128_si256(v.a, v.b, 0x20),
                     _mm256_permute2x128_si256(v.a, v.b, 0x31)};
}

INLINE void add_row(Sums *s, const uint8_t *row, MnetRowsKind kind, __m128i shift) {
    Columns v = load_columns(row, kind, shift);
    s->sum_a = _mm256_add_epi16(s->sum_a, v.a);
    s->sum_b = _mm256_add_epi16(s->sum_b, v.b);
    s->prefix_a = _mm256_add_epi16(s->prefix_a, s->sum_a);
    s->prefix_b = _mm256_add_epi16(s->prefix_b, s->sum_b);
}

INLINE __m256i slope_of(__m256i sum, __m256i prefix, const Coefficients *c) {
    return _mm256_sub_epi16(_mm256_mullo_epi16(sum, c->slope_sum),
                            _mm256_mullo_epi16(prefix, c->slope_prefix));
}

INLINE __m256i weigh(__m256i mean, __m256i weight, __m256i slope, __m256i slope_weight) {
    return _mm256_adds_epi16(_mm256_mulhrs_epi16(mean, weight),
                             _mm256_mulhrs_epi16(slope, slope_weight));
}

/** The end of a segment for 32 columns; the second 16 are `second` behind the first. */
INLINE void finish(const Sums *s, int16_t *above, int16_t *below, ptrdiff_t second,
                   const Coefficients *c, int begins, MnetRowsKind kind) {
    __m256i mean_a = _mm256_mullo_epi16(s->sum_a, c->sum);
    __m256i mean_b = _mm256_mullo_epi16(s->sum_b, c->sum);
    __m256i slope_a = slope_of(s->sum_a, s->prefix_a, c);
    __m256i slope_b = slope_of(s->sum_b, s->prefix_b, c);
    Columns up = in_order((Columns){weigh(mean_a, c->above_weight, slope_a, c->above_slope),
                                    weigh(mean_b, c->above_weight, slope_b, c->above_slope)},
                          kind);
    Columns down = in_order((Columns){weigh(mean_a, c->below_weight, slope_a, c->below_slope),
                                      weigh(mean_b, c->below_weight, slope_b, c->below_slope)},
                            kind);
    if (!begins) {
        down.a = _mm256_adds_epi16(load(below), down.a);
        down.b = _mm256_adds_epi16(load(below + second), down.b);
    }
    store(above, _mm256_adds_epi16(load(above), up.a));
    store(above + second, _mm256_adds_epi16(load(above + second), up.b));
    store(below, down.a);
    store(below + second, down.b);
}

INLINE void add_rows(Sums *first, Sums *last, const uint8_t *src, ptrdiff_t ahead,
                     MnetRowsKind kind, __m128i shift) {
    _mm_prefetch((const char *)src + ahead, _MM_HINT_T0);
    add_row(first, src, kind, shift);
    if (kind != MNET_ROWS_U16)
        add_row(last, src + 32, kind, shift);
}

/** 64 bytes of each row: `above` and `below` are the first's places. */
INLINE void segment_step(int16_t *above, int16_t *below, const uint8_t *src, ptrdiff_t stride,
                         ptrdiff_t ahead, const MnetRowsSegment *segment, __m128i shift,
                         ptrdiff_t second, const Coefficients *c, MnetRowsKind kind) {
    __m256i zero = _mm256_setzero_si256();
    Sums first = {zero, zero, zero, zero}, last = {zero, zero, zero, zero};
    const uint8_t *end = src + segment->n_rows * stride;
    if (segment->n_rows & 1) {
        add_rows(&first, &last, src, ahead, kind, shift);
        src += stride;
    }
    for (; src != end; src += 2 * stride) {
        add_rows(&first, &last, src, ahead, kind, shift);
        add_rows(&first, &last, src + stride, ahead, kind, shift);
    }
    finish(&first, above, below, second, c, segment->begins, kind);
    if (kind != MNET_ROWS_U16) {
        int columns = kind == MNET_ROWS_U8 ? 32 : 16;
        finish(&last, above + columns, below + columns, second, c, segment->begins, kind);
    }
}

INLINE void segment(int16_t *above, int16_t *below, const MnetRowsSource *source,
                    const MnetRowsSegment *s, MnetRowsKind kind) {
    const Coefficients c = {
        .sum = _mm256_set1_epi16(s->sum),
        .slope_sum = _mm256_set1_epi16(s->slope_sum),
        .slope_prefix = _mm256_set1_epi16(s->slope_prefix),
        .above_weight = _mm256_set1_epi16(s->above_weight),
        .above_slope = _mm256_set1_epi16(s->above_slope),
        .below_weight = _mm256_set1_epi16(s->below_weight),
        .below_slope = _mm256_set1_epi16(s->below_slope),
    };
    __m128i shift = _mm_cvtsi32_si128(source->shift);
    ptrdiff_t second = kind == MNET_ROWS_U8_PAIRS ? source->odd : 16;
    ptrdiff_t bytes = kind == MNET_ROWS_U16 ? 2 * (ptrdiff_t)source->n : source->n;
    ptrdiff_t ahead = s->n_rows * source->stride, x = 0;
    int advance = kind == MNET_ROWS_U8 ? STEP : STEP / 2;
    for (; x + STEP <= bytes; x += STEP, above += advance, below += advance)
        segment_step(above, below, source->data + x, source->stride, ahead, s, shift, second, &c,
                     kind);
    if (x < bytes) { /* nothing behind a row's end may be read */
        uint8_t tail[MNET_ROWS_SEGMENT_U8][STEP] = {{0}};
        for (int k = 0; k < s->n_rows; k++)
            memcpy(tail[k], source->data + k * source->stride + x, (size_t)(bytes - x));
        segment_step(above, below, tail[0], STEP, 0, s, shift, second, &c, kind);
    }
}

static void segment_u8_avx2(int16_t *above, int16_t *below, const MnetRowsSource *source,
                            const MnetRowsSegment *s) {
    segment(above, below, source, s, MNET_ROWS_U8);
}

static void segment_u8_pairs_avx2(int16_t *above, int16_t *below, const MnetRowsSource *source,
                                  const MnetRowsSegment *s) {
    segment(above, below, source, s, MNET_ROWS_U8_PAIRS);
}

static void segment_u16_avx2(int16_t *above, int16_t *below, const MnetRowsSource *source,
                             const MnetRowsSegment *s) {
    segment(above, below, source, s, MNET_ROWS_U16);
}

INLINE __m256i blend_columns(__m256i a, __m256i b, __m256i weight, MnetRowsKind kind) {
    int up = kind == MNET_ROWS_U16 ? MNET_ROWS_FRACTION - 2 : MNET_ROWS_FRACTION;
    __m256i from = _mm256_slli_epi16(a, up), to = _mm256_slli_epi16(b, up);
    return _mm256_add_epi16(from, _mm256_mulhrs_epi16(_mm256_sub_epi16(to, from), weight));
}

/** 32 columns of two rows. */
INLINE void blend_step(int16_t *row, ptrdiff_t second, const uint8_t *a, const uint8_t *b,
                       __m256i weight, __m128i shift, MnetRowsKind kind) {
    Columns va = load_columns(a, kind, shift), vb = load_columns(b, kind, shift);
    Columns v = in_order(
        (Columns){blend_columns(va.a, vb.a, weight, kind), blend_columns(va.b, vb.b, weight, kind)},
        kind);
    store(row, v.a);
    store(row + second, v.b);
}

INLINE void blend(int16_t *row, const MnetRowsSource *source, int16_t weight, MnetRowsKind kind) {
    __m256i weights = _mm256_set1_epi16(weight);
    __m128i shift = _mm_cvtsi32_si128(source->shift);
    ptrdiff_t second = kind == MNET_ROWS_U8_PAIRS ? source->odd : 16;
    int step = kind == MNET_ROWS_U16 ? 64 : 32;
    int advance = kind == MNET_ROWS_U8_PAIRS ? 16 : 32;
    ptrdiff_t bytes = kind == MNET_ROWS_U16 ? 2 * (ptrdiff_t)source->n : source->n, x = 0;
    const uint8_t *a = source->data, *b = a + source->stride;
    for (; x + step <= bytes; x += step, row += advance)
        blend_step(row, second, a + x, b + x, weights, shift, kind);
    if (x < bytes) {
        uint8_t tail[2][64] = {{0}};
        memcpy(tail[0], a + x, (size_t)(bytes - x));
        memcpy(tail[1], b + x, (size_t)(bytes - x));
        blend_step(row, second, tail[0], tail[1], weights, shift, kind);
    }
}

static void blend_u8_avx2(int16_t *row, const MnetRowsSource *source, int16_t weight) {
    blend(row, source, weight, MNET_ROWS_U8);
}

static void blend_u8_pairs_avx2(int16_t *row, const MnetRowsSource *source, int16_t weight) {
    blend(row, source, weight, MNET_ROWS_U8_PAIRS);
}

static void blend_u16_avx2(int16_t *row, const MnetRowsSource *source, int16_t weight) {
    blend(row, source, weight, MNET_ROWS_U16);
}

void mnet_image_vertical_kernels_init_avx2(MnetRowsKernels *kernels) {
    kernels->segment[MNET_ROWS_U8] = segment_u8_avx2;
    kernels->segment[MNET_ROWS_U8_PAIRS] = segment_u8_pairs_avx2;
    kernels->segment[MNET_ROWS_U16] = segment_u16_avx2;
    kernels->blend[MNET_ROWS_U8] = blend_u8_avx2;
    kernels->blend[MNET_ROWS_U8_PAIRS] = blend_u8_pairs_avx2;
    kernels->blend[MNET_ROWS_U16] = blend_u16_avx2;
}
