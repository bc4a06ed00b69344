/**
 * Constant operands of an integer convolution or FULLY_CONNECTED, from how a QDQ graph states them.
 */
#ifndef MNET_OPT_QDQ_WEIGHTS_H
#define MNET_OPT_QDQ_WEIGHTS_H

#include "nn/graph/graph.h"

/**
 * The QS8 constant, per tensor or along axis 0, that `tensor` is dequantised from; else
 * MNET_NO_TENSOR.
 */
int mnet_qdq_weights(const MnetGraph *graph, int tensor);

typedef struct MnetQdqOperands {
    int x, weights, y; /* QS8 */
    int bias;          /* or MNET_NO_TENSOR */
} MnetQdqOperands;

/**
 * Makes operands->bias, a float constant or an S32 constant dequantised, one in S32 of the scale
 * x.scale * weights.scale[o] (integers that have that scale already stay the same). Exporters
 * choose the scales of channels with tiny weights such that the bias just fits; so a value to which
 * sums of int8 products can't be added without leaving int32, in whatever order they and the
 * corrections for zero points are summed, is brought to where they can, if that changes y by no
 * more than 1/16 step. *fits is false, and nothing changed, where that isn't enough, or the bias is
 * something else.
 */
MnetStatus mnet_qdq_bias(MnetGraph *graph, MnetQdqOperands *operands, bool *fits, MnetError *error);

#endif
