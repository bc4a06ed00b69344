/* QOperator form: each operator carries the scales and zero points of its inputs and its output. */
#include "nn/load/onnx_build.h"

/* Type and quantisation of the output, from inputs scale and scale + 1; the type is x's without a
 * zero point. */
static bool output_quant(MnetOnnx *onnx, const MnetOnnxNode *node, int scale, int x,
                         MnetDtype *dtype, MnetQuant *quant) {
    const MnetTensor *zero_point = mnet_onnx_constant(onnx, node, scale + 1);
    *dtype = zero_point ? zero_point->dtype : mnet_onnx_dtype(onnx, x);
    if (onnx->status || !mnet_onnx_quant(onnx, node, scale, scale + 1, quant))
        return false;
    if ((*dtype != MNET_DTYPE_QU8 && *dtype != MNET_DTYPE_QS8) || quant->count != 1)
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED,
                       "the output is not of 8-bit integers with one scale");
    return !onnx->status;
}

/* The node emitted last: its output's type and quantisation. */
static MnetNode *finish(MnetOnnx *onnx, MnetDtype dtype, const MnetQuant *quant) {
    if (onnx->status)
        return NULL;
    MnetNode *out = &onnx->graph->nodes[onnx->graph->n_nodes - 1];
    onnx->graph->tensors[out->outputs[0]].dtype = dtype;
    onnx->graph->tensors[out->outputs[0]].quant = *quant;
    return out;
}

/* A bias is counted in units of the input's scale times the weights'. */
static int bias_of(MnetOnnx *onnx, const MnetOnnxNode *node, int i, const int *inputs) {
    int bias = mnet_onnx_input(onnx, node, i);
    if (onnx->status || bias < 0)
        return bias;
    MnetQuant x = onnx->graph->tensors[inputs[0]].quant, w = onnx->graph->tensors[inputs[1]].quant;
    float *scale = mnet_arena_array(&onnx->graph->arena, w.count, sizeof *scale);
    int32_t *zero_point = mnet_arena_array(&onnx->graph->arena, w.count, sizeof *zero_point);
    if (!scale || !zero_point) {
        mnet_onnx_fail_memory(onnx);
        return bias;
    }
    if (mnet_onnx_dtype(onnx, bias) != MNET_DTYPE_S32 || !mnet_onnx_is_constant(onnx, bias))
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED,
                       "the bias is not of constant 32-bit integers");
    for (int c = 0; c < w.count; c++)
        scale[c] = x.scale[0] * w.scale[c];
    MnetQuant quant = {.count = w.count, .scale = scale, .zero_point = zero_point};
    return mnet_onnx_quantized(onnx, node, bias, &quant);
}

static void qlinear_conv(MnetOnnx *onnx, const MnetOnnxNode *node) {
    MnetDtype dtype;
    MnetQuant quant;
    int inputs[3];
    inputs[0] = mnet_onnx_quantized_input(onnx, node, 0, 1, 0);
    inputs[1] = mnet_onnx_quantized_input(onnx, node, 3, 4, 0);
    inputs[2] = bias_of(onnx, node, 8, inputs);
    if (mnet_onnx_int(node, "channels_last", 0))
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "channels_last is set");
    if (output_quant(onnx, node, 6, inputs[0], &dtype, &quant) &&
        mnet_onnx_conv(onnx, node, inputs, dtype))
        finish(onnx, dtype, &quant);
}

static void qlinear_matmul(MnetOnnx *onnx, const MnetOnnxNode *node) {
    MnetDtype dtype;
    MnetQuant quant;
    int inputs[3] = {MNET_NO_TENSOR, MNET_NO_TENSOR, MNET_NO_TENSOR};
    inputs[0] = mnet_onnx_quantized_input(onnx, node, 0, 1, 0);
    inputs[1] = mnet_onnx_quantized_input(onnx, node, 3, 4, 1);
    if (output_quant(onnx, node, 6, inputs[0], &dtype, &quant) &&
        mnet_onnx_fully_connected(onnx, node, inputs, false, dtype))
        finish(onnx, dtype, &quant);
}

static void qgemm(MnetOnnx *onnx, const MnetOnnxNode *node) {
    bool transpose_b = mnet_onnx_int(node, "transB", 0) != 0;
    MnetDtype dtype;
    MnetQuant quant;
    int inputs[3];
    if (mnet_onnx_float(node, "alpha", 1) != 1)
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "alpha is not 1");
    if (!mnet_onnx_has_input(node, 7))
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "a float output");
    if (!mnet_onnx_gemm_is_plain(onnx, node))
        return;
    inputs[0] = mnet_onnx_quantized_input(onnx, node, 0, 1, 0);
    inputs[1] = mnet_onnx_quantized_input(onnx, node, 3, 4, transpose_b ? 0 : 1);
    inputs[2] = bias_of(onnx, node, 6, inputs);
    if (!onnx->status && onnx->graph->tensors[inputs[1]].rank == 2)
        inputs[2] = mnet_onnx_row_bias(onnx, node, inputs[2],
                                       onnx->graph->tensors[inputs[1]].dims[transpose_b ? 0 : 1]);
    if (output_quant(onnx, node, 7, inputs[0], &dtype, &quant) &&
        mnet_onnx_fully_connected(onnx, node, inputs, transpose_b, dtype))
        finish(onnx, dtype, &quant);
}

static void qlinear_binary(MnetOnnx *onnx, const MnetOnnxNode *node, MnetOpKind kind) {
    MnetDtype dtype;
    MnetQuant quant;
    int inputs[2];
    inputs[0] = mnet_onnx_quantized_input(onnx, node, 0, 1, 0);
    inputs[1] = mnet_onnx_quantized_input(onnx, node, 3, 4, 0);
    if (output_quant(onnx, node, 6, inputs[0], &dtype, &quant) &&
        mnet_onnx_emit(onnx, node, kind, dtype, inputs, 2, 1))
        finish(onnx, dtype, &quant);
}

static void qlinear_add(MnetOnnx *onnx, const MnetOnnxNode *node) {
    qlinear_binary(onnx, node, MNET_OP_ADD);
}

static void qlinear_mul(MnetOnnx *onnx, const MnetOnnxNode *node) {
    qlinear_binary(onnx, node, MNET_OP_MUL);
}

/* x, its scale and zero point, the output's: what the operators of one input have. */
static MnetNode *unary(MnetOnnx *onnx, const MnetOnnxNode *node, MnetOpKind kind) {
    MnetDtype dtype;
    MnetQuant quant;
    int input = mnet_onnx_quantized_input(onnx, node, 0, 1, 0);
    if (!output_quant(onnx, node, 3, input, &dtype, &quant) ||
        !mnet_onnx_emit(onnx, node, kind, dtype, &input, 1, 1))
        return NULL;
    return finish(onnx, dtype, &quant);
}

static void qlinear_sigmoid(MnetOnnx *onnx, const MnetOnnxNode *node) {
    MnetNode *out = unary(onnx, node, MNET_OP_ACTIVATION);
    if (out)
        out->activation.kind = MNET_ACTIVATION_SIGMOID;
}

static void qlinear_global_average_pool(MnetOnnx *onnx, const MnetOnnxNode *node) {
    MnetNode *out = unary(onnx, node, MNET_OP_MEAN);
    if (!out)
        return;
    out->attrs.reduce.axes = mnet_onnx_int(node, "channels_last", 0) ? 3u << 1 : 3u << 2;
    out->attrs.reduce.keep_dims = true;
}

static void qlinear_average_pool(MnetOnnx *onnx, const MnetOnnxNode *node) {
    MnetDtype dtype;
    MnetQuant quant;
    int input = mnet_onnx_quantized_input(onnx, node, 0, 1, 0);
    if (mnet_onnx_int(node, "channels_last", 0))
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "channels_last is set");
    if (output_quant(onnx, node, 3, input, &dtype, &quant) &&
        mnet_onnx_pool(onnx, node, MNET_OP_AVG_POOL, input))
        finish(onnx, dtype, &quant);
}

/* The operator set of its own attribute says which of Softmax's two meanings the axis has. */
static void qlinear_softmax(MnetOnnx *onnx, const MnetOnnxNode *node) {
    int input = mnet_onnx_input(onnx, node, 0);
    int axis = mnet_onnx_softmax_axis(onnx, node, input, mnet_onnx_int(node, "opset", onnx->opset));
    MnetNode *out = unary(onnx, node, MNET_OP_SOFTMAX);
    if (!out)
        return;
    out->attrs.along.axis = axis;
    out->attrs.along.beta = 1;
}

/* Scale and zero point of the output come first, then a triple for each input. */
static void qlinear_concat(MnetOnnx *onnx, const MnetOnnxNode *node) {
    int count = ((int)node->proto->n_input - 2) / 3;
    int64_t axis = mnet_onnx_int(node, "axis", 0);
    int *inputs = mnet_arena_array(&onnx->scratch, count, sizeof *inputs);
    MnetDtype dtype;
    MnetQuant quant;
    if (!inputs) {
        mnet_onnx_fail_memory(onnx);
        return;
    }
    for (int i = 0; i < count; i++)
        inputs[i] = mnet_onnx_quantized_input(onnx, node, 2 + 3 * i, 3 + 3 * i, 0);
    if (axis < -MNET_MAX_RANK || axis >= MNET_MAX_RANK)
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "axis is %lld", (long long)axis);
    if (!output_quant(onnx, node, 0, inputs[0], &dtype, &quant))
        return;
    MnetNode *out = mnet_onnx_emit(onnx, node, MNET_OP_CONCAT, dtype, inputs, count, 1);
    if (!out)
        return;
    out->attrs.along.axis = (int)axis;
    finish(onnx, dtype, &quant);
}

const MnetOnnxOperator mnet_onnx_operators_qlinear[] = {
    {"QLinearConv", qlinear_conv, MNET_ONNX_QUANTIZED, 8},
    {"QLinearMatMul", qlinear_matmul, MNET_ONNX_QUANTIZED, 8},
    {"QGemm", qgemm, MNET_ONNX_QUANTIZED, 6},
    {"QLinearAdd", qlinear_add, MNET_ONNX_QUANTIZED, 7},
    {"QLinearMul", qlinear_mul, MNET_ONNX_QUANTIZED, 7},
    {"QLinearSigmoid", qlinear_sigmoid, MNET_ONNX_QUANTIZED, 4},
    {"QLinearGlobalAveragePool", qlinear_global_average_pool, MNET_ONNX_QUANTIZED, 4},
    {"QLinearAveragePool", qlinear_average_pool, MNET_ONNX_QUANTIZED, 4},
    {"QLinearSoftmax", qlinear_softmax, MNET_ONNX_QUANTIZED, 4},
    {"QLinearConcat", qlinear_concat, MNET_ONNX_FLOAT, 5},
    {NULL, NULL, 0, 0}};
