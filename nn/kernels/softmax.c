#include "nn/kernels/softmax.h"

#include "nn/kernels/activation.h"

static void softmax_f32_c(size_t n, const float *x, ptrdiff_t stride, float beta, float *y) {
    float most = -INFINITY, sum = 0.0f;

    for (size_t i = 0; i < n; i++)
        most = fmaxf(most, beta * x[(ptrdiff_t)i * stride]);
    for (size_t i = 0; i < n; i++) {
        float e = mnet_exp_f32(beta * x[(ptrdiff_t)i * stride] - most);

        y[(ptrdiff_t)i * stride] = e;
        sum += e;
    }
    for (size_t i = 0; i < n; i++)
        y[(ptrdiff_t)i * stride] /= sum;
}

static void softmax_qs8_c(size_t n, const int8_t *x, ptrdiff_t stride, const int32_t *exp_table,
                          float scale, MnetQuantRange range, int8_t *y) {
    int32_t most = INT8_MIN;
    int64_t sum = 0;
    float multiplier;

    for (size_t i = 0; i < n; i++) {
        int32_t q = x[(ptrdiff_t)i * stride];

        most = q > most ? q : most;
    }
    for (size_t i = 0; i < n; i++)
        sum += exp_table[most - x[(ptrdiff_t)i * stride]];
    multiplier = (float)(1.0 / ((double)sum * (double)scale));
    for (size_t i = 0; i < n; i++) {
        float e = (float)exp_table[most - x[(ptrdiff_t)i * stride]];

        y[(ptrdiff_t)i * stride] = mnet_requantize_f32_qs8(e * multiplier, range);
    }
}

void mnet_softmax_kernels_init(MnetSoftmaxKernels *kernels, uint32_t cpu_features) {
    kernels->f32 = softmax_f32_c;
    kernels->qs8 = softmax_qs8_c;
}
