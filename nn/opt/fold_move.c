#include "nn/opt/fold_eval.h"
#include "nn/opt/rewrite.h"

#include <string.h>

static MnetStatus strided(MnetGraph *graph, const MnetNode *node, int o, int64_t offset,
                          const int64_t *strides, MnetFoldBudget *budget, MnetError *error) {
    void *out = mnet_fold_output(graph, node, o, budget, error);
    if (!out)
        return MNET_ERROR_MEMORY;
    const MnetTensor *x = &graph->tensors[node->inputs[0]], *y = &graph->tensors[node->outputs[o]];
    size_t size = mnet_dtype_size(x->dtype);
    mnet_fold_copy(out, (const uint8_t *)x->data + offset * size, size, y->rank, y->dims, strides);
    return MNET_OK;
}

static MnetStatus eval_transpose(MnetGraph *graph, const MnetNode *node, MnetFoldBudget *budget,
                                 MnetError *error) {
    const MnetTensor *x = &graph->tensors[node->inputs[0]];
    MnetTensor *y = &graph->tensors[node->outputs[0]];
    int64_t from[MNET_MAX_RANK], strides[MNET_MAX_RANK];
    mnet_fold_strides(x->rank, x->dims, from);
    for (int i = 0; i < x->rank; i++)
        strides[i] = from[node->attrs.perm[i]];
    if (x->quant.count > 1) {
        y->quant = x->quant;
        for (int i = 0; i < x->rank; i++)
            if (node->attrs.perm[i] == x->quant.axis)
                y->quant.axis = i;
    }
    return strided(graph, node, 0, 0, strides, budget, error);
}

static MnetStatus eval_slice(MnetGraph *graph, const MnetNode *node, MnetFoldBudget *budget,
                             MnetError *error) {
    const MnetTensor *x = &graph->tensors[node->inputs[0]];
    int64_t strides[MNET_MAX_RANK], offset = 0;
    mnet_fold_strides(x->rank, x->dims, strides);
    for (int i = 0; i < x->rank; i++) {
        offset += node->attrs.slice.begin[i] * strides[i];
        strides[i] *= node->attrs.slice.stride[i];
    }
    return strided(graph, node, 0, offset, strides, budget, error);
}

static MnetStatus eval_split(MnetGraph *graph, const MnetNode *node, MnetFoldBudget *budget,
                             MnetError *error) {
    const MnetTensor *x = &graph->tensors[node->inputs[0]];
    int axis = node->attrs.along.axis;
    int64_t strides[MNET_MAX_RANK], offset = 0;
    mnet_fold_strides(x->rank, x->dims, strides);
    for (int o = 0; o < node->n_outputs; o++) {
        MnetStatus status = strided(graph, node, o, offset, strides, budget, error);
        if (status)
            return status;
        offset += graph->tensors[node->outputs[o]].dims[axis] * strides[axis];
    }
    return MNET_OK;
}

static MnetStatus eval_concat(MnetGraph *graph, const MnetNode *node, MnetFoldBudget *budget,
                              MnetError *error) {
    int axis = node->attrs.along.axis;
    uint8_t *out = mnet_fold_output(graph, node, 0, budget, error);
    if (!out)
        return MNET_ERROR_MEMORY;
    const MnetTensor *y = &graph->tensors[node->outputs[0]];
    size_t inner = mnet_dtype_size(y->dtype);
    int64_t outer = 1;
    for (int i = 0; i < y->rank; i++)
        if (i < axis)
            outer *= y->dims[i];
        else if (i > axis)
            inner *= y->dims[i];
    size_t at = 0;
    for (int k = 0; k < node->n_inputs; k++) {
        const MnetTensor *x = &graph->tensors[node->inputs[k]];
        size_t part = x->dims[axis] * inner;
        for (int64_t i = 0; i < outer && part; i++)
            memcpy(out + i * y->dims[axis] * inner + at, (const uint8_t *)x->data + i * part, part);
        at += part;
    }
    return MNET_OK;
}

static int64_t index_at(const MnetTensor *indices, int64_t i) {
    const uint8_t *at =
        (const uint8_t *)indices->data + i * (int64_t)mnet_dtype_size(indices->dtype);
    int64_t wide;
    int32_t narrow;
    if (indices->dtype == MNET_DTYPE_S64) {
        memcpy(&wide, at, sizeof wide);
        return wide;
    }
    memcpy(&narrow, at, sizeof narrow);
    return narrow;
}

static MnetStatus eval_gather(MnetGraph *graph, const MnetNode *node, MnetFoldBudget *budget,
                              MnetError *error) {
    const MnetTensor *x = &graph->tensors[node->inputs[0]], *at = &graph->tensors[node->inputs[1]];
    int axis = node->attrs.along.axis;
    uint8_t *out = mnet_fold_output(graph, node, 0, budget, error);
    if (!out)
        return MNET_ERROR_MEMORY;
    size_t inner = mnet_dtype_size(x->dtype);
    int64_t outer = 1, count = mnet_tensor_elements(at);
    for (int i = 0; i < x->rank; i++)
        if (i < axis)
            outer *= x->dims[i];
        else if (i > axis)
            inner *= x->dims[i];
    for (int64_t i = 0; i < outer; i++)
        for (int64_t k = 0; k < count; k++, out += inner) {
            int64_t index = index_at(at, k);
            if (index < 0)
                index += x->dims[axis];
            if (index < 0 || index >= x->dims[axis])
                return mnet_fail(error, MNET_ERROR_FORMAT,
                                 "%s: node %d '%.80s' (%s): index %lld is outside the %d of axis "
                                 "%d",
                                 graph->file, node->index, node->name, node->op_type,
                                 (long long)index_at(at, k), x->dims[axis], axis);
            memcpy(out, (const uint8_t *)x->data + (i * x->dims[axis] + index) * inner, inner);
        }
    return MNET_OK;
}

/* Concatenated or gathered bytes mean the same only under one quantisation. */
static bool may_move(const MnetGraph *graph, const MnetNode *node) {
    const MnetTensor *y = &graph->tensors[node->outputs[0]];
    int data = node->kind == MNET_OP_CONCAT ? node->n_inputs : 1;
    bool per_channel = false;
    for (int i = 0; i < data; i++) {
        const MnetTensor *x = &graph->tensors[node->inputs[i]];
        per_channel |= x->quant.count > 1;
        if (x->dtype != y->dtype ||
            (x->quant.count == 1 && !mnet_rewrite_same_quant(&x->quant, &y->quant)))
            return false;
    }
    if (node->kind == MNET_OP_GATHER) {
        MnetDtype dtype = graph->tensors[node->inputs[1]].dtype;
        if (dtype != MNET_DTYPE_S32 && dtype != MNET_DTYPE_S64)
            return false;
    }
    return !per_channel || node->kind == MNET_OP_TRANSPOSE || node->kind == MNET_OP_IDENTITY;
}

MnetStatus mnet_fold_move(MnetGraph *graph, const MnetNode *node, MnetFoldBudget *budget,
                          bool *done, MnetError *error) {
    const MnetTensor *x = &graph->tensors[node->inputs[0]];
    MnetTensor *y = &graph->tensors[node->outputs[0]];
    if (!may_move(graph, node))
        return MNET_OK;
    *done = true;
    switch (node->kind) {
    case MNET_OP_TRANSPOSE:
        return eval_transpose(graph, node, budget, error);
    case MNET_OP_SLICE:
        return eval_slice(graph, node, budget, error);
    case MNET_OP_SPLIT:
        return eval_split(graph, node, budget, error);
    case MNET_OP_CONCAT:
        return eval_concat(graph, node, budget, error);
    case MNET_OP_GATHER:
        return eval_gather(graph, node, budget, error);
    default: /* RESHAPE and IDENTITY share the bytes */
        y->data = x->data;
        y->bytes = x->bytes;
        y->quant = x->quant;
        return MNET_OK;
    }
}
