/**
 * The epilogue of mnet_epilogue_qs8_c() on sums in registers, bit for bit. Sixteen channels are two vectors of sums: channels
 * 0-3 and 8-11, then 4-7 and 12-15, as saturating packs work in halves of 128 bits; so bias and multiplier lie too.
 */
#ifndef MNET_KERNELS_X86_EPILOGUE_QS8_AVX2_H
#define MNET_KERNELS_X86_EPILOGUE_QS8_AVX2_H

#include "nn/kernels/requantize.h"

#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#define MNET_INLINE static inline __attribute__((always_inline))

/** Where channel c, 0 to 15, lies among 16. */
static inline size_t mnet_lane_avx2(size_t c) {
    return (c & 3) | (c & 4) << 1 | (c & 8) >> 1;
}

/** A range for vectors. Upper bounds are taken before rounding, lower ones in the bytes: packing saturates downwards. */
typedef struct MnetRangeAvx2 {
    __m256 hi;
    __m256i zero_point, least; /* s16, s8 */
} MnetRangeAvx2;

typedef struct MnetEpilogueAvx2 {
    MnetRangeAvx2 out; /* of what is stored: behind the add, where there is one */
    bool add;
    __m256 inner_lo, inner_hi; /* of the first operand of the add */
    __m256 a_multiplier, b_multiplier;
    __m256i b_zero_point;
} MnetEpilogueAvx2;

MNET_INLINE MnetEpilogueAvx2 mnet_epilogue_avx2(const MnetEpilogueQs8 *epilogue) {
    const MnetQuantAdd *add = epilogue->add;
    MnetQuantRange out = add ? add->range : epilogue->range;
    MnetEpilogueAvx2 e = {
        .out = {_mm256_set1_ps(out.hi), _mm256_set1_epi16((short)out.zero_point),
                _mm256_set1_epi8((char)((int)out.lo + out.zero_point))},
        .add = add,
        .inner_lo = _mm256_set1_ps(epilogue->range.lo),
        .inner_hi = _mm256_set1_ps(epilogue->range.hi),
    };

    if (add) {
        e.a_multiplier = _mm256_set1_ps(add->a_multiplier);
        e.b_multiplier = _mm256_set1_ps(add->b_multiplier);
        e.b_zero_point = _mm256_set1_epi32(add->b_zero_point);
    }
    return e;
}

/** Eight sums, with their bias, as steps from the output's zero point; b are their residuals. */
MNET_INLINE __m256i mnet_requantize_avx2(const MnetEpilogueAvx2 *e, __m256i sums, __m256 multiplier,
                                         __m128i b) {
    __m256 x = _mm256_mul_ps(_mm256_cvtepi32_ps(sums), multiplier);

    if (e->add) {
        __m256 residual =
            _mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_cvtepi8_epi32(b), e->b_zero_point));
        x = _mm256_min_ps(_mm256_max_ps(x, e->inner_lo), e->inner_hi);
        x = _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
        x = _mm256_add_ps(_mm256_mul_ps(x, e->a_multiplier),
                          _mm256_mul_ps(residual, e->b_multiplier));
    }
    return _mm256_cvtps_epi32(_mm256_min_ps(x, e->out.hi));
}

/** Sixteen channels of one pixel, in their order, as s16 with the zero point. */
MNET_INLINE __m256i mnet_finish_avx2(const MnetEpilogueAvx2 *e, const __m256i sums[2],
                                     const float *multiplier, const int8_t *residual) {
    __m128i b = _mm_setzero_si128();
    __m256i lo, hi;

    if (e->add)
        b = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)residual), 0xd8);
    lo = mnet_requantize_avx2(e, sums[0], _mm256_load_ps(multiplier), b);
    hi = mnet_requantize_avx2(e, sums[1], _mm256_load_ps(multiplier + 8), _mm_srli_si128(b, 8));
    return _mm256_adds_epi16(_mm256_packs_epi32(lo, hi), e->out.zero_point);
}

/** Stores sixteen channels each of two pixels. */
MNET_INLINE void mnet_store_avx2(const MnetEpilogueAvx2 *e, __m256i s16_0, __m256i s16_1,
                                 int8_t *y0, int8_t *y1) {
    __m256i bytes = _mm256_max_epi8(_mm256_packs_epi16(s16_0, s16_1), e->out.least);

    bytes = _mm256_permute4x64_epi64(bytes, 0xd8);
    _mm_storeu_si128((__m128i *)y0, _mm256_castsi256_si128(bytes));
    _mm_storeu_si128((__m128i *)y1, _mm256_extracti128_si256(bytes, 1));
}

/** One pixel of the first n channels; touches nothing beside them. */
MNET_INLINE void mnet_finish_part_avx2(const MnetEpilogueAvx2 *e, const __m256i sums[2],
                                       const float *multiplier, const int8_t *residual, int8_t *y,
                                       size_t n) {
    int8_t part[16] = {0};
    __m256i s16;

    if (e->add)
        memcpy(part, residual, n);
    s16 = mnet_finish_avx2(e, sums, multiplier, part);
    mnet_store_avx2(e, s16, s16, part, part);
    memcpy(y, part, n);
}

#endif
