#include "nn/ops/conv_gemm.h"

#include "nn/base/cpu.h"

static MnetStatus pack(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                       MnetConv *conv, MnetError *error) {
    size_t nr = conv->nr, per_group = (size_t)(conv->out_channels / conv->groups);
    float *packed = mnet_arena_array(memory, (size_t)conv->panels, (conv->k + 1) * nr * 4);

    if (!packed)
        return mnet_conv_fail(graph, node, error, MNET_ERROR_MEMORY, "out of memory");
    conv->weights = packed;
    for (int o = 0; o < conv->out_channels; o++) {
        size_t group = (size_t)o / per_group, column = (size_t)o % per_group;
        size_t panel = group * (size_t)conv->group_panels + column / nr;
        float *to = packed + panel * (conv->k + 1) * nr + column % nr;

        *to = mnet_conv_bias_f32(graph, node, o);
        for (size_t i = 0; i < conv->k; i++)
            to[(i + 1) * nr] = mnet_conv_weight_f32(graph, node, conv, o, i);
    }
    return MNET_OK;
}

static void run_block(const MnetConv *conv, const MnetStepMemory *memory,
                      const MnetConvBlock *block, const float *x, size_t x_stride) {
    size_t nr = conv->nr, y_stride = (size_t)conv->out_channels;
    size_t panel_size = (conv->k + 1) * nr;
    const float *panel = (const float *)conv->weights + block->panel * panel_size;
    size_t at = block->first * y_stride + block->column;
    float *y = (float *)memory->tensors[conv->y] + at;

    for (size_t column = 0; column < block->columns; column += nr) {
        conv->gemm_f32.run(block->rows, mnet_min_size(nr, block->columns - column), conv->k, x,
                           x_stride, panel, y + column, y_stride);
        panel += panel_size;
    }
    for (size_t r = 0; r < block->rows; r++)
        mnet_conv_finish_f32(conv, memory->tensors, at + r * y_stride, block->columns);
}

/* Scratch: patches. */
static void run(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const MnetConv *conv = step->params;
    const float *x = memory->tensors[conv->x];
    float *scratch = (float *)memory->scratch;
    size_t panel_blocks = (size_t)mnet_ceil_div(conv->panels, conv->panel_block);

    for (size_t unit = (size_t)begin; unit < (size_t)end; unit++) {
        size_t panel = unit % panel_blocks * (size_t)conv->panel_block;
        size_t last = mnet_min_size(panel + (size_t)conv->panel_block, (size_t)conv->panels);

        while (panel < last) {
            MnetConvBlock block = mnet_conv_block(conv, unit, panel);
            MnetPatches patches = conv->patches;

            patches.channel = block.group * patches.n_channels;
            if (conv->pointwise) {
                size_t stride = (size_t)patches.channels;
                run_block(conv, memory, &block, x + block.first * stride + patches.channel, stride);
            } else {
                mnet_patches_f32(&patches, x, block.first, block.rows, scratch, conv->k);
                run_block(conv, memory, &block, scratch, conv->k);
            }
            panel += block.panels;
        }
    }
}

MnetStatus mnet_conv_gemm_f32_prepare(const MnetGraph *graph, const MnetNode *node,
                                      MnetArena *memory, MnetConv *conv, MnetStep *step,
                                      MnetError *error) {
    size_t patch_bytes = conv->pointwise ? 0 : conv->k * sizeof(float);
    MnetStatus status;

    mnet_gemm_f32_kernels_init(&conv->gemm_f32, mnet_cpu_features());
    step->run = run;
    step->kernel = conv->gemm_f32.name;
    mnet_conv_divide(conv, 4, conv->gemm_f32.nr, patch_bytes);
    status = pack(graph, node, memory, conv, error);
    return status ? status
                  : mnet_conv_set_scratch(graph, node, step,
                                          (uint64_t)conv->row_block * patch_bytes, error);
}
