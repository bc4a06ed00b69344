#include "nn/kernels/binary.h"

#include "nn/base/cpu.h"

/* One loop for each form, so that what is constant is seen to be constant and the loops vectorise.
 */
#define FORMS(T, expression)                                                                       \
    if (a_step && b_step) {                                                                        \
        for (size_t i = 0; i < n; i++) {                                                           \
            const T p = a[i], q = b[i];                                                            \
            y[i] = (expression);                                                                   \
        }                                                                                          \
    } else if (a_step) {                                                                           \
        const T q = *b;                                                                            \
        for (size_t i = 0; i < n; i++) {                                                           \
            const T p = a[i];                                                                      \
            y[i] = (expression);                                                                   \
        }                                                                                          \
    } else {                                                                                       \
        const T p = *a;                                                                            \
        for (size_t i = 0; i < n; i++) {                                                           \
            const T q = b[i * b_step];                                                             \
            y[i] = (expression);                                                                   \
        }                                                                                          \
    }

#define F32_KERNEL(name, expression)                                                               \
    static void name##_f32_c(size_t n, const float *a, size_t a_step, const float *b,              \
                             size_t b_step, float *y) {                                            \
        FORMS(float, expression)                                                                   \
    }

F32_KERNEL(add, p + q)
F32_KERNEL(sub, p - q)
F32_KERNEL(mul, p *q)
F32_KERNEL(div, p / q)

#define QS8_KERNEL(name, expression)                                                               \
    static void name##_qs8_c(size_t n, const int8_t *a, size_t a_step, const int8_t *b,            \
                             size_t b_step, const MnetBinaryQuant *quant, int8_t *y) {             \
        const MnetBinaryQuant k = *quant;                                                          \
                                                                                                   \
        FORMS(int8_t, mnet_requantize_f32_qs8(expression, k.range))                                \
    }

QS8_KERNEL(add, mnet_quant_add(p, k.a_zero_point, k.ma, q, k.b_zero_point, k.mb))
QS8_KERNEL(sub, mnet_quant_add(p, k.a_zero_point, k.ma, q, k.b_zero_point, -k.mb))
QS8_KERNEL(mul, (float)((p - k.a_zero_point) * (q - k.b_zero_point)) * k.ma)
QS8_KERNEL(div, (float)(p - k.a_zero_point) * k.ma / (float)(q - k.b_zero_point))

void mnet_binary_kernels_init(MnetBinaryKernels *kernels, uint32_t cpu_features) {
    *kernels = (MnetBinaryKernels){
        .f32 = {add_f32_c, sub_f32_c, mul_f32_c, div_f32_c},
        .qs8 = {add_qs8_c, sub_qs8_c, mul_qs8_c, div_qs8_c},
        .f32_names = {"add_f32_c", "sub_f32_c", "mul_f32_c", "div_f32_c"},
        .qs8_names = {"add_qs8_c", "sub_qs8_c", "mul_qs8_c", "div_qs8_c"},
    };
#ifdef __x86_64__
    if (cpu_features & MNET_CPU_AVX2) {
        mnet_binary_f32_kernels_init_avx2(kernels);
        mnet_binary_qs8_kernels_init_avx2(kernels);
    }
    if (cpu_features & MNET_CPU_AVX512) {
        mnet_binary_f32_kernels_init_avx512(kernels);
        mnet_binary_qs8_kernels_init_avx512(kernels);
    }
#endif
}
