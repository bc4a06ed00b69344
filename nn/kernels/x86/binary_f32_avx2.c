#include "nn/kernels/binary.h"
#include "nn/kernels/x86/float_avx2.h"

#define LANES 8

/* A step of 0 repeats one value. The last lanes are masked: all operands may end there. */
#define KERNEL(name, operation)                                                                    \
    static void name##_f32_avx2(size_t n, const float *a, size_t a_step, const float *b,           \
                                size_t b_step, float *y) {                                         \
        __m256 p = _mm256_broadcast_ss(a), q = _mm256_broadcast_ss(b);                             \
        size_t i = 0;                                                                              \
                                                                                                   \
        for (; i + LANES <= n; i += LANES) {                                                       \
            if (a_step)                                                                            \
                p = _mm256_loadu_ps(a + i);                                                        \
            if (b_step)                                                                            \
                q = _mm256_loadu_ps(b + i);                                                        \
            _mm256_storeu_ps(y + i, operation(p, q));                                              \
        }                                                                                          \
        if (i < n) {                                                                               \
            __m256i mask = mnet_mask_avx2(n - i);                                                  \
                                                                                                   \
            if (a_step)                                                                            \
                p = _mm256_maskload_ps(a + i, mask);                                               \
            if (b_step)                                                                            \
                q = _mm256_maskload_ps(b + i, mask);                                               \
            _mm256_maskstore_ps(y + i, mask, operation(p, q));                                     \
        }                                                                                          \
    }

KERNEL(add, _mm256_add_ps)
KERNEL(sub, _mm256_sub_ps)
KERNEL(mul, _mm256_mul_ps)
KERNEL(div, _mm256_div_ps)

void mnet_binary_f32_kernels_init_avx2(MnetBinaryKernels *kernels) {
    static const MnetBinaryF32 run[] = {add_f32_avx2, sub_f32_avx2, mul_f32_avx2, div_f32_avx2};
    static const char *const names[] = {"add_f32_avx2", "sub_f32_avx2", "mul_f32_avx2",
                                        "div_f32_avx2"};

    for (int i = 0; i < MNET_BINARY_COUNT; i++) {
        kernels->f32[i] = run[i];
        kernels->f32_names[i] = names[i];
    }
}
