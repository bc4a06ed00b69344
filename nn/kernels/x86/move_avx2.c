/* Three planes to pixels, which is how pictures come and go; all else is as in C. */
#include "nn/kernels/move.h"

#include "nn/kernels/x86/inline.h"

typedef uint32_t __attribute__((aligned(1), may_alias)) Element;

/* Sixteen pixels are three vectors: in each, the bytes that a plane has there go to their places.
 */
static void transpose_x8_avx2(size_t rows, size_t cols, const void *x, ptrdiff_t x_stride, void *y,
                              ptrdiff_t y_stride) {
    const __m128i places[3][3] = {
        {_mm_setr_epi8(0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1, 5),
         _mm_setr_epi8(-1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1, -1),
         _mm_setr_epi8(-1, -1, 0, -1, -1, 1, -1, -1, 2, -1, -1, 3, -1, -1, 4, -1)},
        {_mm_setr_epi8(-1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10, -1),
         _mm_setr_epi8(5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1, 10),
         _mm_setr_epi8(-1, 5, -1, -1, 6, -1, -1, 7, -1, -1, 8, -1, -1, 9, -1, -1)},
        {_mm_setr_epi8(-1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1, -1),
         _mm_setr_epi8(-1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15, -1),
         _mm_setr_epi8(10, -1, -1, 11, -1, -1, 12, -1, -1, 13, -1, -1, 14, -1, -1, 15)},
    };
    const uint8_t *from = x;
    uint8_t *to = y;
    size_t n = cols == 3 && y_stride == 3 ? rows : 0, i = 0;

    for (; i + 16 <= n; i += 16, to += 48) {
        __m128i planes[3];

        MNET_UNROLL
        for (int c = 0; c < 3; c++)
            planes[c] = _mm_loadu_si128((const __m128i *)(from + c * x_stride + i));
        MNET_UNROLL
        for (int third = 0; third < 3; third++) {
            __m128i bytes = _mm_or_si128(_mm_shuffle_epi8(planes[0], places[third][0]),
                                         _mm_shuffle_epi8(planes[1], places[third][1]));

            bytes = _mm_or_si128(bytes, _mm_shuffle_epi8(planes[2], places[third][2]));
            _mm_storeu_si128((__m128i *)(to + 16 * third), bytes);
        }
    }
    mnet_transpose_c[0](rows - i, cols, from + i, x_stride, to, y_stride);
}

/* Lane i of third t is channel (2 t + i) % 3. */
static void transpose_x32_avx2(size_t rows, size_t cols, const void *x, ptrdiff_t x_stride, void *y,
                               ptrdiff_t y_stride) {
    const __m256i pixels[3] = {_mm256_setr_epi32(0, 0, 0, 1, 1, 1, 2, 2),
                               _mm256_setr_epi32(2, 3, 3, 3, 4, 4, 4, 5),
                               _mm256_setr_epi32(5, 5, 6, 6, 6, 7, 7, 7)};
    const Element *from = x;
    Element *to = y;
    size_t n = cols == 3 && y_stride == 3 ? rows : 0, i = 0;

    for (; i + 8 <= n; i += 8, to += 24) {
        __m256i planes[3];

        MNET_UNROLL
        for (int c = 0; c < 3; c++)
            planes[c] = _mm256_loadu_si256((const __m256i *)(from + c * x_stride + i));
        MNET_UNROLL
        for (int t = 0; t < 3; t++) {
            __m256i at[3];

            MNET_UNROLL
            for (int c = 0; c < 3; c++)
                at[c] = _mm256_permutevar8x32_epi32(planes[(2 * t + c) % 3], pixels[t]);
            at[0] = _mm256_blend_epi32(at[0], at[1], 0x92);
            _mm256_storeu_si256((__m256i *)(to + 8 * t), _mm256_blend_epi32(at[0], at[2], 0x24));
        }
    }
    mnet_transpose_c[2](rows - i, cols, from + i, x_stride, to, y_stride);
}

void mnet_move_kernels_init_avx2(MnetMoveKernels *kernels) {
    kernels->transpose[0] = transpose_x8_avx2;
    kernels->transpose[2] = transpose_x32_avx2;
}
