/**
 * Small graphs for the tests of the passes. Every tensor is of rank 4 and NHWC unless said; out of
 * memory ends the program.
 */
#ifndef MNET_TEST_OPT_BUILD_H
#define MNET_TEST_OPT_BUILD_H

#include "nn/graph/graph.h"
#include "nn/opt/passes.h"
#include "tests/test.h"

#include <math.h>

#define DIMS(...) ((const int32_t[]){__VA_ARGS__})

static inline int tensor4(MnetGraph *graph, MnetDtype dtype, int h, int w, int c) {
    int tensor = mnet_graph_add_tensor(graph, "t", dtype, 4, DIMS(1, h, w, c));
    if (tensor < 0)
        abort();
    return tensor;
}

static inline void begin(MnetGraph *graph, MnetDtype dtype, int h, int w, int c) {
    mnet_graph_init(graph, "test");
    graph->layout = graph->input_layout = MNET_LAYOUT_NHWC;
    graph->input = tensor4(graph, dtype, h, w, c);
}

static inline int quantized(MnetGraph *graph, int tensor, float scale, int zero_point) {
    if (!mnet_graph_set_quant(graph, &graph->tensors[tensor].quant, scale, zero_point))
        abort();
    return tensor;
}

static inline int constant(MnetGraph *graph, MnetDtype dtype, int rank, const int32_t *dims,
                           const void *data) {
    int tensor = mnet_graph_add_tensor(graph, "c", dtype, rank, dims);
    if (tensor < 0)
        abort();
    MnetTensor *t = &graph->tensors[tensor];
    t->bytes = mnet_tensor_elements(t) * mnet_dtype_size(dtype);
    void *copy = mnet_arena_alloc(&graph->arena, t->bytes);
    if (!copy)
        abort();
    t->data = memcpy(copy, data, t->bytes);
    return tensor;
}

static inline int scalar(MnetGraph *graph, float value) {
    return constant(graph, MNET_DTYPE_F32, 0, NULL, &value);
}

/**
 * A node with up to three inputs (MNET_NO_TENSOR ends them) and a new output of h x w x c; returns
 * the output.
 */
static inline int op(MnetGraph *graph, MnetOpKind kind, int a, int b, int c, MnetDtype dtype, int h,
                     int w, int channels) {
    int n = c != MNET_NO_TENSOR ? 3 : b != MNET_NO_TENSOR ? 2 : 1;
    int output = tensor4(graph, dtype, h, w, channels);
    MnetNode *node = mnet_graph_add_node(graph, kind, "n", NULL, n, 1);
    if (!node)
        abort();
    const int inputs[] = {a, b, c};
    memcpy(node->inputs, inputs, n * sizeof *inputs);
    node->outputs[0] = output;
    return output;
}

/** An op that keeps the shape and, but for QUANTIZE and DEQUANTIZE, the type of `a`. */
static inline int same(MnetGraph *graph, MnetOpKind kind, int a, int b) {
    MnetTensor x = graph->tensors[a];
    MnetDtype dtype = kind == MNET_OP_QUANTIZE     ? MNET_DTYPE_QS8
                      : kind == MNET_OP_DEQUANTIZE ? MNET_DTYPE_F32
                                                   : x.dtype;
    return op(graph, kind, a, b, MNET_NO_TENSOR, dtype, x.dims[1], x.dims[2], x.dims[3]);
}

static inline MnetNode *last(MnetGraph *graph) {
    return &graph->nodes[graph->n_nodes - 1];
}

static inline int activation(MnetGraph *graph, int x, MnetActivation activation) {
    int y = same(graph, MNET_OP_ACTIVATION, x, MNET_NO_TENSOR);
    last(graph)->activation = activation;
    return y;
}

static inline int clamp(MnetGraph *graph, int x, float lo, float hi) {
    return activation(graph, x,
                      (MnetActivation){.kind = MNET_ACTIVATION_CLAMP, .lo = lo, .hi = hi});
}

/**
 * 1x1 convolution from c to `out` channels without padding; weights (and bias) given, or zero
 * weights and no bias.
 */
static inline int conv(MnetGraph *graph, int x, int out, int weights, int bias) {
    MnetTensor from = graph->tensors[x];
    if (weights == MNET_NO_TENSOR) {
        float *zeros = calloc((size_t)out * from.dims[3], sizeof *zeros);
        weights = constant(graph, MNET_DTYPE_F32, 4, DIMS(out, 1, 1, from.dims[3]), zeros);
        free(zeros);
    }
    int y =
        op(graph, MNET_OP_CONV_2D, x, weights, bias, from.dtype, from.dims[1], from.dims[2], out);
    last(graph)->attrs.conv.groups = 1;
    last(graph)->attrs.conv.window =
        (MnetWindow){.kernel = {1, 1}, .stride = {1, 1}, .dilation = {1, 1}};
    return y;
}

static inline int count(const MnetGraph *graph, MnetOpKind kind) {
    int n = 0;
    for (int i = 0; i < graph->n_nodes; i++)
        n += graph->nodes[i].kind == kind;
    return n;
}

/**
 * Runs the pass, sweeps, and checks that the graph is still a graph; returns the number of changes.
 */
static inline int run(MnetGraph *graph, MnetOptPass pass) {
    MnetError error = {0};
    int changes = 0, dead = 0;
    CHECK(mnet_graph_verify(graph, false, &error) == MNET_OK, "before: %s", error.message);
    CHECK(pass(graph, &changes, &error) == MNET_OK, "%s", error.message);
    CHECK(mnet_opt_dead(graph, &dead, &error) == MNET_OK, "%s", error.message);
    CHECK(mnet_graph_verify(graph, false, &error) == MNET_OK, "after: %s", error.message);
    return changes;
}

static inline float float_at(const MnetGraph *graph, int tensor, int i) {
    return mnet_tensor_float(&graph->tensors[tensor], i);
}

#endif
