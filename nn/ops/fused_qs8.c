#include "nn/ops/fused_bands.h"

#include <stdlib.h>
#include <string.h>

static size_t band_pixels(const MnetFused *fused, const MnetBand *band) {
    return (size_t)(band->end - band->begin) * (size_t)fused->depthwise->patches.out_size[1];
}

static size_t row_bytes(const MnetConv *conv) {
    return conv->k_padded * conv->gemm_qs8.rows.element;
}

/* Rows of a matrix in scratch, behind which their terms lie. */
static int32_t *terms_behind(void *rows, size_t bytes) {
    return (int32_t *)((uint8_t *)rows + (bytes + MNET_ALIGN - 1) / MNET_ALIGN * MNET_ALIGN);
}

static size_t matrix_bytes(const MnetConv *conv, size_t rows) {
    return rows * row_bytes(conv) + MNET_ALIGN + rows * sizeof(int32_t);
}

/* The pixels of the head's output that a band adds. */
static MnetConvBlock new_pixels(const MnetFused *fused, const MnetBand *band) {
    const MnetPatches *p = &fused->head->patches;
    size_t width = (size_t)p->out_size[1];

    return (MnetConvBlock){
        .first = (size_t)(band->image * p->out_size[0] + band->top + band->kept) * width,
        .rows = (size_t)(band->bottom - band->top - band->kept) * width,
    };
}

/* Where the head's rows lie after fill(). */
static MnetConvRows head_rows(const MnetFused *fused, const MnetStepMemory *memory,
                              const MnetConvBlock *block) {
    const MnetConv *head = fused->head;
    uint8_t *filled = memory->scratch + fused->head_at;

    return mnet_conv_gemm_qs8_rows(head, memory->tensors[head->x], block, filled,
                                   terms_behind(filled, block->rows * row_bytes(head)));
}

static void fill(const MnetFused *fused, const MnetStepMemory *memory, const MnetBand *band) {
    const MnetConv *head = fused->head;
    const MnetConvBlock block = new_pixels(fused, band);
    uint8_t *out = memory->scratch + fused->head_at;

    if (!block.rows)
        return;
    mnet_conv_gemm_qs8_fill(head, memory->tensors[head->x], &block, out,
                            terms_behind(out, block.rows * row_bytes(head)));
    if (head->gemm_qs8.begin)
        head->gemm_qs8.begin(block.rows);
}

/* The new rows of a panel of the head's output, [rows][width][columns]. */
static void run_head(const MnetFused *fused, const MnetStepMemory *memory, const MnetBand *band,
                     size_t panel, size_t columns, int8_t *y) {
    const MnetConv *head = fused->head;
    const MnetConvBlock block = new_pixels(fused, band);
    const MnetConvRows rows = head_rows(fused, memory, &block);
    const MnetGemmQs8Args args = {
        .rows = block.rows,
        .columns = columns,
        .k = head->k_padded,
        .x = rows.x,
        .x_stride = rows.stride,
        .row_terms = rows.terms,
        .panel = mnet_conv_gemm_qs8_panel(head, panel),
        .epilogue = &head->epilogue,
        .y = y,
        .y_stride = columns,
    };

    if (block.rows)
        head->gemm_qs8.run(&args);
}

/* Channels [c, c + columns) of the depthwise convolution's output go on: into the rows that the
 * project reads, or into the tensor. */
static void pass_on(const MnetFused *fused, const MnetStepMemory *memory, const MnetBand *band,
                    const int8_t *y, size_t c, size_t columns) {
    const MnetConv *conv = fused->depthwise, *project = fused->project;
    size_t pixels = band_pixels(fused, band), channels = (size_t)conv->out_channels;
    int8_t *out = memory->tensors[conv->y];

    if (project) {
        const MnetRowsQs8 *rows = &project->gemm_qs8.rows;

        rows->fill(pixels, columns, y, columns, project->x_zero_point,
                   memory->scratch + fused->project_at + c * rows->element, project->k_padded);
        return;
    }
    out += ((size_t)(band->image * conv->patches.out_size[0] + band->begin) *
            (size_t)conv->patches.out_size[1]) *
               channels +
           c;
    for (size_t i = 0; i < pixels; i++, y += columns, out += channels)
        memcpy(out, y, columns);
}

static void run_panel(const MnetFused *fused, const MnetStepMemory *memory, const MnetBand *band,
                      size_t panel) {
    const MnetConv *head = fused->head, *conv = fused->depthwise;
    size_t columns = head ? mnet_conv_gemm_qs8_columns(head, panel) : (size_t)conv->out_channels;
    size_t c = head ? panel * head->nr : 0;
    size_t row = (size_t)conv->patches.size[1] * columns, kept = (size_t)band->kept * row;
    const MnetPatches geometry = mnet_fused_geometry(fused, band, (int)columns);
    int8_t *x = (int8_t *)memory->scratch + fused->panel_at;
    int8_t *y = (int8_t *)memory->scratch + fused->out_at;
    const int8_t *picture = x;

    if (head) {
        int8_t *saved = (int8_t *)memory->scratch + fused->kept_at +
                        (size_t)fused->overlap * (size_t)conv->patches.size[1] * c;
        size_t keep = (size_t)(band->next_top - band->top) * row;

        memcpy(x, saved, kept);
        run_head(fused, memory, band, panel, columns, x + kept);
        memcpy(saved, x + keep, (size_t)(band->bottom - band->top) * row - keep);
    } else {
        picture = memory->tensors[conv->x];
        picture += (size_t)(band->image * conv->patches.size[0] + band->top) * row;
    }
    conv->depthwise_qs8.rows(&geometry, picture, conv->x_zero_point, 0, geometry.out_size[0],
                             fused->weights[panel], &conv->epilogue, NULL, y,
                             memory->scratch + fused->own_at);
    pass_on(fused, memory, band, y, c, columns);
}

static void run_project(const MnetFused *fused, const MnetStepMemory *memory,
                        const MnetBand *band) {
    const MnetConv *project = fused->project;
    size_t width = (size_t)project->patches.size[1], pixels = band_pixels(fused, band);
    size_t element = project->gemm_qs8.rows.element, row = row_bytes(project);
    uint8_t *x = memory->scratch + fused->project_at;
    int32_t *terms = terms_behind(x, pixels * row);
    const MnetConvRows rows = {
        .x = x, .stride = project->k_padded, .terms = project->w_offset ? terms : NULL};
    const MnetConvBlock block = {
        .first = (size_t)(band->image * project->patches.size[0] + band->begin) * width,
        .rows = pixels,
        .panels = (size_t)project->panels,
        .columns = (size_t)project->out_channels,
    };

    /* what lies there meets weights of 0, but is read */
    for (size_t i = 0; i < pixels && project->k < project->k_padded; i++)
        memset(x + i * row + project->k * element, 0, row - project->k * element);
    mnet_conv_gemm_qs8_terms(project, pixels, &rows, terms);
    if (project->gemm_qs8.begin)
        project->gemm_qs8.begin(pixels);
    mnet_conv_gemm_qs8_block(project, memory->tensors, &block, &rows);
}

static void end(const MnetFused *fused) {
    const MnetConv *convs[] = {fused->head, fused->project};

    for (int i = 0; i < 2; i++) {
        if (convs[i] && convs[i]->gemm_qs8.end)
            convs[i]->gemm_qs8.end();
    }
}

static const MnetFusedKernels kernels = {
    .name = {"fused_head_depthwise_qs8", "fused_block_qs8"},
    .fill = fill,
    .panel = run_panel,
    .project = run_project,
    .end = end,
};

/* The depthwise convolution's weights for channels [c, c + columns); NULL when out of memory. */
static const void *pack_panel(const MnetGraph *graph, const MnetNode *node, const MnetFused *fused,
                              MnetArena *memory, size_t c, size_t columns) {
    const MnetConv *conv = fused->depthwise;
    MnetPatches geometry = conv->patches;
    int16_t *taps = calloc(conv->k, columns * sizeof(*taps));
    uint64_t bytes;
    void *packed;

    geometry.channels = geometry.n_channels = (int)columns;
    bytes = conv->depthwise_qs8.packed_bytes(&geometry);
    packed = bytes <= SIZE_MAX ? mnet_arena_alloc(memory, (size_t)bytes) : NULL;
    if (taps && packed) {
        for (size_t i = 0; i < columns; i++) {
            for (size_t k = 0; k < conv->k; k++)
                taps[k * columns + i] = mnet_conv_weight_s16(graph, node, conv, (int)(c + i), k);
        }
        conv->depthwise_qs8.pack(&geometry, taps, conv->bias + c, conv->multiplier + c, packed);
    }
    free(taps);
    return taps ? packed : NULL;
}

static MnetStatus pack(const MnetGraph *graph, const MnetNode *node, MnetFused *fused,
                       MnetArena *memory, MnetError *error) {
    size_t panels = fused->head ? (size_t)fused->head->panels : 1;
    const void **weights = mnet_arena_array(memory, panels, sizeof(*weights));

    fused->weights = weights;
    for (size_t i = 0; i < panels; i++) {
        size_t columns = fused->head ? mnet_conv_gemm_qs8_columns(fused->head, i)
                                     : (size_t)fused->depthwise->out_channels;

        if (weights)
            weights[i] = pack_panel(graph, node, fused, memory,
                                    fused->head ? i * fused->head->nr : 0, columns);
        if (!weights || !weights[i])
            return mnet_conv_fail(graph, node, error, MNET_ERROR_MEMORY, "out of memory");
    }
    return MNET_OK;
}

MnetStatus mnet_fused_qs8_prepare(const MnetGraph *graph, const MnetNode *const *parts,
                                  MnetFused *fused, MnetArena *memory, MnetStep *step,
                                  MnetError *error) {
    const MnetConv *head = fused->head, *conv = fused->depthwise;
    size_t width = (size_t)conv->patches.size[1], channels = (size_t)conv->out_channels, end = 0;
    size_t pixels = (size_t)fused->band * (size_t)conv->patches.out_size[1], widest = channels;
    MnetPatches geometry = conv->patches;
    uint64_t own;
    MnetStatus status = pack(graph, parts[1], fused, memory, error);

    if (status)
        return status;
    if (head) {
        widest = mnet_min_size(head->nr, channels);
        fused->panel_at = mnet_fused_place(&end, (size_t)fused->rows * width * widest);
        fused->kept_at = mnet_fused_place(&end, (size_t)fused->overlap * width * channels);
        fused->head_at = mnet_fused_place(&end, matrix_bytes(head, (size_t)fused->rows * width));
    }
    fused->out_at = mnet_fused_place(&end, pixels * widest);
    if (fused->project)
        fused->project_at = mnet_fused_place(&end, matrix_bytes(fused->project, pixels));
    fused->own_at = end;
    geometry.channels = geometry.n_channels = (int)widest;
    own = conv->depthwise_qs8.scratch_bytes(&geometry);
    fused->kernels = &kernels;
    step->kernel = kernels.name[fused->project != NULL];
    return mnet_conv_set_scratch(graph, step->node, step, own > UINT64_MAX - end ? own : own + end,
                                 error);
}
