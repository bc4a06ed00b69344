#include "nn/ops/conv.h"

#include "nn/base/cpu.h"

#include <string.h>

/* Bias first, then taps as [kernel h][kernel w][channels], for both types. */

static MnetStatus pack_f32(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
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

static MnetStatus pack_s16(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
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

/* Taps [begin, end) of a kernel's row (or column) whose cells lie inside, for a window that starts at `from`. */
static void inside_taps(int from, int size, int kernel, int dilation, int *begin, int *end) {
    int first = from < 0 ? (-from + dilation - 1) / dilation : 0;
    int last = from < size ? (size - from + dilation - 1) / dilation : 0;

    *end = last < kernel ? last : kernel;
    *begin = first < *end ? first : *end;
}

static void run_f32(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
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

                conv->depthwise.f32(channels, (size_t)(kx1 - kx0),
                                    x + (row * (size_t)p->size[1] + column) * channels, x_step, w,
                                    y);
            }
        }
        mnet_conv_finish_f32(conv, memory->tensors, (size_t)unit * row_size, row_size);
    }
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
static void run_qs8(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
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

        inside_taps(top, p->size[0], p->kernel[0], p->dilation[0], &ky0, &ky1);
        widen_rows(conv, memory->tensors[conv->x], image, top, ky0, ky1, rows);
        for (int ox = 0; ox < p->out_size[1]; ox++, y += channels) {
            int left = ox * p->stride[1] - p->pad[1], kx0, kx1;

            memset(sums, 0, channels * sizeof(*sums));
            inside_taps(left, p->size[1], p->kernel[1], p->dilation[1], &kx0, &kx1);
            for (int ky = ky0; ky < ky1 && kx0 < kx1; ky++) {
                size_t cell = (size_t)ky * (size_t)p->size[1];
                cell += (size_t)(left + kx0 * p->dilation[1]);
                conv->depthwise.s16(channels, (size_t)(kx1 - kx0), rows + cell * channels, x_step,
                                    weights + (size_t)(ky * p->kernel[1] + kx0) * channels, sums);
            }
            conv->requantize.requantize(channels, sums, conv->bias, conv->multiplier, conv->range,
                                        y);
        }
        mnet_conv_finish_qs8(conv, memory->tensors, (size_t)unit * row_size, row_size);
    }
}

MnetStatus mnet_conv_depthwise_prepare(const MnetGraph *graph, const MnetNode *node,
                                       MnetArena *memory, MnetConv *conv, MnetStep *step,
                                       MnetError *error) {
    const MnetPatches *p = &conv->patches;
    size_t channels = (size_t)conv->out_channels;
    uint64_t scratch = 0;
    MnetStatus status;

    mnet_depthwise_kernels_init(&conv->depthwise, mnet_cpu_features());
    status = (conv->quantized ? pack_s16 : pack_f32)(graph, node, memory, conv, error);
    if (status)
        return status;
    if (conv->quantized)
        scratch = channels * sizeof(int32_t) +
                  (uint64_t)p->kernel[0] * (size_t)p->size[1] * channels * sizeof(int16_t);
    step->run = conv->quantized ? run_qs8 : run_f32;
    step->params = conv;
    step->units = conv->batch * p->out_size[0];
    step->kernel = conv->quantized ? conv->depthwise.s16_name : conv->depthwise.f32_name;
    step->macs = (int64_t)step->units * p->out_size[1] * conv->out_channels * (int64_t)conv->k;
    return mnet_conv_set_scratch(graph, node, step, scratch, error);
}
