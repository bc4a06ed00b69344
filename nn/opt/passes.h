/**
 * The single passes, in the order of opt.c, and what they share. A pass adds to *changes how much
 * it rewrote, and leaves the nodes in a valid order; a pattern that doesn't match exactly is left
 * alone. On failure the graph stays valid to be cleared.
 */
#ifndef MNET_OPT_PASSES_H
#define MNET_OPT_PASSES_H

#include "nn/graph/graph.h"

typedef MnetStatus (*MnetOptPass)(MnetGraph *graph, int *changes, MnetError *error);

/**
 * Infers shapes from the input on and evaluates what hangs on constants alone: shape arithmetic,
 * weights that the file transposes, casts or quantises. Drops IDENTITY, RESHAPE to the same shape
 * and the shape inputs of RESHAPE. DEQUANTIZE of integers stays, as the QDQ pass needs it; float16
 * is made float. Results are bounded in size.
 */
MnetStatus mnet_opt_fold(MnetGraph *graph, int *changes, MnetError *error);
/** Evaluates the DEQUANTIZE of constants that the QDQ pass has left, then folds again. */
MnetStatus mnet_opt_fold_dequantize(MnetGraph *graph, int *changes, MnetError *error);
/**
 * NCHW -> NHWC: permutes rank-4 tensors, the constants that meet them, and attributes; puts a
 * TRANSPOSE where the order of bytes is seen (RESHAPE, the graph's output), and merges those that
 * meet. Shapes must be known, convolution weights constant.
 */
MnetStatus mnet_opt_nhwc(MnetGraph *graph, int *changes, MnetError *error);

/** QU8 -> QS8: values and zero points less 128. signed.c */
MnetStatus mnet_opt_signed(MnetGraph *graph, int *changes, MnetError *error);
/** Constant weights of FULLY_CONNECTED, also behind a DEQUANTIZE: [I, O] -> [O, I]. fc.c */
MnetStatus mnet_opt_fc(MnetGraph *graph, int *changes, MnetError *error);
/**
 * Activations written out in multiplications: x * sigmoid(x), x * relu6(x + 3) / 6 and the like;
 * float only. patterns.c
 */
MnetStatus mnet_opt_patterns(MnetGraph *graph, int *changes, MnetError *error);
/** BATCH_NORM -> into the weights and bias before it, else MUL and ADD. batch_norm.c */
MnetStatus mnet_opt_batch_norm(MnetGraph *graph, int *changes, MnetError *error);
/**
 * ADD of a constant for each channel -> bias of the convolution or FULLY_CONNECTED before it.
 * bias.c
 */
MnetStatus mnet_opt_bias(MnetGraph *graph, int *changes, MnetError *error);
/** AVG_POOL over the whole picture -> MEAN. Wants NHWC. mean.c */
MnetStatus mnet_opt_mean(MnetGraph *graph, int *changes, MnetError *error);
/** PAD of height and width -> the window's padding of the op behind it. Wants NHWC. pad.c */
MnetStatus mnet_opt_pad(MnetGraph *graph, int *changes, MnetError *error);
/** ACTIVATION -> MnetNode.activation of the op before it. activation.c */
MnetStatus mnet_opt_activation(MnetGraph *graph, int *changes, MnetError *error);
/**
 * Moves DEQUANTIZE down and QUANTIZE up through ops that only move elements, and drops pairs of
 * them. qdq_move.c
 */
MnetStatus mnet_opt_qdq_move(MnetGraph *graph, int *changes, MnetError *error);
/** DEQUANTIZE -> op -> QUANTIZE becomes the op on integers. Wants QS8 and fc. qdq.c */
MnetStatus mnet_opt_qdq(MnetGraph *graph, int *changes, MnetError *error);
/** ADD behind a CONV_2D -> the convolution's residual. residual.c */
MnetStatus mnet_opt_residual(MnetGraph *graph, int *changes, MnetError *error);
/**
 * ACTIVATION, REQUANTIZE and arithmetic that come to a function of one quantised tensor, element by
 * element -> TABLE. tables.c
 */
MnetStatus mnet_opt_tables(MnetGraph *graph, int *changes, MnetError *error);
/**
 * QUANTIZE of the graph's input alone -> a quantised input; the session does it at the edge.
 * input.c
 */
MnetStatus mnet_opt_input(MnetGraph *graph, int *changes, MnetError *error);
/**
 * Takes out nodes that the output doesn't depend on, and forgets constants that nobody reads.
 * dead.c
 */
MnetStatus mnet_opt_dead(MnetGraph *graph, int *changes, MnetError *error);

/** The tensor that enters the classifier, or MNET_NO_TENSOR. embedding.c */
int mnet_opt_embedding(const MnetGraph *graph);

/** Makes every node input and the graph's output and embedding that are `from` be `to`. */
void mnet_opt_replace_uses(MnetGraph *graph, int from, int to);
/** Turns nodes[node] into MNET_OP_NONE, with no inputs and outputs. */
void mnet_opt_kill(MnetGraph *graph, int node);

#endif
