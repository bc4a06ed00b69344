/** What the float kernels for AVX2 share. */
#ifndef MNET_KERNELS_X86_FLOAT_AVX2_H
#define MNET_KERNELS_X86_FLOAT_AVX2_H

#include "nn/kernels/activation.h"
#include "nn/kernels/x86/inline.h"

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

/**
 * One value in all lanes, loaded here and now: hoisted out of a loop it would take the register
 * of a sum, and compilers then spill the sum.
 */
MNET_INLINE __m256 mnet_broadcast_avx2(const float *value) {
    __asm__ volatile("" : "+r"(value));
    return _mm256_broadcast_ss(value);
}

/** MnetFinishF32 of `count` vectors, a constant of at most 16. */
MNET_INLINE void mnet_finish_avx2(int count, const MnetFinishF32 *finish, __m256 *x) {
    static const float swish[] = {1.0f / 6.0f, 0.5f, 1.0f};

    if (finish->hard_swish) {
        __m256 sixth = mnet_broadcast_avx2(&swish[0]), half = mnet_broadcast_avx2(&swish[1]);
        __m256 one = mnet_broadcast_avx2(&swish[2]);

        MNET_UNROLL
        for (int i = 0; i < count; i++) {
            __m256 gate = _mm256_fmadd_ps(x[i], sixth, half);
            x[i] = _mm256_mul_ps(x[i], mnet_clamp_avx2(gate, _mm256_setzero_ps(), one));
        }
    } else {
        __m256 lo = mnet_broadcast_avx2(&finish->lo), hi = mnet_broadcast_avx2(&finish->hi);

        MNET_UNROLL
        for (int i = 0; i < count; i++)
            x[i] = mnet_clamp_avx2(x[i], lo, hi);
    }
}

#endif
