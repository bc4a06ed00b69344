/** What the passes share: questions about a place in the graph, and small rewrites. */
#ifndef MNET_OPT_REWRITE_H
#define MNET_OPT_REWRITE_H

#include "nn/graph/graph.h"

/** Input i, or MNET_NO_TENSOR where the node has none. */
int mnet_rewrite_input(const MnetNode *node, int i);
/** The node that makes `tensor`; NULL for MNET_NO_TENSOR, constants and the graph's input. */
MnetNode *mnet_rewrite_producer(const MnetGraph *graph, int tensor);
/**
 * The same, but only where that node is a `kind` with no other reader of `tensor`, and `tensor` is
 * not the graph's output.
 */
MnetNode *mnet_rewrite_private_producer(const MnetGraph *graph, int tensor, MnetOpKind kind);
/**
 * Read exactly once, by a node: neither the graph's output nor its embedding. The reader's index,
 * else -1.
 */
int mnet_rewrite_only_consumer(const MnetGraph *graph, int tensor);
/** A constant F32 or F16 with all its bytes there. */
bool mnet_rewrite_is_float_constant(const MnetGraph *graph, int tensor);
/** Its value where it is a float constant of one element. */
bool mnet_rewrite_scalar(const MnetGraph *graph, int tensor, float *value);
/** The constant that a DEQUANTIZE makes `tensor` from, else MNET_NO_TENSOR. */
int mnet_rewrite_dequantized_constant(const MnetGraph *graph, int tensor);
/**
 * The constant that holds the real values of `tensor`: itself, if float, or what it is dequantised
 * from; else MNET_NO_TENSOR.
 */
int mnet_rewrite_real_constant(const MnetGraph *graph, int tensor);
/**
 * Real value i of such a constant: of floats, or of integers that are quantised per tensor or, if a
 * vector, per element.
 */
double mnet_rewrite_real_value(const MnetTensor *constant, int64_t i);
/** The QS8 tensor of one scale that a DEQUANTIZE makes `tensor` from, else MNET_NO_TENSOR. */
int mnet_rewrite_dequantized(const MnetGraph *graph, int tensor);
/** Of known and equal shape. */
bool mnet_rewrite_same_shape(const MnetGraph *graph, int a, int b);
/** The same scales and zero points, along the same axis. */
bool mnet_rewrite_same_quant(const MnetQuant *a, const MnetQuant *b);
/**
 * A float array of one value for each of the last dimension's elements, however many dimensions of
 * 1 stand before it.
 */
bool mnet_rewrite_is_channel_vector(const MnetGraph *graph, int tensor, int32_t channels);

/** Gives the node at least n inputs, new ones MNET_NO_TENSOR; false when out of memory. */
bool mnet_rewrite_grow_inputs(MnetGraph *graph, MnetNode *node, int n);
/**
 * A new constant, its zeroed bytes in *data; MNET_NO_TENSOR when out of memory. `name` may belong
 * to a tensor.
 */
int mnet_rewrite_constant(MnetGraph *graph, const char *name, MnetDtype dtype, int rank,
                          const int32_t *dims, void *data);
/**
 * A tensor of the shape of `like` and another type, its data and quantisation none; MNET_NO_TENSOR
 * when out of memory.
 */
int mnet_rewrite_tensor_like(MnetGraph *graph, int like, MnetDtype dtype);

/** Fails with MNET_ERROR_MEMORY. */
MnetStatus mnet_rewrite_no_memory(const MnetGraph *graph, MnetError *error);

#endif
