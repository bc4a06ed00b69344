#include "nn/ops/node.h"

#include <math.h>

MnetStatus mnet_node_unsupported(const MnetGraph *graph, const MnetNode *node, const char *what,
                                 MnetError *error) {
    return mnet_fail(error, MNET_ERROR_UNSUPPORTED, "%s: %s \"%s\" (node %d): %s is not supported",
                     graph->file, node->op_type, node->name, node->index, what);
}

MnetStatus mnet_node_no_memory(const MnetGraph *graph, const MnetNode *node, MnetError *error) {
    return mnet_fail(error, MNET_ERROR_MEMORY, "%s: %s \"%s\" (node %d): out of memory",
                     graph->file, node->op_type, node->name, node->index);
}

static bool quant_valid(const MnetQuant *quant) {
    return quant->count == 1 && isfinite(quant->scale[0]) && quant->scale[0] > 0 &&
           quant->zero_point[0] >= INT8_MIN && quant->zero_point[0] <= INT8_MAX;
}

MnetStatus mnet_node_check_tensor(const MnetGraph *graph, const MnetNode *node, int tensor,
                                  MnetError *error) {
    const MnetTensor *t;

    if (tensor < 0)
        return mnet_node_unsupported(graph, node, "a missing input or output", error);
    t = &graph->tensors[tensor];
    if (t->dtype != MNET_DTYPE_F32 && t->dtype != MNET_DTYPE_QS8)
        return mnet_fail(error, MNET_ERROR_UNSUPPORTED,
                         "%s: %s \"%s\" (node %d): tensor \"%s\" is %s; only f32 and qs8 are "
                         "supported",
                         graph->file, node->op_type, node->name, node->index, t->name,
                         mnet_dtype_name(t->dtype));
    if (t->dtype == MNET_DTYPE_QS8 && !quant_valid(&t->quant))
        return mnet_fail(error, MNET_ERROR_UNSUPPORTED,
                         "%s: %s \"%s\" (node %d): tensor \"%s\" needs one scale above 0 and one "
                         "zero point within its type",
                         graph->file, node->op_type, node->name, node->index, t->name);
    if (mnet_tensor_elements(t) < 1)
        return mnet_fail(error, MNET_ERROR_UNSUPPORTED,
                         "%s: %s \"%s\" (node %d): tensor \"%s\" is empty or has no known shape",
                         graph->file, node->op_type, node->name, node->index, t->name);
    return MNET_OK;
}

MnetStatus mnet_node_check_types(const MnetGraph *graph, const MnetNode *node, MnetError *error) {
    MnetStatus status = MNET_OK;
    MnetDtype dtype = MNET_DTYPE_NONE;

    for (int i = 0; i < node->n_inputs + node->n_outputs && !status; i++) {
        int id = i < node->n_inputs ? node->inputs[i] : node->outputs[i - node->n_inputs];

        status = mnet_node_check_tensor(graph, node, id, error);
        if (status)
            break;
        if (dtype != MNET_DTYPE_NONE && graph->tensors[id].dtype != dtype)
            status = mnet_node_unsupported(graph, node, "a mixture of f32 and qs8 tensors", error);
        dtype = graph->tensors[id].dtype;
    }
    return status;
}
