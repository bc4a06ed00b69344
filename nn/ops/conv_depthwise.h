/** The halves of mnet_conv_depthwise_prepare(), by type. A unit is an output row. */
#ifndef MNET_OPS_CONV_DEPTHWISE_H
#define MNET_OPS_CONV_DEPTHWISE_H

#include "nn/ops/conv.h"

/** Packs, and fills the step's run, kernel and scratch. */
MnetStatus mnet_conv_depthwise_f32_prepare(const MnetGraph *graph, const MnetNode *node,
                                           MnetArena *memory, MnetConv *conv, MnetStep *step,
                                           MnetError *error);
MnetStatus mnet_conv_depthwise_qs8_prepare(const MnetGraph *graph, const MnetNode *node,
                                           MnetArena *memory, MnetConv *conv, MnetStep *step,
                                           MnetError *error);

#endif
