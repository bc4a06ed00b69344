#include "nn/ops/move.h"

#include "nn/ops/node.h"
#include "nn/ops/table.h"

/* Types without arithmetic are only carried along: all tensors must have the one type, and shapes
 * that are known. */
static MnetStatus check_carried(const MnetGraph *graph, const MnetNode *node, MnetError *error) {
    const MnetDtype dtype = mnet_node_output(graph, node, 0)->dtype;

    for (int i = 0; i < node->n_inputs + node->n_outputs; i++) {
        int id = i < node->n_inputs ? node->inputs[i] : node->outputs[i - node->n_inputs];

        if (id < 0 || graph->tensors[id].dtype != dtype ||
            mnet_tensor_elements(&graph->tensors[id]) < 1)
            return mnet_node_unsupported(graph, node, "a missing, mixed or empty tensor", error);
    }
    return MNET_OK;
}

MnetStatus mnet_op_move_table(const MnetGraph *graph, const MnetNode *node, const MnetTensor *x,
                              const MnetTensor *y, MnetArena *memory, const int8_t **table,
                              MnetError *error) {
    *table = NULL;
    if (y->dtype != MNET_DTYPE_QS8 || mnet_quant_equal(&x->quant, &y->quant))
        return MNET_OK;
    *table = mnet_table_new(memory, &x->quant, NULL, &y->quant);
    return *table ? MNET_OK : mnet_node_no_memory(graph, node, error);
}

MnetStatus mnet_op_move_prepare(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                                MnetStep *step, MnetError *error) {
    const MnetDtype dtype = mnet_node_output(graph, node, 0)->dtype;
    MnetStatus status = dtype == MNET_DTYPE_F32 || dtype == MNET_DTYPE_QS8
                            ? mnet_node_check_types(graph, node, error)
                            : check_carried(graph, node, error);

    if (status)
        return status;
    switch (node->kind) {
    case MNET_OP_PAD:
        return mnet_op_pad_prepare(graph, node, memory, step, error);
    case MNET_OP_CONCAT:
    case MNET_OP_SPLIT:
        return mnet_op_join_prepare(graph, node, memory, step, error);
    default:
        return mnet_op_view_prepare(graph, node, memory, step, error);
    }
}
