#include "nn/kernels/peak.h"

#include "nn/base/cpu.h"

enum { PRODUCTS = 256 };

/* What every SIMD of 128 bits has, without naming one. */
typedef float Vector __attribute__((vector_size(16)));

/* Factors that the compiler can't know, so that it neither foresees nor merges products. */
#define FORGET(array) __asm__ volatile("" : : "r"(array) : "memory")

static float peak_f32_c(size_t rounds) {
    const Vector w = {0.5f, 0.5f, 0.5f, 0.5f};
    Vector x[8], a = w, b = w, c = w, d = w, e = w, f = w, g = w, h = w;

    for (int i = 0; i < 8; i++)
        x[i] = w * 1e-3f;
    for (size_t r = 0; r < rounds; r++) {
        FORGET(x);
        a += x[0] * w;
        b += x[1] * w;
        c += x[2] * w;
        d += x[3] * w;
        e += x[4] * w;
        f += x[5] * w;
        g += x[6] * w;
        h += x[7] * w;
    }
    return (a + b + c + d + e + f + g + h)[0];
}

static float peak_qs8_c(size_t rounds) {
    int16_t x[PRODUCTS], w[4][PRODUCTS];
    int32_t a0 = 0, a1 = 0, a2 = 0, a3 = 0;

    for (int i = 0; i < PRODUCTS; i++) {
        x[i] = (int16_t)(i % 3 - 1);
        for (int j = 0; j < 4; j++)
            w[j][i] = (int16_t)((i + j) % 5 - 2);
    }
    for (size_t r = 0; r < rounds; r++) {
        FORGET(x);
        FORGET(w);
        for (int i = 0; i < PRODUCTS; i++) {
            a0 += x[i] * w[0][i];
            a1 += x[i] * w[1][i];
            a2 += x[i] * w[2][i];
            a3 += x[i] * w[3][i];
        }
        a0 &= 0xffff; /* a sum never overflows */
        a1 &= 0xffff;
        a2 &= 0xffff;
        a3 &= 0xffff;
    }
    return (float)(a0 + a1 + a2 + a3);
}

void mnet_peak_kernels_init(MnetPeakKernels *kernels, uint32_t cpu_features) {
    kernels->n = 0;
    mnet_peak_add(kernels, (MnetPeakKernel){peak_f32_c, 8 * 4, "f32", "c"});
    mnet_peak_add(kernels, (MnetPeakKernel){peak_qs8_c, 4 * PRODUCTS, "qs8", "c"});
#ifdef __x86_64__
    if (cpu_features & MNET_CPU_AVX2 && cpu_features & MNET_CPU_FMA)
        mnet_peak_kernels_init_avx2(kernels);
    if (cpu_features & MNET_CPU_AVX_VNNI)
        mnet_peak_kernels_init_avx_vnni(kernels);
    if (cpu_features & MNET_CPU_AVX512)
        mnet_peak_kernels_init_avx512(kernels);
    if (cpu_features & MNET_CPU_AVX512_VNNI)
        mnet_peak_kernels_init_avx512_vnni(kernels);
    if (cpu_features & MNET_CPU_AMX_INT8)
        mnet_peak_kernels_init_amx_int8(kernels);
    if (cpu_features & MNET_CPU_AMX_BF16)
        mnet_peak_kernels_init_amx_bf16(kernels);
#endif
}
