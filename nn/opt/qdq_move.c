#include "nn/opt/passes.h"
#include "nn/opt/rewrite.h"

/*
 * Ops that give out input 0's elements (or zero, or their maximum) unchanged, so that any monotonic
 * map of each element may as well be done after as before.
 */
static bool only_moves(const MnetNode *node) {
    switch (node->kind) {
    case MNET_OP_RESHAPE:
    case MNET_OP_TRANSPOSE:
    case MNET_OP_SLICE:
    case MNET_OP_SPLIT:
        return true;
    case MNET_OP_PAD:
        return node->attrs.pad.value == 0;
    case MNET_OP_MAX_POOL:
        return node->activation.kind == MNET_ACTIVATION_NONE;
    default:
        return false;
    }
}

/* The quantised tensor behind a DEQUANTIZE at run time: constants are left to be folded. */
static int quantized_source(const MnetGraph *graph, int tensor) {
    int source = mnet_rewrite_dequantized(graph, tensor);
    return source == MNET_NO_TENSOR || graph->tensors[source].data ? MNET_NO_TENSOR : source;
}

/*
 * nodes[at] reads quantised `source`, and each of its outputs, now quantised too, is dequantised
 * behind it.
 */
static bool push_dequantize(MnetGraph *graph, int at, int source) {
    graph->nodes[at].inputs[0] = source;
    for (int o = 0; o < graph->nodes[at].n_outputs; o++) {
        int output = graph->nodes[at].outputs[o];
        int quantized = mnet_rewrite_tensor_like(graph, output, MNET_DTYPE_QS8);
        if (quantized == MNET_NO_TENSOR)
            return false;
        graph->tensors[quantized].quant = graph->tensors[source].quant;
        MnetNode *node = mnet_graph_insert_node(graph, at + 1, MNET_OP_DEQUANTIZE,
                                                graph->tensors[output].name, NULL, 1, 1);
        if (!node)
            return false;
        node->inputs[0] = quantized;
        node->outputs[0] = output;
        graph->nodes[at].outputs[o] = quantized;
    }
    return true;
}

/*
 * QUANTIZE behind DEQUANTIZE: nothing, or REQUANTIZE; and REQUANTIZE to the same parameters:
 * nothing.
 */
static bool drop_pair(MnetGraph *graph, int at) {
    MnetNode *node = &graph->nodes[at];
    int source =
        node->kind == MNET_OP_QUANTIZE ? quantized_source(graph, node->inputs[0]) : node->inputs[0];
    if (source == MNET_NO_TENSOR)
        return false;
    const MnetTensor *x = &graph->tensors[source], *y = &graph->tensors[node->outputs[0]];
    if (x->dtype == y->dtype && mnet_rewrite_same_quant(&x->quant, &y->quant)) {
        mnet_opt_replace_uses(graph, node->outputs[0], source);
        mnet_opt_kill(graph, at);
    } else if (node->kind == MNET_OP_QUANTIZE) {
        node->kind = MNET_OP_REQUANTIZE;
        node->inputs[0] = source;
    } else {
        return false;
    }
    return true;
}

/* The op before QUANTIZE nodes[at] that it can trade places with, or -1. */
static int movable_before(const MnetGraph *graph, int at) {
    int x = graph->nodes[at].inputs[0];
    if (mnet_rewrite_only_consumer(graph, x) < 0)
        return -1;
    int mover = mnet_graph_producer(graph, x);
    if (mover < 0 || !only_moves(&graph->nodes[mover]) || graph->nodes[mover].n_outputs != 1)
        return -1;
    int input = graph->nodes[mover].inputs[0];
    bool free = !graph->tensors[input].data && mnet_rewrite_only_consumer(graph, input) >= 0 &&
                mnet_graph_producer(graph, input) >= 0;
    return free ? mover : -1;
}

/* x -> mover -> QUANTIZE becomes x -> QUANTIZE -> mover. */
static bool pull_quantize(MnetGraph *graph, int mover, int at) {
    MnetNode quantize = graph->nodes[at];
    int x = graph->nodes[mover].inputs[0];
    int quantized = mnet_rewrite_tensor_like(graph, x, MNET_DTYPE_QS8);
    if (quantized == MNET_NO_TENSOR)
        return false;
    graph->tensors[quantized].quant = graph->tensors[quantize.outputs[0]].quant;
    mnet_opt_kill(graph, at);
    MnetNode *node = mnet_graph_insert_node(graph, mover, MNET_OP_QUANTIZE, quantize.name,
                                            quantize.op_type, 1, 1);
    if (!node)
        return false;
    node->inputs[0] = x;
    node->outputs[0] = quantized;
    graph->nodes[mover + 1].inputs[0] = quantized;
    graph->nodes[mover + 1].outputs[0] = quantize.outputs[0];
    return true;
}

MnetStatus mnet_opt_qdq_move(MnetGraph *graph, int *changes, MnetError *error) {
    for (int i = 0; i < graph->n_nodes; i++) {
        const MnetNode *node = &graph->nodes[i];
        if (node->kind == MNET_OP_QUANTIZE || node->kind == MNET_OP_REQUANTIZE) {
            *changes += drop_pair(graph, i);
        } else if (only_moves(node)) {
            int source = quantized_source(graph, node->inputs[0]);
            if (source == MNET_NO_TENSOR)
                continue;
            if (!push_dequantize(graph, i, source))
                return mnet_rewrite_no_memory(graph, error);
            ++*changes;
        }
    }
    for (int i = graph->n_nodes - 1; i >= 0; i--) {
        int mover = graph->nodes[i].kind == MNET_OP_QUANTIZE ? movable_before(graph, i) : -1;
        if (mover < 0)
            continue;
        if (!pull_quantize(graph, mover, i))
            return mnet_rewrite_no_memory(graph, error);
        i = mover + 1;
        ++*changes;
    }
    return MNET_OK;
}
