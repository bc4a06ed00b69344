/*
 * Columns are summed in registers, each row's 64 bytes in turn, so that a segment's rows are as
 * many streams; the hardware's prefetcher follows none of them far, so each asks for the line that
 * it takes in the next segment.
 */
#include "nn/kernels/image_rows.h"
#include "nn/kernels/x86/inline.h"

#include <stdbool.h>
#include <string.h>

/* Bytes of each row that a step takes. */
#define STEP 64

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

MNET_INLINE __m256i load(const void *at) {
    return _mm256_loadu_si256(at);
}

MNET_INLINE void store(void *at, __m256i v) {
    _mm256_storeu_si256(at, v);
}

/** 32 columns of one row as 16-bit numbers: for pairs the even and the odd ones, else in order. */
MNET_INLINE Columns load_columns(const uint8_t *row, MnetRowsKind kind, __m128i shift) {
    __m256i bytes = load(row), low = _mm256_set1_epi16(255), code = _mm256_set1_epi16(1023);

    if (kind == MNET_ROWS_U16)
        return (Columns){_mm256_and_si256(_mm256_srl_epi16(bytes, shift), code),
                         _mm256_and_si256(_mm256_srl_epi16(load(row + 32), shift), code)};
    if (kind == MNET_ROWS_U8_PAIRS)
        return (Columns){_mm256_and_si256(bytes, low), _mm256_srli_epi16(bytes, 8)};
    return (Columns){_mm256_cvtepu8_epi16(_mm_loadu_si128((const void *)row)),
                     _mm256_cvtepu8_epi16(_mm_loadu_si128((const void *)(row + 16)))};
}

MNET_INLINE Sums sums_of(Columns v) {
    return (Sums){v.a, v.b, v.a, v.b};
}

/* In place: gcc would copy the sums to and fro. */
MNET_INLINE void add(__m256i *sum, __m256i v) {
    __asm__("vpaddw %1, %0, %0" : "+x"(*sum) : "x"(v));
}

MNET_INLINE void add_columns(Sums *s, Columns v) {
    add(&s->sum_a, v.a);
    add(&s->sum_b, v.b);
    add(&s->prefix_a, s->sum_a);
    add(&s->prefix_b, s->sum_b);
}

MNET_INLINE __m256i slope_of(__m256i sum, __m256i prefix, const Coefficients *c) {
    return _mm256_sub_epi16(_mm256_mullo_epi16(sum, c->slope_sum),
                            _mm256_mullo_epi16(prefix, c->slope_prefix));
}

MNET_INLINE __m256i weigh(__m256i mean, __m256i weight, __m256i slope, __m256i slope_weight) {
    return _mm256_adds_epi16(_mm256_mulhrs_epi16(mean, weight),
                             _mm256_mulhrs_epi16(slope, slope_weight));
}

/** The end of a segment for 16 columns. */
MNET_INLINE void finish(__m256i sum, __m256i prefix, int16_t *above, int16_t *below,
                        const Coefficients *c, bool begins) {
    __m256i mean = _mm256_mullo_epi16(sum, c->sum), slope = slope_of(sum, prefix, c);
    __m256i up = weigh(mean, c->above_weight, slope, c->above_slope);
    __m256i down = weigh(mean, c->below_weight, slope, c->below_slope);

    store(above, _mm256_adds_epi16(up, load(above)));
    store(below, begins ? down : _mm256_adds_epi16(down, load(below)));
}

/** Of a kind's 32 columns, the second 16 are `second` behind the first. */
MNET_INLINE void finish_both(const Sums *s, int16_t *above, int16_t *below, ptrdiff_t second,
                             const Coefficients *c, bool begins) {
    finish(s->sum_a, s->prefix_a, above, below, c, begins);
    finish(s->sum_b, s->prefix_b, above + second, below + second, c, begins);
}

/** 64 bytes of each row, of which there is one at least: `above` and `below` are the first's
 * places. */
MNET_INLINE void segment_step(int16_t *above, int16_t *below, const uint8_t *src, ptrdiff_t stride,
                              int n_rows, ptrdiff_t ahead, __m128i shift, ptrdiff_t second,
                              const Coefficients *c, MnetRowsKind kind, bool begins) {
    const int last_at = kind == MNET_ROWS_U8 ? 32 : 16;
    bool has_last = kind != MNET_ROWS_U16;
    Sums first = sums_of(load_columns(src, kind, shift)), last = first;

    if (has_last)
        last = sums_of(load_columns(src + 32, kind, shift));
    _mm_prefetch((const char *)src + ahead, _MM_HINT_T0);
    for (int rows = n_rows - 1; rows > 0; rows--) {
        src += stride;
        _mm_prefetch((const char *)src + ahead, _MM_HINT_T0);
        add_columns(&first, load_columns(src, kind, shift));
        if (has_last)
            add_columns(&last, load_columns(src + 32, kind, shift));
    }
    finish_both(&first, above, below, second, c, begins);
    if (has_last)
        finish_both(&last, above + last_at, below + last_at, second, c, begins);
}

MNET_INLINE void segment_of(int16_t *above, int16_t *below, const MnetRowsSource *source,
                            const MnetRowsSegment *s, MnetRowsKind kind, bool begins) {
    const Coefficients c = {
        .sum = _mm256_set1_epi16(s->sum),
        .slope_sum = _mm256_set1_epi16(s->slope_sum),
        .slope_prefix = _mm256_set1_epi16(s->slope_prefix),
        .above_weight = _mm256_set1_epi16(s->above_weight),
        .above_slope = _mm256_set1_epi16(s->above_slope),
        .below_weight = _mm256_set1_epi16(s->below_weight),
        .below_slope = _mm256_set1_epi16(s->below_slope),
    };
    const __m128i shift = _mm_cvtsi32_si128(source->shift);
    const uint8_t *data = source->data;
    const int n_rows = s->n_rows, advance = kind == MNET_ROWS_U8 ? STEP : STEP / 2;
    const ptrdiff_t stride = source->stride, ahead = n_rows * stride;
    const ptrdiff_t second = kind == MNET_ROWS_U8_PAIRS ? source->odd : 16;
    const ptrdiff_t bytes = kind == MNET_ROWS_U16 ? 2 * (ptrdiff_t)source->n : source->n;
    ptrdiff_t x = 0;

    for (; x + STEP <= bytes; x += STEP, above += advance, below += advance)
        segment_step(above, below, data + x, stride, n_rows, ahead, shift, second, &c, kind,
                     begins);
    if (x < bytes) { /* nothing behind a row's end may be read */
        uint8_t tail[MNET_ROWS_SEGMENT_U8][STEP] = {{0}};
        for (int k = 0; k < n_rows; k++)
            memcpy(tail[k], data + k * stride + x, (size_t)(bytes - x));
        segment_step(above, below, tail[0], STEP, n_rows, 0, shift, second, &c, kind, begins);
    }
}

MNET_INLINE void segment(int16_t *above, int16_t *below, const MnetRowsSource *source,
                         const MnetRowsSegment *s, MnetRowsKind kind) {
    const bool pairs = kind == MNET_ROWS_U8_PAIRS;

    if (!s->n_rows) {
        if (s->begins)
            memset(below, 0, (size_t)(pairs ? source->odd + source->n / 2 : source->n) * 2);
    } else if (s->begins)
        segment_of(above, below, source, s, kind, true);
    else
        segment_of(above, below, source, s, kind, false);
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

MNET_INLINE __m256i blend_columns(__m256i a, __m256i b, __m256i weight, MnetRowsKind kind) {
    int up = kind == MNET_ROWS_U16 ? MNET_ROWS_FRACTION - 2 : MNET_ROWS_FRACTION;
    __m256i from = _mm256_slli_epi16(a, up), to = _mm256_slli_epi16(b, up);
    return _mm256_add_epi16(from, _mm256_mulhrs_epi16(_mm256_sub_epi16(to, from), weight));
}

/** 32 columns of two rows. */
MNET_INLINE void blend_step(int16_t *row, ptrdiff_t second, const uint8_t *a, const uint8_t *b,
                            __m256i weight, __m128i shift, MnetRowsKind kind) {
    Columns va = load_columns(a, kind, shift), vb = load_columns(b, kind, shift);
    store(row, blend_columns(va.a, vb.a, weight, kind));
    store(row + second, blend_columns(va.b, vb.b, weight, kind));
}

MNET_INLINE void blend(int16_t *row, const MnetRowsSource *source, int16_t weight,
                       MnetRowsKind kind) {
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
