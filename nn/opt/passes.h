/**
 * The single passes, in the order of opt.c, and what they share. A pass adds to *changes how much it rewrote; on failure
 * the graph stays valid to be cleared.
 */
#ifndef MNET_OPT_PASSES_H
#define MNET_OPT_PASSES_H

#include "nn/graph/graph.h"

/**
 * Infers shapes from the input on and evaluates what hangs on constants alone: shape arithmetic, weights that the file
 * transposes, casts or quantises. Drops IDENTITY, RESHAPE to the same shape and the shape inputs of RESHAPE.
 * DEQUANTIZE of integers stays, as the QDQ pass needs it; float16 is made float. Results are bounded in size.
 */
MnetStatus mnet_opt_fold(MnetGraph *graph, int *changes, MnetError *error);
/** Evaluates the DEQUANTIZE of constants that the QDQ pass has left, then folds again. */
MnetStatus mnet_opt_fold_dequantize(MnetGraph *graph, int *changes, MnetError *error);
/**
 * NCHW -> NHWC: permutes rank-4 tensors, the constants that meet them, and attributes; puts a TRANSPOSE where the order of
 * bytes is seen (RESHAPE, the graph's output), and merges those that meet. Shapes must be known, convolution weights constant.
 */
MnetStatus mnet_opt_nhwc(MnetGraph *graph, int *changes, MnetError *error);

/** Makes every node input and the graph's output and embedding that are `from` be `to`. */
void mnet_opt_replace_uses(MnetGraph *graph, int from, int to);
/** Turns nodes[node] into MNET_OP_NONE, with no inputs and outputs. */
void mnet_opt_kill(MnetGraph *graph, int node);

#endif
