#include "nn/graph/check.h"

#include <stdarg.h>
#include <stdio.h>

char *mnet_tensor_text(const MnetTensor *tensor, char *text, size_t size) {
    int at = snprintf(text, size, "%s[", mnet_dtype_name(tensor->dtype));
    if (tensor->rank < 0)
        at += snprintf(text + at, size - at, "?");
    for (int i = 0; i < tensor->rank && at < (int)size; i++)
        at += snprintf(text + at, size - at, i ? ",%d" : "%d", tensor->dims[i]);
    if (at < (int)size)
        snprintf(text + at, size - at, "]");
    return text;
}

MnetStatus mnet_node_fail(const MnetGraph *graph, const MnetNode *node, MnetError *error,
                          MnetStatus status, const char *format, ...) {
    char message[256], inputs[200] = "";
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);

    int at = 0;
    for (int i = 0; i < node->n_inputs && i < 4 && at < (int)sizeof inputs; i++) {
        char text[96] = "-";
        if (node->inputs[i] >= 0 && node->inputs[i] < graph->n_tensors)
            mnet_tensor_text(&graph->tensors[node->inputs[i]], text, sizeof text);
        at += snprintf(inputs + at, sizeof inputs - at, "%s%s", i ? ", " : "; inputs ", text);
    }
    return mnet_fail(error, status, "%s: node %d '%.80s' (%s): %s%s", graph->file, node->index,
                     node->name ? node->name : "",
                     node->op_type ? node->op_type : mnet_op_name(node->kind), message, inputs);
}

/* Inputs: [needed, all]; INT8_MAX is any number. */
static const struct Arity {
    int8_t needed, inputs, outputs;
} arities[MNET_OP_COUNT] = {
    [MNET_OP_CONV_2D] = {2, 4, 1},
    [MNET_OP_FULLY_CONNECTED] = {2, 3, 1},
    [MNET_OP_ACTIVATION] = {1, 1, 1},
    [MNET_OP_ADD] = {2, 2, 1},
    [MNET_OP_SUB] = {2, 2, 1},
    [MNET_OP_MUL] = {2, 2, 1},
    [MNET_OP_DIV] = {2, 2, 1},
    [MNET_OP_AVG_POOL] = {1, 1, 1},
    [MNET_OP_MAX_POOL] = {1, 1, 1},
    [MNET_OP_MEAN] = {1, 1, 1},
    [MNET_OP_PAD] = {1, 1, 1},
    [MNET_OP_CONCAT] = {1, INT8_MAX, 1},
    [MNET_OP_SPLIT] = {1, 1, INT8_MAX},
    [MNET_OP_SLICE] = {1, 1, 1},
    [MNET_OP_TRANSPOSE] = {1, 1, 1},
    [MNET_OP_RESHAPE] = {1, 2, 1},
    [MNET_OP_SOFTMAX] = {1, 1, 1},
    [MNET_OP_QUANTIZE] = {1, 1, 1},
    [MNET_OP_DEQUANTIZE] = {1, 1, 1},
    [MNET_OP_REQUANTIZE] = {1, 1, 1},
    [MNET_OP_TABLE] = {1, 1, 1},
    [MNET_OP_BATCH_NORM] = {5, 5, 1},
    [MNET_OP_IDENTITY] = {1, 1, 1},
    [MNET_OP_SHAPE] = {1, 1, 1},
    [MNET_OP_GATHER] = {2, 2, 1},
    [MNET_OP_CAST] = {1, 1, 1},
    [MNET_OP_CONSTANT_OF_SHAPE] = {1, 1, 1},
    [MNET_OP_REDUCE_PROD] = {1, 1, 1},
};

MnetStatus mnet_node_check(const MnetGraph *graph, const MnetNode *node, MnetError *error) {
    if (node->kind <= MNET_OP_NONE || node->kind >= MNET_OP_COUNT)
        return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT, "unknown op kind %d",
                              (int)node->kind);
    const struct Arity *arity = &arities[node->kind];
    if (node->n_inputs < arity->needed ||
        (arity->inputs != INT8_MAX && node->n_inputs > arity->inputs))
        return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT, "%d inputs", node->n_inputs);
    if (node->n_outputs < 1 || (arity->outputs != INT8_MAX && node->n_outputs > arity->outputs))
        return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT, "%d outputs", node->n_outputs);
    for (int i = 0; i < node->n_inputs; i++) {
        bool needed = i < arity->needed || arity->inputs == INT8_MAX;
        int id = node->inputs[i];
        if (id >= graph->n_tensors || id < MNET_NO_TENSOR || (needed && id == MNET_NO_TENSOR))
            return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT, "input %d is %s", i,
                                  id == MNET_NO_TENSOR ? "missing" : "no tensor of the graph");
    }
    for (int o = 0; o < node->n_outputs; o++)
        if (node->outputs[o] < 0 || node->outputs[o] >= graph->n_tensors)
            return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                                  "output %d is no tensor of the graph", o);
    return MNET_OK;
}

const MnetTensor *mnet_node_input(const MnetGraph *graph, const MnetNode *node, int i) {
    if (i >= node->n_inputs || node->inputs[i] == MNET_NO_TENSOR)
        return NULL;
    return &graph->tensors[node->inputs[i]];
}
