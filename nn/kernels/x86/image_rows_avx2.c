/*
 * Vertical: columns are summed in registers, each row's 64 bytes in turn, so that a segment's rows are as many streams;
 * the hardware's prefetcher follows none of them far, so each asks for the line that it takes in the next segment.
 * Horizontal: pairs of pixels are transposed, so that lanes are rows and a filter's weights are broadcast.
 */
#include "nn/kernels/image_rows.h"

#include <immintrin.h>
#include <string.h>

/* Bytes of each row that a step takes. */
#define STEP 64

/** Sums of two times 16 columns. */
typedef struct Sums {
    __m256i sum[2], prefix[2];
} Sums;

typedef struct Coefficients {
    __m256i sum, slope_sum, slope_prefix;
    __m256i above_weight, above_slope, below_weight, below_slope;
} Coefficients;

static inline __m256i load(const void *at) {
    return _mm256_loadu_si256(at);
}

static inline void store(void *at, __m256i v) {
    _mm256_storeu_si256(at, v);
}

/**
 * 32 columns of one row as 16-bit numbers: for pairs the even and the odd ones, for bytes those of the two unpacks (see
 * put()), for 10 bits in order.
 */
static inline void load_columns(__m256i v[2], const uint8_t *row, MnetRowsKind kind,
                                __m128i shift) {
    if (kind == MNET_ROWS_U16) {
        __m256i mask = _mm256_set1_epi16(1023);
        v[0] = _mm256_and_si256(_mm256_srl_epi16(load(row), shift), mask);
        v[1] = _mm256_and_si256(_mm256_srl_epi16(load(row + 32), shift), mask);
    } else if (kind == MNET_ROWS_U8_PAIRS) {
        __m256i bytes = load(row);
        v[0] = _mm256_and_si256(bytes, _mm256_set1_epi16(255));
        v[1] = _mm256_srli_epi16(bytes, 8);
    } else {
        __m256i bytes = load(row);
        v[0] = _mm256_unpacklo_epi8(bytes, _mm256_setzero_si256());
        v[1] = _mm256_unpackhi_epi8(bytes, _mm256_setzero_si256());
    }
}

/** Brings what load_columns() made into the order of the row buffer. */
static inline void in_order(__m256i v[2], MnetRowsKind kind) {
    if (kind != MNET_ROWS_U8)
        return;
    __m256i low = _mm256_permute2x128_si256(v[0], v[1], 0x20);
    v[1] = _mm256_permute2x128_si256(v[0], v[1], 0x31);
    v[0] = low;
}

static inline void add_row(Sums *sums, const uint8_t *row, MnetRowsKind kind, __m128i shift) {
    __m256i v[2];
    load_columns(v, row, kind, shift);
    for (int i = 0; i < 2; i++) {
        sums->sum[i] = _mm256_add_epi16(sums->sum[i], v[i]);
        sums->prefix[i] = _mm256_add_epi16(sums->prefix[i], sums->sum[i]);
    }
}

static inline __m256i weigh(__m256i mean, __m256i weight, __m256i slope, __m256i slope_weight) {
    return _mm256_adds_epi16(_mm256_mulhrs_epi16(mean, weight),
                             _mm256_mulhrs_epi16(slope, slope_weight));
}

/** The end of a segment for the 32 columns of which the row buffers' parts are above[i] and below[i]. */
static inline void finish(const Sums *sums, int16_t *const above[2], int16_t *const below[2],
                          const Coefficients *c, int begins, MnetRowsKind kind) {
    __m256i up[2], down[2];
    for (int i = 0; i < 2; i++) {
        __m256i mean = _mm256_mullo_epi16(sums->sum[i], c->sum);
        __m256i slope = _mm256_sub_epi16(_mm256_mullo_epi16(sums->sum[i], c->slope_sum),
                                         _mm256_mullo_epi16(sums->prefix[i], c->slope_prefix));
        up[i] = weigh(mean, c->above_weight, slope, c->above_slope);
        down[i] = weigh(mean, c->below_weight, slope, c->below_slope);
    }
    in_order(up, kind);
    in_order(down, kind);
    for (int i = 0; i < 2; i++) {
        store(above[i], _mm256_adds_epi16(load(above[i]), up[i]));
        store(below[i], begins ? down[i] : _mm256_adds_epi16(load(below[i]), down[i]));
    }
}

/** 64 bytes of each row: `at` is the row buffers' place of the first. */
static inline void segment_step(int16_t *above, int16_t *below, const uint8_t *src,
                                ptrdiff_t stride, ptrdiff_t ahead, int n_rows, __m128i shift,
                                ptrdiff_t second, const Coefficients *c, int begins,
                                MnetRowsKind kind) {
    int columns = kind == MNET_ROWS_U8 ? 32 : 16; /* from the first group's place to the next's */
    __m256i zero = _mm256_setzero_si256();
    Sums a = {{zero, zero}, {zero, zero}}, b = a;
    for (int k = 0; k < n_rows; k++, src += stride) {
        _mm_prefetch((const char *)src + ahead, _MM_HINT_T0);
        if (kind == MNET_ROWS_U16) {
            add_row(&a, src, kind, shift);
        } else {
            add_row(&a, src, kind, shift);
            add_row(&b, src + 32, kind, shift);
        }
    }
    finish(&a, (int16_t *[]){above, above + second}, (int16_t *[]){below, below + second}, c,
           begins, kind);
    if (kind == MNET_ROWS_U16)
        return;
    above += columns;
    below += columns;
    finish(&b, (int16_t *[]){above, above + second}, (int16_t *[]){below, below + second}, c,
           begins, kind);
}

static inline void segment(int16_t *above, int16_t *below, const MnetRowsSource *source,
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
        segment_step(above, below, source->data + x, source->stride, ahead, s->n_rows, shift,
                     second, &c, s->begins, kind);
    if (x < bytes) { /* nothing behind a row's end may be read */
        uint8_t tail[MNET_ROWS_SEGMENT_U8][STEP] = {{0}};
        for (int k = 0; k < s->n_rows; k++)
            memcpy(tail[k], source->data + k * source->stride + x, (size_t)(bytes - x));
        segment_step(above, below, tail[0], STEP, 0, s->n_rows, shift, second, &c, s->begins, kind);
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

/** 32 columns of two rows. */
static inline void blend_step(int16_t *row, ptrdiff_t second, const uint8_t *a, const uint8_t *b,
                              __m256i weight, __m128i shift, MnetRowsKind kind) {
    int up = kind == MNET_ROWS_U16 ? MNET_ROWS_FRACTION - 2 : MNET_ROWS_FRACTION;
    __m256i va[2], vb[2], v[2];
    load_columns(va, a, kind, shift);
    load_columns(vb, b, kind, shift);
    for (int i = 0; i < 2; i++) {
        __m256i from = _mm256_slli_epi16(va[i], up), to = _mm256_slli_epi16(vb[i], up);
        v[i] = _mm256_add_epi16(from, _mm256_mulhrs_epi16(_mm256_sub_epi16(to, from), weight));
    }
    in_order(v, kind);
    store(row, v[0]);
    store(row + second, v[1]);
}

static inline void blend(int16_t *row, const MnetRowsSource *source, int16_t weight,
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
 * Eight pixels of three: three registers of 128 bits hold r0 g0 b0 r1 .. b7. Blending takes the eight words of one channel
 * together, as no two share a position modulo 8, and a shuffle puts them in order.
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

/** Rows become columns. */
static inline void transpose(__m256i v[8]) {
    __m256i t[8], u[8];
    for (int i = 0; i < 8; i += 2) {
        t[i] = _mm256_unpacklo_epi32(v[i], v[i + 1]);
        t[i + 1] = _mm256_unpackhi_epi32(v[i], v[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        u[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
        u[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
        u[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
        u[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        v[i] = _mm256_permute2x128_si256(u[i], u[i + 4], 0x20);
        v[i + 4] = _mm256_permute2x128_si256(u[i], u[i + 4], 0x31);
    }
}

static inline __m256i filter(const __m256i *pairs, const int16_t *weights, int n_pairs) {
    __m256i sum = _mm256_setzero_si256();
    for (int k = 0; k < n_pairs; k++) {
        int32_t pair;
        memcpy(&pair, weights + 2 * k, sizeof(pair));
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs[k], _mm256_set1_epi32(pair)));
    }
    return sum;
}

static void resample_avx2(int32_t *const out[MNET_ROWS_BATCH],
                          const int16_t *const rows[MNET_ROWS_BATCH], int n_rows, int n,
                          const MnetRowsTaps *taps, void *scratch) {
    __m256i *pairs = scratch, v[8];
    for (int x = 0; x < n; x += 16) {
        for (int r = 0; r < 8; r++)
            v[r] = load(rows[r] + x);
        transpose(v);
        for (int i = 0; i < 8; i++)
            pairs[x / 2 + i] = v[i];
    }
    ptrdiff_t pitch = 2 * taps->n_pairs;
    for (int i = 0; i < taps->n_outputs; i += 8) {
        int m = taps->n_outputs - i < 8 ? taps->n_outputs - i : 8;
        for (int j = 0; j < 8; j++) {
            int output = i + (j < m ? j : m - 1);
            v[j] =
                filter(pairs + taps->start[output], taps->weights + output * pitch, taps->n_pairs);
        }
        transpose(v);
        for (int r = 0; r < n_rows; r++)
            store(out[r] + i, v[r]);
    }
}

static inline __m256 clamp_255(__m256 v) {
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
static inline __m256i quantize(const float *const rgb[3], int i, const MnetRowsNormal *normal,
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
