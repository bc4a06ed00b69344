#include "nn/kernels/image_rows.h"
#include "nn/kernels/x86/inline.h"

/** The first n of 16. */
MNET_INLINE __mmask16 first(int n) {
    return n >= 16 ? 0xffff : (__mmask16)((1u << n) - 1);
}

MNET_INLINE __m512 clamp_255(__m512 v) {
    return _mm512_min_ps(_mm512_max_ps(v, _mm512_setzero_ps()), _mm512_set1_ps(255));
}

static void color_avx512(float *const rgb[3], const int32_t *const component[3],
                         const MnetRowsColor *color, int n) {
    __m512 gain[3][3], offset[3];
    for (int c = 0; c < 3; c++) {
        for (int k = 0; k < 3; k++)
            gain[c][k] = _mm512_set1_ps(color->gain[c][k]);
        offset[c] = _mm512_set1_ps(color->offset[c]);
    }
    for (int i = 0; i < n; i += 16) {
        __mmask16 present = first(n - i);
        __m512 c0 = _mm512_cvtepi32_ps(_mm512_maskz_loadu_epi32(present, component[0] + i));
        __m512 c1 = _mm512_cvtepi32_ps(_mm512_maskz_loadu_epi32(present, component[1] + i));
        __m512 c2 = _mm512_cvtepi32_ps(_mm512_maskz_loadu_epi32(present, component[2] + i));
        for (int c = 0; c < 3; c++) {
            __m512 sum =
                _mm512_add_ps(_mm512_mul_ps(gain[c][0], c0), _mm512_mul_ps(gain[c][1], c1));
            sum = _mm512_add_ps(sum, _mm512_mul_ps(gain[c][2], c2));
            _mm512_mask_storeu_ps(rgb[c] + i, present, clamp_255(_mm512_add_ps(sum, offset[c])));
        }
    }
}

/** Sixteen pixels as dwords of three bytes each. */
MNET_INLINE __m512i quantize(const float *const rgb[3], int i, __mmask16 present,
                             const MnetRowsNormal *normal, const int order[3]) {
    __m512 lo = _mm512_set1_ps((float)normal->lo), hi = _mm512_set1_ps((float)normal->lo + 255);
    __m512i pixels = _mm512_setzero_si512();
    for (int c = 0; c < 3; c++) {
        __m512 t = _mm512_mul_ps(_mm512_maskz_loadu_ps(present, rgb[c] + i),
                                 _mm512_set1_ps(normal->mul[c]));
        t = _mm512_add_ps(t, _mm512_set1_ps(normal->add[c]));
        t = _mm512_min_ps(_mm512_max_ps(t, lo), hi); /* in this order NaN becomes lo */
        __m512i byte = _mm512_and_si512(_mm512_cvtps_epi32(t), _mm512_set1_epi32(255));
        pixels = _mm512_or_si512(pixels, _mm512_sll_epi32(byte, _mm_cvtsi32_si128(8 * order[c])));
    }
    return pixels;
}

static void pack_u8_avx512(uint8_t *out, const float *const rgb[3], const MnetRowsNormal *normal,
                           const int order[3], int n) {
    const __m512i squeeze = _mm512_broadcast_i32x4(
        _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1));
    const __m512i together =
        _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15);
    for (int i = 0; i < n; i += 16) {
        int count = n - i < 16 ? n - i : 16;
        __m512i v = _mm512_shuffle_epi8(quantize(rgb, i, first(count), normal, order), squeeze);
        v = _mm512_permutexvar_epi32(together, v);
        _mm512_mask_storeu_epi8(out + 3 * (ptrdiff_t)i, ((__mmask64)1 << 3 * count) - 1, v);
    }
}

void mnet_image_color_kernels_init_avx512(MnetRowsKernels *kernels) {
    kernels->color = color_avx512;
    kernels->pack_u8 = pack_u8_avx512;
}
