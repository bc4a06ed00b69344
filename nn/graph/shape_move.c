#include "nn/graph/check.h"

#include <string.h>

static void widen(const MnetTensor *tensor, int64_t *dims) {
    for (int i = 0; i < tensor->rank; i++)
        dims[i] = tensor->dims[i];
}

MnetStatus mnet_shape_pad(MnetGraph *graph, MnetNode *node, MnetError *error) {
    const MnetTensor *x = mnet_node_input(graph, node, 0);
    int64_t dims[MNET_MAX_RANK];
    for (int i = 0; i < x->rank; i++) {
        int32_t before = node->attrs.pad.before[i], after = node->attrs.pad.after[i];
        if (before < 0 || after < 0)
            return mnet_node_fail(graph, node, error, MNET_ERROR_UNSUPPORTED,
                                  "negative padding %d, %d of axis %d", before, after, i);
        dims[i] = (int64_t)x->dims[i] + before + after;
    }
    return mnet_shape_set(graph, node, 0, x->dtype, x->rank, dims, error);
}

MnetStatus mnet_shape_concat(MnetGraph *graph, MnetNode *node, MnetError *error) {
    const MnetTensor *first = mnet_node_input(graph, node, 0);
    int axis = mnet_shape_axis(graph, node, node->attrs.along.axis, first->rank, error);
    if (axis < 0)
        return MNET_ERROR_FORMAT;
    int64_t dims[MNET_MAX_RANK];
    widen(first, dims);
    for (int k = 1; k < node->n_inputs; k++) {
        const MnetTensor *x = mnet_node_input(graph, node, k);
        bool fits = x->rank == first->rank;
        for (int i = 0; i < first->rank && fits; i++)
            fits = i == axis || x->dims[i] == first->dims[i];
        if (!fits)
            return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                                  "input %d differs from the first beside axis %d", k, axis);
        dims[axis] += x->dims[axis];
    }
    node->attrs.along.axis = axis;
    return mnet_shape_set(graph, node, 0, first->dtype, first->rank, dims, error);
}

MnetStatus mnet_shape_split(MnetGraph *graph, MnetNode *node, MnetError *error) {
    const MnetTensor *x = mnet_node_input(graph, node, 0);
    int axis = mnet_shape_axis(graph, node, node->attrs.along.axis, x->rank, error);
    if (axis < 0)
        return MNET_ERROR_FORMAT;
    node->attrs.along.axis = axis;

    int64_t dims[MNET_MAX_RANK], sum = 0;
    widen(x, dims);
    for (int o = 0; o < node->n_outputs; o++) {
        const MnetTensor *y = &graph->tensors[node->outputs[o]];
        if (y->rank < 0 && y->dims[0] > 0)
            dims[axis] = y->dims[0];
        else if (y->rank == x->rank)
            dims[axis] = y->dims[axis];
        else if (x->dims[axis] % node->n_outputs == 0)
            dims[axis] = x->dims[axis] / node->n_outputs;
        else
            return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                                  "%d elements of axis %d do not make %d equal parts",
                                  x->dims[axis], axis, node->n_outputs);
        sum += dims[axis];
        MnetStatus status = mnet_shape_set(graph, node, o, x->dtype, x->rank, dims, error);
        if (status)
            return status;
    }
    if (sum != x->dims[axis])
        return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                              "parts of %lld elements in all, axis %d has %d", (long long)sum, axis,
                              x->dims[axis]);
    return MNET_OK;
}

static int64_t clamped(int64_t at, int32_t dim) {
    if (at < 0)
        at += dim;
    return at < 0 ? 0 : at > dim ? dim : at;
}

MnetStatus mnet_shape_slice(MnetGraph *graph, MnetNode *node, MnetError *error) {
    const MnetTensor *x = mnet_node_input(graph, node, 0);
    int64_t dims[MNET_MAX_RANK];
    for (int i = 0; i < x->rank; i++) {
        int32_t stride = node->attrs.slice.stride[i];
        if (stride < 1)
            return mnet_node_fail(graph, node, error,
                                  stride ? MNET_ERROR_UNSUPPORTED : MNET_ERROR_FORMAT,
                                  "step %d of axis %d", stride, i);
        int64_t begin = clamped(node->attrs.slice.begin[i], x->dims[i]);
        int64_t end = clamped(node->attrs.slice.end[i], x->dims[i]);
        dims[i] = end > begin ? (end - begin + stride - 1) / stride : 0;
        node->attrs.slice.begin[i] = (int32_t)begin;
        node->attrs.slice.end[i] = (int32_t)end;
    }
    return mnet_shape_set(graph, node, 0, x->dtype, x->rank, dims, error);
}

MnetStatus mnet_shape_transpose(MnetGraph *graph, MnetNode *node, MnetError *error) {
    const MnetTensor *x = mnet_node_input(graph, node, 0);
    int64_t dims[MNET_MAX_RANK];
    unsigned seen = 0;
    for (int i = 0; i < x->rank; i++) {
        int32_t from = node->attrs.perm[i];
        if (from < 0 || from >= x->rank || seen & 1u << from)
            return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                                  "axis %d of the permutation is out of range or repeated", from);
        seen |= 1u << from;
        dims[i] = x->dims[from];
    }
    return mnet_shape_set(graph, node, 0, x->dtype, x->rank, dims, error);
}

/* 0 copies the input's dimension, one -1 takes what is left. */
static MnetStatus resolve_reshape(const MnetGraph *graph, const MnetNode *node, int64_t *dims,
                                  int rank, MnetError *error) {
    const MnetTensor *x = mnet_node_input(graph, node, 0);
    int64_t elements = mnet_tensor_elements(x), known = 1;
    int open = -1;
    for (int i = 0; i < rank; i++) {
        if (dims[i] == 0 && i < x->rank)
            dims[i] = x->dims[i];
        if (dims[i] == -1 && open < 0) {
            open = i;
            continue;
        }
        if (dims[i] < 0 || dims[i] > INT32_MAX || (known *= dims[i]) > INT32_MAX)
            return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                                  "dimension %d of the new shape is impossible (%lld)", i,
                                  (long long)dims[i]);
    }
    if (open >= 0 && known > 0 && elements % known == 0)
        dims[open] = elements / known;
    else if (open >= 0 || known != elements)
        return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                              "%lld elements do not fit the new shape's %lld%s",
                              (long long)elements, (long long)known,
                              open >= 0 ? " times any number" : "");
    return MNET_OK;
}

MnetStatus mnet_shape_reshape(MnetGraph *graph, MnetNode *node, MnetError *error) {
    const MnetTensor *x = mnet_node_input(graph, node, 0), *shape = mnet_node_input(graph, node, 1);
    MnetTensor *y = &graph->tensors[node->outputs[0]];
    int64_t dims[MNET_MAX_RANK];
    int rank = y->rank;

    if (shape && shape->data) {
        rank = mnet_tensor_integers(shape, dims, MNET_MAX_RANK);
        if (rank < 0)
            return mnet_node_fail(graph, node, error, MNET_ERROR_UNSUPPORTED,
                                  "the shape is no list of at most %d integers", MNET_MAX_RANK);
        MnetStatus status = resolve_reshape(graph, node, dims, rank, error);
        if (status)
            return status;
    } else if (rank >= 0) {
        widen(y, dims);
        if (mnet_tensor_elements(y) != mnet_tensor_elements(x)) {
            char text[96];
            return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                                  "the output %s has another number of elements",
                                  mnet_tensor_text(y, text, sizeof text));
        }
    } else if (shape) {
        return MNET_OK; /* known when the arithmetic that leads to it has been folded */
    } else {
        return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT, "there is no new shape");
    }
    return mnet_shape_set(graph, node, 0, x->dtype, rank, dims, error);
}

/* Bit i is axis i, bit 32 - i is axis -i; none at all means every axis. Bits that are no axis stay
 * above the rank. */
static uint32_t normal_axes(uint32_t axes, int rank) {
    uint32_t normal = 0;
    if (!axes)
        return (1u << rank) - 1;
    for (int bit = 0; bit < 32; bit++) {
        int axis = bit < 32 - MNET_MAX_RANK ? bit : bit - 32 + rank;
        if (axes & 1u << bit)
            normal |= 1u << (axis < 0 ? 31 : axis);
    }
    return normal;
}

MnetStatus mnet_shape_reduce(MnetGraph *graph, MnetNode *node, MnetError *error) {
    const MnetTensor *x = mnet_node_input(graph, node, 0);
    uint32_t axes = normal_axes(node->attrs.reduce.axes, x->rank);
    if (axes >> x->rank)
        return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                              "an axis is outside the input's %d", x->rank);
    node->attrs.reduce.axes = axes;

    int64_t dims[MNET_MAX_RANK];
    int rank = 0;
    for (int i = 0; i < x->rank; i++)
        if (!(axes & 1u << i))
            dims[rank++] = x->dims[i];
        else if (node->attrs.reduce.keep_dims)
            dims[rank++] = 1;
    return mnet_shape_set(graph, node, 0, x->dtype, rank, dims, error);
}

MnetStatus mnet_shape_gather(MnetGraph *graph, MnetNode *node, MnetError *error) {
    const MnetTensor *x = mnet_node_input(graph, node, 0), *at = mnet_node_input(graph, node, 1);
    int axis = mnet_shape_axis(graph, node, node->attrs.along.axis, x->rank, error);
    if (axis < 0)
        return MNET_ERROR_FORMAT;
    node->attrs.along.axis = axis;
    int rank = 0;
    int64_t dims[2 * MNET_MAX_RANK];
    for (int i = 0; i < x->rank; i++) {
        if (i != axis)
            dims[rank++] = x->dims[i];
        for (int k = 0; i == axis && k < at->rank; k++)
            dims[rank++] = at->dims[k];
    }
    return mnet_shape_set(graph, node, 0, x->dtype, rank, dims, error);
}

MnetStatus mnet_shape_constant_of_shape(MnetGraph *graph, MnetNode *node, MnetError *error) {
    const MnetTensor *shape = mnet_node_input(graph, node, 0);
    if (!shape->data)
        return MNET_OK;
    int64_t dims[MNET_MAX_RANK];
    int rank = mnet_tensor_integers(shape, dims, MNET_MAX_RANK);
    if (rank < 0)
        return mnet_node_fail(graph, node, error, MNET_ERROR_UNSUPPORTED,
                              "the shape is no list of at most %d integers", MNET_MAX_RANK);
    MnetDtype dtype = graph->tensors[node->outputs[0]].dtype;
    return mnet_shape_set(graph, node, 0, dtype ? dtype : MNET_DTYPE_F32, rank, dims, error);
}
