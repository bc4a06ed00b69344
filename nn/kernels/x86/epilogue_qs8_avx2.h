/**
 * The epilogue of mnet_epilogue_qs8_c() on sums in registers, bit for bit. Sixteen channels are two
 * vectors of sums: channels 0-3 and 8-11, then 4-7 and 12-15, as saturating packs work in halves of
 * 128 bits; so bias and multiplier lie too.
 */
#ifndef MNET_KERNELS_X86_EPILOGUE_QS8_AVX2_H
#define MNET_KERNELS_X86_EPILOGUE_QS8_AVX2_H

#include "nn/kernels/requantize.h"
#include "nn/kernels/x86/inline.h"

#include <stdbool.h>
#include <string.h>

/**
 * *sum += x, the instruction itself: given the intrinsic, gcc 12 does all products of a tile first,
 * and keeps the sums in memory.
 */
MNET_INLINE void mnet_add_avx2(__m256i *sum, __m256i x) {
    __asm__ volatile("vpaddd %1, %0, %0" : "+x"(*sum) : "x"(x));
}

/** Where channel c, 0 to 15, lies among 16. */
static inline size_t mnet_lane_avx2(size_t c) {
    return (c & 3) | (c & 4) << 1 | (c & 8) >> 1;
}

typedef struct MnetEpilogueAvx2 {
    /* of what is stored: behind the add, where there is one; s16, s8, s8 */
    __m256i zero_point, least, most;
    __m256 hi;                 /* the same upper bound, counted from the zero point */
    __m256 inner_lo, inner_hi; /* of the first operand of the add */
    __m256 a_multiplier, b_multiplier;
    __m256i b_zero_point;
} MnetEpilogueAvx2;

MNET_INLINE MnetEpilogueAvx2 mnet_epilogue_avx2(const MnetEpilogueQs8 *epilogue) {
    const MnetQuantAdd *add = epilogue->add;
    MnetQuantRange out = add ? add->range : epilogue->range;
    MnetEpilogueAvx2 e = {
        .zero_point = _mm256_set1_epi16((short)out.zero_point),
        .least = _mm256_set1_epi8((char)((int)out.lo + out.zero_point)),
        .most = _mm256_set1_epi8((char)((int)out.hi + out.zero_point)),
        .hi = _mm256_set1_ps(out.hi),
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

/** What is done to sums. */
typedef enum MnetFinishAvx2 {
    MNET_FINISH_PLAIN, /* no product of sum and multiplier can reach 2^31 */
    MNET_FINISH_LARGE, /* one may, which the conversion would take for a negative number */
    MNET_FINISH_ADD
} MnetFinishAvx2;

MNET_INLINE MnetFinishAvx2 mnet_finish_kind_avx2(const MnetEpilogueQs8 *epilogue, size_t vectors,
                                                 const float *multiplier) {
    const __m256 one = _mm256_set1_ps(1.0f), sign = _mm256_set1_ps(-0.0f);
    __m256 large = _mm256_setzero_ps();

    if (epilogue->add)
        return MNET_FINISH_ADD;
    for (size_t i = 0; i < vectors; i++) {
        __m256 size = _mm256_andnot_ps(sign, _mm256_load_ps(multiplier + 8 * i));
        large = _mm256_or_ps(large, _mm256_cmp_ps(size, one, _CMP_NLT_UQ));
    }
    return _mm256_movemask_ps(large) ? MNET_FINISH_LARGE : MNET_FINISH_PLAIN;
}

/** Eight sums, with their bias, as steps from the output's zero point; b are their residuals. */
MNET_INLINE __m256i mnet_requantize_avx2(const MnetEpilogueAvx2 *e, MnetFinishAvx2 kind,
                                         __m256i sums, __m256 multiplier, __m128i b) {
    __m256 x = _mm256_mul_ps(_mm256_cvtepi32_ps(sums), multiplier);

    if (kind == MNET_FINISH_ADD) {
        __m256 residual =
            _mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_cvtepi8_epi32(b), e->b_zero_point));
        x = _mm256_min_ps(_mm256_max_ps(x, e->inner_lo), e->inner_hi);
        x = _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
        x = _mm256_add_ps(_mm256_mul_ps(x, e->a_multiplier),
                          _mm256_mul_ps(residual, e->b_multiplier));
    }
    if (kind != MNET_FINISH_PLAIN)
        x = _mm256_min_ps(x, e->hi);
    return _mm256_cvtps_epi32(x);
}

/** Sixteen channels of one pixel, in their order, as s16 with the zero point. */
MNET_INLINE __m256i mnet_finish_avx2(const MnetEpilogueAvx2 *e, MnetFinishAvx2 kind,
                                     const __m256i sums[2], const float *multiplier,
                                     const int8_t *residual) {
    __m128i b = _mm_setzero_si128();
    __m256i lo, hi;

    if (kind == MNET_FINISH_ADD)
        b = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)residual), 0xd8);
    lo = mnet_requantize_avx2(e, kind, sums[0], _mm256_load_ps(multiplier), b);
    hi = mnet_requantize_avx2(e, kind, sums[1], _mm256_load_ps(multiplier + 8),
                              _mm_srli_si128(b, 8));
    return _mm256_adds_epi16(_mm256_packs_epi32(lo, hi), e->zero_point);
}

/** Stores sixteen channels each of two pixels. */
MNET_INLINE void mnet_store_avx2(const MnetEpilogueAvx2 *e, __m256i s16_0, __m256i s16_1,
                                 int8_t *y0, int8_t *y1) {
    __m256i bytes = _mm256_max_epi8(_mm256_packs_epi16(s16_0, s16_1), e->least);

    bytes = _mm256_min_epi8(bytes, e->most);
    bytes = _mm256_permute4x64_epi64(bytes, 0xd8);
    _mm_storeu_si128((__m128i *)y0, _mm256_castsi256_si128(bytes));
    _mm_storeu_si128((__m128i *)y1, _mm256_extracti128_si256(bytes, 1));
}

MNET_INLINE void mnet_finish_all_avx2(const MnetEpilogueQs8 *epilogue, MnetFinishAvx2 kind,
                                      size_t pixels, size_t columns, const __m256i (*sums)[2],
                                      const float *multiplier, const int8_t *residual, int8_t *y,
                                      size_t y_stride) {
    const MnetEpilogueAvx2 e = mnet_epilogue_avx2(epilogue);
    size_t residual_stride = kind == MNET_FINISH_ADD ? y_stride : 0;
    int8_t part[16] = {0};

    if (columns < 16) {
        for (; pixels; pixels--, sums++, y += y_stride, residual += residual_stride) {
            __m256i s16;

            if (kind == MNET_FINISH_ADD)
                memcpy(part, residual, columns);
            s16 = mnet_finish_avx2(&e, kind, *sums, multiplier, part);
            mnet_store_avx2(&e, s16, s16, part, part);
            memcpy(y, part, columns);
        }
        return;
    }
    for (; pixels >= 2; pixels -= 2, sums += 2, y += 2 * y_stride) {
        __m256i s0 = mnet_finish_avx2(&e, kind, sums[0], multiplier, residual);
        __m256i s1 = mnet_finish_avx2(&e, kind, sums[1], multiplier, residual + residual_stride);

        mnet_store_avx2(&e, s0, s1, y, y + y_stride);
        residual += 2 * residual_stride;
    }
    if (pixels) {
        __m256i s16 = mnet_finish_avx2(&e, kind, *sums, multiplier, residual);
        mnet_store_avx2(&e, s16, s16, y, y);
    }
}

/* Eight channels of each pixel, in their order: sums[0] alone. */
MNET_INLINE void mnet_finish_narrow_avx2(const MnetEpilogueQs8 *epilogue, MnetFinishAvx2 kind,
                                         size_t pixels, size_t columns, const __m256i (*sums)[2],
                                         const float *multiplier, const int8_t *residual, int8_t *y,
                                         size_t y_stride) {
    const MnetEpilogueAvx2 e = mnet_epilogue_avx2(epilogue);
    const __m256 multipliers = _mm256_load_ps(multiplier);
    __m128i b = _mm_setzero_si128(), bytes;

    for (; pixels; pixels--, sums++, y += y_stride) {
        __m256i s32, s16;

        if (kind == MNET_FINISH_ADD) {
            memcpy(&b, residual, columns);
            residual += y_stride;
        }
        s32 = mnet_requantize_avx2(&e, kind, sums[0][0], multipliers, b);
        s16 = _mm256_permute4x64_epi64(_mm256_packs_epi32(s32, s32), 0xd8);
        s16 = _mm256_adds_epi16(s16, e.zero_point);
        bytes = _mm_packs_epi16(_mm256_castsi256_si128(s16), _mm256_castsi256_si128(s16));
        bytes = _mm_max_epi8(bytes, _mm256_castsi256_si128(e.least));
        bytes = _mm_min_epi8(bytes, _mm256_castsi256_si128(e.most));
        memcpy(y, &bytes, columns);
    }
}

/**
 * Pixels of `columns` channels, at most 16; y_stride lies between one and the next, of the residual
 * too. Not inlined: its constants would take the registers of the sums' loop. Best called with many
 * pixels.
 */
static __attribute__((noinline, unused)) void
mnet_finish_pixels_avx2(const MnetEpilogueQs8 *epilogue, size_t pixels, size_t columns,
                        const __m256i (*sums)[2], const float *multiplier, const int8_t *residual,
                        int8_t *y, size_t y_stride) {
    switch (mnet_finish_kind_avx2(epilogue, 2, multiplier)) {
    case MNET_FINISH_PLAIN:
        mnet_finish_all_avx2(epilogue, MNET_FINISH_PLAIN, pixels, columns, sums, multiplier, NULL,
                             y, y_stride);
        break;
    case MNET_FINISH_LARGE:
        mnet_finish_all_avx2(epilogue, MNET_FINISH_LARGE, pixels, columns, sums, multiplier, NULL,
                             y, y_stride);
        break;
    case MNET_FINISH_ADD:
        mnet_finish_all_avx2(epilogue, MNET_FINISH_ADD, pixels, columns, sums, multiplier, residual,
                             y, y_stride);
        break;
    }
}

/** The same of at most 8 channels, whose sums are one vector, in their order. */
static __attribute__((noinline, unused)) void
mnet_finish_narrow_pixels_avx2(const MnetEpilogueQs8 *epilogue, size_t pixels, size_t columns,
                               const __m256i (*sums)[2], const float *multiplier,
                               const int8_t *residual, int8_t *y, size_t y_stride) {
    MnetFinishAvx2 kind = mnet_finish_kind_avx2(epilogue, 1, multiplier);

    if (kind == MNET_FINISH_ADD && columns == 8)
        mnet_finish_narrow_avx2(epilogue, MNET_FINISH_ADD, pixels, 8, sums, multiplier, residual, y,
                                y_stride);
    else if (kind == MNET_FINISH_ADD)
        mnet_finish_narrow_avx2(epilogue, MNET_FINISH_ADD, pixels, columns, sums, multiplier,
                                residual, y, y_stride);
    else if (kind == MNET_FINISH_PLAIN && columns == 8)
        mnet_finish_narrow_avx2(epilogue, MNET_FINISH_PLAIN, pixels, 8, sums, multiplier, NULL, y,
                                y_stride);
    else
        mnet_finish_narrow_avx2(epilogue, MNET_FINISH_LARGE, pixels, columns, sums, multiplier,
                                NULL, y, y_stride);
}

#endif
