#include "nn/ops/conv_gemm.h"

/* A unit's patches should stay in the second-level cache. */
#define PATCH_BYTES (256 * 1024)

MnetConvBlock mnet_conv_block(const MnetConv *conv, size_t unit, size_t panel) {
    size_t nr = conv->nr;
    size_t panel_blocks = (size_t)mnet_ceil_div(conv->panels, conv->panel_block);
    size_t per_group = (size_t)(conv->out_channels / conv->groups);
    size_t group_panels = (size_t)conv->group_panels;
    size_t last =
        mnet_min_size((unit % panel_blocks + 1) * (size_t)conv->panel_block, (size_t)conv->panels);
    MnetConvBlock block = {.first = unit / panel_blocks * (size_t)conv->row_block, .panel = panel};

    block.rows = mnet_min_size((size_t)conv->row_block, (size_t)conv->rows - block.first);
    block.group = (int)(panel / group_panels);
    block.panels = mnet_min_size(last, ((size_t)block.group + 1) * group_panels) - panel;
    block.column = (size_t)block.group * per_group + panel % group_panels * nr;
    block.columns = mnet_min_size(block.panels * nr, per_group - panel % group_panels * nr);
    return block;
}

/* Rows and panels of a unit: patches bounded by the cache; enough units for many threads, but not
 * so narrow that the patches cost more than the product. */
void mnet_conv_divide(MnetConv *conv, size_t mr, size_t nr, size_t patch_bytes) {
    size_t fit = patch_bytes ? PATCH_BYTES / patch_bytes : SIZE_MAX;
    int row_blocks, panel_blocks, wide;

    conv->nr = nr;
    conv->group_panels = mnet_ceil_div(conv->out_channels / conv->groups, (int)nr);
    conv->panels = conv->groups * conv->group_panels;
    wide = conv->panels / (int)(64 / nr);
    conv->row_block = mr > 32 ? (int)mr : 32 / (int)mr * (int)mr;
    if (conv->rows <= 64)
        conv->row_block = conv->rows;
    if ((size_t)conv->row_block > fit)
        conv->row_block = (int)(fit < mr ? mr : fit / mr * mr);
    if (conv->row_block > conv->rows)
        conv->row_block = conv->rows;
    row_blocks = mnet_ceil_div(conv->rows, conv->row_block);
    panel_blocks = 16 / row_blocks;
    if (panel_blocks > wide)
        panel_blocks = wide;
    if (panel_blocks < 1)
        panel_blocks = 1;
    conv->panel_block = mnet_ceil_div(conv->panels, panel_blocks);
}

MnetStatus mnet_conv_gemm_prepare(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                                  MnetConv *conv, MnetStep *step, MnetError *error) {
    const MnetPatches *p = &conv->patches;
    MnetStatus status;

    conv->pointwise = p->kernel[0] == 1 && p->kernel[1] == 1 && p->stride[0] == 1 &&
                      p->stride[1] == 1 && p->size[0] == p->out_size[0] &&
                      p->size[1] == p->out_size[1] && p->pad[0] == 0 && p->pad[1] == 0;
    conv->rows = conv->batch * p->out_size[0] * p->out_size[1];
    if (conv->quantized)
        status = mnet_conv_gemm_qs8_prepare(graph, node, memory, conv, step, error);
    else
        status = mnet_conv_gemm_f32_prepare(graph, node, memory, conv, step, error);
    step->params = conv;
    step->units =
        mnet_ceil_div(conv->rows, conv->row_block) * mnet_ceil_div(conv->panels, conv->panel_block);
    step->macs = (int64_t)conv->rows * conv->out_channels * (int64_t)conv->k;
    return status;
}
