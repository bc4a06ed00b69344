#include "nn/kernels/requantize.h"

static void requantize_c(size_t count, const int32_t *restrict acc, const int32_t *restrict bias,
                         const float *restrict multiplier, MnetQuantRange range,
                         int8_t *restrict y) {
    for (size_t i = 0; i < count; i++) {
        int32_t sum = (int32_t)((uint32_t)acc[i] + (uint32_t)bias[i]);
        y[i] = mnet_requantize_f32_qs8((float)sum * multiplier[i], range);
    }
}

static void add_qs8_c(size_t count, const MnetQuantAdd *add, const int8_t *a, const int8_t *b,
                      int8_t *y) {
    const MnetQuantAdd p = *add;

    for (size_t i = 0; i < count; i++) {
        float sum = mnet_quant_add(a[i], p.a_zero_point, p.a_multiplier, b[i], p.b_zero_point,
                                   p.b_multiplier);
        y[i] = mnet_requantize_f32_qs8(sum, p.range);
    }
}

static void add_f32_c(size_t count, const float *a, const float *b, float *y) {
    for (size_t i = 0; i < count; i++)
        y[i] = a[i] + b[i];
}

void mnet_requantize_kernels_init(MnetRequantizeKernels *kernels, uint32_t cpu_features) {
    kernels->requantize = requantize_c;
    kernels->add_qs8 = add_qs8_c;
    kernels->add_f32 = add_f32_c;
}
