#include "nn/graph/check.h"

#include <string.h>

static bool is_quantized(MnetDtype dtype) {
    return dtype == MNET_DTYPE_QS8 || dtype == MNET_DTYPE_QU8;
}

static bool is_integer(MnetDtype dtype) {
    return dtype == MNET_DTYPE_S32 || dtype == MNET_DTYPE_S64;
}

MnetStatus mnet_shape_set(MnetGraph *graph, const MnetNode *node, int o, MnetDtype dtype, int rank,
                          const int64_t *dims, MnetError *error) {
    MnetTensor *y = &graph->tensors[node->outputs[o]];
    char text[96];
    if (y->dtype == MNET_DTYPE_NONE)
        y->dtype = dtype;
    if (y->dtype != dtype && !(is_quantized(y->dtype) && is_quantized(dtype)))
        return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                              "output %d is %s where the op makes %s", o, mnet_dtype_name(y->dtype),
                              mnet_dtype_name(dtype));
    if (rank > MNET_MAX_RANK)
        return mnet_node_fail(graph, node, error, MNET_ERROR_UNSUPPORTED,
                              "an output of %d dimensions, more than %d", rank, MNET_MAX_RANK);
    int64_t least = is_integer(dtype) ? 0 : 1, elements = 1; /* shape arithmetic has empty lists */
    for (int i = 0; i < rank; i++) {
        if (dims[i] < least || dims[i] > INT32_MAX)
            return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                                  "dimension %d of the output would be %lld", i,
                                  (long long)dims[i]);
        elements *= dims[i];
        if (elements > INT32_MAX)
            return mnet_node_fail(graph, node, error, MNET_ERROR_MEMORY,
                                  "the output would have more than 2^31 - 1 elements");
    }
    bool same = y->rank == rank;
    for (int i = 0; i < rank; i++)
        same &= y->dims[i] == dims[i];
    if (y->rank >= 0 && !same) {
        MnetTensor made = {.dtype = y->dtype, .rank = rank};
        char expected[96];
        for (int i = 0; i < rank; i++)
            made.dims[i] = (int32_t)dims[i];
        return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                              "output %d is %s where the op makes %s", o,
                              mnet_tensor_text(y, text, sizeof text),
                              mnet_tensor_text(&made, expected, sizeof expected));
    }
    y->rank = rank;
    for (int i = 0; i < rank; i++)
        y->dims[i] = (int32_t)dims[i];
    return MNET_OK;
}

int mnet_shape_axis(const MnetGraph *graph, const MnetNode *node, int axis, int rank,
                    MnetError *error) {
    if (axis >= -rank && axis < rank)
        return axis < 0 ? axis + rank : axis;
    mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT, "axis %d is outside the input's %d", axis,
                   rank);
    return -1;
}

static MnetStatus shape_same(MnetGraph *graph, MnetNode *node, MnetDtype dtype, MnetError *error) {
    const MnetTensor *x = mnet_node_input(graph, node, 0);
    int64_t dims[MNET_MAX_RANK];
    for (int i = 0; i < x->rank; i++)
        dims[i] = x->dims[i];
    return mnet_shape_set(graph, node, 0, dtype ? dtype : x->dtype, x->rank, dims, error);
}

static MnetStatus shape_broadcast(MnetGraph *graph, MnetNode *node, MnetError *error) {
    const MnetTensor *a = mnet_node_input(graph, node, 0), *b = mnet_node_input(graph, node, 1);
    int rank = a->rank > b->rank ? a->rank : b->rank;
    int64_t dims[MNET_MAX_RANK];
    if (a->dtype != b->dtype && !(is_quantized(a->dtype) && is_quantized(b->dtype)))
        return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT, "inputs of different types");
    for (int i = 0; i < rank; i++) {
        int in_a = i - rank + a->rank, in_b = i - rank + b->rank;
        int32_t p = in_a < 0 ? 1 : a->dims[in_a], q = in_b < 0 ? 1 : b->dims[in_b];
        if (p != q && p != 1 && q != 1)
            return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                                  "the inputs' shapes do not broadcast: %d against %d", p, q);
        dims[i] = p == 1 ? q : p;
    }
    return mnet_shape_set(graph, node, 0, a->dtype, rank, dims, error);
}

/* The last dimension meets the weights. TensorFlow Lite also lets it flatten the input to rows of
 * the weights' length. */
static MnetStatus shape_fully_connected(MnetGraph *graph, MnetNode *node, MnetError *error) {
    const MnetTensor *x = mnet_node_input(graph, node, 0), *w = mnet_node_input(graph, node, 1);
    const MnetTensor *bias = mnet_node_input(graph, node, 2);
    const MnetTensor *y = &graph->tensors[node->outputs[0]];
    bool transposed = node->attrs.fully_connected.transpose_b;
    if (w->rank != 2 || x->rank < 1)
        return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                              "the weights must have 2 dimensions, the input at least 1");
    int32_t in = w->dims[transposed ? 1 : 0], out = w->dims[transposed ? 0 : 1];
    int64_t elements = mnet_tensor_elements(x);
    if (in < 1 || elements % in)
        return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                              "the input does not fit the weights' %d rows", in);
    if (bias && bias->rank >= 0 && mnet_tensor_elements(bias) != out)
        return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                              "the bias does not have %d elements", out);

    int64_t dims[MNET_MAX_RANK] = {elements / in, out};
    bool flat = x->dims[x->rank - 1] != in || (y->rank == 2 && x->rank != 2);
    int rank = flat ? 2 : x->rank;
    if (flat && graph->layout == MNET_LAYOUT_NCHW)
        return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                              "the input's last dimension is not the weights' %d", in);
    for (int i = 0; i < x->rank && !flat; i++)
        dims[i] = i == rank - 1 ? out : x->dims[i];
    return mnet_shape_set(graph, node, 0, x->dtype, rank, dims, error);
}

static MnetStatus shape_batch_norm(MnetGraph *graph, MnetNode *node, MnetError *error) {
    const MnetTensor *x = mnet_node_input(graph, node, 0);
    int axis = graph->layout == MNET_LAYOUT_NHWC ? x->rank - 1 : 1;
    for (int i = 1; i < 5; i++)
        if (x->rank < 2 || mnet_tensor_elements(mnet_node_input(graph, node, i)) != x->dims[axis])
            return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                                  "parameter %d is not one number a channel", i);
    return shape_same(graph, node, MNET_DTYPE_NONE, error);
}

static MnetStatus shape_shape(MnetGraph *graph, MnetNode *node, MnetError *error) {
    const MnetTensor *y = &graph->tensors[node->outputs[0]];
    int64_t rank = mnet_node_input(graph, node, 0)->rank;
    return mnet_shape_set(graph, node, 0, y->dtype == MNET_DTYPE_S32 ? y->dtype : MNET_DTYPE_S64, 1,
                          &rank, error);
}

static MnetStatus shape_quantize(MnetGraph *graph, MnetNode *node, MnetError *error) {
    const MnetTensor *x = mnet_node_input(graph, node, 0);
    MnetDtype dtype = graph->tensors[node->outputs[0]].dtype;
    bool to_bias = dtype == MNET_DTYPE_S32 && node->kind == MNET_OP_QUANTIZE;
    if (!is_quantized(dtype) && !to_bias)
        return mnet_node_fail(graph, node, error, MNET_ERROR_UNSUPPORTED,
                              "the output is %s, neither qs8 nor qu8", mnet_dtype_name(dtype));
    if (node->kind == MNET_OP_QUANTIZE ? x->dtype != MNET_DTYPE_F32 : !is_quantized(x->dtype))
        return mnet_node_fail(graph, node, error, MNET_ERROR_UNSUPPORTED, "input of that type");
    return shape_same(graph, node, dtype, error);
}

static MnetStatus shape_softmax(MnetGraph *graph, MnetNode *node, MnetError *error) {
    int rank = mnet_node_input(graph, node, 0)->rank;
    int axis = mnet_shape_axis(graph, node, node->attrs.along.axis, rank, error);
    if (axis < 0)
        return MNET_ERROR_FORMAT;
    node->attrs.along.axis = axis;
    return shape_same(graph, node, MNET_DTYPE_NONE, error);
}

static MnetStatus shape_cast(MnetGraph *graph, MnetNode *node, MnetError *error) {
    MnetDtype dtype = graph->tensors[node->outputs[0]].dtype;
    if (dtype == MNET_DTYPE_NONE)
        return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT, "to no known type");
    return shape_same(graph, node, dtype, error);
}

static MnetStatus infer(MnetGraph *graph, MnetNode *node, MnetError *error) {
    switch (node->kind) {
    case MNET_OP_CONV_2D:
        return mnet_shape_conv(graph, node, error);
    case MNET_OP_FULLY_CONNECTED:
        return shape_fully_connected(graph, node, error);
    case MNET_OP_ADD:
    case MNET_OP_SUB:
    case MNET_OP_MUL:
    case MNET_OP_DIV:
        return shape_broadcast(graph, node, error);
    case MNET_OP_AVG_POOL:
    case MNET_OP_MAX_POOL:
        return mnet_shape_pool(graph, node, error);
    case MNET_OP_MEAN:
    case MNET_OP_REDUCE_PROD:
        return mnet_shape_reduce(graph, node, error);
    case MNET_OP_PAD:
        return mnet_shape_pad(graph, node, error);
    case MNET_OP_CONCAT:
        return mnet_shape_concat(graph, node, error);
    case MNET_OP_SPLIT:
        return mnet_shape_split(graph, node, error);
    case MNET_OP_SLICE:
        return mnet_shape_slice(graph, node, error);
    case MNET_OP_TRANSPOSE:
        return mnet_shape_transpose(graph, node, error);
    case MNET_OP_RESHAPE:
        return mnet_shape_reshape(graph, node, error);
    case MNET_OP_SOFTMAX:
        return shape_softmax(graph, node, error);
    case MNET_OP_QUANTIZE:
    case MNET_OP_REQUANTIZE:
    case MNET_OP_TABLE:
        return shape_quantize(graph, node, error);
    case MNET_OP_DEQUANTIZE:
        return shape_same(graph, node, MNET_DTYPE_F32, error);
    case MNET_OP_BATCH_NORM:
        return shape_batch_norm(graph, node, error);
    case MNET_OP_ACTIVATION:
    case MNET_OP_IDENTITY:
        return shape_same(graph, node, MNET_DTYPE_NONE, error);
    case MNET_OP_SHAPE:
        return shape_shape(graph, node, error);
    case MNET_OP_GATHER:
        return mnet_shape_gather(graph, node, error);
    case MNET_OP_CAST:
        return shape_cast(graph, node, error);
    case MNET_OP_CONSTANT_OF_SHAPE:
        return mnet_shape_constant_of_shape(graph, node, error);
    case MNET_OP_NONE:
    case MNET_OP_COUNT:
        break;
    }
    return MNET_OK;
}

/* Ops that only move elements, or pick among them, keep their quantisation where the file gives
 * none to the output. */
static void pass_quant(MnetGraph *graph, const MnetNode *node) {
    switch (node->kind) {
    case MNET_OP_MAX_POOL:
    case MNET_OP_SPLIT:
    case MNET_OP_SLICE:
    case MNET_OP_TRANSPOSE:
    case MNET_OP_RESHAPE:
    case MNET_OP_IDENTITY:
    case MNET_OP_GATHER:
        break;
    default:
        return;
    }
    const MnetQuant quant = graph->tensors[node->inputs[0]].quant;
    for (int o = 0; o < node->n_outputs; o++) {
        MnetTensor *y = &graph->tensors[node->outputs[o]];
        if (quant.count == 1 && !y->quant.count && is_quantized(y->dtype))
            y->quant = quant;
    }
}

MnetStatus mnet_graph_infer_node(MnetGraph *graph, int index, MnetError *error) {
    MnetNode *node = &graph->nodes[index];
    if (node->kind == MNET_OP_NONE)
        return MNET_OK;
    MnetStatus status = mnet_node_check(graph, node, error);
    if (status)
        return status;
    for (int i = 0; i < node->n_inputs; i++) {
        const MnetTensor *x = mnet_node_input(graph, node, i);
        if (x && x->rank < 0)
            return MNET_OK;
        if (x && (x->rank > MNET_MAX_RANK || mnet_tensor_elements(x) < 0))
            return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                                  "input %d has an impossible shape", i);
    }
    status = infer(graph, node, error);
    if (!status)
        pass_quant(graph, node);
    return status;
}

MnetStatus mnet_graph_infer_shapes(MnetGraph *graph, MnetError *error) {
    for (int i = 0; i < graph->n_nodes; i++) {
        MnetStatus status = mnet_graph_infer_node(graph, i, error);
        if (status)
            return status;
    }
    return MNET_OK;
}
