#include "nn/kernels/peak.h"
#include "nn/kernels/x86/peak_sums.h"

#include <immintrin.h>

static float peak_qs8_avx_vnni(size_t rounds) {
    __m256i x = _mm256_set1_epi8(1), w = _mm256_set1_epi8(-2), s[MNET_PEAK_SUMS];

    MNET_PEAK_UNROLL
    for (int i = 0; i < MNET_PEAK_SUMS; i++)
        s[i] = _mm256_setzero_si256();
    for (size_t r = 0; r < rounds; r++) {
        MNET_PEAK_UNROLL
        for (int i = 0; i < MNET_PEAK_SUMS; i++) /* of the intrinsic gcc 12 makes moves too */
            __asm__ volatile("%{vex%} vpdpbusd %2, %1, %0" : "+x"(s[i]) : "x"(x), "x"(w));
    }
    MNET_PEAK_UNROLL
    for (int i = 1; i < MNET_PEAK_SUMS; i++)
        s[0] = _mm256_add_epi32(s[0], s[i]);
    return (float)_mm256_extract_epi32(s[0], 0);
}

void mnet_peak_kernels_init_avx_vnni(MnetPeakKernels *kernels) {
    mnet_peak_add(kernels,
                  (MnetPeakKernel){peak_qs8_avx_vnni, MNET_PEAK_SUMS * 32, "qs8", "avx_vnni"});
}
