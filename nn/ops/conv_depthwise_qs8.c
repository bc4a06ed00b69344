#include "nn/ops/conv_depthwise.h"

#include "nn/base/cpu.h"

#include <string.h>

/* Taps as [kernel h][kernel w][channels]. */
static MnetStatus pack(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                       MnetConv *conv, MnetError *error) {
    size_t channels = (size_t)conv->out_channels;
    int16_t *packed = mnet_arena_array(memory, conv->k, channels * sizeof(*packed));

    if (!packed)
        return mnet_conv_fail(graph, node, error, MNET_ERROR_MEMORY, "out of memory");
    conv->weights = packed;
    for (size_t c = 0; c < channels; c++) {
        for (size_t i = 0; i < conv->k; i++)
            packed[i * channels + c] = mnet_conv_weight_s16(graph, node, conv, (int)c, i);
    }
    return MNET_OK;
}

/* The input rows under one output row, widened: [kernel h][size w][channels]. */
static void widen_rows(const MnetConv *conv, const int8_t *x, size_t image, int top, int ky0,
                       int ky1, int16_t *out) {
    const MnetPatches *p = &conv->patches;
    size_t row_size = (size_t)p->size[1] * (size_t)p->channels;

    for (int ky = ky0; ky < ky1; ky++) {
        size_t row = image + (size_t)(top + ky * p->dilation[0]);
        mnet_widen_s16(x + row * row_size, conv->x_zero_point, out + (size_t)ky * row_size,
                       row_size);
    }
}

/* Scratch: sums of one pixel, then the widened rows. */
static void run(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const MnetConv *conv = step->params;
    const MnetPatches *p = &conv->patches;
    const int16_t *weights = conv->weights;
    size_t channels = (size_t)conv->out_channels;
    size_t x_step = (size_t)p->dilation[1] * channels;
    size_t row_size = (size_t)p->out_size[1] * channels;
    int32_t *sums = (int32_t *)memory->scratch;
    int16_t *rows = (int16_t *)(sums + channels);

    for (int unit = begin; unit < end; unit++) {
        int8_t *y = (int8_t *)memory->tensors[conv->y] + (size_t)unit * row_size;
        int top = unit % p->out_size[0] * p->stride[0] - p->pad[0], ky0, ky1;
        size_t image = (size_t)(unit / p->out_size[0]) * (size_t)p->size[0];

        mnet_inside_taps(top, p->size[0], p->kernel[0], p->dilation[0], &ky0, &ky1);
        widen_rows(conv, memory->tensors[conv->x], image, top, ky0, ky1, rows);
        for (int ox = 0; ox < p->out_size[1]; ox++, y += channels) {
            int left = ox * p->stride[1] - p->pad[1], kx0, kx1;

            memset(sums, 0, channels * sizeof(*sums));
            mnet_inside_taps(left, p->size[1], p->kernel[1], p->dilation[1], &kx0, &kx1);
            for (int ky = ky0; ky < ky1 && kx0 < kx1; ky++) {
                size_t cell = (size_t)ky * (size_t)p->size[1];
                cell += (size_t)(left + kx0 * p->dilation[1]);
                conv->depthwise_qs8.s16(
                    channels, (size_t)(kx1 - kx0), rows + cell * channels, x_step,
                    weights + (size_t)(ky * p->kernel[1] + kx0) * channels, sums);
            }
            conv->requantize.requantize(channels, sums, conv->bias, conv->multiplier, conv->range,
                                        y);
        }
        mnet_conv_finish_qs8(conv, memory->tensors, (size_t)unit * row_size, row_size);
    }
}

MnetStatus mnet_conv_depthwise_qs8_prepare(const MnetGraph *graph, const MnetNode *node,
                                           MnetArena *memory, MnetConv *conv, MnetStep *step,
                                           MnetError *error) {
    const MnetPatches *p = &conv->patches;
    size_t channels = (size_t)conv->out_channels;
    uint64_t scratch = channels * sizeof(int32_t) +
                       (uint64_t)p->kernel[0] * (size_t)p->size[1] * channels * sizeof(int16_t);
    MnetStatus status;

    mnet_depthwise_qs8_kernels_init(&conv->depthwise_qs8, mnet_cpu_features());
    step->run = run;
    step->kernel = conv->depthwise_qs8.name;
    status = pack(graph, node, memory, conv, error);
    return status ? status : mnet_conv_set_scratch(graph, node, step, scratch, error);
}
