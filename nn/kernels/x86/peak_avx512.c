#include "nn/kernels/peak.h"
#include "nn/kernels/x86/peak_sums.h"

#include <immintrin.h>

static float peak_f32_avx512(size_t rounds) {
    __m512 x = _mm512_set1_ps(1e-3f), w = _mm512_set1_ps(0.5f), s[MNET_PEAK_SUMS];

    MNET_PEAK_UNROLL
    for (int i = 0; i < MNET_PEAK_SUMS; i++) {
        s[i] = _mm512_setzero_ps();
        MNET_PEAK_FORGET(s[i]);
    }
    for (size_t r = 0; r < rounds; r++) {
        MNET_PEAK_UNROLL
        for (int i = 0; i < MNET_PEAK_SUMS; i++)
            s[i] = _mm512_fmadd_ps(x, w, s[i]);
    }
    MNET_PEAK_UNROLL
    for (int i = 1; i < MNET_PEAK_SUMS; i++)
        s[0] = _mm512_add_ps(s[0], s[i]);
    return _mm512_cvtss_f32(s[0]);
}

void mnet_peak_kernels_init_avx512(MnetPeakKernels *kernels) {
    mnet_peak_add(kernels, (MnetPeakKernel){peak_f32_avx512, MNET_PEAK_SUMS * 16, "f32", "avx512"});
}
