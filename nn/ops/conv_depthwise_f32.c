#include "nn/ops/conv_depthwise.h"

#include "nn/base/cpu.h"

#include <string.h>

/* Bias first, then taps as [kernel h][kernel w][channels]. */
static MnetStatus pack(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                       MnetConv *conv, MnetError *error) {
    size_t channels = (size_t)conv->out_channels;
    float *packed = mnet_arena_array(memory, conv->k + 1, channels * sizeof(*packed));

    if (!packed)
        return mnet_conv_fail(graph, node, error, MNET_ERROR_MEMORY, "out of memory");
    conv->weights = packed;
    for (size_t c = 0; c < channels; c++) {
        packed[c] = mnet_conv_bias_f32(graph, node, (int)c);
        for (size_t i = 0; i < conv->k; i++)
            packed[(i + 1) * channels + c] = mnet_conv_weight_f32(graph, node, conv, (int)c, i);
    }
    return MNET_OK;
}

/* Taps [begin, end) of a kernel's row (or column) whose cells lie inside, for a window that starts at `from`. */
static void inside_taps(int from, int size, int kernel, int dilation, int *begin, int *end) {
    int first = from < 0 ? (-from + dilation - 1) / dilation : 0;
    int last = from < size ? (size - from + dilation - 1) / dilation : 0;

    *end = last < kernel ? last : kernel;
    *begin = first < *end ? first : *end;
}

static void run(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const MnetConv *conv = step->params;
    const MnetPatches *p = &conv->patches;
    const float *x = memory->tensors[conv->x], *bias = conv->weights;
    size_t channels = (size_t)conv->out_channels;
    size_t x_step = (size_t)p->dilation[1] * channels;
    size_t row_size = (size_t)p->out_size[1] * channels;

    for (int unit = begin; unit < end; unit++) {
        float *y = (float *)memory->tensors[conv->y] + (size_t)unit * row_size;
        int top = unit % p->out_size[0] * p->stride[0] - p->pad[0], ky0, ky1;
        size_t image = (size_t)(unit / p->out_size[0]) * (size_t)p->size[0];

        inside_taps(top, p->size[0], p->kernel[0], p->dilation[0], &ky0, &ky1);
        for (int ox = 0; ox < p->out_size[1]; ox++, y += channels) {
            int left = ox * p->stride[1] - p->pad[1], kx0, kx1;

            memcpy(y, bias, channels * sizeof(*y));
            inside_taps(left, p->size[1], p->kernel[1], p->dilation[1], &kx0, &kx1);
            for (int ky = ky0; ky < ky1 && kx0 < kx1; ky++) {
                size_t row = image + (size_t)(top + ky * p->dilation[0]);
                size_t column = (size_t)(left + kx0 * p->dilation[1]);
                const float *w = bias + (size_t)(1 + ky * p->kernel[1] + kx0) * channels;

                conv->depthwise_f32.run(channels, (size_t)(kx1 - kx0),
                                        x + (row * (size_t)p->size[1] + column) * channels, x_step,
                                        w, y);
            }
        }
        mnet_conv_finish_f32(conv, memory->tensors, (size_t)unit * row_size, row_size);
    }
}

MnetStatus mnet_conv_depthwise_f32_prepare(const MnetGraph *graph, const MnetNode *node,
                                           MnetArena *memory, MnetConv *conv, MnetStep *step,
                                           MnetError *error) {
    mnet_depthwise_f32_kernels_init(&conv->depthwise_f32, mnet_cpu_features());
    conv->finishes = false;
    step->run = run;
    step->kernel = conv->depthwise_f32.name;
    return pack(graph, node, memory, conv, error);
}
