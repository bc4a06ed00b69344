#include "nn/kernels/peak.h"
#include "nn/kernels/x86/peak_sums.h"

#include <immintrin.h>

static float peak_f32_avx2(size_t rounds) {
    __m256 x = _mm256_set1_ps(1e-3f), w = _mm256_set1_ps(0.5f), s[MNET_PEAK_SUMS];
    float total[8];

    MNET_PEAK_UNROLL
    for (int i = 0; i < MNET_PEAK_SUMS; i++) {
        s[i] = _mm256_setzero_ps();
        MNET_PEAK_FORGET(s[i]);
    }
    for (size_t r = 0; r < rounds; r++) {
        MNET_PEAK_UNROLL
        for (int i = 0; i < MNET_PEAK_SUMS; i++)
            s[i] = _mm256_fmadd_ps(x, w, s[i]);
    }
    MNET_PEAK_UNROLL
    for (int i = 1; i < MNET_PEAK_SUMS; i++)
        s[0] = _mm256_add_ps(s[0], s[i]);
    _mm256_storeu_ps(total, s[0]);
    return total[0];
}

/* The exact product of the int8 kernels: bytes widened to 16 bits, pairs of products added to 32
 * bits. */
static float peak_qs8_avx2(size_t rounds) {
    __m256i x = _mm256_set1_epi16(1), w = _mm256_set1_epi16(-2), s[MNET_PEAK_SUMS];

    MNET_PEAK_UNROLL
    for (int i = 0; i < MNET_PEAK_SUMS; i++) {
        s[i] = _mm256_setzero_si256();
        MNET_PEAK_FORGET(s[i]);
    }
    for (size_t r = 0; r < rounds; r++) {
        MNET_PEAK_UNROLL
        for (int i = 0; i < MNET_PEAK_SUMS; i++) {
            MNET_PEAK_FORGET(x);
            s[i] = _mm256_add_epi32(s[i], _mm256_madd_epi16(x, w));
            MNET_PEAK_FORGET(s[i]);
        }
    }
    MNET_PEAK_UNROLL
    for (int i = 1; i < MNET_PEAK_SUMS; i++)
        s[0] = _mm256_add_epi32(s[0], s[i]);
    return (float)_mm256_extract_epi32(s[0], 0);
}

void mnet_peak_kernels_init_avx2(MnetPeakKernels *kernels) {
    mnet_peak_add(kernels, (MnetPeakKernel){peak_f32_avx2, MNET_PEAK_SUMS * 8, "f32", "avx2"});
    mnet_peak_add(kernels, (MnetPeakKernel){peak_qs8_avx2, MNET_PEAK_SUMS * 16, "qs8", "avx2"});
}
