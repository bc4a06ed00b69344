#include "nn/ops/conv.h"

#include "nn/base/cpu.h"

#include <string.h>

/* A unit's patches should stay in the second-level cache, and its sums in the first. */
#define PATCH_BYTES (256 * 1024)
#define SUM_COLUMNS 128

static size_t min_size(size_t a, size_t b) {
    return a < b ? a : b;
}

static int ceil_div(int a, int b) {
    return a / b + (a % b != 0);
}

static MnetStatus pack_f32(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                           MnetConv *conv, MnetError *error) {
    size_t nr = conv->gemm.f32_nr, per_group = (size_t)(conv->out_channels / conv->groups);
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

static MnetStatus pack_s16(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                           MnetConv *conv, MnetError *error) {
    size_t nr = conv->gemm.s16_nr, per_group = (size_t)(conv->out_channels / conv->groups);
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

/* The part of a unit that lies in one group, at most `limit` columns wide. */
typedef struct Block {
    size_t first, rows;     /* output pixels */
    size_t panel, panels;   /* of all groups' panels */
    size_t column, columns; /* of the output */
    int group;
} Block;

static Block next_block(const MnetConv *conv, size_t unit, size_t panel, size_t limit) {
    size_t nr = conv->quantized ? conv->gemm.s16_nr : conv->gemm.f32_nr;
    size_t panel_blocks = (size_t)ceil_div(conv->panels, conv->panel_block);
    size_t per_group = (size_t)(conv->out_channels / conv->groups);
    size_t group_panels = (size_t)conv->group_panels;
    size_t last =
        min_size((unit % panel_blocks + 1) * (size_t)conv->panel_block, (size_t)conv->panels);
    Block block = {.first = unit / panel_blocks * (size_t)conv->row_block, .panel = panel};

    block.rows = min_size((size_t)conv->row_block, (size_t)conv->rows - block.first);
    block.group = (int)(panel / group_panels);
    block.panels =
        min_size(min_size(last, ((size_t)block.group + 1) * group_panels) - panel, limit / nr);
    block.column = (size_t)block.group * per_group + panel % group_panels * nr;
    block.columns = min_size(block.panels * nr, per_group - panel % group_panels * nr);
    return block;
}

static void block_f32(const MnetConv *conv, const MnetStepMemory *memory, const Block *block,
                      const float *x, size_t x_stride) {
    size_t nr = conv->gemm.f32_nr, y_stride = (size_t)conv->out_channels;
    size_t panel_size = (conv->k + 1) * nr;
    const float *panel = (const float *)conv->weights + block->panel * panel_size;
    size_t at = block->first * y_stride + block->column;
    float *y = (float *)memory->tensors[conv->y] + at;

    for (size_t column = 0; column < block->columns; column += nr) {
        conv->gemm.f32(block->rows, min_size(nr, block->columns - column), conv->k, x, x_stride,
                       panel, y + column, y_stride);
        panel += panel_size;
    }
    for (size_t r = 0; r < block->rows; r++)
        mnet_conv_finish_f32(conv, memory->tensors, at + r * y_stride, block->columns);
}

/* Scratch: patches. */
static void run_f32(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const MnetConv *conv = step->params;
    const float *x = memory->tensors[conv->x];
    float *scratch = (float *)memory->scratch;
    size_t panel_blocks = (size_t)ceil_div(conv->panels, conv->panel_block);

    for (size_t unit = (size_t)begin; unit < (size_t)end; unit++) {
        size_t panel = unit % panel_blocks * (size_t)conv->panel_block;
        size_t last = min_size(panel + (size_t)conv->panel_block, (size_t)conv->panels);

        while (panel < last) {
            Block block = next_block(conv, unit, panel, SIZE_MAX);
            MnetPatches patches = conv->patches;

            patches.channel = block.group * patches.n_channels;
            if (conv->pointwise) {
                size_t stride = (size_t)patches.channels;
                block_f32(conv, memory, &block, x + block.first * stride + patches.channel, stride);
            } else {
                mnet_patches_f32(&patches, x, block.first, block.rows, scratch, conv->k);
                block_f32(conv, memory, &block, scratch, conv->k);
            }
            panel += block.panels;
        }
    }
}

static void block_qs8(const MnetConv *conv, const MnetStepMemory *memory, const Block *block,
                      const int16_t *x, int32_t *sums) {
    size_t nr = conv->gemm.s16_nr, y_stride = (size_t)conv->out_channels;
    size_t panel_size = conv->k_padded * nr;
    const int16_t *panel = (const int16_t *)conv->weights + block->panel * panel_size;
    size_t at = block->first * y_stride + block->column;
    int8_t *y = (int8_t *)memory->tensors[conv->y] + at;

    for (size_t i = 0; i < block->panels; i++)
        conv->gemm.s16(block->rows, conv->k_padded, x, conv->k_padded, panel + i * panel_size,
                       sums + i * nr, SUM_COLUMNS);
    for (size_t r = 0; r < block->rows; r++) {
        conv->requantize.requantize(block->columns, sums + r * SUM_COLUMNS,
                                    conv->bias + block->column, conv->multiplier + block->column,
                                    conv->range, y + r * y_stride);
        mnet_conv_finish_qs8(conv, memory->tensors, at + r * y_stride, block->columns);
    }
}

/* Scratch: sums, then patches. */
static void run_qs8(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const MnetConv *conv = step->params;
    const int8_t *x = memory->tensors[conv->x];
    int32_t *sums = (int32_t *)memory->scratch;
    int16_t *scratch = (int16_t *)(sums + (size_t)conv->row_block * SUM_COLUMNS);
    size_t panel_blocks = (size_t)ceil_div(conv->panels, conv->panel_block);

    for (size_t unit = (size_t)begin; unit < (size_t)end; unit++) {
        size_t panel = unit % panel_blocks * (size_t)conv->panel_block;
        size_t last = min_size(panel + (size_t)conv->panel_block, (size_t)conv->panels);
        int patched = -1;

        while (panel < last) {
            Block block = next_block(conv, unit, panel, SUM_COLUMNS);
            MnetPatches patches = conv->patches;

            if (block.group != patched) {
                patches.channel = block.group * patches.n_channels;
                mnet_patches_s16(&patches, x, conv->x_zero_point, block.first, block.rows, scratch,
                                 conv->k_padded);
                patched = block.group;
            }
            block_qs8(conv, memory, &block, scratch, sums);
            panel += block.panels;
        }
    }
}

/* Rows and panels of a unit: patches bounded by the cache; enough units for many threads, but not so narrow that the
 * patches cost more than the product. */
static void choose_units(MnetConv *conv, size_t nr) {
    size_t fit = PATCH_BYTES / (conv->k * (conv->quantized ? sizeof(int16_t) : sizeof(float)));
    bool patches = conv->quantized || !conv->pointwise;
    int row_blocks, panel_blocks, wide = conv->panels / (int)(64 / nr);

    conv->row_block = conv->rows <= 64 ? conv->rows : 32;
    if (patches && (size_t)conv->row_block > fit)
        conv->row_block = fit < 4 ? 4 : (int)fit;
    if (conv->row_block > conv->rows)
        conv->row_block = conv->rows;
    row_blocks = ceil_div(conv->rows, conv->row_block);
    panel_blocks = 16 / row_blocks;
    if (panel_blocks > wide)
        panel_blocks = wide;
    if (panel_blocks < 1)
        panel_blocks = 1;
    conv->panel_block = ceil_div(conv->panels, panel_blocks);
}

MnetStatus mnet_conv_gemm_prepare(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                                  MnetConv *conv, MnetStep *step, MnetError *error) {
    const MnetPatches *p = &conv->patches;
    uint64_t scratch = 0;
    size_t nr;
    MnetStatus status;

    mnet_gemm_kernels_init(&conv->gemm, mnet_cpu_features());
    nr = conv->quantized ? conv->gemm.s16_nr : conv->gemm.f32_nr;
    conv->k_padded = (conv->k + MNET_GEMM_K_STEP - 1) / MNET_GEMM_K_STEP * MNET_GEMM_K_STEP;
    conv->pointwise = p->kernel[0] == 1 && p->kernel[1] == 1 && p->stride[0] == 1 &&
                      p->stride[1] == 1 && p->size[0] == p->out_size[0] &&
                      p->size[1] == p->out_size[1] && p->pad[0] == 0 && p->pad[1] == 0;
    conv->rows = conv->batch * p->out_size[0] * p->out_size[1];
    conv->group_panels = ceil_div(conv->out_channels / conv->groups, (int)nr);
    conv->panels = conv->groups * conv->group_panels;
    choose_units(conv, nr);
    status = (conv->quantized ? pack_s16 : pack_f32)(graph, node, memory, conv, error);
    if (status)
        return status;

    if (conv->quantized)
        scratch = (uint64_t)conv->row_block * (SUM_COLUMNS * sizeof(int32_t) + conv->k_padded * 2);
    else if (!conv->pointwise)
        scratch = (uint64_t)conv->row_block * conv->k * sizeof(float);
    step->run = conv->quantized ? run_qs8 : run_f32;
    step->params = conv;
    step->units = ceil_div(conv->rows, conv->row_block) * ceil_div(conv->panels, conv->panel_block);
    step->kernel = conv->quantized ? conv->gemm.s16_name : conv->gemm.f32_name;
    step->macs = (int64_t)conv->rows * conv->out_channels * (int64_t)conv->k;
    return mnet_conv_set_scratch(graph, node, step, scratch, error);
}
