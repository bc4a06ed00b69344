#include "nn/graph/check.h"

#include <math.h>

/* Movers copy bytes as they are, so both sides must mean the same by them. */
static bool same_quant(const MnetQuant *a, const MnetQuant *b) {
    return a->count == 1 && b->count == 1 && a->scale[0] == b->scale[0] &&
           a->zero_point[0] == b->zero_point[0];
}

/* Values pass through these; a RESHAPE passes bytes, which may mean something else behind it
 * (graph.h). */
static bool is_mover(MnetOpKind kind) {
    return kind == MNET_OP_TRANSPOSE || kind == MNET_OP_SLICE || kind == MNET_OP_SPLIT ||
           kind == MNET_OP_PAD;
}

static const char *activation_problem(const MnetActivation *activation) {
    if (activation->kind < MNET_ACTIVATION_NONE || activation->kind > MNET_ACTIVATION_TANH)
        return "unknown activation";
    if (activation->kind == MNET_ACTIVATION_CLAMP && !(activation->lo <= activation->hi))
        return "the lower limit of the activation is above the upper";
    if (activation->kind == MNET_ACTIVATION_HARD_SIGMOID &&
        !(isfinite(activation->alpha) && isfinite(activation->beta)))
        return "the activation's parameters are not finite";
    return NULL;
}

static const char *weights_problem(const MnetGraph *graph, const MnetNode *node) {
    const MnetTensor *x = mnet_node_input(graph, node, 0), *w = mnet_node_input(graph, node, 1);
    const MnetTensor *bias = mnet_node_input(graph, node, 2);
    const MnetTensor *residual = mnet_node_input(graph, node, 3);
    bool quantized = x->dtype == MNET_DTYPE_QS8;

    if (!w->data || (bias && !bias->data))
        return "weights or bias are computed, not constant";
    if (quantized ? w->dtype != MNET_DTYPE_QS8
                  : w->dtype != MNET_DTYPE_F32 && w->dtype != MNET_DTYPE_F16)
        return "weights of another type than the input";
    if (quantized && (w->quant.count < 1 || (w->quant.count > 1 && w->quant.axis != 0)))
        return "weights are not quantised per tensor or per output channel";
    if (bias && bias->dtype != (quantized ? MNET_DTYPE_S32 : MNET_DTYPE_F32))
        return "bias of the wrong type";
    if (node->kind == MNET_OP_FULLY_CONNECTED)
        return node->attrs.fully_connected.transpose_b ? NULL : "weights are not transposed";
    if (node->attrs.conv.window.padding != MNET_PADDING_EXPLICIT)
        return "padding is not explicit";
    if (!residual)
        return NULL;

    const MnetTensor *y = &graph->tensors[node->outputs[0]];
    const MnetQuant *inner = &node->attrs.conv.inner;
    for (int i = 0; i < 4; i++)
        if (residual->rank != 4 || residual->dims[i] != y->dims[i])
            return "the residual is not of the output's shape";
    if (quantized && (inner->count != 1 || !isfinite(inner->scale[0]) || inner->scale[0] <= 0))
        return "no quantisation before the residual";
    return activation_problem(&node->attrs.conv.residual_activation);
}

static const char *types_problem(const MnetGraph *graph, const MnetNode *node) {
    const MnetTensor *x = mnet_node_input(graph, node, 0);
    bool weighted = node->kind == MNET_OP_CONV_2D || node->kind == MNET_OP_FULLY_CONNECTED;
    MnetDtype in = x->dtype, out = x->dtype;
    if (node->kind == MNET_OP_QUANTIZE)
        in = MNET_DTYPE_F32, out = MNET_DTYPE_QS8;
    else if (node->kind == MNET_OP_DEQUANTIZE)
        in = MNET_DTYPE_QS8, out = MNET_DTYPE_F32;
    else if (node->kind == MNET_OP_REQUANTIZE || node->kind == MNET_OP_TABLE)
        in = out = MNET_DTYPE_QS8;
    if (in != MNET_DTYPE_F32 && in != MNET_DTYPE_QS8)
        return "input is neither f32 nor qs8";

    for (int i = 0; i < node->n_inputs; i++) {
        const MnetTensor *other = mnet_node_input(graph, node, i);
        if (!other || (weighted && (i == 1 || i == 2)))
            continue;
        if (other->dtype != in)
            return "input of a type that this op does not take";
        if (in == MNET_DTYPE_QS8 && other->quant.count != 1)
            return "input without one scale";
    }
    for (int o = 0; o < node->n_outputs; o++) {
        const MnetTensor *y = &graph->tensors[node->outputs[o]];
        if (y->dtype != out)
            return "output of a type that this op does not give";
        if (out == MNET_DTYPE_QS8 && y->quant.count != 1)
            return "output without one scale";
        if (out == MNET_DTYPE_QS8 && is_mover(node->kind) && !same_quant(&x->quant, &y->quant))
            return "output with another scale or zero point than the input";
    }
    return NULL;
}

static const char *node_problem(const MnetGraph *graph, const MnetNode *node) {
    const char *problem = types_problem(graph, node);
    if (!problem)
        problem = activation_problem(&node->activation);
    if (problem)
        return problem;
    switch (node->kind) {
    case MNET_OP_CONV_2D:
    case MNET_OP_FULLY_CONNECTED:
        return weights_problem(graph, node);
    case MNET_OP_AVG_POOL:
    case MNET_OP_MAX_POOL:
        return node->attrs.pool.window.padding == MNET_PADDING_EXPLICIT &&
                       !node->attrs.pool.ceil_mode
                   ? NULL
                   : "padding is not explicit";
    case MNET_OP_SOFTMAX:
        return isfinite(node->attrs.along.beta) ? NULL : "beta is not finite";
    case MNET_OP_PAD:
        return isfinite(node->attrs.pad.value) ? NULL : "the padding's value is not finite";
    case MNET_OP_TABLE:
        return node->attrs.table ? NULL : "there is no table";
    case MNET_OP_RESHAPE:
        return node->n_inputs == 1 ? NULL : "the new shape is computed";
    default:
        return NULL;
    }
}

MnetStatus mnet_graph_verify_canonical(const MnetGraph *graph, MnetError *error) {
    const MnetTensor *input = &graph->tensors[graph->input];
    char text[96];
    if (graph->layout != MNET_LAYOUT_NHWC || input->rank != 4 ||
        (input->dtype != MNET_DTYPE_F32 && input->dtype != MNET_DTYPE_QS8))
        return mnet_fail(error, MNET_ERROR_UNSUPPORTED,
                         "%s: the input %s is not a picture: 4 dimensions, f32 or qs8", graph->file,
                         mnet_tensor_text(input, text, sizeof text));
    if (input->dtype == MNET_DTYPE_QS8 && input->quant.count != 1)
        return mnet_fail(error, MNET_ERROR_FORMAT, "%s: the input has no scale", graph->file);
    for (int n = 0; n < graph->n_nodes; n++) {
        const MnetNode *node = &graph->nodes[n];
        if (node->kind == MNET_OP_NONE || node->kind >= MNET_OP_BATCH_NORM)
            return mnet_node_fail(graph, node, error, MNET_ERROR_UNSUPPORTED,
                                  "it can't be folded away, and has no kernel");
        for (int i = 0; i < node->n_inputs + node->n_outputs; i++) {
            int id = i < node->n_inputs ? node->inputs[i] : node->outputs[i - node->n_inputs];
            if (id != MNET_NO_TENSOR && graph->tensors[id].rank < 0)
                return mnet_node_fail(graph, node, error, MNET_ERROR_UNSUPPORTED,
                                      "the shape of '%.80s' depends on data",
                                      graph->tensors[id].name);
        }
        const char *problem = node_problem(graph, node);
        if (problem)
            return mnet_node_fail(graph, node, error, MNET_ERROR_UNSUPPORTED, "%s", problem);
    }
    if (mnet_graph_producer(graph, graph->output) < 0)
        return mnet_fail(error, MNET_ERROR_UNSUPPORTED, "%s: no op makes the output", graph->file);
    return MNET_OK;
}
