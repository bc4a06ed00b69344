#include "nn/opt/fold_eval.h"

#include <string.h>

#define MAX_RESULT ((size_t)64 << 20)

MnetFoldBudget mnet_fold_budget(const MnetGraph *graph) {
    size_t constants = 0;
    for (int i = 0; i < graph->n_tensors; i++)
        if (graph->tensors[i].data && graph->tensors[i].bytes <= SIZE_MAX / 64 - constants)
            constants += graph->tensors[i].bytes;
    return (MnetFoldBudget){.left = 16 * constants + ((size_t)1 << 20)};
}

void *mnet_fold_output(MnetGraph *graph, const MnetNode *node, int o, MnetFoldBudget *budget,
                       MnetError *error) {
    MnetTensor *y = &graph->tensors[node->outputs[o]];
    uint64_t bytes = (uint64_t)mnet_tensor_elements(y) * mnet_dtype_size(y->dtype);
    if (bytes > MAX_RESULT || bytes > budget->left) {
        mnet_fail(error, MNET_ERROR_MEMORY,
                  "%s: node %d '%.80s' (%s): its constant result of %llu bytes is out of "
                  "proportion to the file",
                  graph->file, node->index, node->name, node->op_type, (unsigned long long)bytes);
        return NULL;
    }
    void *data = mnet_arena_alloc(&graph->arena, bytes ? bytes : 1);
    if (!data) {
        mnet_fail(error, MNET_ERROR_MEMORY, "%s: out of memory while folding constants",
                  graph->file);
        return NULL;
    }
    budget->left -= bytes;
    y->data = data;
    y->bytes = bytes;
    return data;
}

void mnet_fold_strides(int rank, const int32_t *dims, int64_t *strides) {
    int64_t stride = 1;
    for (int i = rank - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= dims[i];
    }
}

void mnet_fold_copy(void *out, const void *in, size_t size, int rank, const int32_t *dims,
                    const int64_t *strides) {
    MnetTensor shape = {.rank = rank};
    memcpy(shape.dims, dims, rank * sizeof *dims);
    int64_t count = mnet_tensor_elements(&shape), at = 0;
    int32_t index[MNET_MAX_RANK] = {0};
    uint8_t *to = out;
    for (int64_t n = 0; n < count; n++, to += size) {
        memcpy(to, (const uint8_t *)in + at * size, size);
        for (int i = rank - 1; i >= 0; i--) {
            at += strides[i];
            if (++index[i] < dims[i])
                break;
            at -= index[i] * strides[i];
            index[i] = 0;
        }
    }
}

bool mnet_fold_is_whole(const MnetTensor *tensor) {
    int64_t elements = mnet_tensor_elements(tensor);
    size_t size = mnet_dtype_size(tensor->dtype);
    return tensor->data && elements >= 0 && size && tensor->bytes / size >= (uint64_t)elements;
}

static MnetStatus eval_shape(MnetGraph *graph, const MnetNode *node, MnetFoldBudget *budget,
                             bool *done, MnetError *error) {
    const MnetTensor *x = &graph->tensors[node->inputs[0]];
    const MnetTensor *y = &graph->tensors[node->outputs[0]];
    if (x->rank < 0 || y->rank != 1)
        return MNET_OK;
    uint8_t *out = mnet_fold_output(graph, node, 0, budget, error);
    if (!out)
        return MNET_ERROR_MEMORY;
    for (int i = 0; i < x->rank; i++) {
        int64_t wide = x->dims[i];
        if (y->dtype == MNET_DTYPE_S64)
            memcpy(out + i * sizeof wide, &wide, sizeof wide);
        else
            memcpy(out + i * sizeof *x->dims, &x->dims[i], sizeof *x->dims);
    }
    *done = true;
    return MNET_OK;
}

MnetStatus mnet_fold_eval(MnetGraph *graph, const MnetNode *node, MnetFoldBudget *budget,
                          bool *done, MnetError *error) {
    *done = false;
    if (node->kind == MNET_OP_SHAPE)
        return eval_shape(graph, node, budget, done, error);
    for (int i = 0; i < node->n_inputs; i++)
        if (node->inputs[i] == MNET_NO_TENSOR ||
            !mnet_fold_is_whole(&graph->tensors[node->inputs[i]]))
            return MNET_OK;
    for (int o = 0; o < node->n_outputs; o++)
        if (mnet_tensor_elements(&graph->tensors[node->outputs[o]]) < 0)
            return MNET_OK;

    switch (node->kind) {
    case MNET_OP_RESHAPE:
    case MNET_OP_IDENTITY:
    case MNET_OP_TRANSPOSE:
    case MNET_OP_SLICE:
    case MNET_OP_SPLIT:
    case MNET_OP_CONCAT:
    case MNET_OP_GATHER:
        return mnet_fold_move(graph, node, budget, done, error);
    case MNET_OP_ADD:
    case MNET_OP_SUB:
    case MNET_OP_MUL:
    case MNET_OP_DIV:
    case MNET_OP_REDUCE_PROD:
    case MNET_OP_ACTIVATION:
        return mnet_fold_arithmetic(graph, node, budget, done, error);
    case MNET_OP_CAST:
    case MNET_OP_QUANTIZE:
    case MNET_OP_CONSTANT_OF_SHAPE:
        return mnet_fold_convert(graph, node, budget, done, error);
    case MNET_OP_DEQUANTIZE:
        if (graph->tensors[node->inputs[0]].dtype != MNET_DTYPE_F16)
            return MNET_OK;
        *done = true;
        return mnet_fold_dequantize(graph, node, budget, error);
    default:
        return MNET_OK;
    }
}
