/** Depthwise convolution: channel c of the output comes from channel c of the input alone. NHWC. */
#ifndef MNET_KERNELS_DEPTHWISE_F32_H
#define MNET_KERNELS_DEPTHWISE_F32_H

#include <stddef.h>
#include <stdint.h>

/** acc[c] += x[t * x_step + c] * w[t * channels + c] for t < taps, in the order of t. acc overlaps neither. */
typedef void (*MnetDepthwiseF32)(size_t channels, size_t taps, const float *x, size_t x_step,
                                 const float *w, float *acc);

typedef struct MnetDepthwiseF32Kernels {
    MnetDepthwiseF32 run;
    const char *name;
} MnetDepthwiseF32Kernels;

/** The best kernels for a CPU with these features (nn/base/cpu.h). */
void mnet_depthwise_f32_kernels_init(MnetDepthwiseF32Kernels *kernels, uint32_t cpu_features);

#endif
