#include "nn/ops/fused_bands.h"

#include <string.h>

/* Rows of the project's input stay in the first-level cache beside a panel. */
#define ROW_BYTES (16 * 1024)
#define LEAST_ROWS 48

typedef struct Memory {
    void *const *tensors;
    float *panel, *kept, *band, *own;
} Memory;

static size_t picture_floats(const MnetPatches *p) {
    return (size_t)p->size[0] * (size_t)p->size[1] * (size_t)p->channels;
}

/* A window's head: the rows that a band's new rows are made of, with their padding. */
static void copy_windows(const MnetConv *head, const Memory *memory, const MnetBand *band) {
    const MnetPatches *p = &head->patches;
    const float *picture = memory->tensors[head->x];
    size_t row_floats = mnet_conv_window_width(p) * (size_t)p->channels;
    int row = (band->top + band->kept) * p->stride[0] - p->pad[0];
    int end = (band->bottom - 1) * p->stride[0] - p->pad[0] + p->kernel[0];
    float *out = memory->own;

    picture += (size_t)band->image * picture_floats(p);
    for (; row < end; row++, out += row_floats)
        mnet_conv_window_row_f32(p, picture, row, out);
}

/* Rows [top + kept, bottom) of a panel of the head's output. */
static void run_head(const MnetFused *fused, const Memory *memory, const MnetBand *band,
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
    args.x = memory->own;
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

/* Head and depthwise convolution of a panel; y is the first of the band's output pixels. */
static void run_panel(const MnetFused *fused, const Memory *memory, const MnetBand *band,
                      size_t panel, float *y) {
    size_t columns = mnet_conv_gemm_f32_columns(fused->head, panel), c = panel * fused->head->nr;
    size_t lanes = fused->head->gemm_f32.lanes;
    size_t width = (columns + lanes - 1) / lanes * lanes;
    size_t row_floats = (size_t)fused->depthwise->patches.size[1] * width;
    size_t kept = (size_t)band->kept * row_floats;
    size_t keep = (size_t)(band->next_top - band->top) * row_floats;
    size_t end = (size_t)(band->bottom - band->top) * row_floats;
    float *saved = memory->kept + (size_t)fused->overlap *
                                      (size_t)fused->depthwise->patches.size[1] *
                                      (fused->project ? c : 0);

    memcpy(memory->panel, saved, kept * sizeof(float));
    run_head(fused, memory, band, panel, width, memory->panel + kept);
    run_depthwise(fused, band, memory->panel, width, c, columns, y + c,
                  (size_t)fused->depthwise->out_channels);
    memcpy(saved, memory->panel + keep, (end - keep) * sizeof(float));
}

static void run_project(const MnetFused *fused, const Memory *memory, const MnetBand *band) {
    const MnetConv *project = fused->project;
    size_t width = (size_t)project->patches.size[1], k = project->k;
    size_t first =
        ((size_t)band->image * (size_t)project->patches.size[0] + (size_t)band->begin) * width;
    size_t rows = (size_t)(band->end - band->begin) * width, fit = ROW_BYTES / (k * 4), blocks;
    MnetGemmF32Args args = {.segments = 1, .k = k, .x = memory->band, .x_stride = k};

    fit = fit < LEAST_ROWS ? LEAST_ROWS : fit;
    blocks = (rows + fit - 1) / fit;
    for (size_t block = 0; block < blocks; block++) {
        size_t begin = rows * block / blocks;

        args.rows = rows * (block + 1) / blocks - begin;
        args.x = memory->band + begin * k;
        args.residual = NULL;
        mnet_conv_gemm_f32_rows(project, memory->tensors, &args, first + begin, 0,
                                (size_t)project->panels);
    }
}

/* A strip of rows, all channels. */
static void run_rows(const MnetFused *fused, const Memory *memory, int image, int first, int last) {
    const MnetConv *depthwise = fused->depthwise;

    for (int begin = first; begin < last; begin += fused->band) {
        const MnetBand band = mnet_fused_band(fused, image, first, begin, last);

        if (!fused->head) {
            const MnetPatches *p = &depthwise->patches;
            const float *x = memory->tensors[depthwise->x];
            size_t channels = (size_t)p->channels;

            x += (size_t)image * picture_floats(p) +
                 (size_t)band.top * (size_t)p->size[1] * channels;
            run_depthwise(fused, &band, x, channels, 0, channels, memory->band, channels);
        } else {
            if (!fused->head->pointwise)
                copy_windows(fused->head, memory, &band);
            for (size_t panel = 0; panel < (size_t)fused->head->panels; panel++)
                run_panel(fused, memory, &band, panel, memory->band);
        }
        run_project(fused, memory, &band);
    }
}

/* One panel, all rows. */
static void run_columns(const MnetFused *fused, const Memory *memory, int image, size_t panel) {
    const MnetPatches *p = &fused->depthwise->patches;
    size_t row_floats = (size_t)p->out_size[1] * (size_t)fused->depthwise->out_channels;
    float *y = (float *)memory->tensors[fused->depthwise->y] +
               (size_t)image * (size_t)p->out_size[0] * row_floats;

    for (int begin = 0; begin < p->out_size[0]; begin += fused->band) {
        const MnetBand band = mnet_fused_band(fused, image, 0, begin, p->out_size[0]);

        if (!fused->head->pointwise)
            copy_windows(fused->head, memory, &band);
        run_panel(fused, memory, &band, panel, y + (size_t)begin * row_floats);
    }
}

static void run(const MnetStep *step, const MnetStepMemory *step_memory, int begin, int end) {
    const MnetFused *fused = step->params;
    uint8_t *scratch = step_memory->scratch;
    const Memory memory = {
        .tensors = step_memory->tensors,
        .panel = (float *)(scratch + fused->panel_at),
        .kept = (float *)(scratch + fused->kept_at),
        .band = (float *)(scratch + fused->band_at),
        .own = (float *)(scratch + fused->own_at),
    };
    int rows = fused->depthwise->patches.out_size[0];

    while (begin < end) {
        if (fused->project) {
            /* Neighbouring strips are one. */
            int image = begin / fused->strips, strip = begin % fused->strips;
            int strips = end - begin < fused->strips - strip ? end - begin : fused->strips - strip;
            int last = (strip + strips) * fused->strip;

            run_rows(fused, &memory, image, strip * fused->strip, last < rows ? last : rows);
            begin += strips;
        } else {
            run_columns(fused, &memory, begin / fused->head->panels,
                        (size_t)(begin % fused->head->panels));
            begin++;
        }
    }
}

bool mnet_fused_f32_fits(const MnetFused *fused) {
    const MnetConv *head = fused->head, *depthwise = fused->depthwise;

    if (!depthwise->finishes || (head && !head->finishes))
        return false;
    return !head ||
           ((head->pointwise || head->windows) && head->nr % depthwise->depthwise_f32.lanes == 0);
}

static size_t aligned(size_t floats) {
    return (floats * sizeof(float) + MNET_ALIGN - 1) / MNET_ALIGN * MNET_ALIGN + MNET_ALIGN;
}

MnetStatus mnet_fused_f32_prepare(const MnetGraph *graph, MnetFused *fused, MnetArena *memory,
                                  MnetStep *step, MnetError *error) {
    const MnetConv *head = fused->head, *depthwise = fused->depthwise;
    const MnetPatches *p = &depthwise->patches;
    size_t width = (size_t)p->size[1], channels = (size_t)depthwise->out_channels;
    size_t panel = 0, kept = 0, band = 0, own = 0;

    if (head) {
        size_t widest = head->gemm_f32.wide;
        panel = (size_t)fused->rows * width * widest;
        kept = (size_t)fused->overlap * width * (fused->project ? channels + widest : widest);
    }
    if (fused->project)
        band = (size_t)fused->band * (size_t)p->out_size[1] * channels;
    if (head && !head->pointwise)
        own = (size_t)((fused->rows - 1) * head->patches.stride[0] + head->patches.kernel[0]) *
              mnet_conv_window_width(&head->patches) * (size_t)head->patches.channels;
    fused->panel_at = 0;
    fused->kept_at = aligned(panel);
    fused->band_at = fused->kept_at + aligned(kept);
    fused->own_at = fused->band_at + aligned(band);
    step->run = run;
    step->kernel = fused->project ? (head ? "fused_expand_depthwise_project_f32"
                                          : "fused_depthwise_project_f32")
                                  : "fused_expand_depthwise_f32";
    return mnet_conv_set_scratch(graph, step->node, step, fused->own_at + aligned(own), error);
}
