/**
 * What convolutions and fully connected layers share: a description taken from the node, weights in
 * the kernels' form, and the epilogue. A fully connected layer is a 1x1 convolution of 1x1
 * pictures, one a row.
 */
#ifndef MNET_OPS_CONV_H
#define MNET_OPS_CONV_H

#include "nn/kernels/depthwise_f32.h"
#include "nn/kernels/depthwise_qs8.h"
#include "nn/kernels/gemm_f32.h"
#include "nn/kernels/gemm_qs8.h"
#include "nn/kernels/patches.h"
#include "nn/kernels/requantize.h"
#include "nn/ops/epilogue.h"
#include "nn/ops/op.h"

/** In the plan's arena; MnetStep.params points to it. */
typedef struct MnetConv {
    int x, y, residual; /* tensor ids; residual may be MNET_NO_TENSOR */
    bool quantized;
    int batch, groups;
    int out_channels;
    size_t k;            /* of a group: kernel h * kernel w * channels of the group */
    MnetPatches patches; /* of group 0 */

    const void *weights; /* packed by conv_gemm.c or conv_depthwise.c */
    MnetRequantizeKernels requantize;
    MnetActivationF32 activation, residual_activation; /* f32 */
    MnetFinishF32 finish;                              /* f32: what the kernel does to its sums */
    bool finishes;           /* f32: that is the activation, and the kernel adds the residual too */
    const int32_t *bias;     /* qs8, out_channels of them */
    const float *multiplier; /* qs8, out_channels of them */
    int32_t x_zero_point;
    MnetEpilogueQs8 epilogue;
    MnetQuantAdd add; /* with a residual: a is the convolution, b the residual */

    /* conv_gemm_f32.c: a unit is a block of output pixels by a block of panels; conv_gemm_qs8.c: it
     * is either a block of output pixels or a panel */
    MnetGemmF32Kernels gemm_f32;
    MnetGemmQs8Kernels gemm_qs8;
    size_t nr;           /* channels of a panel */
    bool pointwise;      /* rows of x are the patches as they are */
    bool windows;        /* f32: see conv_gemm_f32.c */
    size_t k_padded;     /* of a packed row, qs8 */
    int32_t w_offset;    /* qs8, see MnetGemmQs8Weights */
    int group_panels;    /* of each group */
    int row_block, rows; /* output pixels of a unit, of all */
    int most_rows;       /* qs8: output pixels done at once */
    int panel_block, panels;

    /* conv_depthwise.c: a unit is an output row */
    MnetDepthwiseF32Kernels depthwise_f32;
    int channel_block; /* f32: channels of a unit */
    MnetDepthwiseQs8Kernels depthwise_qs8;
} MnetConv;

/** Checks tensors, window and types, fills what stands above `weights`, and the epilogue. */
MnetStatus mnet_conv_describe(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                              MnetConv *conv, MnetError *error);

/** Packs, and fills the step. */
MnetStatus mnet_conv_gemm_prepare(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                                  MnetConv *conv, MnetStep *step, MnetError *error);
MnetStatus mnet_conv_depthwise_prepare(const MnetGraph *graph, const MnetNode *node,
                                       MnetArena *memory, MnetConv *conv, MnetStep *step,
                                       MnetError *error);

/** Working memory of a worker, with a limit. */
MnetStatus mnet_conv_set_scratch(const MnetGraph *graph, const MnetNode *node, MnetStep *step,
                                 uint64_t bytes, MnetError *error);

/** The real bias of an output channel; 0 where the node has none. */
float mnet_conv_bias_f32(const MnetGraph *graph, const MnetNode *node, int channel);

/** Weight i of an output channel without its zero point, and the float one. */
int16_t mnet_conv_weight_s16(const MnetGraph *graph, const MnetNode *node, const MnetConv *conv,
                             int channel, size_t i);
/** All k of a channel's, zero point taken off. */
void mnet_conv_filter_s16(const MnetGraph *graph, const MnetNode *node, const MnetConv *conv,
                          int channel, int16_t *filter);
float mnet_conv_weight_f32(const MnetGraph *graph, const MnetNode *node, const MnetConv *conv,
                           int channel, size_t i);

/** What the kernel has left of activations and residual, on `count` outputs from element `at` of
 * the output on. */
void mnet_conv_finish_f32(const MnetConv *conv, void *const *tensors, size_t at, size_t count);

MnetStatus mnet_conv_fail(const MnetGraph *graph, const MnetNode *node, MnetError *error,
                          MnetStatus status, const char *what);

#endif
