#include "nn/opt/fold_eval.h"
#include "nn/opt/passes.h"
#include "nn/opt/rewrite.h"

static bool is_identity_perm(const MnetNode *node, int rank) {
    for (int i = 0; i < rank; i++)
        if (node->attrs.perm[i] != i)
            return false;
    return true;
}

/* The output is the input, element for element. */
static bool is_copy(const MnetGraph *graph, const MnetNode *node) {
    const MnetTensor *x = &graph->tensors[node->inputs[0]], *y = &graph->tensors[node->outputs[0]];
    switch (node->kind) {
    case MNET_OP_TRANSPOSE:
        if (x->rank < 0 || !is_identity_perm(node, x->rank))
            return false;
        break;
    case MNET_OP_CONCAT:
        if (node->n_inputs > 1)
            return false;
        break;
    case MNET_OP_IDENTITY:
    case MNET_OP_RESHAPE:
    case MNET_OP_SLICE:
    case MNET_OP_CAST:
        break;
    default:
        return false;
    }
    return x->dtype == y->dtype &&
           mnet_rewrite_same_shape(graph, node->inputs[0], node->outputs[0]) &&
           mnet_rewrite_same_quant(&x->quant, &y->quant) &&
           node->activation.kind == MNET_ACTIVATION_NONE;
}

static bool drop_copy(MnetGraph *graph, int index) {
    const MnetNode *node = &graph->nodes[index];
    int x = node->inputs[0], y = node->outputs[0];
    if (!is_copy(graph, node))
        return false;
    if (y == graph->output) {
        if (x == graph->input || graph->tensors[x].data)
            return false;
        graph->tensors[x].name = graph->tensors[y].name;
    }
    mnet_opt_replace_uses(graph, y, x);
    mnet_opt_kill(graph, index);
    return true;
}

/* Weights stay float16, half the memory, where all readers convert them when they pack. */
static bool keep_half_weights(MnetGraph *graph, int index) {
    const MnetNode *node = &graph->nodes[index];
    int x = node->inputs[0], y = node->outputs[0];
    if (node->kind != MNET_OP_DEQUANTIZE || graph->tensors[x].dtype != MNET_DTYPE_F16 ||
        !graph->tensors[x].data || y == graph->output)
        return false;
    for (int n = 0; n < graph->n_nodes; n++) {
        const MnetNode *reader = &graph->nodes[n];
        bool packs = reader->kind == MNET_OP_CONV_2D || reader->kind == MNET_OP_FULLY_CONNECTED;
        for (int i = 0; i < reader->n_inputs; i++)
            if (reader->inputs[i] == y && !(packs && i == 1))
                return false;
    }
    mnet_opt_replace_uses(graph, y, x);
    mnet_opt_kill(graph, index);
    return true;
}

/* One sweep is enough: nodes stand in order, and each has its shape inferred just before it is
 * looked at. */
static MnetStatus fold(MnetGraph *graph, bool dequantize, int *changes, MnetError *error) {
    MnetFoldBudget budget = mnet_fold_budget(graph);
    for (int n = 0; n < graph->n_nodes; n++) {
        MnetNode *node = &graph->nodes[n];
        if (node->kind == MNET_OP_NONE)
            continue;
        bool done = false;
        MnetStatus status = mnet_graph_infer_node(graph, n, error);
        if (status)
            return status;
        if (keep_half_weights(graph, n) || drop_copy(graph, n)) {
            ++*changes;
            continue;
        }
        if (dequantize && node->kind == MNET_OP_DEQUANTIZE &&
            mnet_fold_is_whole(&graph->tensors[node->inputs[0]])) {
            status = mnet_fold_dequantize(graph, node, &budget, error);
            done = true;
        } else {
            status = mnet_fold_eval(graph, node, &budget, &done, error);
        }
        if (status)
            return status;
        if (done) {
            mnet_opt_kill(graph, n);
            ++*changes;
        } else if (node->kind == MNET_OP_RESHAPE && node->n_inputs == 2 &&
                   graph->tensors[node->outputs[0]].rank >= 0) {
            node->n_inputs = 1;
            ++*changes;
        }
    }
    return MNET_OK;
}

MnetStatus mnet_opt_fold(MnetGraph *graph, int *changes, MnetError *error) {
    return fold(graph, false, changes, error);
}

MnetStatus mnet_opt_fold_dequantize(MnetGraph *graph, int *changes, MnetError *error) {
    return fold(graph, true, changes, error);
}
