/** Constant operands of an integer convolution or FULLY_CONNECTED, from how a QDQ graph states them. */
#ifndef MNET_OPT_QDQ_WEIGHTS_H
#define MNET_OPT_QDQ_WEIGHTS_H

#include "nn/graph/graph.h"

/** The QS8 constant, per tensor or along axis 0, that `tensor` is dequantised from; else MNET_NO_TENSOR. */
int mnet_qdq_weights(const MnetGraph *graph, int tensor);

/**
 * The bias in S32 at the scale x.scale * weights.scale[o], in *result. `bias` is MNET_NO_TENSOR (then so is *result), a float
 * constant, or an S32 constant dequantised; one of that scale already is used as it is. *result is left alone, and *fits
 * false, where it is something else, or where a value is beyond half of int32's range, so that a sum on top could overflow.
 */
MnetStatus mnet_qdq_bias(MnetGraph *graph, int bias, int x, int weights, int *result, bool *fits,
                         MnetError *error);

#endif
