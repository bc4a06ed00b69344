#include "nn/opt/passes.h"
#include "nn/opt/rewrite.h"

/*
 * A convolution or FULLY_CONNECTED that only `node` reads at input `side`, and that can still take
 * a bias.
 */
static MnetNode *biasless_producer(const MnetGraph *graph, const MnetNode *node, int side) {
    int sum = node->inputs[side];
    MnetNode *producer = mnet_rewrite_private_producer(graph, sum, MNET_OP_CONV_2D);
    if (!producer)
        producer = mnet_rewrite_private_producer(graph, sum, MNET_OP_FULLY_CONNECTED);
    bool free = producer && producer->activation.kind == MNET_ACTIVATION_NONE &&
                mnet_rewrite_input(producer, 2) == MNET_NO_TENSOR &&
                mnet_rewrite_input(producer, 3) == MNET_NO_TENSOR;
    return free && mnet_rewrite_same_shape(graph, sum, node->outputs[0]) ? producer : NULL;
}

/* The constant as a vector, sharing its bytes. */
static int as_vector(MnetGraph *graph, int constant) {
    MnetTensor from = graph->tensors[constant];
    int tensor = mnet_graph_add_tensor(graph, from.name, from.dtype, 1, &from.dims[from.rank - 1]);
    if (tensor < 0)
        return MNET_NO_TENSOR;
    graph->tensors[tensor].data = from.data;
    graph->tensors[tensor].bytes = from.bytes;
    return tensor;
}

MnetStatus mnet_opt_bias(MnetGraph *graph, int *changes, MnetError *error) {
    for (int i = 0; i < graph->n_nodes; i++) {
        const MnetNode *add = &graph->nodes[i];
        if (add->kind != MNET_OP_ADD)
            continue;
        int side = mnet_rewrite_is_float_constant(graph, add->inputs[0]) ? 1 : 0;
        int constant = add->inputs[1 - side];
        MnetNode *producer = biasless_producer(graph, add, side);
        const MnetTensor *sum = &graph->tensors[add->outputs[0]];
        if (!producer || graph->tensors[constant].dtype != MNET_DTYPE_F32 ||
            !mnet_rewrite_is_channel_vector(graph, constant, sum->dims[sum->rank - 1]))
            continue;
        int bias = as_vector(graph, constant);
        if (bias == MNET_NO_TENSOR || !mnet_rewrite_grow_inputs(graph, producer, 3))
            return mnet_rewrite_no_memory(graph, error);
        producer->inputs[2] = bias;
        producer->activation = add->activation;
        producer->outputs[0] = add->outputs[0];
        mnet_opt_kill(graph, i);
        ++*changes;
    }
    return MNET_OK;
}
