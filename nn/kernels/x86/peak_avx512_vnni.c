#include "nn/kernels/peak.h"
#include "nn/kernels/x86/peak_sums.h"

#include <immintrin.h>

static float peak_qs8_avx512_vnni(size_t rounds) {
    __m512i x = _mm512_set1_epi8(1), w = _mm512_set1_epi8(-2), s[MNET_PEAK_SUMS];

    MNET_PEAK_UNROLL
    for (int i = 0; i < MNET_PEAK_SUMS; i++)
        s[i] = _mm512_setzero_si512();
    for (size_t r = 0; r < rounds; r++) {
        MNET_PEAK_UNROLL
        for (int i = 0; i < MNET_PEAK_SUMS; i++) /* of the intrinsic gcc 12 makes moves too */
            __asm__ volatile("vpdpbusd %2, %1, %0" : "+v"(s[i]) : "v"(x), "v"(w));
    }
    MNET_PEAK_UNROLL
    for (int i = 1; i < MNET_PEAK_SUMS; i++)
        s[0] = _mm512_add_epi32(s[0], s[i]);
    return (float)_mm_cvtsi128_si32(_mm512_castsi512_si128(s[0]));
}

void mnet_peak_kernels_init_avx512_vnni(MnetPeakKernels *kernels) {
    mnet_peak_add(
        kernels, (MnetPeakKernel){peak_qs8_avx512_vnni, MNET_PEAK_SUMS * 64, "qs8", "avx512_vnni"});
}
