/*
 * As image_vertical_avx2.c has it, a cache line of a row in a vector; the end of a row is loaded
 * under a mask.
 */
#include "nn/kernels/image_rows.h"
#include "nn/kernels/x86/inline.h"

#include <stdbool.h>

/* Structures of named vectors and no arrays: gcc 12 keeps those in memory. */
typedef struct Columns {
    __m512i a, b; /* 32 columns each */
} Columns;

typedef struct Sums {
    __m512i sum_a, sum_b, prefix_a, prefix_b;
} Sums;

typedef struct Coefficients {
    __m512i sum, slope_sum, slope_prefix;
    __m512i above_weight, above_slope, below_weight, below_slope;
} Coefficients;

/* Which bytes of a step there are, in each of its two loads; all where it is `whole`. */
typedef struct Present {
    __mmask64 first, second;
    bool whole;
} Present;

MNET_INLINE __m512i load(const void *at) {
    return _mm512_loadu_si512(at);
}

MNET_INLINE void store(void *at, __m512i v) {
    _mm512_storeu_si512(at, v);
}

MNET_INLINE __mmask64 first_bytes(ptrdiff_t n) {
    return n <= 0 ? 0 : n >= 64 ? UINT64_MAX : UINT64_MAX >> (64 - n);
}

MNET_INLINE Present present_of(ptrdiff_t bytes, MnetRowsKind kind) {
    return (Present){first_bytes(bytes), first_bytes(bytes - (kind == MNET_ROWS_U8 ? 32 : 64)),
                     false};
}

MNET_INLINE __m512i load_bytes(const uint8_t *at, __mmask64 present, bool whole) {
    return whole ? load(at) : _mm512_maskz_loadu_epi8(present, at);
}

MNET_INLINE __m512i load_widened(const uint8_t *at, __mmask64 present, bool whole) {
    return _mm512_cvtepu8_epi16(whole ? _mm256_loadu_si256((const void *)at)
                                      : _mm256_maskz_loadu_epi8((__mmask32)present, at));
}

MNET_INLINE __m512i load_10_bits(const uint8_t *at, __mmask64 present, bool whole, __m512i shift) {
    return _mm512_and_si512(_mm512_srlv_epi16(load_bytes(at, present, whole), shift),
                            _mm512_set1_epi16(1023));
}

/** 64 columns of one row as 16-bit numbers, in order; of pairs, the even and the odd ones. */
MNET_INLINE Columns load_columns(const uint8_t *row, Present present, MnetRowsKind kind,
                                 __m512i shift) {
    if (kind == MNET_ROWS_U16)
        return (Columns){load_10_bits(row, present.first, present.whole, shift),
                         load_10_bits(row + 64, present.second, present.whole, shift)};
    if (kind == MNET_ROWS_U8)
        return (Columns){load_widened(row, present.first, present.whole),
                         load_widened(row + 32, present.second, present.whole)};
    __m512i bytes = load_bytes(row, present.first, present.whole);
    return (Columns){_mm512_and_si512(bytes, _mm512_set1_epi16(255)), _mm512_srli_epi16(bytes, 8)};
}

MNET_INLINE void add_row(Sums *s, const uint8_t *row, ptrdiff_t ahead, Present present,
                         MnetRowsKind kind, __m512i shift) {
    _mm_prefetch((const char *)row + ahead, _MM_HINT_T0);
    if (kind == MNET_ROWS_U16)
        _mm_prefetch((const char *)row + ahead + 64, _MM_HINT_T0);
    Columns v = load_columns(row, present, kind, shift);
    s->sum_a = _mm512_add_epi16(s->sum_a, v.a);
    s->sum_b = _mm512_add_epi16(s->sum_b, v.b);
    s->prefix_a = _mm512_add_epi16(s->prefix_a, s->sum_a);
    s->prefix_b = _mm512_add_epi16(s->prefix_b, s->sum_b);
}

MNET_INLINE __m512i weigh(__m512i mean, __m512i weight, __m512i slope, __m512i slope_weight) {
    return _mm512_adds_epi16(_mm512_mulhrs_epi16(mean, weight),
                             _mm512_mulhrs_epi16(slope, slope_weight));
}

/** The end of a segment for 32 columns. */
MNET_INLINE void finish(__m512i sum, __m512i prefix, int16_t *above, int16_t *below,
                        const Coefficients *c, int begins) {
    __m512i mean = _mm512_mullo_epi16(sum, c->sum);
    __m512i slope = _mm512_sub_epi16(_mm512_mullo_epi16(sum, c->slope_sum),
                                     _mm512_mullo_epi16(prefix, c->slope_prefix));
    __m512i up = weigh(mean, c->above_weight, slope, c->above_slope);
    __m512i down = weigh(mean, c->below_weight, slope, c->below_slope);
    if (!begins)
        down = _mm512_adds_epi16(load(below), down);
    store(above, _mm512_adds_epi16(load(above), up));
    store(below, down);
}

/** 64 columns; the places of the second 32 are `second` behind those of the first. */
MNET_INLINE void segment_step(int16_t *above, int16_t *below, const uint8_t *src,
                              const MnetRowsSource *source, const MnetRowsSegment *segment,
                              Present present, __m512i shift, ptrdiff_t second,
                              const Coefficients *c, MnetRowsKind kind) {
    __m512i zero = _mm512_setzero_si512();
    Sums s = {zero, zero, zero, zero};
    ptrdiff_t stride = source->stride, ahead = segment->n_rows * stride;
    const uint8_t *end = src + ahead;
    if (segment->n_rows & 1) {
        add_row(&s, src, ahead, present, kind, shift);
        src += stride;
    }
    for (; src != end; src += 2 * stride) {
        add_row(&s, src, ahead, present, kind, shift);
        add_row(&s, src + stride, ahead, present, kind, shift);
    }
    finish(s.sum_a, s.prefix_a, above, below, c, segment->begins);
    finish(s.sum_b, s.prefix_b, above + second, below + second, c, segment->begins);
}

MNET_INLINE void segment(int16_t *above, int16_t *below, const MnetRowsSource *source,
                         const MnetRowsSegment *s, MnetRowsKind kind) {
    const Coefficients c = {
        .sum = _mm512_set1_epi16(s->sum),
        .slope_sum = _mm512_set1_epi16(s->slope_sum),
        .slope_prefix = _mm512_set1_epi16(s->slope_prefix),
        .above_weight = _mm512_set1_epi16(s->above_weight),
        .above_slope = _mm512_set1_epi16(s->above_slope),
        .below_weight = _mm512_set1_epi16(s->below_weight),
        .below_slope = _mm512_set1_epi16(s->below_slope),
    };
    __m512i shift = _mm512_set1_epi16((int16_t)source->shift);
    ptrdiff_t second = kind == MNET_ROWS_U8_PAIRS ? source->odd : 32;
    ptrdiff_t bytes = kind == MNET_ROWS_U16 ? 2 * (ptrdiff_t)source->n : source->n, x = 0;
    int step = kind == MNET_ROWS_U16 ? 128 : 64, advance = kind == MNET_ROWS_U8_PAIRS ? 32 : 64;
    const Present whole = {.whole = true};
    for (; x + step <= bytes; x += step, above += advance, below += advance)
        segment_step(above, below, source->data + x, source, s, whole, shift, second, &c, kind);
    if (x < bytes)
        segment_step(above, below, source->data + x, source, s, present_of(bytes - x, kind), shift,
                     second, &c, kind);
}

static void segment_u8_avx512(int16_t *above, int16_t *below, const MnetRowsSource *source,
                              const MnetRowsSegment *s) {
    segment(above, below, source, s, MNET_ROWS_U8);
}

static void segment_u8_pairs_avx512(int16_t *above, int16_t *below, const MnetRowsSource *source,
                                    const MnetRowsSegment *s) {
    segment(above, below, source, s, MNET_ROWS_U8_PAIRS);
}

static void segment_u16_avx512(int16_t *above, int16_t *below, const MnetRowsSource *source,
                               const MnetRowsSegment *s) {
    segment(above, below, source, s, MNET_ROWS_U16);
}

MNET_INLINE __m512i blend_columns(__m512i a, __m512i b, __m512i weight, MnetRowsKind kind) {
    int up = kind == MNET_ROWS_U16 ? MNET_ROWS_FRACTION - 2 : MNET_ROWS_FRACTION;
    __m512i from = _mm512_slli_epi16(a, up), to = _mm512_slli_epi16(b, up);
    return _mm512_add_epi16(from, _mm512_mulhrs_epi16(_mm512_sub_epi16(to, from), weight));
}

/** 64 columns of two rows. */
MNET_INLINE void blend_step(int16_t *row, ptrdiff_t second, const uint8_t *a, const uint8_t *b,
                            Present present, __m512i weight, __m512i shift, MnetRowsKind kind) {
    Columns from = load_columns(a, present, kind, shift),
            to = load_columns(b, present, kind, shift);
    store(row, blend_columns(from.a, to.a, weight, kind));
    store(row + second, blend_columns(from.b, to.b, weight, kind));
}

MNET_INLINE void blend(int16_t *row, const MnetRowsSource *source, int16_t weight,
                       MnetRowsKind kind) {
    __m512i weights = _mm512_set1_epi16(weight);
    __m512i shift = _mm512_set1_epi16((int16_t)source->shift);
    ptrdiff_t second = kind == MNET_ROWS_U8_PAIRS ? source->odd : 32;
    ptrdiff_t bytes = kind == MNET_ROWS_U16 ? 2 * (ptrdiff_t)source->n : source->n, x = 0;
    int step = kind == MNET_ROWS_U16 ? 128 : 64, advance = kind == MNET_ROWS_U8_PAIRS ? 32 : 64;
    const uint8_t *a = source->data, *b = a + source->stride;
    const Present whole = {.whole = true};
    for (; x + step <= bytes; x += step, row += advance)
        blend_step(row, second, a + x, b + x, whole, weights, shift, kind);
    if (x < bytes)
        blend_step(row, second, a + x, b + x, present_of(bytes - x, kind), weights, shift, kind);
}

static void blend_u8_avx512(int16_t *row, const MnetRowsSource *source, int16_t weight) {
    blend(row, source, weight, MNET_ROWS_U8);
}

static void blend_u8_pairs_avx512(int16_t *row, const MnetRowsSource *source, int16_t weight) {
    blend(row, source, weight, MNET_ROWS_U8_PAIRS);
}

static void blend_u16_avx512(int16_t *row, const MnetRowsSource *source, int16_t weight) {
    blend(row, source, weight, MNET_ROWS_U16);
}

void mnet_image_vertical_kernels_init_avx512(MnetRowsKernels *kernels) {
    kernels->segment[MNET_ROWS_U8] = segment_u8_avx512;
    kernels->segment[MNET_ROWS_U8_PAIRS] = segment_u8_pairs_avx512;
    kernels->segment[MNET_ROWS_U16] = segment_u16_avx512;
    kernels->blend[MNET_ROWS_U8] = blend_u8_avx512;
    kernels->blend[MNET_ROWS_U8_PAIRS] = blend_u8_pairs_avx512;
    kernels->blend[MNET_ROWS_U16] = blend_u16_avx512;
}
