#include "nn/kernels/mean.h"
#include "nn/kernels/x86/inline.h"

#define LANES 32
#define PAIRS 64 /* of rows: their sums fit in 16 bits, 256 a pair at most */

MNET_INLINE void add_sums(__m256i s16, int32_t *lo, int32_t *hi) {
    __m256i a = _mm256_cvtepi16_epi32(_mm256_castsi256_si128(s16));
    __m256i b = _mm256_cvtepi16_epi32(_mm256_extracti128_si256(s16, 1));

    _mm256_storeu_si256((__m256i *)lo, _mm256_add_epi32(_mm256_loadu_si256((__m256i *)lo), a));
    _mm256_storeu_si256((__m256i *)hi, _mm256_add_epi32(_mm256_loadu_si256((__m256i *)hi), b));
}

/* 32 columns, of two rows at a time; a last one is paired with zeros. */
static void sum_columns(size_t rows, const int8_t *x, ptrdiff_t row_stride, int32_t *sums) {
    const __m256i ones = _mm256_set1_epi8(1);

    while (rows) {
        __m256i lo = _mm256_setzero_si256(), hi = lo;

        for (int i = 0; i < PAIRS && rows; i++, x += 2 * row_stride) {
            __m256i a = _mm256_loadu_si256((const __m256i *)x), b = _mm256_setzero_si256();

            if (rows > 1)
                b = _mm256_loadu_si256((const __m256i *)(x + row_stride));
            rows -= rows > 1 ? 2 : 1;
            lo = _mm256_add_epi16(lo, _mm256_maddubs_epi16(ones, _mm256_unpacklo_epi8(a, b)));
            hi = _mm256_add_epi16(hi, _mm256_maddubs_epi16(ones, _mm256_unpackhi_epi8(a, b)));
        }
        add_sums(lo, sums, sums + 16); /* columns 0 to 7, 16 to 23; hi has the others */
        add_sums(hi, sums + 8, sums + 24);
    }
}

static void sum_eight_columns(size_t rows, const int8_t *x, ptrdiff_t row_stride, int32_t *sums) {
    __m256i s = _mm256_loadu_si256((const __m256i *)sums);

    for (; rows; rows--, x += row_stride)
        s = _mm256_add_epi32(s, _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)x)));
    _mm256_storeu_si256((__m256i *)sums, s);
}

static void sum_qs8_avx2(size_t rows, size_t cols, const int8_t *x, ptrdiff_t row_stride,
                         ptrdiff_t col_stride, int32_t *sums) {
    size_t c = 0;

    if (col_stride == 1) {
        for (; c + LANES <= cols; c += LANES)
            sum_columns(rows, x + c, row_stride, sums + c);
        for (; c + 8 <= cols; c += 8)
            sum_eight_columns(rows, x + c, row_stride, sums + c);
    }
    for (; c < cols; c++) {
        const int8_t *column = x + (ptrdiff_t)c * col_stride;
        int32_t sum = sums[c];

        for (size_t r = 0; r < rows; r++)
            sum += column[(ptrdiff_t)r * row_stride];
        sums[c] = sum;
    }
}

void mnet_mean_qs8_kernels_init_avx2(MnetMeanKernels *kernels) {
    kernels->sum_qs8 = sum_qs8_avx2;
    kernels->qs8_name = "mean_qs8_avx2";
}
