/**
 * The passes, each in the file of its name. A pass rewrites the graph in place, adds to *changes what it changed, and leaves
 * the nodes in a valid order; nodes that it takes out become MNET_OP_NONE without inputs and outputs, and mnet_opt_dead()
 * sweeps them up. A pattern that doesn't match exactly is left alone: only what the canonical form can't do without is an error.
 */
#ifndef MNET_OPT_PASSES_H
#define MNET_OPT_PASSES_H

#include "nn/graph/graph.h"

typedef MnetStatus (*MnetOptPass)(MnetGraph *graph, int *changes, MnetError *error);

/** Evaluates nodes whose inputs are constant (but DEQUANTIZE), and drops IDENTITY. fold.c */
MnetStatus mnet_opt_fold(MnetGraph *graph, int *changes, MnetError *error);
/** DEQUANTIZE of a constant -> a float constant: what the QDQ pass has left over, and F16 weights. fold.c */
MnetStatus mnet_opt_fold_dequantize(MnetGraph *graph, int *changes, MnetError *error);
/** Brings a graph whose layout is NCHW to NHWC. nhwc.c */
MnetStatus mnet_opt_nhwc(MnetGraph *graph, int *changes, MnetError *error);

/** QU8 -> QS8: values and zero points less 128. signed.c */
MnetStatus mnet_opt_signed(MnetGraph *graph, int *changes, MnetError *error);
/** Constant weights of FULLY_CONNECTED, also behind a DEQUANTIZE: [I, O] -> [O, I]. fc.c */
MnetStatus mnet_opt_fc(MnetGraph *graph, int *changes, MnetError *error);
/** Activations written out in multiplications: x * sigmoid(x), x * relu6(x + 3) / 6 and the like; float only. patterns.c */
MnetStatus mnet_opt_patterns(MnetGraph *graph, int *changes, MnetError *error);
/** BATCH_NORM -> into the weights and bias before it, else MUL and ADD. batch_norm.c */
MnetStatus mnet_opt_batch_norm(MnetGraph *graph, int *changes, MnetError *error);
/** ADD of a constant for each channel -> bias of the convolution or FULLY_CONNECTED before it. bias.c */
MnetStatus mnet_opt_bias(MnetGraph *graph, int *changes, MnetError *error);
/** AVG_POOL over the whole picture -> MEAN. Wants NHWC. mean.c */
MnetStatus mnet_opt_mean(MnetGraph *graph, int *changes, MnetError *error);
/** PAD of height and width -> the window's padding of the op behind it. Wants NHWC. pad.c */
MnetStatus mnet_opt_pad(MnetGraph *graph, int *changes, MnetError *error);
/** ACTIVATION -> MnetNode.activation of the op before it. activation.c */
MnetStatus mnet_opt_activation(MnetGraph *graph, int *changes, MnetError *error);
/** Moves DEQUANTIZE down and QUANTIZE up through ops that only move elements, and drops pairs of them. qdq_move.c */
MnetStatus mnet_opt_qdq_move(MnetGraph *graph, int *changes, MnetError *error);
/** DEQUANTIZE -> op -> QUANTIZE becomes the op on integers. Wants QS8 and fc. qdq.c */
MnetStatus mnet_opt_qdq(MnetGraph *graph, int *changes, MnetError *error);
/** ADD behind a CONV_2D -> the convolution's residual. residual.c */
MnetStatus mnet_opt_residual(MnetGraph *graph, int *changes, MnetError *error);
/** Takes out nodes that the output doesn't depend on, and forgets constants that nobody reads. dead.c */
MnetStatus mnet_opt_dead(MnetGraph *graph, int *changes, MnetError *error);

/** The tensor that enters the classifier, or MNET_NO_TENSOR. embedding.c */
int mnet_opt_embedding(const MnetGraph *graph);

#endif
