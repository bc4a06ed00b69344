#include "nn/kernels/image_rows.h"
#include "nn/kernels/x86/inline.h"

#include <string.h>

MNET_INLINE __m256i load(const void *at) {
    return _mm256_loadu_si256(at);
}

MNET_INLINE __m256 clamp_255(__m256 v) {
    return _mm256_min_ps(_mm256_max_ps(v, _mm256_setzero_ps()), _mm256_set1_ps(255));
}

static void color_avx2(float *const rgb[3], const int32_t *const component[3],
                       const MnetRowsColor *color, int n) {
    __m256 gain[3][3], offset[3];
    for (int c = 0; c < 3; c++) {
        for (int k = 0; k < 3; k++)
            gain[c][k] = _mm256_set1_ps(color->gain[c][k]);
        offset[c] = _mm256_set1_ps(color->offset[c]);
    }
    for (int i = 0; i < n; i += 8) {
        __m256 c0 = _mm256_cvtepi32_ps(load(component[0] + i));
        __m256 c1 = _mm256_cvtepi32_ps(load(component[1] + i));
        __m256 c2 = _mm256_cvtepi32_ps(load(component[2] + i));
        for (int c = 0; c < 3; c++) {
            __m256 sum =
                _mm256_add_ps(_mm256_mul_ps(gain[c][0], c0), _mm256_mul_ps(gain[c][1], c1));
            sum = _mm256_add_ps(sum, _mm256_mul_ps(gain[c][2], c2));
            _mm256_storeu_ps(rgb[c] + i, clamp_255(_mm256_add_ps(sum, offset[c])));
        }
    }
}

/** Eight pixels as dwords of three bytes each. */
MNET_INLINE __m256i quantize(const float *const rgb[3], int i, const MnetRowsNormal *normal,
                             const int order[3]) {
    __m256 lo = _mm256_set1_ps((float)normal->lo), hi = _mm256_set1_ps((float)normal->lo + 255);
    __m256i pixels = _mm256_setzero_si256();
    for (int c = 0; c < 3; c++) {
        __m256 t = _mm256_mul_ps(_mm256_loadu_ps(rgb[c] + i), _mm256_set1_ps(normal->mul[c]));
        t = _mm256_add_ps(t, _mm256_set1_ps(normal->add[c]));
        t = _mm256_min_ps(_mm256_max_ps(t, lo), hi); /* in this order NaN becomes lo */
        __m256i byte = _mm256_and_si256(_mm256_cvtps_epi32(t), _mm256_set1_epi32(255));
        pixels = _mm256_or_si256(pixels, _mm256_sll_epi32(byte, _mm_cvtsi32_si128(8 * order[c])));
    }
    return pixels;
}

static void pack_u8_avx2(uint8_t *out, const float *const rgb[3], const MnetRowsNormal *normal,
                         const int order[3], int n) {
    const __m256i squeeze = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    const __m256i together = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7);
    for (int i = 0; i < n; i += 8) {
        __m256i v = _mm256_shuffle_epi8(quantize(rgb, i, normal, order), squeeze);
        v = _mm256_permutevar8x32_epi32(v, together);
        if (i + 8 <= n) {
            _mm_storeu_si128((void *)(out + 3 * i), _mm256_castsi256_si128(v));
            _mm_storel_epi64((void *)(out + 3 * i + 16), _mm256_extracti128_si256(v, 1));
        } else {
            uint8_t tail[32];
            _mm256_storeu_si256((void *)tail, v);
            memcpy(out + 3 * i, tail, (size_t)(3 * (n - i)));
        }
    }
}

void mnet_image_color_kernels_init_avx2(MnetRowsKernels *kernels) {
    kernels->color = color_avx2;
    kernels->pack_u8 = pack_u8_avx2;
}
