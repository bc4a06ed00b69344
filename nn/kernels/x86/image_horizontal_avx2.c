/*
 * An output's taps are one or more vectors, and the partial sums of eight outputs are added up
 * together. What rows of the same taps have in common is loaded once for all.
 */
#include "nn/kernels/image_rows.h"
#include "nn/kernels/x86/inline.h"

#include <stdbool.h>

MNET_INLINE __m256i load(const void *at) {
    return _mm256_loadu_si256(at);
}

MNET_INLINE void store(void *at, __m256i v) {
    _mm256_storeu_si256(at, v);
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
MNET_INLINE __m256i sum_quarters(__m256i a, __m256i b, __m256i c, __m256i d) {
    __m256i ab = _mm256_add_epi32(_mm256_unpacklo_epi32(a, b), _mm256_unpackhi_epi32(a, b));
    __m256i cd = _mm256_add_epi32(_mm256_unpacklo_epi32(c, d), _mm256_unpackhi_epi32(c, d));
    return _mm256_add_epi32(_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd));
}

/** Eight taps each of two neighbouring outputs. */
MNET_INLINE __m256i filter_8(const int16_t *row, const int *start, __m256i weights, bool pair) {
    __m128i low = _mm_loadu_si128((const void *)(row + start[0])), high = low;

    if (!pair)
        high = _mm_loadu_si128((const void *)(row + start[1]));
    return _mm256_madd_epi16(_mm256_set_m128i(high, low), weights);
}

MNET_INLINE void resample_8(int32_t *const *out, const int16_t *const *rows, int n,
                            const MnetRowsTaps *taps, bool pairs) {
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    const int *start = taps->start;
    const int16_t *weights = taps->weights;

    for (int i = 0; i < taps->n_outputs; i += 8, start += 8, weights += 64) {
        MNET_UNROLL
        for (int r = 0; r < n; r++) {
            __m256i sums = sum_quarters(filter_8(rows[r], start, load(weights), pairs),
                                        filter_8(rows[r], start + 2, load(weights + 16), pairs),
                                        filter_8(rows[r], start + 4, load(weights + 32), pairs),
                                        filter_8(rows[r], start + 6, load(weights + 48), pairs));
            store(out[r] + i, _mm256_permutevar8x32_epi32(sums, order));
        }
    }
}

/** All taps of one output, as eight partial sums. */
MNET_INLINE __m256i filter_16(const int16_t *row, const int16_t *weights, int n_taps) {
    __m256i sum = _mm256_madd_epi16(load(row), load(weights));

    for (int k = 16; k < n_taps; k += 16)
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(load(row + k), load(weights + k)));
    return sum;
}

/* Compilers load samples that outputs share, and weights that rows share, once. */
MNET_INLINE void filter_four(__m256i *sums, const int16_t *const *rows, int n, const int *start,
                             const int16_t *weights, int n_taps, bool pairs) {
    __m256i of[4][3];

    MNET_UNROLL
    for (int i = 0; i < 4; i++) {
        ptrdiff_t at = start[pairs ? i / 2 * 2 : i];
        MNET_UNROLL
        for (int r = 0; r < n; r++)
            of[i][r] = filter_16(rows[r] + at, weights + i * n_taps, n_taps);
    }
    MNET_UNROLL
    for (int r = 0; r < n; r++)
        sums[r] = sum_quarters(of[0][r], of[1][r], of[2][r], of[3][r]);
}

MNET_INLINE void resample_16(int32_t *const *out, const int16_t *const *rows, int n,
                             const MnetRowsTaps *taps, int n_taps, bool pairs) {
    const int16_t *weights = taps->weights;

    for (int i = 0; i < taps->n_outputs; i += 8, weights += 8 * n_taps) {
        __m256i a[3], b[3];
        filter_four(a, rows, n, taps->start + i, weights, n_taps, pairs);
        filter_four(b, rows, n, taps->start + i + 4, weights + 4 * n_taps, n_taps, pairs);
        MNET_UNROLL
        for (int r = 0; r < n; r++)
            store(out[r] + i, _mm256_add_epi32(_mm256_permute2x128_si256(a[r], b[r], 0x20),
                                               _mm256_permute2x128_si256(a[r], b[r], 0x31)));
    }
}

MNET_INLINE void resample_rows(int32_t *const *out, const int16_t *const *rows, int n,
                               const MnetRowsTaps *taps, bool pairs) {
    if (taps->n_taps == 8)
        resample_8(out, rows, n, taps, pairs);
    else if (taps->n_taps == 16)
        resample_16(out, rows, n, taps, 16, pairs);
    else if (taps->n_taps == 32)
        resample_16(out, rows, n, taps, 32, pairs);
    else
        resample_16(out, rows, n, taps, taps->n_taps, false);
}

MNET_INLINE void resample(int32_t *const *out, const int16_t *const *rows, int n,
                          const MnetRowsTaps *taps) {
    if (taps->by_pairs)
        resample_rows(out, rows, n, taps, true);
    else
        resample_rows(out, rows, n, taps, false);
}

static void resample_avx2(int32_t *const *out, const int16_t *const *rows, int n,
                          const MnetRowsTaps *taps) {
    switch (n) {
    case 1:
        resample(out, rows, 1, taps);
        break;
    case 2:
        resample(out, rows, 2, taps);
        break;
    case 3:
        resample(out, rows, 3, taps);
        break;
    }
}

void mnet_image_horizontal_kernels_init_avx2(MnetRowsKernels *kernels) {
    kernels->split2 = split2_avx2;
    kernels->split3 = split3_avx2;
    kernels->resample = resample_avx2;
}
