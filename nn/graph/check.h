/** What the files of this folder share: messages that name the node, and the steps of shape
 * inference. */
#ifndef MNET_GRAPH_CHECK_H
#define MNET_GRAPH_CHECK_H

#include "nn/graph/graph.h"

/** A tensor's type and dimensions, such as "f32[1,224,224,3]"; writes at most `size` bytes and
 * returns `text`. */
char *mnet_tensor_text(const MnetTensor *tensor, char *text, size_t size);

/** Fails with: file, place, name and op of the node, the message, and the types and shapes of its
 * inputs. */
MnetStatus mnet_node_fail(const MnetGraph *graph, const MnetNode *node, MnetError *error,
                          MnetStatus status, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/** Kind, number of inputs and outputs, and their ids; needed inputs are there. */
MnetStatus mnet_node_check(const MnetGraph *graph, const MnetNode *node, MnetError *error);

/** Input i of a checked node, or NULL where it is left out. */
const MnetTensor *mnet_node_input(const MnetGraph *graph, const MnetNode *node, int i);

/** The second half of mnet_graph_verify(graph, true): what only the form after the passes must
 * keep. */
MnetStatus mnet_graph_verify_canonical(const MnetGraph *graph, MnetError *error);

/**
 * Gives output o of a node its shape, and its type where that is not known yet; an error where the
 * shape is impossible, too big, or another than the one it has. Types must agree but for those of
 * quantised tensors, where the file decides.
 */
MnetStatus mnet_shape_set(MnetGraph *graph, const MnetNode *node, int o, MnetDtype dtype, int rank,
                          const int64_t *dims, MnetError *error);
/** The axis counted from 0, or -1 with an error. */
int mnet_shape_axis(const MnetGraph *graph, const MnetNode *node, int axis, int rank,
                    MnetError *error);

/* Of one node whose inputs have shapes. They normalise the attributes too. */
MnetStatus mnet_shape_conv(MnetGraph *graph, MnetNode *node, MnetError *error);
MnetStatus mnet_shape_pool(MnetGraph *graph, MnetNode *node, MnetError *error);
MnetStatus mnet_shape_pad(MnetGraph *graph, MnetNode *node, MnetError *error);
MnetStatus mnet_shape_concat(MnetGraph *graph, MnetNode *node, MnetError *error);
MnetStatus mnet_shape_split(MnetGraph *graph, MnetNode *node, MnetError *error);
MnetStatus mnet_shape_slice(MnetGraph *graph, MnetNode *node, MnetError *error);
MnetStatus mnet_shape_transpose(MnetGraph *graph, MnetNode *node, MnetError *error);
MnetStatus mnet_shape_reshape(MnetGraph *graph, MnetNode *node, MnetError *error);
MnetStatus mnet_shape_reduce(MnetGraph *graph, MnetNode *node, MnetError *error);
MnetStatus mnet_shape_gather(MnetGraph *graph, MnetNode *node, MnetError *error);
MnetStatus mnet_shape_constant_of_shape(MnetGraph *graph, MnetNode *node, MnetError *error);

#endif
