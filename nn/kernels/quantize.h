/** Between floats and quantised values, and from one quantised value to another. x may be y where
 * both have one type. */
#ifndef MNET_KERNELS_QUANTIZE_H
#define MNET_KERNELS_QUANTIZE_H

#include "nn/kernels/quant.h"

#include <stddef.h>

typedef struct MnetQuantizeKernels {
    /** y[i] = x[i] / scale, rounded and saturated as `range` says; NaN gives the zero point. */
    void (*quantize)(size_t n, const float *x, float scale, MnetQuantRange range, int8_t *y);
    /** y[i] = (x[i] - zero_point) * scale */
    void (*dequantize)(size_t n, const int8_t *x, float scale, int32_t zero_point, float *y);
    /** y[i] = table[(uint8_t)x[i]], the table having 256 entries. */
    void (*table)(size_t n, const int8_t *x, const int8_t *table, int8_t *y);
    const char *quantize_name, *table_name;
} MnetQuantizeKernels;

/** The best kernels for a CPU with these features (nn/base/cpu.h). */
void mnet_quantize_kernels_init(MnetQuantizeKernels *kernels, uint32_t cpu_features);

/** Tiers: each overrides what it has. */
void mnet_quantize_qs8_kernel_init_avx2(MnetQuantizeKernels *kernels);
void mnet_table_qs8_kernel_init_avx2(MnetQuantizeKernels *kernels);
void mnet_table_qs8_kernel_init_avx512(MnetQuantizeKernels *kernels);

#endif
