#include "nn/opt/passes.h"
#include "nn/opt/rewrite.h"

#include <math.h>

/* Only height and width grow, and a quantised PAD changes nothing else. */
static bool is_spatial(const MnetGraph *graph, const MnetNode *pad) {
    const MnetTensor *x = &graph->tensors[pad->inputs[0]], *y = &graph->tensors[pad->outputs[0]];
    const int32_t *before = pad->attrs.pad.before, *after = pad->attrs.pad.after;
    return x->rank == 4 && x->dtype == y->dtype && mnet_rewrite_same_quant(&x->quant, &y->quant) &&
           before[0] == 0 && after[0] == 0 && before[3] == 0 && after[3] == 0 && before[1] >= 0 &&
           after[1] >= 0 && before[2] >= 0 && after[2] >= 0;
}

/*
 * The window of a node that reads PAD's output as its picture, where padding means the same to it.
 */
static MnetWindow *foldable_window(MnetNode *node, float value) {
    MnetWindow *window;
    switch (node->kind) {
    case MNET_OP_CONV_2D:
        window = &node->attrs.conv.window;
        return value == 0 && window->padding == MNET_PADDING_EXPLICIT ? window : NULL;
    case MNET_OP_MAX_POOL:
        window = &node->attrs.pool.window;
        return value == -INFINITY && window->padding == MNET_PADDING_EXPLICIT ? window : NULL;
    case MNET_OP_AVG_POOL: {
        /* The pool's own padding may or may not count, PAD's does: only one of them can be told. */
        window = &node->attrs.pool.window;
        bool own = window->pad[0] || window->pad[1] || window->pad[2] || window->pad[3];
        return value == 0 && window->padding == MNET_PADDING_EXPLICIT && !own ? window : NULL;
    }
    default:
        return NULL;
    }
}

static bool fold_into(MnetNode *node, const MnetNode *pad) {
    MnetWindow *window = foldable_window(node, pad->attrs.pad.value);
    if (!window)
        return false;
    const int32_t *before = pad->attrs.pad.before, *after = pad->attrs.pad.after;
    for (int axis = 0; axis < 2 && node->kind != MNET_OP_CONV_2D; axis++)
        if (window->pad[axis] + before[1 + axis] >= window->kernel[axis] ||
            window->pad[axis + 2] + after[1 + axis] >= window->kernel[axis])
            return false; /* a pool's window must always meet the picture */
    for (int axis = 0; axis < 2; axis++) {
        window->pad[axis] += before[1 + axis];
        window->pad[axis + 2] += after[1 + axis];
    }
    if (node->kind == MNET_OP_AVG_POOL)
        node->attrs.pool.count_include_pad = true;
    node->inputs[0] = pad->inputs[0];
    return true;
}

MnetStatus mnet_opt_pad(MnetGraph *graph, int *changes, MnetError *error) {
    for (int i = 0; i < graph->n_nodes; i++) {
        MnetNode *node = &graph->nodes[i];
        if (!node->n_inputs)
            continue;
        const MnetNode *pad = mnet_rewrite_producer(graph, node->inputs[0]);
        if (pad && pad->kind == MNET_OP_PAD && is_spatial(graph, pad) && fold_into(node, pad))
            ++*changes;
    }
    return MNET_OK;
}
