#include "nn/kernels/requantize.h"

static void requantize(size_t count, const int32_t *restrict sums, const int32_t *restrict bias,
                       const float *restrict multiplier, MnetQuantRange range, int8_t *restrict y) {
    for (size_t i = 0; i < count; i++) {
        int32_t sum = (int32_t)((uint32_t)sums[i] + (uint32_t)bias[i]);
        y[i] = mnet_requantize_f32_qs8((float)sum * multiplier[i], range);
    }
}

static void requantize_add(size_t count, const int32_t *sums, const int32_t *bias,
                           const float *multiplier, MnetQuantRange range, MnetQuantAdd add,
                           const int8_t *residual, int8_t *y) {
    for (size_t i = 0; i < count; i++) {
        int32_t sum = (int32_t)((uint32_t)sums[i] + (uint32_t)bias[i]);
        int8_t inner = mnet_requantize_f32_qs8((float)sum * multiplier[i], range);
        float both = mnet_quant_add(inner, add.a_zero_point, add.a_multiplier, residual[i],
                                    add.b_zero_point, add.b_multiplier);
        y[i] = mnet_requantize_f32_qs8(both, add.range);
    }
}

void mnet_epilogue_qs8_c(const MnetEpilogueQs8 *epilogue, size_t count, const int32_t *sums,
                         const int32_t *bias, const float *multiplier, const int8_t *residual,
                         int8_t *y) {
    if (epilogue->add)
        requantize_add(count, sums, bias, multiplier, epilogue->range, *epilogue->add, residual, y);
    else
        requantize(count, sums, bias, multiplier, epilogue->range, y);
}

static void add_f32_c(size_t count, const float *a, const float *b, float *y) {
    for (size_t i = 0; i < count; i++)
        y[i] = a[i] + b[i];
}

void mnet_requantize_kernels_init(MnetRequantizeKernels *kernels, uint32_t cpu_features) {
    kernels->add_f32 = add_f32_c;
}
