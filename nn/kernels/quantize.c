#include "nn/kernels/quantize.h"

#include "nn/base/cpu.h"

static void quantize_f32_qs8_c(size_t n, const float *x, float scale, MnetQuantRange range,
                               int8_t *y) {
    for (size_t i = 0; i < n; i++) {
        float steps = x[i] / scale;

        y[i] = mnet_requantize_f32_qs8(steps == steps ? steps : 0.0f, range);
    }
}

static void dequantize_qs8_f32_c(size_t n, const int8_t *x, float scale, int32_t zero_point,
                                 float *y) {
    for (size_t i = 0; i < n; i++)
        y[i] = (float)(x[i] - zero_point) * scale;
}

static void table_qs8_c(size_t n, const int8_t *x, const int8_t *table, int8_t *y) {
    for (size_t i = 0; i < n; i++)
        y[i] = table[(uint8_t)x[i]];
}

void mnet_quantize_kernels_init(MnetQuantizeKernels *kernels, uint32_t cpu_features) {
    kernels->quantize = quantize_f32_qs8_c;
    kernels->dequantize = dequantize_qs8_f32_c;
    kernels->table = table_qs8_c;
    kernels->quantize_name = "quantize_f32_qs8_c";
    kernels->table_name = "table_qs8_c";
#ifdef __x86_64__
    if (cpu_features & MNET_CPU_AVX2) {
        mnet_quantize_qs8_kernel_init_avx2(kernels);
        mnet_table_qs8_kernel_init_avx2(kernels);
    }
    if (cpu_features & MNET_CPU_AVX512)
        mnet_table_qs8_kernel_init_avx512(kernels);
#endif
}
