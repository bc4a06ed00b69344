#include "nn/ops/conv_depthwise.h"

#include "nn/base/cpu.h"
#include "nn/ops/conv_gemm.h"

/* The rows under a window should stay in the first-level cache, so that the next output row
 * finds them there: a unit is an output row of a block of channels, and in a strip of rows those of
 * a block follow each other. Narrow blocks waste whole lines. Strips, and not whole blocks, are
 * what a thread mostly gets: products before and behind are divided by rows too, so it finds their
 * rows in its own cache. */
#define STRIPS 4
#define ROW_BYTES (24 * 1024)
#define LEAST_CHANNELS 32
#define LINE_FLOATS 16

/* For each vector of channels: the biases, then taps as [kernel h][kernel w][lanes]. */
static MnetStatus pack(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                       MnetConv *conv, MnetError *error) {
    size_t lanes = conv->depthwise_f32.lanes, channels = (size_t)conv->out_channels;
    size_t blocks = (channels + lanes - 1) / lanes;
    float *packed = mnet_arena_array(memory, blocks, (conv->k + 1) * lanes * sizeof(*packed));

    if (!packed)
        return mnet_conv_fail(graph, node, error, MNET_ERROR_MEMORY, "out of memory");
    conv->weights = packed;
    for (size_t c = 0; c < channels; c++) {
        float *to = packed + c / lanes * lanes * (conv->k + 1) + c % lanes;

        *to = mnet_conv_bias_f32(graph, node, (int)c);
        for (size_t i = 0; i < conv->k; i++)
            to[(i + 1) * lanes] = mnet_conv_weight_f32(graph, node, conv, (int)c, i);
    }
    return MNET_OK;
}

static int channel_block(const MnetPatches *p, int channels) {
    size_t fit = ROW_BYTES / sizeof(float) / (size_t)p->kernel[0] / (size_t)p->size[1];
    int blocks, block;

    if (fit < LEAST_CHANNELS || (size_t)channels <= fit)
        return channels;
    blocks = (int)(((size_t)channels + fit - 1) / fit);
    block = (channels + blocks - 1) / blocks;
    return (block + LINE_FLOATS - 1) / LINE_FLOATS * LINE_FLOATS;
}

static void run_unit(const MnetConv *conv, const MnetStepMemory *memory, size_t unit) {
    const MnetPatches *p = &conv->patches;
    size_t channels = (size_t)conv->out_channels, block = (size_t)conv->channel_block;
    size_t blocks = (channels + block - 1) / block, out_rows = (size_t)p->out_size[0];
    size_t image = unit / out_rows / blocks, in_image = unit % (out_rows * blocks);
    size_t strip = (out_rows + STRIPS - 1) / STRIPS;
    size_t first = in_image / (strip * blocks) * strip, in_strip = in_image - first * blocks;
    size_t rows = mnet_min_size(strip, out_rows - first);
    size_t row = first + in_strip % rows, c = in_strip / rows * block;
    size_t at = (image * out_rows + row) * (size_t)p->out_size[1] * channels + c;
    size_t x_row = (size_t)p->size[1] * channels;
    int top = (int)row * p->stride[0] - p->pad[0], ky0, ky1;
    MnetDepthwiseF32Args args = {
        .channels = channels - c < block ? channels - c : block,
        .kernel = p->kernel[1],
        .stride = p->stride[1],
        .dilation = p->dilation[1],
        .pad = p->pad[1],
        .width = p->size[1],
        .out_width = p->out_size[1],
        .x_row = (size_t)p->dilation[0] * x_row,
        .x_pixel = channels,
        .weights = (const float *)conv->weights + c * (conv->k + 1),
        .taps = conv->k,
        .y = (float *)memory->tensors[conv->y] + at,
        .y_pixel = channels,
        .finish = conv->finish,
    };

    mnet_depthwise_f32_inside(top, p->size[0], p->kernel[0], p->dilation[0], &ky0, &ky1);
    args.rows = ky1 - ky0;
    args.first_tap = (size_t)ky0 * (size_t)p->kernel[1];
    args.x = (const float *)memory->tensors[conv->x] + image * (size_t)p->size[0] * x_row + c;
    if (args.rows)
        args.x += (size_t)(top + ky0 * p->dilation[0]) * x_row;
    conv->depthwise_f32.row(&args);
    if (conv->finishes)
        return;
    for (size_t ox = 0; ox < (size_t)p->out_size[1]; ox++)
        mnet_conv_finish_f32(conv, memory->tensors, at + ox * channels, args.channels);
}

static void run(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    for (int unit = begin; unit < end; unit++)
        run_unit(step->params, memory, (size_t)unit);
}

MnetStatus mnet_conv_depthwise_f32_prepare(const MnetGraph *graph, const MnetNode *node,
                                           MnetArena *memory, MnetConv *conv, MnetStep *step,
                                           MnetError *error) {
    mnet_depthwise_f32_kernels_init(&conv->depthwise_f32, mnet_cpu_features());
    if (conv->residual != MNET_NO_TENSOR) {
        conv->finish = (MnetFinishF32){.lo = -INFINITY, .hi = INFINITY};
        conv->finishes = false;
    }
    conv->channel_block = channel_block(&conv->patches, conv->out_channels);
    step->units *= (conv->out_channels + conv->channel_block - 1) / conv->channel_block;
    step->run = run;
    step->kernel = conv->depthwise_f32.name;
    return pack(graph, node, memory, conv, error);
}
