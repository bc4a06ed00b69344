/**
 * Convolutions as matrix products. Output channels come in panels of `nr`, each group's on its own;
 * a unit is a block of output pixels by a block of panels.
 */
#ifndef MNET_OPS_CONV_GEMM_H
#define MNET_OPS_CONV_GEMM_H

#include "nn/ops/conv.h"

static inline size_t mnet_min_size(size_t a, size_t b) {
    return a < b ? a : b;
}

static inline int mnet_ceil_div(int a, int b) {
    return a / b + (a % b != 0);
}

/** Packs, divides into units, and fills the step's run, grain, kernel and scratch. */
MnetStatus mnet_conv_gemm_f32_prepare(const MnetGraph *graph, const MnetNode *node,
                                      MnetArena *memory, MnetConv *conv, MnetStep *step,
                                      MnetError *error);
MnetStatus mnet_conv_gemm_qs8_prepare(const MnetGraph *graph, const MnetNode *node,
                                      MnetArena *memory, MnetConv *conv, MnetStep *step,
                                      MnetError *error);

/** Floats' side alone, for nn/ops/fused_f32.c too. */

/** Columns of a panel, which is counted over all groups, and its packed weights. */
size_t mnet_conv_gemm_f32_columns(const MnetConv *conv, size_t panel);
const float *mnet_conv_gemm_f32_panel(const MnetConv *conv, size_t panel);

/**
 * Panels [panel, last) of one group for args->rows output pixels from `first` on, counting over the
 * whole batch, with all that follows the product. args says where rows of x come from; the rest of
 * it is filled here.
 */
void mnet_conv_gemm_f32_rows(const MnetConv *conv, void *const *tensors, MnetGemmF32Args *args,
                             size_t first, size_t panel, size_t last);

/** Pixels of an input row that all windows of an output row cover, padding included. */
static inline size_t mnet_conv_window_width(const MnetPatches *p) {
    return (size_t)(p->out_size[1] - 1) * (size_t)p->stride[1] + (size_t)p->kernel[1];
}

/** Row `row` of a picture, which may lie outside, with its padding: [window width][channels]. */
void mnet_conv_window_row_f32(const MnetPatches *p, const float *picture, int row, float *out);

/** Integers' side alone, for nn/ops/fused_qs8.c too. */

/** Some rows by some panels of one group. */
typedef struct MnetConvBlock {
    size_t first, rows;     /* output pixels */
    size_t panel, panels;   /* of all groups' panels */
    size_t column, columns; /* of the output */
    int group;
} MnetConvBlock;

/** Rows of a matrix as the kernels take them; strides are in elements. */
typedef struct MnetConvRows {
    const void *x;
    size_t stride;
    const int32_t *terms; /* MnetGemmQs8Args.row_terms */
} MnetConvRows;

size_t mnet_conv_gemm_qs8_columns(const MnetConv *conv, size_t panel);
const void *mnet_conv_gemm_qs8_panel(const MnetConv *conv, size_t panel);

/** Whether the rows may be the tensor's own: k rounded up ends within MNET_ALIGN bytes of its end,
 * which can be read (nn/plan/lifetimes.h, nn/base/arena.h). */
bool mnet_conv_gemm_qs8_is_direct(const MnetConv *conv);

/** Where the rows of a block from input x are: `out` has room for them where they aren't the
 * tensor's own, and `terms` for one a row. */
MnetConvRows mnet_conv_gemm_qs8_rows(const MnetConv *conv, const int8_t *x,
                                     const MnetConvBlock *block, void *out, int32_t *terms);
/** Fills those that aren't the tensor's own, and the terms. */
void mnet_conv_gemm_qs8_fill(const MnetConv *conv, const int8_t *x, const MnetConvBlock *block,
                             void *out, int32_t *terms);
/** Fills in the terms of n rows where the weights need them. */
void mnet_conv_gemm_qs8_terms(const MnetConv *conv, size_t n, const MnetConvRows *rows,
                              int32_t *terms);

/** The products of a block, with all that follows. */
void mnet_conv_gemm_qs8_block(const MnetConv *conv, void *const *tensors,
                              const MnetConvBlock *block, const MnetConvRows *rows);

#endif
