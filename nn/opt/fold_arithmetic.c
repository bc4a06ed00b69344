#include "nn/opt/fold_eval.h"

#include <math.h>
#include <string.h>

static MnetStatus fold_fail(const MnetGraph *graph, const MnetNode *node, MnetError *error,
                            const char *what) {
    return mnet_fail(error, MNET_ERROR_FORMAT, "%s: node %d '%.80s' (%s): %s", graph->file,
                     node->index, node->name, node->op_type, what);
}

static int64_t read_integer(const MnetTensor *tensor, const void *data, int64_t i) {
    int64_t wide;
    int32_t narrow;
    if (tensor->dtype == MNET_DTYPE_S64) {
        memcpy(&wide, (const uint8_t *)data + i * (int64_t)sizeof wide, sizeof wide);
        return wide;
    }
    memcpy(&narrow, (const uint8_t *)data + i * (int64_t)sizeof narrow, sizeof narrow);
    return narrow;
}

static bool write_integer(MnetDtype dtype, void *data, int64_t i, int64_t value) {
    int32_t narrow = (int32_t)value;
    if (dtype == MNET_DTYPE_S64)
        memcpy((uint8_t *)data + i * (int64_t)sizeof value, &value, sizeof value);
    else
        memcpy((uint8_t *)data + i * (int64_t)sizeof narrow, &narrow, sizeof narrow);
    return dtype == MNET_DTYPE_S64 || narrow == value;
}

static bool integer_op(MnetOpKind kind, int64_t a, int64_t b, int64_t *result) {
    switch (kind) {
    case MNET_OP_ADD:
        return !__builtin_add_overflow(a, b, result);
    case MNET_OP_SUB:
        return !__builtin_sub_overflow(a, b, result);
    case MNET_OP_MUL:
        return !__builtin_mul_overflow(a, b, result);
    default: /* towards zero, as C does */
        if (b == 0 || (a == INT64_MIN && b == -1))
            return false;
        *result = a / b;
        return true;
    }
}

static float float_op(MnetOpKind kind, float a, float b) {
    switch (kind) {
    case MNET_OP_ADD:
        return a + b;
    case MNET_OP_SUB:
        return a - b;
    case MNET_OP_MUL:
        return a * b;
    default:
        return a / b;
    }
}

static float activate(const MnetActivation *activation, float x) {
    switch (activation->kind) {
    case MNET_ACTIVATION_NONE:
        return x;
    case MNET_ACTIVATION_CLAMP:
        return x < activation->lo ? activation->lo : x > activation->hi ? activation->hi : x;
    case MNET_ACTIVATION_HARD_SIGMOID:
        return fminf(fmaxf(activation->alpha * x + activation->beta, 0), 1);
    case MNET_ACTIVATION_HARD_SWISH:
        return x * fminf(fmaxf(x / 6 + 0.5f, 0), 1);
    case MNET_ACTIVATION_SIGMOID:
        return 1 / (1 + expf(-x));
    case MNET_ACTIVATION_SWISH:
        return x / (1 + expf(-x));
    case MNET_ACTIVATION_TANH:
        return tanhf(x);
    }
    return x;
}

/* The input's data spread to the output's shape; NULL with an error where there is no room. */
static const void *broadcast(MnetGraph *graph, const MnetNode *node, int input,
                             MnetFoldBudget *budget, MnetError *error) {
    const MnetTensor *x = &graph->tensors[node->inputs[input]];
    const MnetTensor *y = &graph->tensors[node->outputs[0]];
    int64_t dense[MNET_MAX_RANK], strides[MNET_MAX_RANK];
    if (mnet_tensor_elements(x) == mnet_tensor_elements(y))
        return x->data;
    void *out = mnet_fold_output(graph, node, 0, budget, error);
    if (!out)
        return NULL;
    mnet_fold_strides(x->rank, x->dims, dense);
    for (int i = 0; i < y->rank; i++) {
        int k = i - y->rank + x->rank;
        strides[i] = k >= 0 && x->dims[k] > 1 ? dense[k] : 0;
    }
    mnet_fold_copy(out, x->data, mnet_dtype_size(x->dtype), y->rank, y->dims, strides);
    return out;
}

static MnetStatus eval_binary(MnetGraph *graph, const MnetNode *node, MnetFoldBudget *budget,
                              MnetError *error) {
    const void *a = broadcast(graph, node, 0, budget, error);
    const void *b = a ? broadcast(graph, node, 1, budget, error) : NULL;
    void *out = b ? mnet_fold_output(graph, node, 0, budget, error) : NULL;
    if (!out)
        return MNET_ERROR_MEMORY;
    const MnetTensor *x = &graph->tensors[node->inputs[0]], *y = &graph->tensors[node->outputs[0]];
    int64_t count = mnet_tensor_elements(y), value;
    MnetTensor left = *x, right = *x;
    left.data = a;
    right.data = b;
    for (int64_t i = 0; i < count; i++) {
        if (x->dtype == MNET_DTYPE_F32)
            ((float *)out)[i] =
                activate(&node->activation, float_op(node->kind, mnet_tensor_float(&left, i),
                                                     mnet_tensor_float(&right, i)));
        else if (!integer_op(node->kind, read_integer(x, a, i), read_integer(x, b, i), &value) ||
                 !write_integer(y->dtype, out, i, value))
            return fold_fail(graph, node, error,
                             "division by zero or overflow in shape arithmetic");
    }
    return MNET_OK;
}

static MnetStatus eval_product(MnetGraph *graph, const MnetNode *node, MnetFoldBudget *budget,
                               MnetError *error) {
    void *out = mnet_fold_output(graph, node, 0, budget, error);
    if (!out)
        return MNET_ERROR_MEMORY;
    const MnetTensor *x = &graph->tensors[node->inputs[0]];
    int64_t count = mnet_tensor_elements(x), product = 1;
    for (int64_t i = 0; i < count; i++)
        if (__builtin_mul_overflow(product, read_integer(x, x->data, i), &product))
            return fold_fail(graph, node, error, "overflow in shape arithmetic");
    if (!write_integer(x->dtype, out, 0, product))
        return fold_fail(graph, node, error, "overflow in shape arithmetic");
    return MNET_OK;
}

static MnetStatus eval_activation(MnetGraph *graph, const MnetNode *node, MnetFoldBudget *budget,
                                  MnetError *error) {
    float *out = mnet_fold_output(graph, node, 0, budget, error);
    if (!out)
        return MNET_ERROR_MEMORY;
    const MnetTensor *x = &graph->tensors[node->inputs[0]];
    int64_t count = mnet_tensor_elements(x);
    for (int64_t i = 0; i < count; i++)
        out[i] = activate(&node->activation, mnet_tensor_float(x, i));
    return MNET_OK;
}

MnetStatus mnet_fold_arithmetic(MnetGraph *graph, const MnetNode *node, MnetFoldBudget *budget,
                                bool *done, MnetError *error) {
    const MnetTensor *x = &graph->tensors[node->inputs[0]], *y = &graph->tensors[node->outputs[0]];
    bool integers = x->dtype == MNET_DTYPE_S32 || x->dtype == MNET_DTYPE_S64;
    bool floats = x->dtype == MNET_DTYPE_F32;
    if (y->dtype != x->dtype ||
        (node->n_inputs > 1 && graph->tensors[node->inputs[1]].dtype != x->dtype))
        return MNET_OK;
    if (node->kind == MNET_OP_REDUCE_PROD) {
        if (!integers || mnet_tensor_elements(y) != 1)
            return MNET_OK;
        *done = true;
        return eval_product(graph, node, budget, error);
    }
    if (node->kind == MNET_OP_ACTIVATION) {
        if (!floats)
            return MNET_OK;
        *done = true;
        return eval_activation(graph, node, budget, error);
    }
    if (!floats && (!integers || node->activation.kind != MNET_ACTIVATION_NONE))
        return MNET_OK;
    *done = true;
    return eval_binary(graph, node, budget, error);
}
