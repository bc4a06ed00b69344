#include "nn/ops/conv_gemm.h"

#include "nn/base/cpu.h"

/* A unit's sums should stay in the first-level cache. */
#define SUM_COLUMNS 128

static MnetStatus pack(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                       MnetConv *conv, MnetError *error) {
    size_t nr = conv->nr, per_group = (size_t)(conv->out_channels / conv->groups);
    int16_t *packed = mnet_arena_array(memory, (size_t)conv->panels, conv->k_padded * nr * 2);

    if (!packed)
        return mnet_conv_fail(graph, node, error, MNET_ERROR_MEMORY, "out of memory");
    conv->weights = packed;
    for (int o = 0; o < conv->out_channels; o++) {
        size_t group = (size_t)o / per_group, column = (size_t)o % per_group;
        size_t row = (group * (size_t)conv->group_panels + column / nr) * nr + column % nr;

        for (size_t i = 0; i < conv->k; i++)
            packed[row * conv->k_padded + i] = mnet_conv_weight_s16(graph, node, conv, o, i);
    }
    return MNET_OK;
}

static void run_block(const MnetConv *conv, const MnetStepMemory *memory,
                      const MnetConvBlock *block, const int16_t *x, int32_t *sums) {
    size_t nr = conv->nr, y_stride = (size_t)conv->out_channels;
    size_t panel_size = conv->k_padded * nr;
    const int16_t *panel = (const int16_t *)conv->weights + block->panel * panel_size;
    size_t at = block->first * y_stride + block->column;
    int8_t *y = (int8_t *)memory->tensors[conv->y] + at;

    for (size_t i = 0; i < block->panels; i++)
        conv->gemm_qs8.s16(block->rows, conv->k_padded, x, conv->k_padded, panel + i * panel_size,
                           sums + i * nr, SUM_COLUMNS);
    for (size_t r = 0; r < block->rows; r++) {
        conv->requantize.requantize(block->columns, sums + r * SUM_COLUMNS,
                                    conv->bias + block->column, conv->multiplier + block->column,
                                    conv->range, y + r * y_stride);
        mnet_conv_finish_qs8(conv, memory->tensors, at + r * y_stride, block->columns);
    }
}

/* Scratch: sums, then patches. */
static void run(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const MnetConv *conv = step->params;
    const int8_t *x = memory->tensors[conv->x];
    int32_t *sums = (int32_t *)memory->scratch;
    int16_t *scratch = (int16_t *)(sums + (size_t)conv->row_block * SUM_COLUMNS);
    size_t panel_blocks = (size_t)mnet_ceil_div(conv->panels, conv->panel_block);

    for (size_t unit = (size_t)begin; unit < (size_t)end; unit++) {
        size_t panel = unit % panel_blocks * (size_t)conv->panel_block;
        size_t last = mnet_min_size(panel + (size_t)conv->panel_block, (size_t)conv->panels);
        int patched = -1;

        while (panel < last) {
            MnetConvBlock block = mnet_conv_block(conv, unit, panel, SUM_COLUMNS);
            MnetPatches patches = conv->patches;

            if (block.group != patched) {
                patches.channel = block.group * patches.n_channels;
                mnet_patches_s16(&patches, x, conv->x_zero_point, block.first, block.rows, scratch,
                                 conv->k_padded);
                patched = block.group;
            }
            run_block(conv, memory, &block, scratch, sums);
            panel += block.panels;
        }
    }
}

MnetStatus mnet_conv_gemm_qs8_prepare(const MnetGraph *graph, const MnetNode *node,
                                      MnetArena *memory, MnetConv *conv, MnetStep *step,
                                      MnetError *error) {
    uint64_t row_bytes;
    MnetStatus status;

    mnet_gemm_qs8_kernels_init(&conv->gemm_qs8, mnet_cpu_features());
    step->run = run;
    step->kernel = conv->gemm_qs8.name;
    conv->k_padded = (conv->k + MNET_GEMM_K_STEP - 1) / MNET_GEMM_K_STEP * MNET_GEMM_K_STEP;
    mnet_conv_divide(conv, conv->gemm_qs8.nr, conv->k_padded * sizeof(int16_t));
    row_bytes = SUM_COLUMNS * sizeof(int32_t) + conv->k_padded * sizeof(int16_t);
    status = pack(graph, node, memory, conv, error);
    return status ? status
                  : mnet_conv_set_scratch(graph, node, step, (uint64_t)conv->row_block * row_bytes,
                                          error);
}
