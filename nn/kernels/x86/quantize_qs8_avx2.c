#include "nn/kernels/quantize.h"
#include "nn/kernels/x86/inline.h"

#include <string.h>

typedef struct Constants {
    __m256 scale, lo, hi;
    __m256i zero_point; /* s16 */
} Constants;

/* Eight numbers in steps from the zero point; NaN is none. */
MNET_INLINE __m256i steps(const Constants *k, const float *x) {
    __m256 y = _mm256_div_ps(_mm256_loadu_ps(x), k->scale);

    y = _mm256_and_ps(y, _mm256_cmp_ps(y, y, _CMP_ORD_Q));
    return _mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(y, k->lo), k->hi));
}

MNET_INLINE __m256i steps16(const Constants *k, const float *x) {
    return _mm256_adds_epi16(_mm256_packs_epi32(steps(k, x), steps(k, x + 8)), k->zero_point);
}

/* Packs work in halves of 128 bits: four bytes of each vector. */
MNET_INLINE void block(const Constants *k, const float *x, int8_t *y) {
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    __m256i bytes = _mm256_packs_epi16(steps16(k, x), steps16(k, x + 16));

    _mm256_storeu_si256((__m256i *)y, _mm256_permutevar8x32_epi32(bytes, order));
}

static void quantize_qs8_avx2(size_t n, const float *x, float scale, MnetQuantRange range,
                              int8_t *y) {
    const Constants k = {
        .scale = _mm256_set1_ps(scale),
        .lo = _mm256_set1_ps(range.lo),
        .hi = _mm256_set1_ps(range.hi),
        .zero_point = _mm256_set1_epi16((short)range.zero_point),
    };
    float rest[32] = {0};
    int8_t part[32];
    size_t i = 0;

    for (; i + 32 <= n; i += 32)
        block(&k, x + i, y + i);
    if (i == n)
        return;
    memcpy(rest, x + i, (n - i) * sizeof(*x));
    block(&k, rest, part);
    memcpy(y + i, part, n - i);
}

void mnet_quantize_qs8_kernel_init_avx2(MnetQuantizeKernels *kernels) {
    kernels->quantize = quantize_qs8_avx2;
    kernels->quantize_name = "quantize_qs8_avx2";
}
