/** Short forms for what every prepare function needs of its node. */
#ifndef MNET_OPS_NODE_H
#define MNET_OPS_NODE_H

#include "nn/graph/check.h"

/** Elements of a unit of work, where an op has nothing like rows. */
#define MNET_BLOCK 4096

/** Units of `block` elements that cover n; n is a tensor's, so it fits. */
static inline int mnet_blocks(int64_t n, int64_t block) {
    return (int)((n + block - 1) / block);
}

/** Elements of the block that starts at `begin`. */
static inline size_t mnet_block_size(int64_t n, int64_t begin, int64_t block) {
    return (size_t)(n - begin < block ? n - begin : block);
}

static inline const MnetTensor *mnet_node_output(const MnetGraph *graph, const MnetNode *node,
                                                 int i) {
    return &graph->tensors[node->outputs[i]];
}

static inline bool mnet_quant_equal(const MnetQuant *a, const MnetQuant *b) {
    return a->count == 1 && b->count == 1 && a->scale[0] == b->scale[0] &&
           a->zero_point[0] == b->zero_point[0];
}

/** MNET_ERROR_UNSUPPORTED: the file, the node, and `what` is not supported. */
MnetStatus mnet_node_unsupported(const MnetGraph *graph, const MnetNode *node, const char *what,
                                 MnetError *error);
/** MNET_ERROR_MEMORY, likewise. */
MnetStatus mnet_node_no_memory(const MnetGraph *graph, const MnetNode *node, MnetError *error);
/**
 * Checks that a tensor is f32, or qs8 with one scale that is finite and above 0 and a zero point
 * within int8; the error names the node and its tensor.
 */
MnetStatus mnet_node_check_tensor(const MnetGraph *graph, const MnetNode *node, int tensor,
                                  MnetError *error);
/** The same for all inputs and outputs, which must also be of one type. */
MnetStatus mnet_node_check_types(const MnetGraph *graph, const MnetNode *node, MnetError *error);

#endif
