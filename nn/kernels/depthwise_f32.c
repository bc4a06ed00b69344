#include "nn/kernels/depthwise_f32.h"

/* Three taps, a row of the usual kernel, for each load and store of the accumulators; then what is left. */

static void depthwise_f32_c(size_t channels, size_t taps, const float *x, size_t x_step,
                            const float *w, float *restrict acc) {
    for (; taps >= 3; taps -= 3) {
        const float *x1 = x + x_step, *x2 = x + 2 * x_step;
        const float *w1 = w + channels, *w2 = w + 2 * channels;

        for (size_t c = 0; c < channels; c++)
            acc[c] = acc[c] + x[c] * w[c] + x1[c] * w1[c] + x2[c] * w2[c];
        x += 3 * x_step;
        w += 3 * channels;
    }
    for (; taps; taps--) {
        for (size_t c = 0; c < channels; c++)
            acc[c] += x[c] * w[c];
        x += x_step;
        w += channels;
    }
}

void mnet_depthwise_f32_kernels_init(MnetDepthwiseF32Kernels *kernels, uint32_t cpu_features) {
    *kernels = (MnetDepthwiseF32Kernels){.run = depthwise_f32_c, .name = "depthwise_f32_c"};
}
