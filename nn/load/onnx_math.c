/* Activations, arithmetic, reductions, softmax. */
#include "nn/load/onnx_build.h"

#include <math.h>
#include <string.h>

static void activate(MnetOnnx *onnx, const MnetOnnxNode *node, MnetActivation activation) {
    int input = mnet_onnx_input(onnx, node, 0);
    MnetNode *out = mnet_onnx_emit(onnx, node, MNET_OP_ACTIVATION, MNET_DTYPE_F32, &input, 1, 1);
    if (out)
        out->activation = activation;
}

static void clamp(MnetOnnx *onnx, const MnetOnnxNode *node, float lo, float hi) {
    if (!(lo <= hi))
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "clamps to an empty range, %g to %g", lo, hi);
    activate(onnx, node, (MnetActivation){.kind = MNET_ACTIVATION_CLAMP, .lo = lo, .hi = hi});
}

static void relu(MnetOnnx *onnx, const MnetOnnxNode *node) {
    clamp(onnx, node, 0, INFINITY);
}

static void clip(MnetOnnx *onnx, const MnetOnnxNode *node) {
    float lo = onnx->opset < 11 ? mnet_onnx_float(node, "min", -INFINITY)
                                : mnet_onnx_input_float(onnx, node, 1, "min", -INFINITY);
    float hi = onnx->opset < 11 ? mnet_onnx_float(node, "max", INFINITY)
                                : mnet_onnx_input_float(onnx, node, 2, "max", INFINITY);
    clamp(onnx, node, lo, hi);
}

static void hard_swish(MnetOnnx *onnx, const MnetOnnxNode *node) {
    activate(onnx, node, (MnetActivation){.kind = MNET_ACTIVATION_HARD_SWISH});
}

static void hard_sigmoid(MnetOnnx *onnx, const MnetOnnxNode *node) {
    activate(onnx, node,
             (MnetActivation){.kind = MNET_ACTIVATION_HARD_SIGMOID,
                              .alpha = mnet_onnx_float(node, "alpha", 0.2f),
                              .beta = mnet_onnx_float(node, "beta", 0.5f)});
}

static void sigmoid(MnetOnnx *onnx, const MnetOnnxNode *node) {
    activate(onnx, node, (MnetActivation){.kind = MNET_ACTIVATION_SIGMOID});
}

static void tanh_(MnetOnnx *onnx, const MnetOnnxNode *node) {
    activate(onnx, node, (MnetActivation){.kind = MNET_ACTIVATION_TANH});
}

static void swish(MnetOnnx *onnx, const MnetOnnxNode *node) {
    if (mnet_onnx_float(node, "alpha", 1) != 1)
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "alpha is not 1");
    activate(onnx, node, (MnetActivation){.kind = MNET_ACTIVATION_SWISH});
}

static void binary(MnetOnnx *onnx, const MnetOnnxNode *node, MnetOpKind kind) {
    int inputs[2];
    for (int i = 0; i < 2; i++)
        inputs[i] = mnet_onnx_input(onnx, node, i);
    mnet_onnx_emit(onnx, node, kind, mnet_onnx_dtype(onnx, inputs[0]), inputs, 2, 1);
}

static void add(MnetOnnx *onnx, const MnetOnnxNode *node) {
    binary(onnx, node, MNET_OP_ADD);
}

static void sub(MnetOnnx *onnx, const MnetOnnxNode *node) {
    binary(onnx, node, MNET_OP_SUB);
}

static void mul(MnetOnnx *onnx, const MnetOnnxNode *node) {
    binary(onnx, node, MNET_OP_MUL);
}

static void divide(MnetOnnx *onnx, const MnetOnnxNode *node) {
    binary(onnx, node, MNET_OP_DIV);
}

/* Max and Min of a tensor and a constant number are clamps; their inputs may come in either order.
 */
static void limit(MnetOnnx *onnx, const MnetOnnxNode *node, bool upper) {
    int constant = mnet_onnx_constant(onnx, node, 1) ? 1 : 0;
    if (node->proto->n_input != 2 || !mnet_onnx_constant(onnx, node, constant)) {
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED,
                       "only of one tensor and one constant number");
        return;
    }
    float bound = mnet_onnx_input_float(onnx, node, constant, "the constant", 0);
    int input = mnet_onnx_input(onnx, node, 1 - constant);
    MnetNode *out = mnet_onnx_emit(onnx, node, MNET_OP_ACTIVATION, MNET_DTYPE_F32, &input, 1, 1);
    if (out)
        out->activation = (MnetActivation){.kind = MNET_ACTIVATION_CLAMP,
                                           .lo = upper ? -INFINITY : bound,
                                           .hi = upper ? bound : INFINITY};
}

static void max(MnetOnnx *onnx, const MnetOnnxNode *node) {
    limit(onnx, node, false);
}

static void min(MnetOnnx *onnx, const MnetOnnxNode *node) {
    limit(onnx, node, true);
}

/* A negative axis -i is bit 32 - i until shape inference, since the rank may not be known here. */
static uint32_t axis_bit(MnetOnnx *onnx, const MnetOnnxNode *node, int64_t axis) {
    if (axis >= -MNET_MAX_RANK && axis < MNET_MAX_RANK)
        return 1u << (axis < 0 ? 32 + axis : axis);
    mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "axis %lld is outside of any rank",
                   (long long)axis);
    return 0;
}

static void reduce(MnetOnnx *onnx, const MnetOnnxNode *node, MnetOpKind kind) {
    int64_t values[MNET_MAX_RANK];
    int input = mnet_onnx_input(onnx, node, 0);
    int count = mnet_onnx_list(onnx, node, "axes", 18, 1, values, MNET_MAX_RANK);
    uint32_t axes = 0;
    for (int i = 0; i < count; i++)
        axes |= axis_bit(onnx, node, values[i]);
    bool nothing = count <= 0 && mnet_onnx_int(node, "noop_with_empty_axes", 0);
    MnetNode *out = mnet_onnx_emit(onnx, node, nothing ? MNET_OP_IDENTITY : kind,
                                   mnet_onnx_dtype(onnx, input), &input, 1, 1);
    if (!out || nothing)
        return;
    out->attrs.reduce.axes = axes; /* 0: all */
    out->attrs.reduce.keep_dims = mnet_onnx_int(node, "keepdims", 1) != 0;
}

static void reduce_mean(MnetOnnx *onnx, const MnetOnnxNode *node) {
    reduce(onnx, node, MNET_OP_MEAN);
}

static void reduce_prod(MnetOnnx *onnx, const MnetOnnxNode *node) {
    reduce(onnx, node, MNET_OP_REDUCE_PROD);
}

/* Of rank 2, though its shape may hang on arithmetic that is folded later. */
static bool is_matrix(const MnetOnnx *onnx, int tensor) {
    int producer = mnet_graph_producer(onnx->graph, tensor);
    return producer >= 0 && strcmp(onnx->graph->nodes[producer].op_type, "Gemm") == 0;
}

int mnet_onnx_softmax_axis(MnetOnnx *onnx, const MnetOnnxNode *node, int input, int64_t opset) {
    int64_t axis = mnet_onnx_int(node, "axis", opset < 13 ? 1 : -1);
    int32_t dims[MNET_MAX_RANK];
    if (axis < -MNET_MAX_RANK || axis >= MNET_MAX_RANK) {
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "axis is %lld", (long long)axis);
        return 0;
    }
    if (opset >= 13 || axis == -1 || (axis == 1 && is_matrix(onnx, input)))
        return (int)axis;
    /* Before opset 13, all axes from this one on were one; the same thing where only one of them is
     * longer than 1. */
    int rank = mnet_onnx_shape(onnx, node, input, dims), longer = 0;
    int found = onnx->status ? 0 : mnet_onnx_axis(onnx, node, axis, rank);
    for (int i = found; i < rank; i++)
        if (dims[i] > 1) {
            found = i;
            longer++;
        }
    if (longer > 1)
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED,
                       "over several axes; export with opset 13 or newer");
    return found;
}

static void softmax(MnetOnnx *onnx, const MnetOnnxNode *node) {
    int input = mnet_onnx_input(onnx, node, 0);
    int axis = mnet_onnx_softmax_axis(onnx, node, input, onnx->opset);
    MnetNode *out = mnet_onnx_emit(onnx, node, MNET_OP_SOFTMAX, MNET_DTYPE_F32, &input, 1, 1);
    if (!out)
        return;
    out->attrs.along.axis = axis;
    out->attrs.along.beta = 1;
}

enum { FLOAT_OR_INTEGER = MNET_ONNX_FLOAT | MNET_ONNX_INTEGER };

const MnetOnnxOperator mnet_onnx_operators_math[] = {
    {"Relu", relu, MNET_ONNX_FLOAT, 1},
    {"Clip", clip, MNET_ONNX_FLOAT, 1},
    {"HardSwish", hard_swish, MNET_ONNX_FLOAT, 1},
    {"HardSigmoid", hard_sigmoid, MNET_ONNX_FLOAT, 1},
    {"Sigmoid", sigmoid, MNET_ONNX_FLOAT, 1},
    {"Tanh", tanh_, MNET_ONNX_FLOAT, 1},
    {"Swish", swish, MNET_ONNX_FLOAT, 1},
    {"Add", add, FLOAT_OR_INTEGER, 2},
    {"Sub", sub, FLOAT_OR_INTEGER, 2},
    {"Mul", mul, FLOAT_OR_INTEGER, 2},
    {"Div", divide, FLOAT_OR_INTEGER, 2},
    {"Max", max, MNET_ONNX_FLOAT, 2},
    {"Min", min, MNET_ONNX_FLOAT, 2},
    {"ReduceMean", reduce_mean, MNET_ONNX_FLOAT, 1},
    {"ReduceProd", reduce_prod, MNET_ONNX_INTEGER, 1},
    {"Softmax", softmax, MNET_ONNX_FLOAT, 1},
    {NULL, NULL, 0, 0}};
