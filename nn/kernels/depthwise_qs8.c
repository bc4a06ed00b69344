#include "nn/kernels/depthwise_qs8.h"

/* Three taps, a row of the usual kernel, for each load and store of the accumulators; then what is left. */

static void depthwise_s16_c(size_t channels, size_t taps, const int16_t *x, size_t x_step,
                            const int16_t *w, int32_t *restrict acc) {
    for (; taps >= 3; taps -= 3) {
        const int16_t *x1 = x + x_step, *x2 = x + 2 * x_step;
        const int16_t *w1 = w + channels, *w2 = w + 2 * channels;

        for (size_t c = 0; c < channels; c++)
            acc[c] += x[c] * w[c] + x1[c] * w1[c] + x2[c] * w2[c];
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

void mnet_depthwise_qs8_kernels_init(MnetDepthwiseQs8Kernels *kernels, uint32_t cpu_features) {
    *kernels = (MnetDepthwiseQs8Kernels){.s16 = depthwise_s16_c, .name = "depthwise_s16_c"};
}
