#include "nn/kernels/peak.h"
#include "nn/kernels/x86/float_avx2.h"

/* More sums than the latency of a multiply-add times its rate: 4 or 5 cycles by 2. */
#define SUMS 12

/* Another value for all that the compiler knows, so that it neither merges what is alike nor moves
 * it. */
#define FORGET(value) __asm__ volatile("" : "+x"(value))

static float peak_f32_avx2(size_t rounds) {
    __m256 x = _mm256_set1_ps(1e-3f), w = _mm256_set1_ps(0.5f), s[SUMS];
    float total[8];

    MNET_UNROLL
    for (int i = 0; i < SUMS; i++) {
        s[i] = _mm256_setzero_ps();
        FORGET(s[i]);
    }
    for (size_t r = 0; r < rounds; r++) {
        MNET_UNROLL
        for (int i = 0; i < SUMS; i++)
            s[i] = _mm256_fmadd_ps(x, w, s[i]);
    }
    MNET_UNROLL
    for (int i = 1; i < SUMS; i++)
        s[0] = _mm256_add_ps(s[0], s[i]);
    _mm256_storeu_ps(total, s[0]);
    return total[0];
}

/* The exact product of the int8 kernels: bytes widened to 16 bits, pairs of products added to 32
 * bits. */
static int32_t peak_qs8_avx2(size_t rounds) {
    __m256i x = _mm256_set1_epi16(1), w = _mm256_set1_epi16(-2), s[SUMS];

    MNET_UNROLL
    for (int i = 0; i < SUMS; i++) {
        s[i] = _mm256_setzero_si256();
        FORGET(s[i]);
    }
    for (size_t r = 0; r < rounds; r++) {
        MNET_UNROLL
        for (int i = 0; i < SUMS; i++) {
            FORGET(x);
            s[i] = _mm256_add_epi32(s[i], _mm256_madd_epi16(x, w));
            FORGET(s[i]);
        }
    }
    MNET_UNROLL
    for (int i = 1; i < SUMS; i++)
        s[0] = _mm256_add_epi32(s[0], s[i]);
    return _mm256_extract_epi32(s[0], 0);
}

void mnet_peak_kernels_init_avx2(MnetPeakKernels *kernels) {
    kernels->f32 = peak_f32_avx2;
    kernels->qs8 = peak_qs8_avx2;
    kernels->f32_macs = SUMS * 8;
    kernels->qs8_macs = SUMS * 16;
    kernels->f32_name = "peak_f32_avx2";
    kernels->qs8_name = "peak_qs8_avx2";
}
