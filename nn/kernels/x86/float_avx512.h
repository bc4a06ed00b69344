/** What the float kernels for AVX-512 share. */
#ifndef MNET_KERNELS_X86_FLOAT_AVX512_H
#define MNET_KERNELS_X86_FLOAT_AVX512_H

#include "nn/kernels/activation.h"
#include "nn/kernels/x86/inline.h"

/** Ones for the first `count` lanes, 0 to 16. */
MNET_INLINE __mmask16 mnet_mask_avx512(size_t count) {
    return (__mmask16)((1u << count) - 1u);
}

/* The order of the operands keeps NaN, as mnet_clamp_f32() does. */
MNET_INLINE __m512 mnet_clamp_avx512(__m512 x, __m512 lo, __m512 hi) {
    return _mm512_min_ps(hi, _mm512_max_ps(lo, x));
}

/**
 * One value in all lanes, loaded here and now: hoisted out of a loop it would take the register
 * of a sum, and compilers then spill the sum.
 */
MNET_INLINE __m512 mnet_broadcast_avx512(const float *value) {
    __asm__ volatile("" : "+r"(value));
    return _mm512_set1_ps(*value);
}

MNET_INLINE __m512 mnet_hard_swish_avx512(__m512 x) {
    static const float swish[] = {1.0f / 6.0f, 0.5f, 1.0f};
    __m512 gate =
        _mm512_fmadd_ps(x, mnet_broadcast_avx512(&swish[0]), mnet_broadcast_avx512(&swish[1]));

    gate = mnet_clamp_avx512(gate, _mm512_setzero_ps(), mnet_broadcast_avx512(&swish[2]));
    return _mm512_mul_ps(x, gate);
}

#endif
