/** Depthwise convolution: channel c of the output comes from channel c of the input alone. NHWC. */
#ifndef MNET_KERNELS_DEPTHWISE_H
#define MNET_KERNELS_DEPTHWISE_H

#include <stddef.h>
#include <stdint.h>

/** acc[c] += x[t * x_step + c] * w[t * channels + c] for t < taps, in the order of t. acc overlaps neither. */
typedef void (*MnetDepthwiseF32)(size_t channels, size_t taps, const float *x, size_t x_step,
                                 const float *w, float *acc);
/** The same, exact; |x| and |w| up to 255. */
typedef void (*MnetDepthwiseS16)(size_t channels, size_t taps, const int16_t *x, size_t x_step,
                                 const int16_t *w, int32_t *acc);

typedef struct MnetDepthwiseKernels {
    MnetDepthwiseF32 f32;
    MnetDepthwiseS16 s16;
    const char *f32_name, *s16_name;
} MnetDepthwiseKernels;

/** The best kernels for a CPU with these features (nn/base/cpu.h). */
void mnet_depthwise_kernels_init(MnetDepthwiseKernels *kernels, uint32_t cpu_features);

#endif
