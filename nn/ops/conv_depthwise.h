/** The halves of mnet_conv_depthwise_prepare(), by type. A unit is an output row. */
#ifndef MNET_OPS_CONV_DEPTHWISE_H
#define MNET_OPS_CONV_DEPTHWISE_H

#include "nn/ops/conv.h"

/** Taps [begin, end) of a kernel's row (or column) whose cells lie inside, for a window that starts at `from`. */
static inline void mnet_inside_taps(int from, int size, int kernel, int dilation, int *begin,
                                    int *end) {
    int first = from < 0 ? (-from + dilation - 1) / dilation : 0;
    int last = from < size ? (size - from + dilation - 1) / dilation : 0;

    *end = last < kernel ? last : kernel;
    *begin = first < *end ? first : *end;
}

/** Packs, and fills the step's run, kernel and scratch. */
MnetStatus mnet_conv_depthwise_f32_prepare(const MnetGraph *graph, const MnetNode *node,
                                           MnetArena *memory, MnetConv *conv, MnetStep *step,
                                           MnetError *error);
MnetStatus mnet_conv_depthwise_qs8_prepare(const MnetGraph *graph, const MnetNode *node,
                                           MnetArena *memory, MnetConv *conv, MnetStep *step,
                                           MnetError *error);

#endif
