#include "nn/ops/conv_gemm.h"

#include "nn/base/cpu.h"

#include <stdlib.h>
#include <string.h>

/* Rows that are done at once stay in the second-level cache. */
#define ROWS_BYTES (256 * 1024)
/* Up to so many, all are done for each panel; what they cost to fill is little beside that many
 * columns. */
#define FEW_ROWS 64
#define LEAST_COLUMNS 32

size_t mnet_conv_gemm_qs8_columns(const MnetConv *conv, size_t panel) {
    size_t column = panel % (size_t)conv->group_panels * conv->nr;
    return mnet_min_size(conv->nr, (size_t)(conv->out_channels / conv->groups) - column);
}

/* Least and most of all weights without their zero points. */
static void weight_range(const MnetGraph *graph, const MnetNode *node, const MnetConv *conv,
                         int32_t *least, int32_t *most) {
    const MnetTensor *w = &graph->tensors[node->inputs[1]];
    const int8_t *filter = w->data;

    *least = *most = 0;
    for (int c = 0; c < conv->out_channels; c++, filter += conv->k) {
        int32_t zero_point = w->quant.zero_point[w->quant.count == 1 ? 0 : c];
        int8_t lo = 127, hi = -128;

        for (size_t i = 0; i < conv->k; i++) {
            lo = filter[i] < lo ? filter[i] : lo;
            hi = filter[i] > hi ? filter[i] : hi;
        }
        *least = lo - zero_point < *least ? lo - zero_point : *least;
        *most = hi - zero_point > *most ? hi - zero_point : *most;
    }
}

/* Tiles of AMX are 64 long and 16 high: short or few rows leave most of them empty. */
static uint32_t features_for(const MnetConv *conv) {
    uint32_t features = mnet_cpu_features();

    if (conv->k < 32 || conv->rows < 16)
        features &= ~(uint32_t)MNET_CPU_AMX_INT8;
    return features;
}

/* The kernels for a convolution; sets conv->w_offset. */
static void choose_kernels(const MnetGraph *graph, const MnetNode *node, MnetConv *conv) {
    const uint32_t byte_tiers = MNET_CPU_AVX_VNNI | MNET_CPU_AVX512_VNNI | MNET_CPU_AMX_INT8;
    int32_t least, most;

    weight_range(graph, node, conv, &least, &most);
    mnet_gemm_qs8_kernels_init(&conv->gemm_qs8, features_for(conv));
    if (least >= -128 && most <= 127) {
        if (conv->rows == 1)
            mnet_gemm_qs8_kernels_init_row(&conv->gemm_qs8, features_for(conv));
        return;
    }
    if (conv->gemm_qs8.rows.type == MNET_ROW_S16)
        return;
    if (most - least > 255) /* channels' zero points differ so much that no offset does for all */
        mnet_gemm_qs8_kernels_init(&conv->gemm_qs8, mnet_cpu_features() & ~byte_tiers);
    else
        conv->w_offset = most > 127 ? most - 127 : least + 128;
}

static MnetStatus pack(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                       MnetConv *conv, MnetError *error) {
    size_t k = conv->k_padded, panel_bytes = conv->gemm_qs8.panel_bytes(k), channel = 0;
    uint8_t *packed = mnet_arena_array(memory, (size_t)conv->panels, panel_bytes);
    int16_t *rows = calloc(conv->nr * k, sizeof(*rows));
    MnetGemmQs8Weights weights = {
        .k = k, .w = rows, .w_offset = conv->w_offset, .x_zero_point = conv->x_zero_point};

    if (!packed || !rows) {
        free(rows);
        return mnet_conv_fail(graph, node, error, MNET_ERROR_MEMORY, "out of memory");
    }
    conv->weights = packed;
    for (size_t panel = 0; panel < (size_t)conv->panels; panel++) {
        weights.columns = mnet_conv_gemm_qs8_columns(conv, panel);
        weights.bias = conv->bias + channel;
        weights.multiplier = conv->multiplier + channel;
        for (size_t c = 0; c < weights.columns; c++) {
            int16_t *row = rows + c * k;

            mnet_conv_filter_s16(graph, node, conv, (int)(channel + c), row);
            for (size_t i = conv->k; i < k; i++) /* so that they are 0 without the offset */
                row[i] = (int16_t)conv->w_offset;
        }
        conv->gemm_qs8.pack(&weights, packed + panel * panel_bytes);
        channel += weights.columns;
    }
    free(rows);
    return MNET_OK;
}

const void *mnet_conv_gemm_qs8_panel(const MnetConv *conv, size_t panel) {
    return (const uint8_t *)conv->weights + panel * conv->gemm_qs8.panel_bytes(conv->k_padded);
}

void mnet_conv_gemm_qs8_block(const MnetConv *conv, void *const *tensors,
                              const MnetConvBlock *block, const MnetConvRows *rows) {
    size_t y_stride = (size_t)conv->out_channels;
    size_t panel = block->panel, at = block->first * y_stride + block->column;
    const int8_t *residual = NULL;

    if (conv->residual != MNET_NO_TENSOR)
        residual = (const int8_t *)tensors[conv->residual] + at;
    for (size_t column = 0; column < block->columns; column += conv->nr) {
        const MnetGemmQs8Args args = {
            .rows = block->rows,
            .columns = mnet_min_size(conv->nr, block->columns - column),
            .k = conv->k_padded,
            .x = rows->x,
            .x_stride = rows->stride,
            .row_terms = rows->terms,
            .panel = mnet_conv_gemm_qs8_panel(conv, panel++),
            .epilogue = &conv->epilogue,
            .residual = residual ? residual + column : NULL,
            .y = (int8_t *)tensors[conv->y] + at + column,
            .y_stride = y_stride,
        };

        conv->gemm_qs8.run(&args);
    }
}

bool mnet_conv_gemm_qs8_is_direct(const MnetConv *conv) {
    return conv->gemm_qs8.rows.type == MNET_ROW_S8 && conv->pointwise && conv->groups == 1;
}

/* Scratch: rows, then their terms. */
static size_t rows_bytes(const MnetConv *conv) {
    size_t bytes = (size_t)conv->most_rows * conv->k_padded * conv->gemm_qs8.rows.element;

    return mnet_conv_gemm_qs8_is_direct(conv) ? 0
                                              : (bytes + MNET_ALIGN - 1) / MNET_ALIGN * MNET_ALIGN;
}

MnetConvRows mnet_conv_gemm_qs8_rows(const MnetConv *conv, const int8_t *x,
                                     const MnetConvBlock *block, void *out, int32_t *terms) {
    MnetConvRows rows = {.x = out, .stride = conv->k_padded};

    if (mnet_conv_gemm_qs8_is_direct(conv)) {
        rows.x = x + block->first * conv->k;
        rows.stride = conv->k;
    }
    if (conv->w_offset)
        rows.terms = terms;
    return rows;
}

void mnet_conv_gemm_qs8_fill(const MnetConv *conv, const int8_t *x, const MnetConvBlock *block,
                             void *out, int32_t *terms) {
    const MnetConvRows rows = mnet_conv_gemm_qs8_rows(conv, x, block, out, terms);
    const MnetRowsQs8 *kernels = &conv->gemm_qs8.rows;
    MnetPatches patches = conv->patches;

    patches.channel = block->group * patches.n_channels;
    if (conv->pointwise && conv->groups == 1 && conv->k == conv->k_padded && rows.x == out)
        kernels->fill(block->rows, conv->k, x + block->first * conv->k, conv->k, conv->x_zero_point,
                      out, conv->k);
    else if (rows.x == out)
        mnet_patches_qs8(&patches, x, conv->x_zero_point, block->first, block->rows, kernels, out,
                         conv->k_padded);
    mnet_conv_gemm_qs8_terms(conv, block->rows, &rows, terms);
}

void mnet_conv_gemm_qs8_terms(const MnetConv *conv, size_t n, const MnetConvRows *rows,
                              int32_t *terms) {
    if (conv->w_offset)
        mnet_gemm_qs8_row_terms(&conv->gemm_qs8.rows, n, conv->k, rows->x, rows->stride,
                                conv->x_zero_point, conv->w_offset, terms);
}

/* Panels [panel, last) of some rows, which are in scratch already where they are `filled`. */
static void run_rows(const MnetConv *conv, const MnetStepMemory *memory, size_t first, size_t n,
                     size_t panel, size_t last, bool filled) {
    size_t per_group = (size_t)(conv->out_channels / conv->groups);
    size_t group_panels = (size_t)conv->group_panels;
    const int8_t *x = memory->tensors[conv->x];
    int32_t *terms = (int32_t *)(memory->scratch + rows_bytes(conv));

    while (panel < last) {
        MnetConvBlock block = {.first = first, .rows = n, .panel = panel};
        size_t column = panel % group_panels * conv->nr, group = panel / group_panels;
        MnetConvRows rows;

        block.group = (int)group;
        block.panels = mnet_min_size(last, (group + 1) * group_panels) - panel;
        block.column = group * per_group + column;
        block.columns = mnet_min_size(block.panels * conv->nr, per_group - column);
        rows = mnet_conv_gemm_qs8_rows(conv, x, &block, memory->scratch, terms);
        if (!filled || conv->groups > 1)
            mnet_conv_gemm_qs8_fill(conv, x, &block, memory->scratch, terms);
        mnet_conv_gemm_qs8_block(conv, memory->tensors, &block, &rows);
        panel += block.panels;
    }
}

static void run(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const MnetConv *conv = step->params;
    bool by_panels = conv->panel_block < conv->panels;
    int64_t unit = conv->row_block, units = end - begin;
    int64_t blocks = by_panels ? 1 : (units * unit + conv->most_rows - 1) / conv->most_rows;
    size_t begun = 0;

    for (int64_t i = 0; i < blocks; i++) { /* evenly: a low one reads all panels for few rows */
        size_t first = by_panels ? 0 : (size_t)((begin + units * i / blocks) * unit);
        size_t last = by_panels ? SIZE_MAX : (size_t)((begin + units * (i + 1) / blocks) * unit);
        size_t n = mnet_min_size(last, (size_t)conv->rows) - first;

        if (conv->gemm_qs8.begin && begun != n)
            conv->gemm_qs8.begin(begun = n);
        if (by_panels)
            run_rows(conv, memory, first, n, (size_t)begin, (size_t)end, memory->continues);
        else
            run_rows(conv, memory, first, n, 0, (size_t)conv->panels, false);
    }
    if (conv->gemm_qs8.end)
        conv->gemm_qs8.end();
}

/* Few rows are all done for a unit, which is a panel then; else units are rows. */
static void divide(MnetConv *conv, MnetStep *step) {
    size_t mr = conv->gemm_qs8.mr, tiles = conv->gemm_qs8.block / mr;
    size_t row_bytes = conv->k_padded * conv->gemm_qs8.rows.element;
    size_t fit = mnet_conv_gemm_qs8_is_direct(conv) ? SIZE_MAX : ROWS_BYTES / row_bytes;
    int units = mnet_ceil_div(conv->rows, (int)mr);

    conv->nr = conv->gemm_qs8.nr;
    conv->group_panels = mnet_ceil_div(conv->out_channels / conv->groups, (int)conv->nr);
    conv->panels = conv->groups * conv->group_panels;
    if (conv->rows <= FEW_ROWS && (size_t)conv->rows <= fit && conv->panels >= units) {
        conv->row_block = conv->most_rows = conv->rows;
        conv->panel_block = 1;
        step->units = conv->panels;
        step->grain = (int)(LEAST_COLUMNS / conv->nr);
        return;
    }
    if (tiles * mr > fit)
        tiles = fit < mr ? 1 : fit / mr;
    conv->row_block = (int)mr;
    conv->most_rows = (int)(tiles * mr);
    conv->panel_block = conv->panels;
    step->units = units;
    step->grain = (int)tiles / 2 + 1;
}

MnetStatus mnet_conv_gemm_qs8_prepare(const MnetGraph *graph, const MnetNode *node,
                                      MnetArena *memory, MnetConv *conv, MnetStep *step,
                                      MnetError *error) {
    const MnetGemmQs8Kernels *kernels = &conv->gemm_qs8;
    uint64_t scratch;
    MnetStatus status;

    choose_kernels(graph, node, conv);
    step->run = run;
    step->kernel = kernels->name;
    conv->k_padded = (conv->k + kernels->k_step - 1) / kernels->k_step * kernels->k_step;
    divide(conv, step);
    status = pack(graph, node, memory, conv, error);
    if (status)
        return status;
    scratch = rows_bytes(conv);
    if (conv->w_offset)
        scratch += (uint64_t)conv->most_rows * sizeof(int32_t);
    return mnet_conv_set_scratch(graph, node, step, scratch, error);
}
