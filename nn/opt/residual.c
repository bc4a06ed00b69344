#include "nn/opt/passes.h"
#include "nn/opt/rewrite.h"

static bool activation_fits(const MnetGraph *graph, const MnetNode *add) {
    return graph->tensors[add->outputs[0]].dtype == MNET_DTYPE_F32 ||
           add->activation.kind == MNET_ACTIVATION_NONE ||
           add->activation.kind == MNET_ACTIVATION_CLAMP;
}

/*
 * The convolution that makes operand `side` of the ADD, if it can add the other operand: which must
 * be there before it runs.
 */
static MnetNode *convolution(const MnetGraph *graph, const MnetNode *add, int side) {
    int sum = add->inputs[side], residual = add->inputs[1 - side];
    MnetNode *conv = mnet_rewrite_private_producer(graph, sum, MNET_OP_CONV_2D);
    if (!conv || mnet_rewrite_input(conv, 3) != MNET_NO_TENSOR || graph->tensors[residual].data ||
        !mnet_rewrite_same_shape(graph, sum, residual) ||
        !mnet_rewrite_same_shape(graph, sum, add->outputs[0]) ||
        graph->tensors[sum].dtype != graph->tensors[residual].dtype ||
        mnet_graph_producer(graph, residual) > conv - graph->nodes)
        return NULL;
    return conv;
}

MnetStatus mnet_opt_residual(MnetGraph *graph, int *changes, MnetError *error) {
    for (int i = 0; i < graph->n_nodes; i++) {
        const MnetNode *add = &graph->nodes[i];
        if (add->kind != MNET_OP_ADD || !activation_fits(graph, add))
            continue;
        int side = 0;
        MnetNode *conv = convolution(graph, add, side);
        if (!conv)
            conv = convolution(graph, add, side = 1);
        if (!conv)
            continue;
        if (!mnet_rewrite_grow_inputs(graph, conv, 4))
            return mnet_rewrite_no_memory(graph, error);
        conv->inputs[3] = add->inputs[1 - side];
        conv->attrs.conv.inner = graph->tensors[add->inputs[side]].quant;
        conv->attrs.conv.residual_activation = add->activation;
        conv->outputs[0] = add->outputs[0];
        mnet_opt_kill(graph, i);
        ++*changes;
    }
    return MNET_OK;
}
