/** Depthwise convolution: channel c of the output comes from channel c of the input alone. NHWC. */
#ifndef MNET_KERNELS_DEPTHWISE_QS8_H
#define MNET_KERNELS_DEPTHWISE_QS8_H

#include <stddef.h>
#include <stdint.h>

/** acc[c] += x[t * x_step + c] * w[t * channels + c] for t < taps, exact; |x| and |w| up to 255. acc overlaps neither. */
typedef void (*MnetDepthwiseS16)(size_t channels, size_t taps, const int16_t *x, size_t x_step,
                                 const int16_t *w, int32_t *acc);

typedef struct MnetDepthwiseQs8Kernels {
    MnetDepthwiseS16 s16;
    const char *name;
} MnetDepthwiseQs8Kernels;

/** The best kernels for a CPU with these features (nn/base/cpu.h). */
void mnet_depthwise_qs8_kernels_init(MnetDepthwiseQs8Kernels *kernels, uint32_t cpu_features);

#endif
