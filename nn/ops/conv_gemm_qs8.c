#include "nn/ops/conv_gemm.h"

#include "nn/base/cpu.h"

#include <stdlib.h>
#include <string.h>

static size_t panel_columns(const MnetConv *conv, size_t panel) {
    size_t column = panel % (size_t)conv->group_panels * conv->nr;
    return mnet_min_size(conv->nr, (size_t)(conv->out_channels / conv->groups) - column);
}

static MnetStatus pack(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                       MnetConv *conv, MnetError *error) {
    size_t k = conv->k_padded, panel_bytes = conv->gemm_qs8.panel_bytes(k), channel = 0;
    uint8_t *packed = mnet_arena_array(memory, (size_t)conv->panels, panel_bytes);
    int16_t *rows = calloc(conv->nr * k, sizeof(*rows));

    if (!packed || !rows) {
        free(rows);
        return mnet_conv_fail(graph, node, error, MNET_ERROR_MEMORY, "out of memory");
    }
    conv->weights = packed;
    for (size_t panel = 0; panel < (size_t)conv->panels; panel++) {
        size_t columns = panel_columns(conv, panel);

        for (size_t c = 0; c < columns; c++)
            mnet_conv_filter_s16(graph, node, conv, (int)(channel + c), rows + c * k);
        conv->gemm_qs8.pack(columns, k, rows, conv->bias + channel, conv->multiplier + channel,
                            packed + panel * panel_bytes);
        channel += columns;
    }
    free(rows);
    return MNET_OK;
}

static void run_block(const MnetConv *conv, const MnetStepMemory *memory,
                      const MnetConvBlock *block, const int16_t *x) {
    size_t y_stride = (size_t)conv->out_channels;
    size_t panel_bytes = conv->gemm_qs8.panel_bytes(conv->k_padded);
    const uint8_t *panel = (const uint8_t *)conv->weights + block->panel * panel_bytes;
    size_t at = block->first * y_stride + block->column;
    int8_t *y = (int8_t *)memory->tensors[conv->y] + at;
    const int8_t *residual = NULL;

    if (conv->residual != MNET_NO_TENSOR)
        residual = (const int8_t *)memory->tensors[conv->residual] + at;
    for (size_t column = 0; column < block->columns; column += conv->nr) {
        conv->gemm_qs8.run(block->rows, mnet_min_size(conv->nr, block->columns - column),
                           conv->k_padded, x, conv->k_padded, panel, &conv->epilogue,
                           residual ? residual + column : NULL, y + column, y_stride);
        panel += panel_bytes;
    }
}

static void fill_patches(const MnetConv *conv, const MnetConvBlock *block, const int8_t *x,
                         int16_t *out) {
    MnetPatches patches = conv->patches;

    patches.channel = block->group * patches.n_channels;
    if (conv->pointwise && conv->groups == 1 && conv->k == conv->k_padded)
        conv->gemm_qs8.widen(x + block->first * conv->k, conv->x_zero_point, out,
                             block->rows * conv->k);
    else
        mnet_patches_s16(&patches, x, conv->x_zero_point, block->first, block->rows,
                         conv->gemm_qs8.widen, out, conv->k_padded);
}

/* Scratch: patches. */
static void run(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const MnetConv *conv = step->params;
    const int8_t *x = memory->tensors[conv->x];
    int16_t *scratch = (int16_t *)memory->scratch;
    size_t panel_blocks = (size_t)mnet_ceil_div(conv->panels, conv->panel_block);

    for (size_t unit = (size_t)begin; unit < (size_t)end; unit++) {
        size_t panel = unit % panel_blocks * (size_t)conv->panel_block;
        size_t last = mnet_min_size(panel + (size_t)conv->panel_block, (size_t)conv->panels);

        while (panel < last) {
            MnetConvBlock block = mnet_conv_block(conv, unit, panel);

            fill_patches(conv, &block, x, scratch);
            run_block(conv, memory, &block, scratch);
            panel += block.panels;
        }
    }
}

MnetStatus mnet_conv_gemm_qs8_prepare(const MnetGraph *graph, const MnetNode *node,
                                      MnetArena *memory, MnetConv *conv, MnetStep *step,
                                      MnetError *error) {
    MnetStatus status;

    mnet_gemm_qs8_kernels_init(&conv->gemm_qs8, mnet_cpu_features());
    step->run = run;
    step->kernel = conv->gemm_qs8.name;
    conv->k_padded =
        (conv->k + conv->gemm_qs8.k_step - 1) / conv->gemm_qs8.k_step * conv->gemm_qs8.k_step;
    mnet_conv_divide(conv, conv->gemm_qs8.mr, conv->gemm_qs8.nr, conv->k_padded * sizeof(int16_t));
    status = pack(graph, node, memory, conv, error);
    return status
               ? status
               : mnet_conv_set_scratch(graph, node, step,
                                       (uint64_t)conv->row_block * conv->k_padded * sizeof(int16_t),
                                       error);
}
