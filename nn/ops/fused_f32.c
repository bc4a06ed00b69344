#include "nn/ops/fused_bands.h"

#include <string.h>

/* Rows of the project's input stay in the first-level cache beside a panel. */
#define ROW_BYTES (16 * 1024)
#define LEAST_ROWS 48

static float *scratch(const MnetStepMemory *memory, size_t at) {
    return (float *)(memory->scratch + at);
}

static size_t picture_floats(const MnetPatches *p) {
    return (size_t)p->size[0] * (size_t)p->size[1] * (size_t)p->channels;
}

/* A window's head: the rows that a band's new rows are made of, with their padding. */
static void fill(const MnetFused *fused, const MnetStepMemory *memory, const MnetBand *band) {
    const MnetPatches *p = &fused->head->patches;
    const float *picture = memory->tensors[fused->head->x];
    size_t row_floats = mnet_conv_window_width(p) * (size_t)p->channels;
    int row = (band->top + band->kept) * p->stride[0] - p->pad[0];
    int end = (band->bottom - 1) * p->stride[0] - p->pad[0] + p->kernel[0];
    float *out = scratch(memory, fused->head_at);

    if (fused->head->pointwise)
        return;
    picture += (size_t)band->image * picture_floats(p);
    for (; row < end; row++, out += row_floats)
        mnet_conv_window_row_f32(p, picture, row, out);
}

/* Rows [top + kept, bottom) of a panel of the head's output. */
static void run_head(const MnetFused *fused, const MnetStepMemory *memory, const MnetBand *band,
                     size_t panel, size_t width, float *y) {
    const MnetConv *head = fused->head;
    const MnetPatches *p = &head->patches;
    size_t out_width = (size_t)p->out_size[1], channels = (size_t)p->channels;
    size_t rows = (size_t)(band->bottom - band->top - band->kept);
    MnetGemmF32Args args = {
        .columns = mnet_conv_gemm_f32_columns(head, panel),
        .panel = mnet_conv_gemm_f32_panel(head, panel),
        .y = y,
        .y_stride = width,
        .finish = head->finish,
    };

    if (head->pointwise) {
        size_t row = (size_t)(band->image * p->size[0] + band->top + band->kept);

        args.rows = rows * out_width;
        args.segments = 1;
        args.k = args.x_stride = channels;
        args.x = (const float *)memory->tensors[head->x] + row * out_width * channels;
        if (rows)
            head->gemm_f32.run(&args);
        return;
    }
    args.rows = out_width;
    args.segments = (size_t)p->kernel[0];
    args.k = head->k / args.segments;
    args.x_stride = (size_t)p->stride[1] * channels;
    args.x_segment = mnet_conv_window_width(p) * channels;
    args.x = scratch(memory, fused->head_at);
    for (size_t r = 0; r < rows; r++, args.y += out_width * width) {
        head->gemm_f32.run(&args);
        args.x += (size_t)p->stride[0] * args.x_segment;
    }
}

/* Channels [c, c + columns) of the depthwise convolution: x is rows [top, bottom). */
static void run_depthwise(const MnetFused *fused, const MnetBand *band, const float *x,
                          size_t x_pixel, size_t c, size_t columns, float *y, size_t y_pixel) {
    const MnetConv *conv = fused->depthwise;
    const MnetPatches p = mnet_fused_geometry(fused, band, (int)columns);
    size_t x_row = (size_t)p.size[1] * x_pixel;
    MnetDepthwiseF32Args args = {
        .channels = columns,
        .kernel = p.kernel[1],
        .stride = p.stride[1],
        .dilation = 1,
        .pad = p.pad[1],
        .width = p.size[1],
        .out_width = p.out_size[1],
        .x_row = x_row,
        .x_pixel = x_pixel,
        .weights = (const float *)conv->weights + c * (conv->k + 1),
        .taps = conv->k,
        .y_pixel = y_pixel,
        .finish = conv->finish,
    };

    for (int row = 0; row < p.out_size[0]; row++, y += (size_t)p.out_size[1] * y_pixel) {
        int top = row * p.stride[0] - p.pad[0], ky0, ky1;

        mnet_depthwise_f32_inside(top, p.size[0], p.kernel[0], 1, &ky0, &ky1);
        args.rows = ky1 - ky0;
        args.first_tap = (size_t)ky0 * (size_t)p.kernel[1];
        args.x = args.rows ? x + (size_t)(top + ky0) * x_row : x;
        args.y = y;
        conv->depthwise_f32.row(&args);
    }
}

/* The band's output pixels, all channels of them. */
static float *output(const MnetFused *fused, const MnetStepMemory *memory, const MnetBand *band) {
    const MnetConv *conv = fused->depthwise;
    const MnetPatches *p = &conv->patches;
    size_t row_floats = (size_t)p->out_size[1] * (size_t)conv->out_channels;

    if (fused->project)
        return scratch(memory, fused->project_at);
    return (float *)memory->tensors[conv->y] +
           (size_t)(band->image * p->out_size[0] + band->begin) * row_floats;
}

static void run_panel(const MnetFused *fused, const MnetStepMemory *memory, const MnetBand *band,
                      size_t panel) {
    const MnetPatches *p = &fused->depthwise->patches;
    size_t channels = (size_t)p->channels, columns, c, width, row_floats, kept, keep, end;
    float *y = output(fused, memory, band), *x = scratch(memory, fused->panel_at), *saved;

    if (!fused->head) {
        const float *picture = memory->tensors[fused->depthwise->x];

        picture += (size_t)band->image * picture_floats(p) +
                   (size_t)band->top * (size_t)p->size[1] * channels;
        run_depthwise(fused, band, picture, channels, 0, channels, y, channels);
        return;
    }
    columns = mnet_conv_gemm_f32_columns(fused->head, panel);
    c = panel * fused->head->nr;
    width = (columns + fused->head->gemm_f32.lanes - 1) / fused->head->gemm_f32.lanes *
            fused->head->gemm_f32.lanes;
    row_floats = (size_t)p->size[1] * width;
    kept = (size_t)band->kept * row_floats;
    keep = (size_t)(band->next_top - band->top) * row_floats;
    end = (size_t)(band->bottom - band->top) * row_floats;
    saved = scratch(memory, fused->kept_at) + (size_t)fused->overlap * (size_t)p->size[1] * c;

    memcpy(x, saved, kept * sizeof(float));
    run_head(fused, memory, band, panel, width, x + kept);
    run_depthwise(fused, band, x, width, c, columns, y + c, channels);
    memcpy(saved, x + keep, (end - keep) * sizeof(float));
}

static void run_project(const MnetFused *fused, const MnetStepMemory *memory,
                        const MnetBand *band) {
    const MnetConv *project = fused->project;
    size_t width = (size_t)project->patches.size[1], k = project->k;
    size_t first =
        ((size_t)band->image * (size_t)project->patches.size[0] + (size_t)band->begin) * width;
    size_t rows = (size_t)(band->end - band->begin) * width, fit = ROW_BYTES / (k * 4), blocks;
    MnetGemmF32Args args = {.segments = 1, .k = k, .x_stride = k};

    fit = fit < LEAST_ROWS ? LEAST_ROWS : fit;
    blocks = (rows + fit - 1) / fit;
    for (size_t block = 0; block < blocks; block++) {
        size_t begin = rows * block / blocks;

        args.rows = rows * (block + 1) / blocks - begin;
        args.x = scratch(memory, fused->project_at) + begin * k;
        args.residual = NULL;
        mnet_conv_gemm_f32_rows(project, memory->tensors, &args, first + begin, 0,
                                (size_t)project->panels);
    }
}

bool mnet_fused_f32_fits(const MnetFused *fused) {
    const MnetConv *head = fused->head, *depthwise = fused->depthwise;

    if (!depthwise->finishes || (head && !head->finishes))
        return false;
    return !head ||
           ((head->pointwise || head->windows) && head->nr % depthwise->depthwise_f32.lanes == 0);
}

static const MnetFusedKernels kernels = {
    .name = {"fused_head_depthwise_f32", "fused_block_f32"},
    .fill = fill,
    .panel = run_panel,
    .project = run_project,
};

MnetStatus mnet_fused_f32_prepare(const MnetGraph *graph, const MnetNode *const *parts,
                                  MnetFused *fused, MnetArena *memory, MnetStep *step,
                                  MnetError *error) {
    const MnetConv *head = fused->head, *depthwise = fused->depthwise;
    const MnetPatches *p = &depthwise->patches;
    size_t width = (size_t)p->size[1], channels = (size_t)depthwise->out_channels, end = 0;

    if (head) {
        size_t widest = head->gemm_f32.wide;

        fused->panel_at = mnet_fused_place(&end, (size_t)fused->rows * width * widest * 4);
        fused->kept_at =
            mnet_fused_place(&end, (size_t)fused->overlap * width * (channels + widest) * 4);
    }
    if (head && !head->pointwise) {
        size_t rows =
            (size_t)((fused->rows - 1) * head->patches.stride[0] + head->patches.kernel[0]);

        fused->head_at = mnet_fused_place(&end, rows * mnet_conv_window_width(&head->patches) *
                                                    (size_t)head->patches.channels * 4);
    }
    if (fused->project)
        fused->project_at =
            mnet_fused_place(&end, (size_t)fused->band * (size_t)p->out_size[1] * channels * 4);
    fused->kernels = &kernels;
    step->kernel = kernels.name[fused->project != NULL];
    return mnet_conv_set_scratch(graph, step->node, step, end, error);
}
