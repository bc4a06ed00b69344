#include "nn/graph/check.h"
#include "nn/opt/passes.h"
#include "nn/opt/rewrite.h"

#include <string.h>

/* [rows, columns] -> a new constant [columns, rows]. */
static int transposed(MnetGraph *graph, int weights) {
    const MnetTensor from = graph->tensors[weights];
    int32_t rows = from.dims[0], columns = from.dims[1];
    size_t size = mnet_dtype_size(from.dtype);
    uint8_t *to;
    int tensor = mnet_rewrite_constant(graph, from.name, from.dtype, 2,
                                       (const int32_t[]){columns, rows}, &to);
    if (tensor == MNET_NO_TENSOR)
        return MNET_NO_TENSOR;
    const uint8_t *at = from.data;
    for (int32_t r = 0; r < rows; r++)
        for (int32_t c = 0; c < columns; c++, at += size)
            memcpy(to + ((size_t)c * rows + r) * size, at, size);
    MnetTensor *fresh = &graph->tensors[tensor];
    fresh->quant = from.quant;
    if (from.quant.count > 1)
        fresh->quant.axis = 1 - from.quant.axis;
    return tensor;
}

/*
 * Puts a DEQUANTIZE of `constant` before nodes[at] and returns its output, called and typed like
 * `like`.
 */
static int dequantize_before(MnetGraph *graph, int at, int constant, int like) {
    MnetTensor old = graph->tensors[like];
    int tensor =
        mnet_graph_add_tensor(graph, old.name, old.dtype, 2, graph->tensors[constant].dims);
    MnetNode *node =
        tensor < 0 ? NULL
                   : mnet_graph_insert_node(graph, at, MNET_OP_DEQUANTIZE, old.name, NULL, 1, 1);
    if (!node)
        return MNET_NO_TENSOR;
    node->inputs[0] = constant;
    node->outputs[0] = tensor;
    return tensor;
}

static MnetStatus transpose_weights(MnetGraph *graph, int *at, MnetError *error) {
    int weights = mnet_rewrite_input(&graph->nodes[*at], 1);
    int quantized = mnet_rewrite_dequantized_constant(graph, weights);
    int source = quantized == MNET_NO_TENSOR ? weights : quantized;
    const MnetTensor *tensor = &graph->tensors[source];
    if (!tensor->data || tensor->rank != 2 ||
        tensor->bytes < mnet_tensor_elements(tensor) * mnet_dtype_size(tensor->dtype))
        return mnet_node_fail(graph, &graph->nodes[*at], error, MNET_ERROR_UNSUPPORTED,
                              "its weights must be a constant matrix");
    int fresh = transposed(graph, source);
    if (fresh != MNET_NO_TENSOR && quantized != MNET_NO_TENSOR)
        fresh = dequantize_before(graph, (*at)++, fresh, weights);
    if (fresh == MNET_NO_TENSOR)
        return mnet_rewrite_no_memory(graph, error);
    graph->nodes[*at].inputs[1] = fresh;
    graph->nodes[*at].attrs.fully_connected.transpose_b = true;
    return MNET_OK;
}

MnetStatus mnet_opt_fc(MnetGraph *graph, int *changes, MnetError *error) {
    for (int i = 0; i < graph->n_nodes; i++) {
        const MnetNode *node = &graph->nodes[i];
        if (node->kind != MNET_OP_FULLY_CONNECTED || node->attrs.fully_connected.transpose_b)
            continue;
        MnetStatus status = transpose_weights(graph, &i, error);
        if (status)
            return status;
        ++*changes;
    }
    return MNET_OK;
}
