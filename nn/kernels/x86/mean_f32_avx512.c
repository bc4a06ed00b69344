#include "nn/kernels/mean.h"
#include "nn/kernels/x86/float_avx512.h"

#define LANES 16

/* The sums of `vectors` vectors of columns over all rows, the last one's first lanes alone: several
 * at once, as each waits for its own result. */
MNET_INLINE void sum_columns(int vectors, __mmask16 last, size_t rows, const float *x,
                             ptrdiff_t row_stride, float *sums) {
    __m512 s[4];

    MNET_UNROLL
    for (int v = 0; v < vectors; v++)
        s[v] = _mm512_maskz_loadu_ps(v < vectors - 1 ? 0xffff : last, sums + v * LANES);
    for (size_t r = 0; r < rows; r++, x += row_stride) {
        MNET_UNROLL
        for (int v = 0; v < vectors; v++) {
            __mmask16 mask = v < vectors - 1 ? 0xffff : last;
            s[v] = _mm512_add_ps(s[v], _mm512_maskz_loadu_ps(mask, x + v * LANES));
        }
    }
    MNET_UNROLL
    for (int v = 0; v < vectors; v++)
        _mm512_mask_storeu_ps(sums + v * LANES, v < vectors - 1 ? 0xffff : last, s[v]);
}

/* A block is at most 4 vectors. */
static void sum_f32_avx512(size_t rows, size_t cols, const float *x, ptrdiff_t row_stride,
                           ptrdiff_t col_stride, float *sums) {
    __mmask16 last = mnet_mask_avx512((cols - 1) % LANES + 1);

    if (col_stride == 1) {
        if (cols > 3 * LANES)
            sum_columns(4, last, rows, x, row_stride, sums);
        else if (cols > 2 * LANES)
            sum_columns(3, last, rows, x, row_stride, sums);
        else if (cols > LANES)
            sum_columns(2, last, rows, x, row_stride, sums);
        else if (cols > 0)
            sum_columns(1, last, rows, x, row_stride, sums);
        return;
    }
    for (size_t c = 0; c < cols; c++, x += col_stride) {
        float sum = sums[c];

        for (size_t r = 0; r < rows; r++)
            sum += x[(ptrdiff_t)r * row_stride];
        sums[c] = sum;
    }
}

void mnet_mean_f32_kernels_init_avx512(MnetMeanKernels *kernels) {
    kernels->sum_f32 = sum_f32_avx512;
    kernels->f32_name = "mean_f32_avx512";
}
