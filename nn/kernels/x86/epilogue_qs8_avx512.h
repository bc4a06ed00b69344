/**
 * The epilogue of mnet_epilogue_qs8_c() on sums in registers, bit for bit. A pixel's channels are 1
 * to 4 vectors of sixteen sums; 64 sums at a time are finished, of 4, 2, 1 or 1 pixels. Saturating
 * packs work in quarters of 128 bits, so the channels lie as mnet_lane_avx512() says: four vectors
 * then need no shuffle behind the packs, fewer need one. Bias and multiplier lie likewise.
 */
#ifndef MNET_KERNELS_X86_EPILOGUE_QS8_AVX512_H
#define MNET_KERNELS_X86_EPILOGUE_QS8_AVX512_H

#include "nn/kernels/requantize.h"
#include "nn/kernels/x86/inline.h"

#include <stdbool.h>
#include <string.h>

/** Where channel c lies among the sums of a pixel that has so many vectors. */
static inline size_t mnet_lane_avx512(size_t vectors, size_t c) {
    return c / 4 % vectors * 16 + c / (4 * vectors) * 4 + c % 4;
}

typedef struct MnetEpilogueAvx512 {
    /* of what is stored: behind the add, where there is one; s16, s8, s8 */
    __m512i zero_point, least, most;
    __m512 hi;                 /* the same upper bound, counted from the zero point */
    __m512 inner_lo, inner_hi; /* of the first operand of the add */
    __m512 a_multiplier, b_multiplier;
    __m512i b_zero_point;
} MnetEpilogueAvx512;

MNET_INLINE MnetEpilogueAvx512 mnet_epilogue_avx512(const MnetEpilogueQs8 *epilogue) {
    const MnetQuantAdd *add = epilogue->add;
    MnetQuantRange out = add ? add->range : epilogue->range;
    MnetEpilogueAvx512 e = {
        .zero_point = _mm512_set1_epi16((short)out.zero_point),
        .least = _mm512_set1_epi8((char)((int)out.lo + out.zero_point)),
        .most = _mm512_set1_epi8((char)((int)out.hi + out.zero_point)),
        .hi = _mm512_set1_ps(out.hi),
        .inner_lo = _mm512_set1_ps(epilogue->range.lo),
        .inner_hi = _mm512_set1_ps(epilogue->range.hi),
    };

    if (add) {
        e.a_multiplier = _mm512_set1_ps(add->a_multiplier);
        e.b_multiplier = _mm512_set1_ps(add->b_multiplier);
        e.b_zero_point = _mm512_set1_epi32(add->b_zero_point);
    }
    return e;
}

/** What is done to sums. */
typedef enum MnetFinishAvx512 {
    MNET_FINISH_PLAIN, /* no product of sum and multiplier can reach 2^31 */
    MNET_FINISH_LARGE, /* one may, which the conversion would take for a negative number */
    MNET_FINISH_ADD
} MnetFinishAvx512;

/** Sixteen sums, with their bias, as steps from the output's zero point; b are their residuals. */
MNET_INLINE __m512i mnet_requantize_avx512(const MnetEpilogueAvx512 *e, MnetFinishAvx512 kind,
                                           __m512i sums, __m512 multiplier, __m512i b) {
    __m512 x = _mm512_mul_ps(_mm512_cvtepi32_ps(sums), multiplier);

    if (kind == MNET_FINISH_ADD) {
        __m512 residual = _mm512_cvtepi32_ps(_mm512_sub_epi32(b, e->b_zero_point));

        x = _mm512_min_ps(_mm512_max_ps(x, e->inner_lo), e->inner_hi);
        x = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
        x = _mm512_add_ps(_mm512_mul_ps(x, e->a_multiplier),
                          _mm512_mul_ps(residual, e->b_multiplier));
    }
    if (kind != MNET_FINISH_PLAIN)
        x = _mm512_min_ps(x, e->hi);
    return _mm512_cvtps_epi32(x);
}

/* Bytes 4 i to 4 i + 3 of each quarter as s32. */
MNET_INLINE __m512i mnet_widen_quarters_avx512(__m512i bytes, int i) {
    const __m128i to_top =
        _mm_setr_epi8(-1, -1, -1, 0, -1, -1, -1, 1, -1, -1, -1, 2, -1, -1, -1, 3);
    __m512i shuffle = _mm512_broadcast_i32x4(_mm_add_epi8(to_top, _mm_set1_epi32(i << 26)));
    return _mm512_srai_epi32(_mm512_shuffle_epi8(bytes, shuffle), 24);
}

/** Four vectors of sums; the outputs as residuals lie by quarters: four of each vector. */
MNET_INLINE __m512i mnet_finish_avx512(const MnetEpilogueAvx512 *e, MnetFinishAvx512 kind,
                                       const __m512i sums[4], const __m512 multiplier[4],
                                       __m512i residual) {
    __m512i s32[4], lo, hi;

#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        __m512i b = _mm512_setzero_si512();

        if (kind == MNET_FINISH_ADD)
            b = mnet_widen_quarters_avx512(residual, i);
        s32[i] = mnet_requantize_avx512(e, kind, sums[i], multiplier[i], b);
    }
    lo = _mm512_adds_epi16(_mm512_packs_epi32(s32[0], s32[1]), e->zero_point);
    hi = _mm512_adds_epi16(_mm512_packs_epi32(s32[2], s32[3]), e->zero_point);
    return _mm512_min_epi8(_mm512_max_epi8(_mm512_packs_epi16(lo, hi), e->least), e->most);
}

/* Places of dwords, four channels each: pixel by pixel from quarters, and back. */
MNET_INLINE __m512i mnet_from_quarters_avx512(size_t vectors) {
    if (vectors == 1)
        return _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    if (vectors == 2)
        return _mm512_setr_epi32(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
    return _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15);
}

MNET_INLINE __m512i mnet_to_quarters_avx512(size_t vectors) {
    if (vectors == 1)
        return mnet_from_quarters_avx512(1);
    if (vectors == 2)
        return _mm512_setr_epi32(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
    return _mm512_setr_epi32(0, 1, 2, 12, 3, 4, 5, 13, 6, 7, 8, 14, 9, 10, 11, 15);
}

/* Channels by a mask, of 1 to 4, 2, 1 or 1 pixels. */
MNET_INLINE __m512i mnet_load_pixels_avx512(size_t vectors, __mmask64 mask, size_t pixels,
                                            const int8_t *x, size_t stride) {
    __m128i x0, x1 = _mm_setzero_si128(), x2 = x1, x3 = x1;

    if (vectors > 2)
        return _mm512_maskz_loadu_epi8(mask, x);
    if (vectors == 2) {
        __m256i lo = _mm256_maskz_loadu_epi8((__mmask32)mask, x), hi = lo;

        if (pixels > 1)
            hi = _mm256_maskz_loadu_epi8((__mmask32)mask, x + stride);
        return _mm512_inserti64x4(_mm512_castsi256_si512(lo), hi, 1);
    }
    x0 = _mm_maskz_loadu_epi8((__mmask16)mask, x);
    if (pixels > 1)
        x1 = _mm_maskz_loadu_epi8((__mmask16)mask, x + stride);
    if (pixels > 2)
        x2 = _mm_maskz_loadu_epi8((__mmask16)mask, x + 2 * stride);
    if (pixels > 3)
        x3 = _mm_maskz_loadu_epi8((__mmask16)mask, x + 3 * stride);
    return _mm512_inserti64x4(
        _mm512_castsi256_si512(_mm256_inserti128_si256(_mm256_castsi128_si256(x0), x1, 1)),
        _mm256_inserti128_si256(_mm256_castsi128_si256(x2), x3, 1), 1);
}

MNET_INLINE void mnet_store_pixels_avx512(size_t vectors, __mmask64 mask, size_t pixels, int8_t *y,
                                          size_t stride, __m512i bytes) {
    __m256i lo = _mm512_castsi512_si256(bytes), hi = _mm512_extracti64x4_epi64(bytes, 1);

    if (vectors > 2) {
        _mm512_mask_storeu_epi8(y, mask, bytes);
    } else if (vectors == 2) {
        _mm256_mask_storeu_epi8(y, (__mmask32)mask, lo);
        if (pixels > 1)
            _mm256_mask_storeu_epi8(y + stride, (__mmask32)mask, hi);
    } else {
        _mm_mask_storeu_epi8(y, (__mmask16)mask, _mm256_castsi256_si128(lo));
        if (pixels > 1)
            _mm_mask_storeu_epi8(y + stride, (__mmask16)mask, _mm256_extracti128_si256(lo, 1));
        if (pixels > 2)
            _mm_mask_storeu_epi8(y + 2 * stride, (__mmask16)mask, _mm256_castsi256_si128(hi));
        if (pixels > 3)
            _mm_mask_storeu_epi8(y + 3 * stride, (__mmask16)mask, _mm256_extracti128_si256(hi, 1));
    }
}

MNET_INLINE void mnet_finish_group_avx512(const MnetEpilogueAvx512 *e, MnetFinishAvx512 kind,
                                          size_t vectors, __mmask64 mask, size_t pixels,
                                          const __m512i sums[4], const __m512 multiplier[4],
                                          const int8_t *residual, int8_t *y, size_t stride) {
    __m512i b = _mm512_setzero_si512(), bytes;

    if (kind == MNET_FINISH_ADD) {
        b = mnet_load_pixels_avx512(vectors, mask, pixels, residual, stride);
        if (vectors < 4)
            b = _mm512_permutexvar_epi32(mnet_to_quarters_avx512(vectors), b);
    }
    bytes = mnet_finish_avx512(e, kind, sums, multiplier, b);
    if (vectors < 4)
        bytes = _mm512_permutexvar_epi32(mnet_from_quarters_avx512(vectors), bytes);
    mnet_store_pixels_avx512(vectors, mask, pixels, y, stride, bytes);
}

MNET_INLINE void mnet_finish_kind_avx512(const MnetEpilogueQs8 *epilogue, MnetFinishAvx512 kind,
                                         size_t vectors, size_t pixels, size_t columns,
                                         const __m512i *sums, const float *multiplier,
                                         const int8_t *residual, int8_t *y, size_t y_stride) {
    const MnetEpilogueAvx512 e = mnet_epilogue_avx512(epilogue);
    const __mmask64 mask = ~(__mmask64)0 >> (64 - columns);
    const size_t group = 4 / vectors;
    __m512i last[4] = {_mm512_setzero_si512()};
    __m512 multipliers[4];

    for (size_t i = 0; i < 4; i++)
        multipliers[i] = _mm512_load_ps(multiplier + i % vectors * 16);
    for (; pixels >= group; pixels -= group, sums += group * vectors, y += group * y_stride) {
        const __m512i four[4] = {sums[0], sums[1 % (group * vectors)], sums[2 % (group * vectors)],
                                 sums[3 % (group * vectors)]};

        mnet_finish_group_avx512(&e, kind, vectors, mask, group, four, multipliers, residual, y,
                                 y_stride);
        if (kind == MNET_FINISH_ADD)
            residual += group * y_stride;
    }
    if (pixels) {
        for (size_t i = 0; i < 4; i++)
            last[i] = sums[i % (pixels * vectors)];
        mnet_finish_group_avx512(&e, kind, vectors, mask, pixels, last, multipliers, residual, y,
                                 y_stride);
    }
}

MNET_INLINE void mnet_finish_vectors_avx512(const MnetEpilogueQs8 *epilogue, size_t vectors,
                                            size_t pixels, size_t columns, const __m512i *sums,
                                            const float *multiplier, const int8_t *residual,
                                            int8_t *y, size_t y_stride) {
    __m512 most = _mm512_setzero_ps();

    for (size_t i = 0; i < vectors; i++)
        most = _mm512_max_ps(most, _mm512_abs_ps(_mm512_load_ps(multiplier + 16 * i)));
    if (epilogue->add)
        mnet_finish_kind_avx512(epilogue, MNET_FINISH_ADD, vectors, pixels, columns, sums,
                                multiplier, residual, y, y_stride);
    else if (_mm512_cmp_ps_mask(most, _mm512_set1_ps(1.0f), _CMP_GE_OQ))
        mnet_finish_kind_avx512(epilogue, MNET_FINISH_LARGE, vectors, pixels, columns, sums,
                                multiplier, NULL, y, y_stride);
    else
        mnet_finish_kind_avx512(epilogue, MNET_FINISH_PLAIN, vectors, pixels, columns, sums,
                                multiplier, NULL, y, y_stride);
}

/**
 * Pixels of `columns` channels, at most 64, whose sums are columns / 16 vectors each, rounded up;
 * y_stride lies between one and the next, of the residual too. Not inlined: its constants would
 * take the registers of the sums' loop. Best called with many pixels.
 */
static __attribute__((noinline, unused)) void
mnet_finish_pixels_avx512(const MnetEpilogueQs8 *epilogue, size_t pixels, size_t columns,
                          const __m512i *sums, const float *multiplier, const int8_t *residual,
                          int8_t *y, size_t y_stride) {
    switch ((columns + 15) / 16) {
    case 1:
        mnet_finish_vectors_avx512(epilogue, 1, pixels, columns, sums, multiplier, residual, y,
                                   y_stride);
        break;
    case 2:
        mnet_finish_vectors_avx512(epilogue, 2, pixels, columns, sums, multiplier, residual, y,
                                   y_stride);
        break;
    case 3:
        mnet_finish_vectors_avx512(epilogue, 3, pixels, columns, sums, multiplier, residual, y,
                                   y_stride);
        break;
    case 4:
        mnet_finish_vectors_avx512(epilogue, 4, pixels, columns, sums, multiplier, residual, y,
                                   y_stride);
        break;
    }
}

#endif
