/** Small graphs for tests: one line a tensor, one a node. Running out of memory ends the test. */
#ifndef TESTS_GRAPH_BUILD_H
#define TESTS_GRAPH_BUILD_H

#include "nn/graph/graph.h"

#include <stdlib.h>
#include <string.h>

#define DIMS(...)                                                                                  \
    (int)(sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t)), (const int32_t[]) {                 \
        __VA_ARGS__                                                                                \
    }

static inline int build_tensor(MnetGraph *graph, MnetDtype dtype, int rank, const int32_t *dims) {
    char name[16];
    snprintf(name, sizeof name, "t%d", graph->n_tensors);
    int id = mnet_graph_add_tensor(graph, name, dtype, rank, dims);
    if (id < 0)
        abort();
    return id;
}

/** A tensor whose shape and type are to be inferred. */
static inline int build_unknown(MnetGraph *graph) {
    return build_tensor(graph, MNET_DTYPE_NONE, -1, NULL);
}

/** `data` is copied. */
static inline int build_constant(MnetGraph *graph, MnetDtype dtype, const void *data, int rank,
                                 const int32_t *dims) {
    int id = build_tensor(graph, dtype, rank, dims);
    MnetTensor *tensor = &graph->tensors[id];
    tensor->bytes = mnet_tensor_elements(tensor) * mnet_dtype_size(dtype);
    void *copy = mnet_arena_alloc(&graph->arena, tensor->bytes);
    if (!copy)
        abort();
    tensor->data = memcpy(copy, data, tensor->bytes);
    return id;
}

/** A float constant of 0, 1, 2, ... */
static inline int build_ramp(MnetGraph *graph, int rank, const int32_t *dims) {
    int id = build_tensor(graph, MNET_DTYPE_F32, rank, dims);
    int64_t elements = mnet_tensor_elements(&graph->tensors[id]);
    float *data = mnet_arena_array(&graph->arena, elements, sizeof *data);
    if (!data)
        abort();
    for (int64_t i = 0; i < elements; i++)
        data[i] = (float)i;
    graph->tensors[id].data = data;
    graph->tensors[id].bytes = elements * sizeof *data;
    return id;
}

static inline int build_input(MnetGraph *graph, MnetLayout layout, int rank, const int32_t *dims) {
    graph->layout = graph->input_layout = layout;
    graph->input_dtype = MNET_DTYPE_F32;
    return graph->input = build_tensor(graph, MNET_DTYPE_F32, rank, dims);
}

/** A node with one new output, which becomes the graph's; its inputs are x and, unless negative, y
 * and z. */
static inline MnetNode *build_node(MnetGraph *graph, MnetOpKind kind, int x, int y, int z) {
    int output = build_unknown(graph);
    MnetNode *node = mnet_graph_add_node(graph, kind, "", NULL, z >= 0 ? 3 : y >= 0 ? 2 : 1, 1);
    if (!node)
        abort();
    node->inputs[0] = x;
    if (node->n_inputs > 1)
        node->inputs[1] = y;
    if (node->n_inputs > 2)
        node->inputs[2] = z;
    node->outputs[0] = graph->output = output;
    return node;
}

static inline MnetNode *build_conv(MnetGraph *graph, int x, int w, int groups, int stride,
                                   MnetPadding padding) {
    MnetNode *node = build_node(graph, MNET_OP_CONV_2D, x, w, -1);
    node->attrs.conv.window =
        (MnetWindow){.stride = {stride, stride}, .dilation = {1, 1}, .padding = padding};
    node->attrs.conv.groups = groups;
    return node;
}

static inline MnetNode *build_transpose(MnetGraph *graph, int x, int rank, const int32_t *perm) {
    MnetNode *node = build_node(graph, MNET_OP_TRANSPOSE, x, -1, -1);
    memcpy(node->attrs.perm, perm, rank * sizeof *perm);
    return node;
}

/** To a constant shape. */
static inline MnetNode *build_reshape(MnetGraph *graph, int x, int rank, const int32_t *dims) {
    int shape = build_constant(graph, MNET_DTYPE_S32, dims, 1, (const int32_t[]){rank});
    return build_node(graph, MNET_OP_RESHAPE, x, shape, -1);
}

static inline bool build_has_shape(const MnetGraph *graph, int tensor, int rank,
                                   const int32_t *dims) {
    const MnetTensor *t = &graph->tensors[tensor];
    return t->rank == rank && (!rank || !memcmp(t->dims, dims, rank * sizeof *dims));
}

#endif
