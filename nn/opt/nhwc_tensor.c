#include "nn/opt/nhwc.h"
#include "nn/opt/fold_eval.h"
#include "nn/opt/rewrite.h"

#include <string.h>

const int32_t mnet_to_nhwc[4] = {0, 2, 3, 1}, mnet_to_nchw[4] = {0, 3, 1, 2};

void mnet_nhwc_permute(int32_t *values) {
    int32_t old[4];
    memcpy(old, values, sizeof old);
    for (int i = 0; i < 4; i++)
        values[i] = old[mnet_to_nhwc[i]];
}

bool mnet_nhwc_same_bytes(const int32_t *dims) {
    return dims[3] == 1 || (dims[1] == 1 && dims[2] == 1);
}

static int like(MnetGraph *graph, int tensor, int rank, const int32_t *dims) {
    MnetTensor old = graph->tensors[tensor];
    int id = mnet_graph_add_tensor(graph, old.name, old.dtype, rank, dims);
    if (id >= 0 && old.quant.count == 1)
        graph->tensors[id].quant = old.quant;
    return id;
}

/* Elements are rearranged by a TRANSPOSE; where that moves no byte, a RESHAPE does. */
static bool insert(MnetGraph *graph, int at, int from, int to, const int32_t *perm,
                   bool same_bytes) {
    MnetNode *node =
        mnet_graph_insert_node(graph, at, same_bytes ? MNET_OP_RESHAPE : MNET_OP_TRANSPOSE,
                               graph->tensors[from].name, NULL, 1, 1);
    if (!node)
        return false;
    node->inputs[0] = from;
    node->outputs[0] = to;
    if (!same_bytes)
        memcpy(node->attrs.perm, perm, 4 * sizeof *perm);
    return true;
}

static void lifted_dims(const MnetTensor *tensor, int32_t dims[4]) {
    for (int i = 0; i < 4; i++) {
        int k = i - 4 + tensor->rank;
        dims[i] = k < 0 ? 1 : tensor->dims[k];
    }
}

int mnet_nhwc_constant(MnetNhwc *pass, int tensor) {
    if (tensor >= pass->n_tensors)
        return tensor;
    if (pass->constants[tensor] != MNET_NO_TENSOR)
        return pass->constants[tensor];

    MnetGraph *graph = pass->graph;
    MnetTensor old = graph->tensors[tensor];
    int32_t dims[4];
    lifted_dims(&old, dims);
    int64_t dense[4], strides[4];
    mnet_fold_strides(4, dims, dense);
    for (int i = 0; i < 4; i++)
        strides[i] = dense[mnet_to_nhwc[i]];
    mnet_nhwc_permute(dims);

    int id = mnet_graph_add_tensor(graph, old.name, old.dtype, 4, dims);
    if (id < 0)
        return MNET_NO_TENSOR;
    MnetTensor *fresh = &graph->tensors[id];
    fresh->quant = old.quant;
    if (old.quant.count > 1)
        fresh->quant.axis = mnet_to_nchw[old.quant.axis + 4 - old.rank];
    fresh->data = old.data;
    fresh->bytes = old.bytes;
    if (!mnet_nhwc_same_bytes(dims)) {
        void *data = mnet_arena_alloc(&graph->arena, old.bytes);
        if (!data)
            return MNET_NO_TENSOR;
        mnet_fold_copy(data, old.data, mnet_dtype_size(old.dtype), 4, dims, strides);
        fresh->data = data;
    }
    return pass->constants[tensor] = id;
}

/* The dequantisation of a lifted copy, so that the QDQ pass still meets a constant behind its
 * DEQUANTIZE. */
static int lift_dequantized(MnetNhwc *pass, int tensor, int constant) {
    MnetGraph *graph = pass->graph;
    int source = mnet_nhwc_constant(pass, constant);
    if (source < 0)
        return MNET_NO_TENSOR;
    MnetTensor shape = graph->tensors[source];
    int id = like(graph, tensor, 4, shape.dims);
    if (id < 0)
        return MNET_NO_TENSOR;
    MnetNode *node = mnet_graph_insert_node(graph, pass->at, MNET_OP_DEQUANTIZE,
                                            graph->tensors[tensor].name, NULL, 1, 1);
    if (!node)
        return MNET_NO_TENSOR;
    pass->at++;
    node->inputs[0] = source;
    node->outputs[0] = id;
    return id;
}

int mnet_nhwc_lift(MnetNhwc *pass, int tensor) {
    MnetGraph *graph = pass->graph;
    if (graph->tensors[tensor].data)
        return mnet_nhwc_constant(pass, tensor);
    int constant = mnet_rewrite_dequantized_constant(graph, tensor);
    if (constant != MNET_NO_TENSOR)
        return lift_dequantized(pass, tensor, constant);

    int32_t nchw[4], nhwc[4];
    lifted_dims(&graph->tensors[tensor], nchw);
    memcpy(nhwc, nchw, sizeof nhwc);
    mnet_nhwc_permute(nhwc);
    if (!mnet_nhwc_same_bytes(nhwc)) {
        int lifted = like(graph, tensor, 4, nchw);
        if (lifted < 0 || !insert(graph, pass->at, tensor, lifted, NULL, true))
            return MNET_NO_TENSOR;
        pass->at++;
        int id = like(graph, tensor, 4, nhwc);
        if (id < 0 || !insert(graph, pass->at, lifted, id, mnet_to_nhwc, false))
            return MNET_NO_TENSOR;
        pass->at++;
        return id;
    }
    int id = like(graph, tensor, 4, nhwc);
    if (id < 0 || !insert(graph, pass->at, tensor, id, NULL, true))
        return MNET_NO_TENSOR;
    pass->at++;
    return id;
}

int mnet_nhwc_to_file_order(MnetNhwc *pass, int tensor) {
    MnetGraph *graph = pass->graph;
    if (tensor < pass->n_tensors && pass->in_file_order[tensor] != MNET_NO_TENSOR)
        return pass->in_file_order[tensor];
    const int32_t *dims = graph->tensors[tensor].dims;
    bool same_bytes = mnet_nhwc_same_bytes(dims);
    int32_t nchw[4] = {dims[0], dims[3], dims[1], dims[2]};
    int id = like(graph, tensor, 4, nchw);
    if (id < 0 || !insert(graph, pass->at, tensor, id, mnet_to_nchw, same_bytes))
        return MNET_NO_TENSOR;
    pass->at++;
    if (tensor < pass->n_tensors)
        pass->in_file_order[tensor] = id;
    return id;
}

int mnet_nhwc_from_file_order(MnetNhwc *pass, int tensor) {
    MnetGraph *graph = pass->graph;
    const int32_t *dims = graph->tensors[tensor].dims;
    bool same_bytes = mnet_nhwc_same_bytes(dims);
    int32_t nchw[4] = {dims[0], dims[3], dims[1], dims[2]};
    int id = like(graph, tensor, 4, nchw);
    if (id < 0 || !insert(graph, pass->at + 1, id, tensor, mnet_to_nhwc, same_bytes))
        return MNET_NO_TENSOR;
    return id;
}
