/** Element-wise arithmetic of two operands, along the innermost dimension of a broadcast. */
#ifndef MNET_KERNELS_BINARY_H
#define MNET_KERNELS_BINARY_H

#include "nn/kernels/quant.h"

#include <stddef.h>

typedef enum MnetBinaryKind {
    MNET_BINARY_ADD = 0,
    MNET_BINARY_SUB,
    MNET_BINARY_MUL,
    MNET_BINARY_DIV,
    MNET_BINARY_COUNT
} MnetBinaryKind;

/**
 * y[i] = a[i * a_step] op b[i * b_step], i < n, each step 0 (one value for all) or 1. y may be a or
 * b where its step is 1.
 */
typedef void (*MnetBinaryF32)(size_t n, const float *a, size_t a_step, const float *b,
                              size_t b_step, float *y);

/**
 * The same on quantised values, A = a - a_zero_point and B likewise, in steps of the output's
 * scale: ADD  A * ma + B * mb      ma = a.scale / y.scale, mb = b.scale / y.scale SUB  A * ma - B *
 * mb MUL  A * B * ma           ma = a.scale * b.scale / y.scale DIV  A * ma / B           ma =
 * a.scale / (b.scale * y.scale); A / 0 saturates, 0 / 0 is the range's lower bound
 */
typedef struct MnetBinaryQuant {
    int32_t a_zero_point, b_zero_point;
    float ma, mb;
    MnetQuantRange range;
} MnetBinaryQuant;

typedef void (*MnetBinaryQs8)(size_t n, const int8_t *a, size_t a_step, const int8_t *b,
                              size_t b_step, const MnetBinaryQuant *quant, int8_t *y);

typedef struct MnetBinaryKernels {
    MnetBinaryF32 f32[MNET_BINARY_COUNT];
    MnetBinaryQs8 qs8[MNET_BINARY_COUNT];
    const char *f32_names[MNET_BINARY_COUNT], *qs8_names[MNET_BINARY_COUNT];
} MnetBinaryKernels;

/** The best kernels for a CPU with these features (nn/base/cpu.h). */
void mnet_binary_kernels_init(MnetBinaryKernels *kernels, uint32_t cpu_features);

/** Tiers: each overrides what it has. */
void mnet_binary_f32_kernels_init_avx2(MnetBinaryKernels *kernels);
void mnet_binary_f32_kernels_init_avx512(MnetBinaryKernels *kernels);
void mnet_binary_qs8_kernels_init_avx2(MnetBinaryKernels *kernels);
void mnet_binary_qs8_kernels_init_avx512(MnetBinaryKernels *kernels);

#endif
