#include "nn/ops/conv_gemm.h"

#include "nn/base/cpu.h"

#include <string.h>

/*
 * Where rows of x come from. POINTWISE: they are pixels as they lie. WINDOW: a unit is an output
 * row, whose input rows are copied into scratch with their padding; a window there is one piece
 * a kernel row. PATCHES: whatever is left.
 */

/* Rows of a unit stay in the first-level cache beside a panel; patches in the second. */
#define ROW_BYTES (16 * 1024)
#define PATCH_BYTES (256 * 1024)
#define LEAST_ROWS 48
#define UNITS 16

static void divide(MnetConv *conv) {
    const MnetPatches *p = &conv->patches;
    size_t per_group = (size_t)(conv->out_channels / conv->groups), row_bytes = conv->k * 4, fit;
    int row_blocks;

    conv->nr = conv->gemm_f32.nr;
    conv->group_panels = (int)mnet_gemm_f32_panels(&conv->gemm_f32, per_group);
    conv->panels = conv->groups * conv->group_panels;
    conv->windows = !conv->pointwise && conv->groups == 1 && p->dilation[1] == 1;
    if (conv->windows) {
        row_blocks = conv->batch * p->out_size[0];
        conv->row_block = p->out_size[1];
    } else {
        fit = (conv->pointwise ? ROW_BYTES : PATCH_BYTES) / row_bytes;
        fit = fit < LEAST_ROWS && conv->pointwise ? LEAST_ROWS : fit < 1 ? 1 : fit;
        row_blocks = (int)((size_t)conv->rows / fit);
        row_blocks = row_blocks < 1 ? 1 : row_blocks;
        conv->row_block = mnet_ceil_div(conv->rows, row_blocks);
        /* A row alone is summed in another order, which only a single row should be. */
        while (conv->row_block < conv->rows && conv->rows % conv->row_block == 1)
            conv->row_block++;
        row_blocks = mnet_ceil_div(conv->rows, conv->row_block);
    }
    conv->panel_block = conv->panels;
    if (row_blocks < UNITS)
        conv->panel_block = mnet_ceil_div(conv->panels, mnet_ceil_div(UNITS, row_blocks));
}

static size_t group_floats(const MnetConv *conv) {
    size_t lanes = conv->gemm_f32.lanes, per_group = (size_t)(conv->out_channels / conv->groups);
    return (per_group + lanes - 1) / lanes * lanes * (conv->k + 1);
}

size_t mnet_conv_gemm_f32_columns(const MnetConv *conv, size_t panel) {
    size_t per_group = (size_t)(conv->out_channels / conv->groups);
    size_t in_group = panel % (size_t)conv->group_panels;
    size_t left = per_group - in_group * conv->nr;

    return in_group + 1 < (size_t)conv->group_panels ? conv->nr : left;
}

const float *mnet_conv_gemm_f32_panel(const MnetConv *conv, size_t panel) {
    size_t group_panels = (size_t)conv->group_panels;

    return (const float *)conv->weights + panel / group_panels * group_floats(conv) +
           panel % group_panels * conv->nr * (conv->k + 1);
}

static MnetStatus pack(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                       MnetConv *conv, MnetError *error) {
    size_t lanes = conv->gemm_f32.lanes;
    int channel = 0;

    conv->weights = mnet_arena_array(memory, (size_t)conv->groups, group_floats(conv) * 4);
    if (!conv->weights)
        return mnet_conv_fail(graph, node, error, MNET_ERROR_MEMORY, "out of memory");
    for (size_t panel = 0; panel < (size_t)conv->panels; panel++) {
        size_t columns = mnet_conv_gemm_f32_columns(conv, panel),
               width = (columns + lanes - 1) / lanes * lanes;
        float *to = (float *)mnet_conv_gemm_f32_panel(conv, panel);

        for (size_t c = 0; c < columns; c++, channel++) {
            to[c] = mnet_conv_bias_f32(graph, node, channel);
            for (size_t i = 0; i < conv->k; i++)
                to[(i + 1) * width + c] = mnet_conv_weight_f32(graph, node, conv, channel, i);
        }
        if (conv->gemm_f32.prepare)
            conv->gemm_f32.prepare(to, columns, conv->k);
    }
    return MNET_OK;
}

void mnet_conv_window_row_f32(const MnetPatches *p, const float *picture, int row, float *out) {
    size_t channels = (size_t)p->channels, width = mnet_conv_window_width(p);
    size_t size = (size_t)p->size[1], before = (size_t)p->pad[1], inside, after;

    if (row < 0 || row >= p->size[0]) {
        memset(out, 0, width * channels * sizeof(*out));
        return;
    }
    before = mnet_min_size(before, width);
    inside = mnet_min_size(size, width - before);
    after = width - before - inside;
    memset(out, 0, before * channels * sizeof(*out));
    memcpy(out + before * channels, picture + (size_t)row * size * channels,
           inside * channels * sizeof(*out));
    memset(out + (before + inside) * channels, 0, after * channels * sizeof(*out));
}

/* The input rows below output row `row` of the whole batch: [kernel h][window width][channels]. */
static void copy_window_rows(const MnetPatches *p, const float *x, size_t row, float *out) {
    size_t channels = (size_t)p->channels;
    int top = (int)(row % (size_t)p->out_size[0]) * p->stride[0] - p->pad[0];

    x += row / (size_t)p->out_size[0] * (size_t)p->size[0] * (size_t)p->size[1] * channels;
    for (int ky = 0; ky < p->kernel[0]; ky++, out += mnet_conv_window_width(p) * channels)
        mnet_conv_window_row_f32(p, x, top + ky * p->dilation[0], out);
}

/* args->x and its strides for rows [first, first + rows) of a group. */
static void find_rows(const MnetConv *conv, const float *x, size_t first, size_t group,
                      float *scratch, MnetGemmF32Args *args) {
    MnetPatches p = conv->patches;
    size_t channels = (size_t)p.channels;

    p.channel = (int)group * p.n_channels;
    args->x = scratch;
    if (conv->pointwise) {
        args->x = x + first * channels + (size_t)p.channel;
        args->x_stride = channels;
    } else if (conv->windows) {
        copy_window_rows(&p, x, first / (size_t)p.out_size[1], scratch);
        args->x_stride = (size_t)p.stride[1] * channels;
        args->x_segment = mnet_conv_window_width(&p) * channels;
    } else {
        mnet_patches_f32(&p, x, first, args->rows, scratch, conv->k);
        args->x_stride = conv->k;
    }
}

void mnet_conv_gemm_f32_rows(const MnetConv *conv, void *const *tensors, MnetGemmF32Args *args,
                             size_t first, size_t panel, size_t last) {
    size_t stride = (size_t)conv->out_channels, groups = (size_t)conv->groups;
    size_t group_panels = (size_t)conv->group_panels, columns = 0;
    size_t at =
        first * stride + panel / group_panels * (stride / groups) + panel % group_panels * conv->nr;

    args->y_stride = stride;
    args->finish = conv->finish;
    for (; panel < last; panel++) {
        args->columns = mnet_conv_gemm_f32_columns(conv, panel);
        args->panel = mnet_conv_gemm_f32_panel(conv, panel);
        args->next_panel =
            panel + 1 < (size_t)conv->panels ? mnet_conv_gemm_f32_panel(conv, panel + 1) : NULL;
        args->y = (float *)tensors[conv->y] + at + columns;
        if (conv->finishes && conv->residual != MNET_NO_TENSOR)
            args->residual = (const float *)tensors[conv->residual] + at + columns;
        conv->gemm_f32.run(args);
        columns += args->columns;
    }
    for (size_t r = 0; r < args->rows && (!conv->finishes || conv->residual_activation.run); r++)
        mnet_conv_finish_f32(conv, tensors, at + r * stride, columns);
}

static void run_unit(const MnetConv *conv, const MnetStepMemory *memory, size_t unit) {
    size_t panel_blocks = (size_t)mnet_ceil_div(conv->panels, conv->panel_block);
    size_t panel = unit % panel_blocks * (size_t)conv->panel_block;
    size_t last = mnet_min_size(panel + (size_t)conv->panel_block, (size_t)conv->panels);
    size_t first = unit / panel_blocks * (size_t)conv->row_block;
    size_t group_panels = (size_t)conv->group_panels;
    MnetGemmF32Args args = {
        .rows = mnet_min_size((size_t)conv->row_block, (size_t)conv->rows - first),
        .segments = conv->windows ? (size_t)conv->patches.kernel[0] : 1,
    };

    args.k = conv->k / args.segments;
    while (panel < last) {
        size_t group = panel / group_panels;
        size_t end = mnet_min_size(last, (group + 1) * group_panels);

        find_rows(conv, memory->tensors[conv->x], first, group, (float *)memory->scratch, &args);
        mnet_conv_gemm_f32_rows(conv, memory->tensors, &args, first, panel, end);
        panel = end;
    }
}

static void run(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    for (int unit = begin; unit < end; unit++)
        run_unit(step->params, memory, (size_t)unit);
}

MnetStatus mnet_conv_gemm_f32_prepare(const MnetGraph *graph, const MnetNode *node,
                                      MnetArena *memory, MnetConv *conv, MnetStep *step,
                                      MnetError *error) {
    const MnetPatches *p = &conv->patches;
    uint64_t floats = 0;
    MnetStatus status;

    if (graph->bf16)
        mnet_gemm_f32_kernels_init_bf16(&conv->gemm_f32, mnet_cpu_features());
    else
        mnet_gemm_f32_kernels_init(&conv->gemm_f32, mnet_cpu_features());
    step->run = run;
    step->kernel = conv->gemm_f32.name;
    divide(conv);
    step->units =
        mnet_ceil_div(conv->rows, conv->row_block) * mnet_ceil_div(conv->panels, conv->panel_block);
    status = pack(graph, node, memory, conv, error);
    if (conv->windows)
        floats = (uint64_t)p->kernel[0] * mnet_conv_window_width(p) * (size_t)p->channels;
    else if (!conv->pointwise)
        floats = (uint64_t)conv->row_block * conv->k;
    return status ? status : mnet_conv_set_scratch(graph, node, step, floats * 4, error);
}
