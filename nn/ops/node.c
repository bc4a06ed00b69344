#include "nn/ops/node.h"

#include <math.h>

MnetStatus mnet_node_unsupported(const MnetGraph *graph, const MnetNode *node, const char *what,
                                 MnetError *error) {
    return mnet_node_fail(graph, node, error, MNET_ERROR_UNSUPPORTED, "%s is not supported", what);
}

MnetStatus mnet_node_no_memory(const MnetGraph *graph, const MnetNode *node, MnetError *error) {
    return mnet_node_fail(graph, node, error, MNET_ERROR_MEMORY, "out of memory");
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
        return mnet_node_fail(graph, node, error, MNET_ERROR_UNSUPPORTED,
                              "tensor '%.80s' is %s; only f32 and qs8 are supported", t->name,
                              mnet_dtype_name(t->dtype));
    if (t->dtype == MNET_DTYPE_QS8 && !quant_valid(&t->quant))
        return mnet_node_fail(graph, node, error, MNET_ERROR_UNSUPPORTED,
                              "tensor '%.80s' needs one scale above 0 and one zero point within "
                              "its type",
                              t->name);
    if (mnet_tensor_elements(t) < 1)
        return mnet_node_fail(graph, node, error, MNET_ERROR_UNSUPPORTED,
                              "tensor '%.80s' is empty or has no known shape", t->name);
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
