#include "nn/opt/passes.h"
#include "nn/opt/qdq_weights.h"
#include "nn/opt/rewrite.h"

/* How many of the first inputs are activations; 0 for kinds that don't become integer here. */
static int activation_inputs(const MnetNode *node) {
    switch (node->kind) {
    case MNET_OP_CONV_2D:
    case MNET_OP_FULLY_CONNECTED:
    case MNET_OP_ACTIVATION:
    case MNET_OP_AVG_POOL:
    case MNET_OP_MAX_POOL:
    case MNET_OP_MEAN:
    case MNET_OP_SOFTMAX:
        return 1;
    case MNET_OP_ADD:
    case MNET_OP_SUB:
    case MNET_OP_MUL:
    case MNET_OP_DIV:
        return 2;
    case MNET_OP_CONCAT:
        return node->n_inputs;
    default:
        return 0;
    }
}

static bool has_quantized_inputs(const MnetGraph *graph, const MnetNode *node) {
    for (int i = 0; i < activation_inputs(node); i++)
        if (mnet_rewrite_dequantized(graph, node->inputs[i]) == MNET_NO_TENSOR)
            return false;
    return activation_inputs(node) > 0;
}

/*
 * Where every reader of what nodes[at] makes is a QUANTIZE to the same parameters, the output of
 * one of them; else MNET_NO_TENSOR: the others would see values that the integer op has rounded.
 */
static int quantized_result(const MnetGraph *graph, int at) {
    int result = MNET_NO_TENSOR, tensor = graph->nodes[at].outputs[0];
    if (tensor == graph->output)
        return MNET_NO_TENSOR;
    for (int i = at + 1; i < graph->n_nodes; i++) {
        const MnetNode *node = &graph->nodes[i];
        for (int k = 0; k < node->n_inputs; k++) {
            if (node->inputs[k] != tensor)
                continue;
            if (node->kind != MNET_OP_QUANTIZE ||
                graph->tensors[node->outputs[0]].dtype != MNET_DTYPE_QS8)
                return MNET_NO_TENSOR;
            if (result == MNET_NO_TENSOR)
                result = node->outputs[0];
            else if (!mnet_rewrite_same_quant(&graph->tensors[result].quant,
                                              &graph->tensors[node->outputs[0]].quant))
                return MNET_NO_TENSOR;
        }
    }
    return result;
}

/* nodes[at] writes `result`; the QUANTIZEs that read its float output go. */
static void take_result(MnetGraph *graph, int at, int result) {
    int old = graph->nodes[at].outputs[0];
    graph->nodes[at].outputs[0] = result;
    for (int i = at + 1; i < graph->n_nodes; i++) {
        const MnetNode *node = &graph->nodes[i];
        if (node->kind != MNET_OP_QUANTIZE || node->inputs[0] != old)
            continue;
        if (node->outputs[0] != result)
            mnet_opt_replace_uses(graph, node->outputs[0], result);
        mnet_opt_kill(graph, i);
    }
}

/* Integer kernels clamp; any other activation they do as an op of its own. */
static bool has_integer_kernel(const MnetNode *node) {
    return node->kind == MNET_OP_ACTIVATION || node->activation.kind == MNET_ACTIVATION_NONE ||
           node->activation.kind == MNET_ACTIVATION_CLAMP;
}

static MnetStatus integer_weights(MnetGraph *graph, MnetNode *node, int result, bool *fits,
                                  MnetError *error) {
    MnetQdqOperands operands = {.x = mnet_rewrite_dequantized(graph, node->inputs[0]),
                                .weights = mnet_qdq_weights(graph, node->inputs[1]),
                                .bias = mnet_rewrite_input(node, 2),
                                .y = result};
    *fits = operands.weights != MNET_NO_TENSOR;
    if (!*fits)
        return MNET_OK;
    MnetStatus status = mnet_qdq_bias(graph, &operands, fits, error);
    if (status || !*fits)
        return status;
    node->inputs[1] = operands.weights;
    if (node->n_inputs > 2)
        node->inputs[2] = operands.bias;
    return MNET_OK;
}

MnetStatus mnet_opt_qdq(MnetGraph *graph, int *changes, MnetError *error) {
    for (int i = 0; i < graph->n_nodes; i++) {
        MnetNode *node = &graph->nodes[i];
        if (!has_quantized_inputs(graph, node) || !has_integer_kernel(node))
            continue;
        int result = quantized_result(graph, i);
        if (result == MNET_NO_TENSOR)
            continue;
        if (node->kind == MNET_OP_CONV_2D || node->kind == MNET_OP_FULLY_CONNECTED) {
            bool fits;
            MnetStatus status = integer_weights(graph, node, result, &fits, error);
            if (status)
                return status;
            if (!fits)
                continue;
        }
        for (int k = 0; k < activation_inputs(node); k++)
            node->inputs[k] = mnet_rewrite_dequantized(graph, node->inputs[k]);
        take_result(graph, i, result);
        ++*changes;
    }
    return MNET_OK;
}
