#include "nn/kernels/image_rows.h"
#include "nn/kernels/x86/inline.h"

#include <stdbool.h>
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

/** One channel of eight pixels, to be saturated at `lo` yet: where NaN goes, too. */
MNET_INLINE __m256i quantize(const float *v, __m256 mul, __m256 add, __m256 hi) {
    __m256 t = _mm256_add_ps(_mm256_mul_ps(_mm256_loadu_ps(v), mul), add);

    return _mm256_cvtps_epi32(_mm256_min_ps(hi, t)); /* in this order NaN stays */
}

/** Eight pixels of three bytes, and what follows them of zeros. */
MNET_INLINE __m256i interleave(__m256i a, __m256i b, __m256i c, bool is_signed) {
    const __m256i order = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11, -1, -1, -1, -1));
    const __m256i together = _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7);
    __m256i ab = _mm256_packs_epi32(a, b), cc = _mm256_packs_epi32(c, c);
    __m256i bytes = is_signed ? _mm256_packs_epi16(ab, cc) : _mm256_packus_epi16(ab, cc);

    return _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(bytes, order), together);
}

MNET_INLINE void pack(uint8_t *out, const float *const rgb[3], const MnetRowsNormal *normal,
                      const int order[3], int n, bool is_signed) {
    const __m256 hi = _mm256_set1_ps((float)normal->lo + 255);
    const float *from[3];
    __m256 mul[3], add[3];

    for (int c = 0; c < 3; c++) {
        from[order[c]] = rgb[c];
        mul[order[c]] = _mm256_set1_ps(normal->mul[c]);
        add[order[c]] = _mm256_set1_ps(normal->add[c]);
    }
    for (int i = 0; i < n; i += 8) {
        int bytes = 3 * (n - i);
        __m256i v = interleave(quantize(from[0] + i, mul[0], add[0], hi),
                               quantize(from[1] + i, mul[1], add[1], hi),
                               quantize(from[2] + i, mul[2], add[2], hi), is_signed);

        if (bytes >= 32) { /* the next ones overwrite the zeros */
            _mm256_storeu_si256((void *)(out + 3 * i), v);
        } else {
            uint8_t last[32];
            _mm256_storeu_si256((void *)last, v);
            memcpy(out + 3 * i, last, (size_t)(bytes < 24 ? bytes : 24));
        }
    }
}

static void pack_u8_avx2(uint8_t *out, const float *const rgb[3], const MnetRowsNormal *normal,
                         const int order[3], int n) {
    if (normal->lo)
        pack(out, rgb, normal, order, n, true);
    else
        pack(out, rgb, normal, order, n, false);
}

void mnet_image_color_kernels_init_avx2(MnetRowsKernels *kernels) {
    kernels->color = color_avx2;
    kernels->pack_u8 = pack_u8_avx2;
}
