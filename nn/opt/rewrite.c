#include "nn/opt/rewrite.h"

#include <string.h>

int mnet_rewrite_input(const MnetNode *node, int i) {
    return i < node->n_inputs ? node->inputs[i] : MNET_NO_TENSOR;
}

MnetNode *mnet_rewrite_producer(const MnetGraph *graph, int tensor) {
    int i = tensor == MNET_NO_TENSOR ? -1 : mnet_graph_producer(graph, tensor);
    return i < 0 ? NULL : &graph->nodes[i];
}

MnetNode *mnet_rewrite_private_producer(const MnetGraph *graph, int tensor, MnetOpKind kind) {
    MnetNode *node = mnet_rewrite_producer(graph, tensor);
    return node && node->kind == kind && mnet_rewrite_only_consumer(graph, tensor) >= 0 ? node
                                                                                        : NULL;
}

int mnet_rewrite_only_consumer(const MnetGraph *graph, int tensor) {
    int node;
    if (tensor == graph->output || tensor == graph->embedding ||
        mnet_graph_consumers(graph, tensor, &node) != 1)
        return -1;
    return node;
}

bool mnet_rewrite_is_float_constant(const MnetGraph *graph, int tensor) {
    if (tensor == MNET_NO_TENSOR)
        return false;
    const MnetTensor *t = &graph->tensors[tensor];
    int64_t elements = mnet_tensor_elements(t);
    return t->data && (t->dtype == MNET_DTYPE_F32 || t->dtype == MNET_DTYPE_F16) && elements >= 0 &&
           t->bytes >= elements * mnet_dtype_size(t->dtype);
}

bool mnet_rewrite_scalar(const MnetGraph *graph, int tensor, float *value) {
    if (!mnet_rewrite_is_float_constant(graph, tensor) ||
        mnet_tensor_elements(&graph->tensors[tensor]) != 1)
        return false;
    *value = mnet_tensor_float(&graph->tensors[tensor], 0);
    return true;
}

int mnet_rewrite_dequantized_constant(const MnetGraph *graph, int tensor) {
    const MnetNode *node = mnet_rewrite_producer(graph, tensor);
    if (!node || node->kind != MNET_OP_DEQUANTIZE)
        return MNET_NO_TENSOR;
    const MnetTensor *t = &graph->tensors[node->inputs[0]];
    int64_t elements = mnet_tensor_elements(t);
    bool whole = t->data && elements >= 0 && t->bytes >= elements * mnet_dtype_size(t->dtype);
    return whole ? node->inputs[0] : MNET_NO_TENSOR;
}

static bool is_real_integer(const MnetTensor *tensor) {
    bool integer = tensor->dtype == MNET_DTYPE_S32 || tensor->dtype == MNET_DTYPE_QS8 ||
                   tensor->dtype == MNET_DTYPE_QU8;
    return integer && (tensor->quant.count == 1 ||
                       (tensor->rank == 1 && tensor->quant.count == tensor->dims[0]));
}

int mnet_rewrite_real_constant(const MnetGraph *graph, int tensor) {
    if (mnet_rewrite_is_float_constant(graph, tensor))
        return tensor;
    int source = mnet_rewrite_dequantized_constant(graph, tensor);
    if (source == MNET_NO_TENSOR || is_real_integer(&graph->tensors[source]) ||
        mnet_rewrite_is_float_constant(graph, source))
        return source;
    return MNET_NO_TENSOR;
}

double mnet_rewrite_real_value(const MnetTensor *constant, int64_t i) {
    if (!is_real_integer(constant))
        return mnet_tensor_float(constant, i);
    int64_t one = constant->quant.count > 1 ? i : 0;
    int32_t q;
    if (constant->dtype == MNET_DTYPE_S32)
        memcpy(&q, (const uint8_t *)constant->data + i * sizeof q, sizeof q);
    else if (constant->dtype == MNET_DTYPE_QS8)
        q = ((const int8_t *)constant->data)[i];
    else
        q = ((const uint8_t *)constant->data)[i];
    return ((double)q - constant->quant.zero_point[one]) * constant->quant.scale[one];
}

int mnet_rewrite_dequantized(const MnetGraph *graph, int tensor) {
    const MnetNode *node = mnet_rewrite_producer(graph, tensor);
    if (!node || node->kind != MNET_OP_DEQUANTIZE)
        return MNET_NO_TENSOR;
    const MnetTensor *source = &graph->tensors[node->inputs[0]];
    return source->dtype == MNET_DTYPE_QS8 && source->quant.count == 1 ? node->inputs[0]
                                                                       : MNET_NO_TENSOR;
}

bool mnet_rewrite_same_shape(const MnetGraph *graph, int a, int b) {
    const MnetTensor *s = &graph->tensors[a], *t = &graph->tensors[b];
    return s->rank >= 0 && s->rank == t->rank &&
           !memcmp(s->dims, t->dims, s->rank * sizeof *s->dims);
}

bool mnet_rewrite_same_quant(const MnetQuant *a, const MnetQuant *b) {
    if (a->count != b->count || (a->count > 1 && a->axis != b->axis))
        return false;
    for (int i = 0; i < a->count; i++)
        if (a->scale[i] != b->scale[i] || a->zero_point[i] != b->zero_point[i])
            return false;
    return true;
}

bool mnet_rewrite_is_channel_vector(const MnetGraph *graph, int tensor, int32_t channels) {
    if (!mnet_rewrite_is_float_constant(graph, tensor))
        return false;
    const MnetTensor *t = &graph->tensors[tensor];
    return t->rank >= 1 && t->dims[t->rank - 1] == channels && mnet_tensor_elements(t) == channels;
}

bool mnet_rewrite_grow_inputs(MnetGraph *graph, MnetNode *node, int n) {
    if (node->n_inputs >= n)
        return true;
    int *inputs = mnet_arena_array(&graph->arena, n, sizeof *inputs);
    if (!inputs)
        return false;
    for (int i = 0; i < n; i++)
        inputs[i] = mnet_rewrite_input(node, i);
    node->inputs = inputs;
    node->n_inputs = n;
    return true;
}

int mnet_rewrite_constant(MnetGraph *graph, const char *name, MnetDtype dtype, int rank,
                          const int32_t *dims, void *data) {
    MnetTensor shape = {.rank = rank};
    memcpy(shape.dims, dims, rank * sizeof *dims);
    int64_t elements = mnet_tensor_elements(&shape);
    if (elements < 0)
        return MNET_NO_TENSOR;
    size_t bytes = elements * mnet_dtype_size(dtype);
    void *memory = mnet_arena_alloc(&graph->arena, bytes);
    int tensor = memory ? mnet_graph_add_tensor(graph, name, dtype, rank, shape.dims) : -1;
    if (tensor < 0)
        return MNET_NO_TENSOR;
    graph->tensors[tensor].data = memory;
    graph->tensors[tensor].bytes = bytes;
    *(void **)data = memory;
    return tensor;
}

int mnet_rewrite_tensor_like(MnetGraph *graph, int like, MnetDtype dtype) {
    MnetTensor shape = graph->tensors[like];
    int tensor = mnet_graph_add_tensor(graph, shape.name, dtype, shape.rank, shape.dims);
    if (tensor != MNET_NO_TENSOR)
        graph->tensors[tensor].maker = shape.maker;
    return tensor;
}

MnetStatus mnet_rewrite_no_memory(const MnetGraph *graph, MnetError *error) {
    return mnet_fail(error, MNET_ERROR_MEMORY, "%s: out of memory while optimising the graph",
                     graph->file);
}
