/* Convolutions, fully connected layers, normalisation, pools. */
#include "nn/load/onnx_build.h"

#include <math.h>
#include <string.h>

/* A list of two (four) numbers for h and w; what is missing keeps its value. */
static bool pair(MnetOnnx *onnx, const MnetOnnxNode *node, const char *name, int *out, int count) {
    int64_t values[4];
    int found = mnet_onnx_ints(node, name, values, 4);
    if (found < 0 && !mnet_onnx_has_attribute(node, name))
        return true;
    if (found != count) {
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED,
                       "%s has not %d elements: only two-dimensional windows are supported", name,
                       count);
        return false;
    }
    for (int i = 0; i < count; i++) {
        if (values[i] < 0 || values[i] > INT16_MAX) {
            mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "%s holds %lld", name,
                           (long long)values[i]);
            return false;
        }
        out[i] = (int)values[i];
    }
    return true;
}

bool mnet_onnx_window(MnetOnnx *onnx, const MnetOnnxNode *node, MnetWindow *window) {
    *window = (MnetWindow){.stride = {1, 1}, .dilation = {1, 1}};
    if (onnx->status || !pair(onnx, node, "kernel_shape", window->kernel, 2) ||
        !pair(onnx, node, "strides", window->stride, 2) ||
        !pair(onnx, node, "dilations", window->dilation, 2))
        return false;
    if (mnet_onnx_string_is(node, "auto_pad", "NOTSET", "SAME_UPPER"))
        window->padding = MNET_PADDING_SAME_UPPER;
    else if (mnet_onnx_string_is(node, "auto_pad", "NOTSET", "SAME_LOWER"))
        window->padding = MNET_PADDING_SAME_LOWER;
    else if (mnet_onnx_string_is(node, "auto_pad", "NOTSET", "VALID"))
        window->padding = MNET_PADDING_VALID;
    else if (!mnet_onnx_string_is(node, "auto_pad", "NOTSET", "NOTSET"))
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "auto_pad is none that ONNX knows");
    else /* the order is top, left, bottom, right as in MnetWindow */
        return pair(onnx, node, "pads", window->pad, 4);
    return !onnx->status;
}

bool mnet_onnx_conv(MnetOnnx *onnx, const MnetOnnxNode *node, const int *inputs, MnetDtype dtype) {
    int64_t groups = mnet_onnx_int(node, "group", 1);
    MnetWindow window;
    if (!mnet_onnx_window(onnx, node, &window))
        return false;
    if (!mnet_onnx_is_constant(onnx, inputs[1]))
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED,
                       "the weights are computed, not constant");
    if (groups < 1 || groups > INT32_MAX)
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "group is %lld", (long long)groups);
    MnetNode *out = mnet_onnx_emit(onnx, node, MNET_OP_CONV_2D, dtype, inputs, 3, 1);
    if (!out)
        return false;
    out->attrs.conv.window = window;
    out->attrs.conv.groups = (int)groups;
    return true;
}

static void conv(MnetOnnx *onnx, const MnetOnnxNode *node) {
    int inputs[3] = {0};
    inputs[0] = mnet_onnx_input(onnx, node, 0);
    inputs[1] = mnet_onnx_weights(onnx, node, 1);
    inputs[2] = mnet_onnx_input(onnx, node, 2);
    mnet_onnx_conv(onnx, node, inputs, MNET_DTYPE_F32);
}

/* What ONNX Runtime's optimiser writes: a convolution with its activation, and maybe a residual
 * (input 3). */
static void fused_conv(MnetOnnx *onnx, const MnetOnnxNode *node) {
    MnetActivation activation = {0};
    float params[2] = {0, INFINITY};
    int count = mnet_onnx_floats(node, "activation_params", params, 2);
    if (mnet_onnx_string_is(node, "activation", "", "Relu"))
        activation = (MnetActivation){.kind = MNET_ACTIVATION_CLAMP, .hi = INFINITY};
    else if (mnet_onnx_string_is(node, "activation", "", "Clip"))
        activation =
            (MnetActivation){.kind = MNET_ACTIVATION_CLAMP, .lo = params[0], .hi = params[1]};
    else if (mnet_onnx_string_is(node, "activation", "", "HardSigmoid") && count == 2)
        activation = (MnetActivation){
            .kind = MNET_ACTIVATION_HARD_SIGMOID, .alpha = params[0], .beta = params[1]};
    else if (mnet_onnx_string_is(node, "activation", "", "Sigmoid"))
        activation.kind = MNET_ACTIVATION_SIGMOID;
    else if (mnet_onnx_string_is(node, "activation", "", "Tanh"))
        activation.kind = MNET_ACTIVATION_TANH;
    else if (!mnet_onnx_string_is(node, "activation", "", ""))
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED,
                       "its activation is outside of what mnet runs");
    if (mnet_onnx_has_input(node, 3))
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED,
                       "a fused sum; save the model without ONNX Runtime's optimisations");
    conv(onnx, node);
    if (!onnx->status)
        onnx->graph->nodes[onnx->graph->n_nodes - 1].activation = activation;
}

/* A float constant times a factor, as a new tensor. */
static int scaled(MnetOnnx *onnx, const MnetOnnxNode *node, int tensor, float factor) {
    if (factor == 1 || tensor < 0 || onnx->status)
        return tensor;
    MnetTensor source = onnx->graph->tensors[tensor];
    int64_t count = mnet_tensor_elements(&source);
    if (!source.data || (source.dtype != MNET_DTYPE_F32 && source.dtype != MNET_DTYPE_F16)) {
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED,
                       "alpha or beta is %g on what is not a float constant", factor);
        return tensor;
    }
    int id =
        mnet_graph_add_tensor(onnx->graph, source.name, MNET_DTYPE_F32, source.rank, source.dims);
    float *data = mnet_arena_array(&onnx->graph->arena, count, sizeof *data);
    if (id < 0 || !data) {
        mnet_onnx_fail_memory(onnx);
        return tensor;
    }
    for (int64_t i = 0; i < count; i++)
        data[i] = factor * mnet_tensor_float(&source, i);
    onnx->graph->tensors[id].data = data;
    onnx->graph->tensors[id].bytes = count * sizeof *data;
    return id;
}

bool mnet_onnx_fully_connected(MnetOnnx *onnx, const MnetOnnxNode *node, const int *inputs,
                               bool transpose_b, MnetDtype dtype) {
    int32_t w[MNET_MAX_RANK];
    int w_rank = mnet_onnx_shape(onnx, node, inputs[1], w);
    if (onnx->status)
        return false;
    if (w_rank != 2 || !mnet_onnx_is_constant(onnx, inputs[1])) {
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED,
                       "the second factor is not a constant matrix");
        return false;
    }
    MnetNode *out = mnet_onnx_emit(onnx, node, MNET_OP_FULLY_CONNECTED, dtype, inputs, 3, 1);
    if (out)
        out->attrs.fully_connected.transpose_b = transpose_b;
    return out;
}

/* Whether a bias is one number an output, as FULLY_CONNECTED adds it. */
static bool is_row(MnetOnnx *onnx, const MnetOnnxNode *node, int bias, int outputs) {
    int32_t dims[MNET_MAX_RANK];
    int rank = mnet_onnx_shape(onnx, node, bias, dims);
    return rank == 1 && dims[0] == outputs;
}

int mnet_onnx_row_bias(MnetOnnx *onnx, const MnetOnnxNode *node, int bias, int outputs) {
    int32_t dims[MNET_MAX_RANK];
    if (bias < 0 || onnx->status || !onnx->graph->tensors[bias].data ||
        mnet_onnx_shape(onnx, node, bias, dims) != 2 || dims[0] != 1 || dims[1] != outputs)
        return bias;
    MnetTensor source = onnx->graph->tensors[bias];
    int id = mnet_graph_add_tensor(onnx->graph, source.name, source.dtype, 1, &dims[1]);
    if (id < 0) {
        mnet_onnx_fail_memory(onnx);
        return bias;
    }
    onnx->graph->tensors[id].data = source.data;
    onnx->graph->tensors[id].bytes = source.bytes;
    onnx->graph->tensors[id].quant = source.quant;
    return id;
}

bool mnet_onnx_gemm_is_plain(MnetOnnx *onnx, const MnetOnnxNode *node) {
    if (mnet_onnx_int(node, "transA", 0))
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "transA is set");
    return !onnx->status;
}

static void gemm(MnetOnnx *onnx, const MnetOnnxNode *node) {
    bool transpose_b = mnet_onnx_int(node, "transB", 0) != 0;
    int32_t w[MNET_MAX_RANK];
    int inputs[3];
    if (!mnet_onnx_gemm_is_plain(onnx, node))
        return;
    inputs[0] = mnet_onnx_input(onnx, node, 0);
    inputs[1] =
        scaled(onnx, node, mnet_onnx_weights(onnx, node, 1), mnet_onnx_float(node, "alpha", 1));
    inputs[2] =
        scaled(onnx, node, mnet_onnx_input(onnx, node, 2), mnet_onnx_float(node, "beta", 1));
    if (mnet_onnx_shape(onnx, node, inputs[1], w) != 2 && !onnx->status)
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "B is not a matrix");
    if (onnx->status)
        return;
    inputs[2] = mnet_onnx_row_bias(onnx, node, inputs[2], w[transpose_b ? 0 : 1]);
    if (inputs[2] < 0 || is_row(onnx, node, inputs[2], w[transpose_b ? 0 : 1])) {
        mnet_onnx_fully_connected(onnx, node, inputs, transpose_b, MNET_DTYPE_F32);
        return;
    }
    /* A bias of another shape is a sum of its own, with broadcasting. */
    int parts[2] = {MNET_NO_TENSOR, inputs[2]}, product[] = {inputs[0], inputs[1], MNET_NO_TENSOR};
    MnetNode *out = mnet_onnx_emit_hidden(onnx, node, MNET_OP_FULLY_CONNECTED, MNET_DTYPE_F32,
                                          product, 3, &parts[0]);
    if (out)
        out->attrs.fully_connected.transpose_b = transpose_b;
    mnet_onnx_emit(onnx, node, MNET_OP_ADD, MNET_DTYPE_F32, parts, 2, 1);
}

static void matmul(MnetOnnx *onnx, const MnetOnnxNode *node) {
    int inputs[3] = {MNET_NO_TENSOR, MNET_NO_TENSOR, MNET_NO_TENSOR};
    inputs[0] = mnet_onnx_input(onnx, node, 0);
    inputs[1] = mnet_onnx_weights(onnx, node, 1);
    mnet_onnx_fully_connected(onnx, node, inputs, false, MNET_DTYPE_F32);
}

static void batch_norm(MnetOnnx *onnx, const MnetOnnxNode *node) {
    int inputs[5];
    for (int i = 0; i < 5; i++)
        inputs[i] = mnet_onnx_input(onnx, node, i);
    if (mnet_onnx_int(node, "training_mode", 0))
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED,
                       "is in training mode; export the model in evaluation mode");
    MnetNode *out = mnet_onnx_emit(onnx, node, MNET_OP_BATCH_NORM, MNET_DTYPE_F32, inputs, 5, 1);
    if (out)
        out->attrs.epsilon = mnet_onnx_float(node, "epsilon", 1e-5f);
}

bool mnet_onnx_pool(MnetOnnx *onnx, const MnetOnnxNode *node, MnetOpKind kind, int input) {
    MnetWindow window;
    if (!mnet_onnx_window(onnx, node, &window))
        return false;
    if (!window.kernel[0] || !window.kernel[1])
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "kernel_shape is missing or 0");
    if (node->proto->n_output > 1 && *node->proto->output[1])
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "its second output, the indices");
    MnetNode *out = mnet_onnx_emit(onnx, node, kind, mnet_onnx_dtype(onnx, input), &input, 1, 1);
    if (!out)
        return false;
    out->attrs.pool.window = window;
    out->attrs.pool.ceil_mode = mnet_onnx_int(node, "ceil_mode", 0) != 0;
    out->attrs.pool.count_include_pad = mnet_onnx_int(node, "count_include_pad", 0) != 0;
    return true;
}

static void average_pool(MnetOnnx *onnx, const MnetOnnxNode *node) {
    mnet_onnx_pool(onnx, node, MNET_OP_AVG_POOL, mnet_onnx_input(onnx, node, 0));
}

static void max_pool(MnetOnnx *onnx, const MnetOnnxNode *node) {
    mnet_onnx_pool(onnx, node, MNET_OP_MAX_POOL, mnet_onnx_input(onnx, node, 0));
}

static void global_average_pool(MnetOnnx *onnx, const MnetOnnxNode *node) {
    int input = mnet_onnx_input(onnx, node, 0);
    MnetNode *out = mnet_onnx_emit(onnx, node, MNET_OP_MEAN, MNET_DTYPE_F32, &input, 1, 1);
    if (!out)
        return;
    out->attrs.reduce.axes = 1u << 2 | 1u << 3;
    out->attrs.reduce.keep_dims = true;
}

/* A kernel of 0 is the whole input. */
static void global_max_pool(MnetOnnx *onnx, const MnetOnnxNode *node) {
    int input = mnet_onnx_input(onnx, node, 0);
    MnetNode *out =
        mnet_onnx_emit(onnx, node, MNET_OP_MAX_POOL, mnet_onnx_dtype(onnx, input), &input, 1, 1);
    if (out)
        out->attrs.pool.window = (MnetWindow){.stride = {1, 1}, .dilation = {1, 1}};
}

const MnetOnnxOperator mnet_onnx_operators_layers[] = {
    {"Conv", conv, MNET_ONNX_FLOAT, 2},
    {"Gemm", gemm, MNET_ONNX_FLOAT, 2},
    {"MatMul", matmul, MNET_ONNX_FLOAT, 2},
    {"BatchNormalization", batch_norm, MNET_ONNX_FLOAT, 5},
    {"AveragePool", average_pool, MNET_ONNX_FLOAT, 1},
    {"MaxPool", max_pool, MNET_ONNX_FLOAT | MNET_ONNX_QUANTIZED, 1},
    {"GlobalAveragePool", global_average_pool, MNET_ONNX_FLOAT, 1},
    {"GlobalMaxPool", global_max_pool, MNET_ONNX_FLOAT | MNET_ONNX_QUANTIZED, 1},
    {NULL, NULL, 0, 0}};

const MnetOnnxOperator mnet_onnx_operators_fused[] = {{"FusedConv", fused_conv, MNET_ONNX_FLOAT, 2},
                                                      {NULL, NULL, 0, 0}};
