#include "nn/kernels/binary.h"
#include "nn/kernels/x86/float_avx512.h"

#define LANES 16

/* A step of 0 repeats one value. The last lanes are masked: all operands may end there. */
#define KERNEL(name, operation)                                                                    \
    static void name##_f32_avx512(size_t n, const float *a, size_t a_step, const float *b,         \
                                  size_t b_step, float *y) {                                       \
        __m512 p = _mm512_set1_ps(*a), q = _mm512_set1_ps(*b);                                     \
        size_t i = 0;                                                                              \
                                                                                                   \
        for (; i + LANES <= n; i += LANES) {                                                       \
            if (a_step)                                                                            \
                p = _mm512_loadu_ps(a + i);                                                        \
            if (b_step)                                                                            \
                q = _mm512_loadu_ps(b + i);                                                        \
            _mm512_storeu_ps(y + i, operation(p, q));                                              \
        }                                                                                          \
        if (i < n) {                                                                               \
            __mmask16 mask = mnet_mask_avx512(n - i);                                              \
                                                                                                   \
            if (a_step)                                                                            \
                p = _mm512_maskz_loadu_ps(mask, a + i);                                            \
            if (b_step)                                                                            \
                q = _mm512_maskz_loadu_ps(mask, b + i);                                            \
            _mm512_mask_storeu_ps(y + i, mask, operation(p, q));                                   \
        }                                                                                          \
    }

KERNEL(add, _mm512_add_ps)
KERNEL(sub, _mm512_sub_ps)
KERNEL(mul, _mm512_mul_ps)
KERNEL(div, _mm512_div_ps)

void mnet_binary_f32_kernels_init_avx512(MnetBinaryKernels *kernels) {
    static const MnetBinaryF32 run[] = {add_f32_avx512, sub_f32_avx512, mul_f32_avx512,
                                        div_f32_avx512};
    static const char *const names[] = {"add_f32_avx512", "sub_f32_avx512", "mul_f32_avx512",
                                        "div_f32_avx512"};

    for (int i = 0; i < MNET_BINARY_COUNT; i++) {
        kernels->f32[i] = run[i];
        kernels->f32_names[i] = names[i];
    }
}
