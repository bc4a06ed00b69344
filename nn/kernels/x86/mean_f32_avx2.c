#include "nn/kernels/mean.h"
#include "nn/kernels/x86/float_avx2.h"

#define LANES 8

/* The sums of `vectors` vectors of columns over all rows: several at once, as each waits for its
 * own result. */
MNET_INLINE void sum_columns(int vectors, size_t rows, const float *x, ptrdiff_t row_stride,
                             float *sums) {
    __m256 s[4];

    MNET_UNROLL
    for (int v = 0; v < vectors; v++)
        s[v] = _mm256_loadu_ps(sums + v * LANES);
    for (size_t r = 0; r < rows; r++, x += row_stride) {
        MNET_UNROLL
        for (int v = 0; v < vectors; v++)
            s[v] = _mm256_add_ps(s[v], _mm256_loadu_ps(x + v * LANES));
    }
    MNET_UNROLL
    for (int v = 0; v < vectors; v++)
        _mm256_storeu_ps(sums + v * LANES, s[v]);
}

static void sum_f32_avx2(size_t rows, size_t cols, const float *x, ptrdiff_t row_stride,
                         ptrdiff_t col_stride, float *sums) {
    size_t c = 0;

    if (col_stride == 1) {
        for (; c + 4 * LANES <= cols; c += 4 * LANES)
            sum_columns(4, rows, x + c, row_stride, sums + c);
        for (; c + LANES <= cols; c += LANES)
            sum_columns(1, rows, x + c, row_stride, sums + c);
    }
    for (; c < cols; c++) {
        const float *column = x + (ptrdiff_t)c * col_stride;
        float sum = sums[c];

        for (size_t r = 0; r < rows; r++)
            sum += column[(ptrdiff_t)r * row_stride];
        sums[c] = sum;
    }
}

void mnet_mean_f32_kernels_init_avx2(MnetMeanKernels *kernels) {
    kernels->sum_f32 = sum_f32_avx2;
    kernels->f32_name = "mean_f32_avx2";
}
