#include "nn/opt/passes.h"

static bool is_global(const MnetTensor *x, const MnetNode *node) {
    const MnetWindow *window = &node->attrs.pool.window;
    for (int axis = 0; axis < 2; axis++)
        if (window->kernel[axis] != x->dims[1 + axis] || window->dilation[axis] > 1 ||
            window->pad[axis] || window->pad[axis + 2])
            return false;
    return x->rank == 4 && window->padding == MNET_PADDING_EXPLICIT &&
           node->activation.kind == MNET_ACTIVATION_NONE;
}

MnetStatus mnet_opt_mean(MnetGraph *graph, int *changes, MnetError *error) {
    for (int i = 0; i < graph->n_nodes; i++) {
        MnetNode *node = &graph->nodes[i];
        if (node->kind != MNET_OP_AVG_POOL || !is_global(&graph->tensors[node->inputs[0]], node))
            continue;
        node->kind = MNET_OP_MEAN;
        node->attrs = (MnetAttrs){.reduce = {.axes = 1 << 1 | 1 << 2, .keep_dims = true}};
        ++*changes;
    }
    return MNET_OK;
}
