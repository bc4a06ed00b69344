/*
 * Eight outputs at a time, whose partial sums are added up together. Port 5 alone shuffles, so
 * where one shuffle and a blend do what two shuffles would, that is taken.
 */
#include "nn/kernels/image_rows.h"
#include "nn/kernels/x86/inline.h"

MNET_INLINE __m512i load(const void *at) {
    return _mm512_loadu_si512(at);
}

MNET_INLINE void store(void *at, __m512i v) {
    _mm512_storeu_si512(at, v);
}

static void split2_avx512(int16_t *const out[2], const int16_t *row, int n) {
    __m512i order = _mm512_set_epi16(31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1, 30,
                                     28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
    for (int i = 0; i < n; i += 32) {
        __m512i a = load(row + 2 * i), b = load(row + 2 * i + 32);
        /* b's samples between those of a, which are in order among themselves */
        __m512i even = _mm512_mask_blend_epi16(0xaaaaaaaa, a, _mm512_slli_epi32(b, 16));
        __m512i odd = _mm512_mask_blend_epi16(0xaaaaaaaa, _mm512_srli_epi32(a, 16), b);
        store(out[0] + i, _mm512_permutexvar_epi16(order, even));
        store(out[1] + i, _mm512_permutexvar_epi16(order, odd));
    }
}

/** Word i of the result is a's, b's or c's as bit i of none, b_mask or c_mask says. */
MNET_INLINE __m512i blend3(__m512i a, __m512i b, __m512i c, __mmask32 b_mask, __mmask32 c_mask) {
    return _mm512_mask_blend_epi16(c_mask, _mm512_mask_blend_epi16(b_mask, a, b), c);
}

/**
 * Eight pixels of three: three registers of 128 bits hold r0 g0 b0 r1 .. b7. Blending takes the
 * eight words of one channel together, as no two share a position modulo 8, and a shuffle puts them
 * in order. Here with four times eight: quarter i of v0, v1 and v2 holds the first, second and
 * third 128 bits of pixels 8 i and on.
 */
static void split3_avx512(int16_t *const out[3], const int16_t *row, int n) {
    const __m512i order[3] = {
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 6, 7, 12, 13, 2, 3, 8, 9, 14, 15, 4, 5, 10, 11)),
        _mm512_broadcast_i32x4(_mm_setr_epi8(2, 3, 8, 9, 14, 15, 4, 5, 10, 11, 0, 1, 6, 7, 12, 13)),
        _mm512_broadcast_i32x4(_mm_setr_epi8(4, 5, 10, 11, 0, 1, 6, 7, 12, 13, 2, 3, 8, 9, 14, 15)),
    };
    for (int i = 0; i < n; i += 32) {
        __m512i a = load(row + 3 * i), b = load(row + 3 * i + 32), c = load(row + 3 * i + 64);
        __m512i v0 = blend3(a, b, c, 0x00ff0000, 0x0000ff00); /* pixels 0, 24, 16, 8 */
        __m512i v1 = blend3(a, b, c, 0xff0000ff, 0x00ff0000); /* 8, 0, 24, 16 */
        __m512i v2 = blend3(a, b, c, 0x0000ff00, 0xff0000ff); /* 16, 8, 0, 24 */
        v0 = _mm512_shuffle_i32x4(v0, v0, _MM_SHUFFLE(1, 2, 3, 0));
        v1 = _mm512_shuffle_i32x4(v1, v1, _MM_SHUFFLE(2, 3, 0, 1));
        v2 = _mm512_shuffle_i32x4(v2, v2, _MM_SHUFFLE(3, 0, 1, 2));
        __m512i r = blend3(v0, v1, v2, 0x92929292, 0x24242424);
        __m512i g = blend3(v0, v1, v2, 0x24242424, 0x49494949);
        __m512i d = blend3(v0, v1, v2, 0x49494949, 0x92929292);
        store(out[0] + i, _mm512_shuffle_epi8(r, order[0]));
        store(out[1] + i, _mm512_shuffle_epi8(g, order[1]));
        store(out[2] + i, _mm512_shuffle_epi8(d, order[2]));
    }
}

/* In what follows a quarter, of four numbers, is part of one output's sum; what is written as
 * [a b] names the outputs that the numbers of each quarter are part of. */

/** [a a a a], [b b b b] -> [a a b b] */
MNET_INLINE __m512i merge_quarters(__m512i a, __m512i b) {
    return _mm512_add_epi32(_mm512_mask_blend_epi32(0xcccc, a, b), _mm512_alignr_epi8(b, a, 8));
}

/** [a a b b], [c c d d] -> [a b c d] */
MNET_INLINE __m512i merge_pairs(__m512i ab, __m512i cd) {
    __m512 v = _mm512_castsi512_ps(ab), w = _mm512_castsi512_ps(cd);
    return _mm512_add_epi32(_mm512_castps_si512(_mm512_shuffle_ps(v, w, 0x88)),
                            _mm512_castps_si512(_mm512_shuffle_ps(v, w, 0xdd)));
}

/** Two numbers of each of eight outputs, brought to the same places of both halves by `order`. */
MNET_INLINE void store_sums(int32_t *out, __m512i pairs, __m512i order) {
    __m512i v = _mm512_permutexvar_epi32(order, pairs);
    __m256i sums = _mm256_add_epi32(_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64(v, 1));
    _mm256_storeu_si256((void *)out, sums);
}

/** Eight taps each of four neighbouring outputs, a quarter each. */
MNET_INLINE __m512i filter_8(const int16_t *row, const int *start, const int16_t *weights) {
    __m512i v = _mm512_zextsi128_si512(_mm_loadu_si128((const void *)(row + start[0])));
    v = _mm512_inserti32x4(v, _mm_loadu_si128((const void *)(row + start[1])), 1);
    v = _mm512_inserti32x4(v, _mm_loadu_si128((const void *)(row + start[2])), 2);
    v = _mm512_inserti32x4(v, _mm_loadu_si128((const void *)(row + start[3])), 3);
    return _mm512_madd_epi16(v, load(weights));
}

static void resample_8(int32_t *out, const int16_t *row, const MnetRowsTaps *taps) {
    /* quarter q: [q q q+4 q+4] */
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 2, 6, 10, 14, 1, 5, 9, 13, 3, 7, 11, 15);
    const int *start = taps->start;
    const int16_t *weights = taps->weights;
    for (int i = 0; i < taps->n_outputs; i += 8, start += 8, weights += 64)
        store_sums(
            out + i,
            merge_quarters(filter_8(row, start, weights), filter_8(row, start + 4, weights + 32)),
            order);
}

MNET_INLINE __m512i load_halves(const int16_t *low, const int16_t *high) {
    __m512i v = _mm512_zextsi256_si512(_mm256_loadu_si256((const void *)low));
    return _mm512_inserti64x4(v, _mm256_loadu_si256((const void *)high), 1);
}

/** Sixteen taps each of two neighbouring outputs, a half each. */
MNET_INLINE __m512i filter_16(const int16_t *row, const int *start, const int16_t *weights) {
    return _mm512_madd_epi16(load_halves(row + start[0], row + start[1]), load(weights));
}

static void resample_16(int32_t *out, const int16_t *row, const MnetRowsTaps *taps) {
    /* the first two quarters [0 2 4 6], the others [1 3 5 7] */
    const __m512i order = _mm512_setr_epi32(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
    const int *start = taps->start;
    const int16_t *weights = taps->weights;
    for (int i = 0; i < taps->n_outputs; i += 8, start += 8, weights += 128) {
        __m512i low =
            merge_quarters(filter_16(row, start, weights), filter_16(row, start + 2, weights + 32));
        __m512i high = merge_quarters(filter_16(row, start + 4, weights + 64),
                                      filter_16(row, start + 6, weights + 96));
        store_sums(out + i, merge_pairs(low, high), order);
    }
}

/** All taps of one output. */
MNET_INLINE __m512i filter_all(const int16_t *row, const int16_t *weights, int n_taps) {
    __m512i sum = _mm512_madd_epi16(load(row), load(weights));
    int k = 32;
    for (; k + 32 <= n_taps; k += 32)
        sum = _mm512_add_epi32(sum, _mm512_madd_epi16(load(row + k), load(weights + k)));
    if (k < n_taps) {
        __m256i last = _mm256_madd_epi16(_mm256_loadu_si256((const void *)(row + k)),
                                         _mm256_loadu_si256((const void *)(weights + k)));
        sum = _mm512_add_epi32(sum, _mm512_zextsi256_si512(last));
    }
    return sum;
}

/** Four outputs in order in each quarter. */
MNET_INLINE __m512i filter_four(const int16_t *row, const int *start, const int16_t *weights,
                                int n_taps) {
    return merge_pairs(merge_quarters(filter_all(row + start[0], weights, n_taps),
                                      filter_all(row + start[1], weights + n_taps, n_taps)),
                       merge_quarters(filter_all(row + start[2], weights + 2 * n_taps, n_taps),
                                      filter_all(row + start[3], weights + 3 * n_taps, n_taps)));
}

MNET_INLINE void filter_eight(int32_t *out, const int16_t *row, const int *start,
                              const int16_t *weights, int n_taps) {
    const __m512i order = _mm512_setr_epi32(0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15);
    __m512i a = filter_four(row, start, weights, n_taps);
    __m512i b = filter_four(row, start + 4, weights + 4 * n_taps, n_taps);
    __m512i sums =
        _mm512_add_epi32(_mm512_mask_blend_epi32(0xff00, a, b), _mm512_alignr_epi64(b, a, 4));
    store_sums(out, sums, order);
}

MNET_INLINE void resample_long(int32_t *out, const int16_t *row, const MnetRowsTaps *taps,
                               int n_taps) {
    const int16_t *weights = taps->weights;
    for (int i = 0; i < taps->n_outputs; i += 8, weights += 8 * n_taps)
        filter_eight(out + i, row, taps->start + i, weights, n_taps);
}

static void resample_row(int32_t *out, const int16_t *row, const MnetRowsTaps *taps) {
    if (taps->n_taps == 8)
        resample_8(out, row, taps);
    else if (taps->n_taps == 16)
        resample_16(out, row, taps);
    else if (taps->n_taps == 32)
        resample_long(out, row, taps, 32);
    else
        resample_long(out, row, taps, taps->n_taps);
}

static void resample_avx512(int32_t *const *out, const int16_t *const *rows, int n,
                            const MnetRowsTaps *taps) {
    for (int r = 0; r < n; r++)
        resample_row(out[r], rows[r], taps);
}

void mnet_image_horizontal_kernels_init_avx512(MnetRowsKernels *kernels) {
    kernels->split2 = split2_avx512;
    kernels->split3 = split3_avx512;
    kernels->resample = resample_avx512;
}
