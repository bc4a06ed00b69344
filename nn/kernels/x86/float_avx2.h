/** What the float kernels for AVX2 share. */
#ifndef MNET_KERNELS_X86_FLOAT_AVX2_H
#define MNET_KERNELS_X86_FLOAT_AVX2_H

#include "nn/kernels/activation.h"

#include <immintrin.h>

#define MNET_INLINE static inline __attribute__((always_inline))

/** Before a loop of few, constant rounds over an array that must stay in registers. */
#ifdef __clang__
#define MNET_UNROLL _Pragma("unroll")
#else
#define MNET_UNROLL _Pragma("GCC unroll 8")
#endif

/** Ones in the first `count` lanes, 0 to 8. */
MNET_INLINE __m256i mnet_mask_avx2(size_t count) {
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), lanes);
}

/* The order of the operands keeps NaN, as mnet_clamp_f32() does. */
MNET_INLINE __m256 mnet_clamp_avx2(__m256 x, __m256 lo, __m256 hi) {
    return _mm256_min_ps(hi, _mm256_max_ps(lo, x));
}

MNET_INLINE __m256 mnet_hard_swish_avx2(__m256 x) {
    __m256 gate = _mm256_fmadd_ps(x, _mm256_set1_ps(1.0f / 6.0f), _mm256_set1_ps(0.5f));
    gate = mnet_clamp_avx2(gate, _mm256_setzero_ps(), _mm256_set1_ps(1.0f));
    return _mm256_mul_ps(x, gate);
}

MNET_INLINE __m256 mnet_finish_avx2(__m256 x, const MnetFinishF32 *finish) {
    if (finish->hard_swish)
        return mnet_hard_swish_avx2(x);
    return mnet_clamp_avx2(x, _mm256_set1_ps(finish->lo), _mm256_set1_ps(finish->hi));
}

#endif
