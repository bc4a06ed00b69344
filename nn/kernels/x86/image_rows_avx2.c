/*
 * Vertical: columns are summed in registers, each row's 64 bytes in turn, so that a segment's rows
 * are as many streams; the hardware's prefetcher follows none of them far, so each asks for the
 * line that it takes in the next segment. Horizontal: an output's taps are one or more vectors, and
 * the partial sums of eight outputs are added up together.
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

static void split2_avx2(int16_t *const out[2], const int16_t *row, int n) {
    for (int i = 0; i < n; i += 16) {
        __m256i a = load(row + 2 * i), b = load(row + 2 * i + 16);
        __m256i even = _mm256_packs_epi32(_mm256_srai_epi32(_mm256_slli_epi32(a, 16), 16),
                                          _mm256_srai_epi32(_mm256_slli_epi32(b, 16), 16));
        __m256i odd = _mm256_packs_epi32(_mm256_srai_epi32(a, 16), _mm256_srai_epi32(b, 16));
        store(out[0] + i, _mm256_permute4x64_epi64(even, 0xd8));
        store(out[1] + i, _mm256_permute4x64_epi64(odd, 0xd8));
    }
}

/**
 * Eight pixels of three: three registers of 128 bits hold r0 g0 b0 r1 .. b7. Blending takes the
 * eight words of one channel together, as no two share a position modulo 8, and a shuffle puts them
 * in order.
 */
static void split3_avx2(int16_t *const out[3], const int16_t *row, int n) {
    const __m256i order[3] = {
        _mm256_broadcastsi128_si256(
            _mm_setr_epi8(0, 1, 6, 7, 12, 13, 2, 3, 8, 9, 14, 15, 4, 5, 10, 11)),
        _mm256_broadcastsi128_si256(
            _mm_setr_epi8(2, 3, 8, 9, 14, 15, 4, 5, 10, 11, 0, 1, 6, 7, 12, 13)),
        _mm256_broadcastsi128_si256(
            _mm_setr_epi8(4, 5, 10, 11, 0, 1, 6, 7, 12, 13, 2, 3, 8, 9, 14, 15)),
    };
    for (int i = 0; i < n; i += 16) {
        __m256i a = load(row + 3 * i), b = load(row + 3 * i + 16), c = load(row + 3 * i + 32);
        /* The low lane takes pixels 0 to 7, the high lane 8 to 15. */
        __m256i v0 = _mm256_permute2x128_si256(a, b, 0x30);
        __m256i v1 = _mm256_permute2x128_si256(a, c, 0x21);
        __m256i v2 = _mm256_permute2x128_si256(b, c, 0x30);
        __m256i r = _mm256_blend_epi16(_mm256_blend_epi16(v0, v1, 0x92), v2, 0x24);
        __m256i g = _mm256_blend_epi16(_mm256_blend_epi16(v0, v1, 0x24), v2, 0x49);
        __m256i d = _mm256_blend_epi16(_mm256_blend_epi16(v0, v1, 0x49), v2, 0x92);
        store(out[0] + i, _mm256_shuffle_epi8(r, order[0]));
        store(out[1] + i, _mm256_shuffle_epi8(g, order[1]));
        store(out[2] + i, _mm256_shuffle_epi8(d, order[2]));
    }
}

/** The sums of the four numbers in each half of the four vectors: of a's, b's, c's and d's low
 * halves, then of the high. */
INLINE __m256i sum_quarters(__m256i a, __m256i b, __m256i c, __m256i d) {
    __m256i ab = _mm256_add_epi32(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
    __m256i cd = _mm256_add_epi32(_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
    return _mm256_add_epi32(_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd));
}

/** Eight taps each of two neighbouring outputs. */
INLINE __m256i filter_8(const int16_t *row, const int *start, const int16_t *weights) {
    __m128i low = _mm_loadu_si128((const void *)(row + start[0]));
    __m128i high = _mm_loadu_si128((const void *)(row + start[1]));
    __m256i samples = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
    return _mm256_madd_epi16(samples, load(weights));
}

static void resample_8(int32_t *out, const int16_t *row, const MnetRowsTaps *taps) {
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const int *start = taps->start;
    const int16_t *weights = taps->weights;
    for (int i = 0; i < taps->n_outputs; i += 8, start += 8, weights += 64) {
        __m256i sums = sum_quarters(
            filter_8(row, start, weights), filter_8(row, start + 2, weights + 16),
            filter_8(row, start + 4, weights + 32), filter_8(row, start + 6, weights + 48));
        store(out + i, _mm256_permutevar8x32_epi32(sums, order));
    }
}

/** All taps of one output, as eight partial sums. */
INLINE __m256i filter_16(const int16_t *row, const int16_t *weights, int n_taps) {
    __m256i sum = _mm256_madd_epi16(load(row), load(weights));
    for (int k = 16; k < n_taps; k += 16)
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(load(row + k), load(weights + k)));
    return sum;
}

INLINE __m256i filter_four(const int16_t *row, const int *start, const int16_t *weights,
                           int n_taps) {
    return sum_quarters(filter_16(row + start[0], weights, n_taps),
                        filter_16(row + start[1], weights + n_taps, n_taps),
                        filter_16(row + start[2], weights + 2 * n_taps, n_taps),
                        filter_16(row + start[3], weights + 3 * n_taps, n_taps));
}

INLINE void filter_all(int32_t *out, const int16_t *row, const MnetRowsTaps *taps, int n_taps) {
    const int16_t *weights = taps->weights;
    for (int i = 0; i < taps->n_outputs; i += 8, weights += 8 * n_taps) {
        __m256i a = filter_four(row, taps->start + i, weights, n_taps);
        __m256i b = filter_four(row, taps->start + i + 4, weights + 4 * n_taps, n_taps);
        store(out + i, _mm256_add_epi32(_mm256_permute2x128_si256(a, b, 0x20),
                                        _mm256_permute2x128_si256(a, b, 0x31)));
    }
}

static void resample_avx2(int32_t *out, const int16_t *row, const MnetRowsTaps *taps) {
    if (taps->n_taps == 8)
        resample_8(out, row, taps);
    else if (taps->n_taps == 16)
        filter_all(out, row, taps, 16);
    else if (taps->n_taps == 32)
        filter_all(out, row, taps, 32);
    else
        filter_all(out, row, taps, taps->n_taps);
}

INLINE __m256 clamp_255(__m256 v) {
    return _mm256_min_ps(_mm256_max_ps(v, _mm256_setzero_ps()), _mm256_set1_ps(255));
}

static void color_avx2(float *const rgb[3], const int32_t *const component[3],
                       const MnetRowsColor *color, int n) {
    __m256 gain[3][3], offset[3];
    for (int c = 0; c < 3; c++) {
        for (int k = 0; k < 3; k++)
            gain[c][k] = _mm256_set1_ps(color->gain[c][k]);
        offset[c] = _mm256_set1_ps(color->offset[c]);
    }
    for (int i = 0; i < n; i += 8) {
        __m256 c0 = _mm256_cvtepi32_ps(load(component[0] + i));
        __m256 c1 = _mm256_cvtepi32_ps(load(component[1] + i));
        __m256 c2 = _mm256_cvtepi32_ps(load(component[2] + i));
        for (int c = 0; c < 3; c++) {
            __m256 sum =
                _mm256_add_ps(_mm256_mul_ps(gain[c][0], c0), _mm256_mul_ps(gain[c][1], c1));
            sum = _mm256_add_ps(sum, _mm256_mul_ps(gain[c][2], c2));
            _mm256_storeu_ps(rgb[c] + i, clamp_255(_mm256_add_ps(sum, offset[c])));
        }
    }
}

/** Eight pixels as dwords of three bytes each. */
INLINE __m256i quantize(const float *const rgb[3], int i, const MnetRowsNormal *normal,
                        const int order[3]) {
    __m256 lo = _mm256_set1_ps((float)normal->lo), hi = _mm256_set1_ps((float)normal->lo + 255);
    __m256i pixels = _mm256_setzero_si256();
    for (int c = 0; c < 3; c++) {
        __m256 t = _mm256_mul_ps(_mm256_loadu_ps(rgb[c] + i), _mm256_set1_ps(normal->mul[c]));
        t = _mm256_add_ps(t, _mm256_set1_ps(normal->add[c]));
        t = _mm256_min_ps(_mm256_max_ps(t, lo), hi); /* in this order NaN becomes lo */
        __m256i byte = _mm256_and_si256(_mm256_cvtps_epi32(t), _mm256_set1_epi32(255));
        pixels = _mm256_or_si256(pixels, _mm256_sll_epi32(byte, _mm_cvtsi32_si128(8 * order[c])));
    }
    return pixels;
}

static void pack_u8_avx2(uint8_t *out, const float *const rgb[3], const MnetRowsNormal *normal,
                         const int order[3], int n) {
    const __m256i squeeze = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    const __m256i together = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7);
    for (int i = 0; i < n; i += 8) {
        __m256i v = _mm256_shuffle_epi8(quantize(rgb, i, normal, order), squeeze);
        v = _mm256_permutevar8x32_epi32(v, together);
        if (i + 8 <= n) {
            _mm_storeu_si128((void *)(out + 3 * i), _mm256_castsi256_si128(v));
            _mm_storel_epi64((void *)(out + 3 * i + 16), _mm256_extracti128_si256(v, 1));
        } else {
            uint8_t tail[32];
            store(tail, v);
            memcpy(out + 3 * i, tail, (size_t)(3 * (n - i)));
        }
    }
}

void mnet_image_rows_kernels_init_avx2(MnetRowsKernels *kernels) {
    *kernels = (MnetRowsKernels){
        .segment = {segment_u8_avx2, segment_u8_pairs_avx2, segment_u16_avx2},
        .blend = {blend_u8_avx2, blend_u8_pairs_avx2, blend_u16_avx2},
        .split2 = split2_avx2,
        .split3 = split3_avx2,
        .resample = resample_avx2,
        .color = color_avx2,
        .pack_u8 = pack_u8_avx2,
        .name = "avx2",
    };
}
