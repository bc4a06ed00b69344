#include "nn/opt/passes.h"
#include "nn/opt/rewrite.h"

#include <math.h>

/* clamp(clamp(x, a), b) is one clamp, whose ends are those of `a` clamped to `b`. */
static MnetActivation combine_clamps(const MnetActivation *a, const MnetActivation *b) {
    MnetActivation both = *b;
    both.lo = fminf(fmaxf(a->lo, b->lo), b->hi);
    both.hi = fminf(fmaxf(a->hi, b->lo), b->hi);
    return both;
}

static bool takes_activation(MnetOpKind kind, MnetActivationKind activation) {
    switch (kind) {
    case MNET_OP_CONV_2D:
    case MNET_OP_FULLY_CONNECTED:
    case MNET_OP_ADD:
    case MNET_OP_SUB:
    case MNET_OP_MUL:
    case MNET_OP_DIV:
        return true;
    case MNET_OP_AVG_POOL:
    case MNET_OP_MAX_POOL:
    case MNET_OP_ACTIVATION:
        return activation == MNET_ACTIVATION_CLAMP;
    default:
        return false;
    }
}

/*
 * Whether `producer` can do what `node` does. A quantised op rounds before it clamps, so both must
 * share a scale.
 */
static bool can_fuse(const MnetGraph *graph, const MnetNode *producer, const MnetNode *node) {
    const MnetTensor *before = &graph->tensors[node->inputs[0]];
    const MnetTensor *after = &graph->tensors[node->outputs[0]];
    MnetActivationKind first = producer->activation.kind, second = node->activation.kind;
    bool clamps = first == MNET_ACTIVATION_CLAMP && second == MNET_ACTIVATION_CLAMP;
    if (!takes_activation(producer->kind, second) || before->dtype != after->dtype ||
        (first != MNET_ACTIVATION_NONE && !clamps) ||
        (producer->kind == MNET_OP_CONV_2D && mnet_rewrite_input(producer, 3) != MNET_NO_TENSOR))
        return false;
    return before->dtype == MNET_DTYPE_F32 ||
           (second == MNET_ACTIVATION_CLAMP &&
            mnet_rewrite_same_quant(&before->quant, &after->quant));
}

MnetStatus mnet_opt_activation(MnetGraph *graph, int *changes, MnetError *error) {
    for (int i = 0; i < graph->n_nodes; i++) {
        const MnetNode *node = &graph->nodes[i];
        if (node->kind != MNET_OP_ACTIVATION ||
            mnet_rewrite_only_consumer(graph, node->inputs[0]) < 0)
            continue;
        MnetNode *producer = mnet_rewrite_producer(graph, node->inputs[0]);
        if (!producer || !can_fuse(graph, producer, node))
            continue;
        if (producer->activation.kind == MNET_ACTIVATION_CLAMP)
            producer->activation = combine_clamps(&producer->activation, &node->activation);
        else
            producer->activation = node->activation;
        producer->outputs[0] = node->outputs[0];
        mnet_opt_kill(graph, i);
        ++*changes;
    }
    return MNET_OK;
}
