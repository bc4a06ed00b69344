/* Operators that compute. Fields of the options are numbered as in the schema's tables. */
#include "nn/load/tflite.h"

#include <math.h>
#include <string.h>

enum { VALID_PADDING = 1, MAX_WINDOW = 1 << 15 };

/* Is it a constant of a rank? */
static bool is_constant(const MnetTfliteOp *op, int i, int rank) {
    return op->inputs[i] != MNET_NO_TENSOR && mnet_tflite_input(op, i)->data &&
           mnet_tflite_input(op, i)->rank == rank;
}

static MnetStatus check_one_output(const MnetTfliteOp *op) {
    if (op->n_outputs == 1)
        return MNET_OK;
    return mnet_tflite_op_fail(op, MNET_ERROR_FORMAT, "it has %d outputs; export the model again",
                               op->n_outputs);
}

static MnetStatus check_all_inputs(const MnetTfliteOp *op) {
    for (int i = 0; i < op->n_inputs; i++)
        if (op->inputs[i] == MNET_NO_TENSOR)
            return mnet_tflite_op_fail(op, MNET_ERROR_FORMAT,
                                       "its input %d is left out; export the model again", i);
    return check_one_output(op);
}

static MnetStatus check_window(const MnetTfliteOp *op, MnetWindow *window) {
    const int *numbers[] = {window->kernel, window->stride, window->dilation};
    int padding = mnet_table_u8(&op->options, 0, 0);

    for (int i = 0; i < 6; i++)
        if (numbers[i / 2][i % 2] < 1 || numbers[i / 2][i % 2] > MAX_WINDOW)
            return mnet_tflite_op_fail(op, MNET_ERROR_FORMAT,
                                       "its kernel, stride or dilation is %d; export the model "
                                       "again",
                                       numbers[i / 2][i % 2]);
    window->padding = padding == VALID_PADDING ? MNET_PADDING_VALID : MNET_PADDING_SAME_UPPER;
    return MNET_OK;
}

/* Models quantised in the weights only run in float. */
static MnetStatus match_weights(const MnetTfliteOp *op) {
    if (mnet_tflite_input(op, 0)->dtype != MNET_DTYPE_F32 ||
        mnet_tflite_input(op, 1)->dtype == MNET_DTYPE_F16)
        return MNET_OK;
    return mnet_tflite_make_float(op, op->inputs[1]);
}

/* Weights [1, KH, KW, O] as [O, KH, KW, 1], in the arena; each tensor once, however many operators
 * share it. */
static MnetStatus transpose_depthwise(const MnetTfliteOp *op) {
    MnetGraph *graph = op->file->graph;
    const MnetTensor *from = mnet_tflite_input(op, 1);
    size_t size = mnet_dtype_size(from->dtype), pixels = (size_t)from->dims[1] * from->dims[2];
    size_t channels = (size_t)from->dims[3];
    int *cached = &op->file->depthwise[op->inputs[1]];

    if (*cached == MNET_NO_TENSOR) {
        uint8_t *data = mnet_arena_alloc(&graph->arena, from->bytes);
        if (!data)
            return mnet_tflite_op_no_memory(op);
        for (size_t p = 0; p < pixels; p++)
            for (size_t c = 0; c < channels; c++)
                memcpy(data + (c * pixels + p) * size,
                       (const uint8_t *)from->data + (p * channels + c) * size, size);
        MnetTensor to = *from;
        memcpy(to.dims, (int32_t[]){from->dims[3], from->dims[1], from->dims[2], 1},
               4 * sizeof *to.dims);
        to.quant.axis = 0;
        to.data = data;
        *cached = mnet_graph_add_tensor(graph, from->name, from->dtype, 4, to.dims);
        if (*cached == MNET_NO_TENSOR)
            return mnet_tflite_op_no_memory(op);
        to.name = graph->tensors[*cached].name;
        graph->tensors[*cached] = to;
    }
    return MNET_OK;
}

/* CONV_2D: 0 padding, 1 stride_w, 2 stride_h, 3 activation, 4 dilation_w, 5 dilation_h; weights [O,
 * KH, KW, I]. DEPTHWISE_CONV_2D: 3 depth_multiplier, and the rest one further. */
static MnetStatus build_conv(MnetTfliteOp *op) {
    bool depthwise = op->builder->variant;
    int channels, groups = 1;
    MnetActivation activation;
    MnetStatus status;

    if ((status = check_one_output(op)))
        return status;
    if (!is_constant(op, 1, 4) || mnet_tflite_input(op, 0)->rank != 4 ||
        mnet_tensor_elements(mnet_tflite_input(op, 1)) < 1)
        return mnet_tflite_op_fail(op, MNET_ERROR_UNSUPPORTED,
                                   "input and weights must have 4 dimensions, and the weights be "
                                   "constant");
    if ((status = match_weights(op)) ||
        (status = mnet_tflite_fused(op, depthwise ? 4 : 3, &activation)))
        return status;

    const MnetTensor *weights = mnet_tflite_input(op, 1);
    int dilation = depthwise ? 5 : 4;
    MnetWindow window = {
        .kernel = {weights->dims[1], weights->dims[2]},
        .stride = {mnet_table_i32(&op->options, 2, 0), mnet_table_i32(&op->options, 1, 0)},
        .dilation = {mnet_table_i32(&op->options, dilation + 1, 1),
                     mnet_table_i32(&op->options, dilation, 1)}};
    channels = mnet_tflite_input(op, 0)->dims[3];
    if (depthwise)
        groups = channels;
    else if (channels > 0 && weights->dims[3] > 0)
        groups = channels / weights->dims[3];
    if (channels < 1 || groups < 1 ||
        (depthwise ? weights->dims[0] != 1 || weights->dims[3] % channels
                   : channels % weights->dims[3] || weights->dims[0] % groups))
        return mnet_tflite_op_fail(op, MNET_ERROR_FORMAT,
                                   "weights of %d x %d x %d x %d don't fit %d input channels; "
                                   "export the model again",
                                   weights->dims[0], weights->dims[1], weights->dims[2],
                                   weights->dims[3], channels);
    if ((status = check_window(op, &window)) || (depthwise && (status = transpose_depthwise(op))))
        return status;
    MnetNode *node = mnet_tflite_node(op, MNET_OP_CONV_2D, 3);
    if (!node)
        return mnet_tflite_op_no_memory(op);
    if (op->n_inputs < 3)
        node->inputs[2] = MNET_NO_TENSOR;
    if (depthwise)
        node->inputs[1] = op->file->depthwise[op->inputs[1]];
    node->attrs.conv.window = window;
    node->attrs.conv.groups = groups;
    node->activation = activation;
    return MNET_OK;
}

/* FULLY_CONNECTED: 0 activation, 1 weights_format, 2 keep_num_dims. Without the last the input is
 * flattened to rows of the weights' length. */
static MnetStatus build_fully_connected(MnetTfliteOp *op) {
    MnetGraph *graph = op->file->graph;
    MnetActivation activation;
    MnetStatus status;
    int x = op->inputs[0];

    if ((status = check_one_output(op)))
        return status;
    if (!is_constant(op, 1, 2) || mnet_table_u8(&op->options, 1, 0))
        return mnet_tflite_op_fail(op, MNET_ERROR_UNSUPPORTED,
                                   "its weights must be a constant of 2 dimensions in the default "
                                   "format");
    if ((status = match_weights(op)) || (status = mnet_tflite_fused(op, 0, &activation)))
        return status;
    int64_t elements = mnet_tensor_elements(&graph->tensors[x]);
    int32_t length = mnet_tflite_input(op, 1)->dims[1];
    if (length < 1 || elements < 1 || elements % length)
        return mnet_tflite_op_fail(op, MNET_ERROR_FORMAT,
                                   "weights for rows of %d don't fit its input; export the model "
                                   "again",
                                   (int)length);
    if (!mnet_table_u8(&op->options, 2, 0) && graph->tensors[x].rank != 2) {
        int flat = mnet_tflite_tensor_like(op, x, 2, (int32_t[]){elements / length, length});
        if (flat == MNET_NO_TENSOR)
            return mnet_tflite_op_no_memory(op);
        if ((status = mnet_tflite_reshape_to(op, x, flat)))
            return status;
        op->inputs[0] = flat;
    }
    MnetNode *node = mnet_tflite_node(op, MNET_OP_FULLY_CONNECTED, 3);
    if (!node)
        return mnet_tflite_op_no_memory(op);
    if (op->n_inputs < 3)
        node->inputs[2] = MNET_NO_TENSOR;
    node->attrs.fully_connected.transpose_b = true;
    node->activation = activation;
    return MNET_OK;
}

/* Pool2DOptions: 0 padding, 1 stride_w, 2 stride_h, 3 filter_width, 4 filter_height, 5 activation.
 */
static MnetStatus build_pool(MnetTfliteOp *op) {
    MnetActivation activation;
    MnetStatus status = check_all_inputs(op);
    MnetWindow window = {
        .kernel = {mnet_table_i32(&op->options, 4, 0), mnet_table_i32(&op->options, 3, 0)},
        .stride = {mnet_table_i32(&op->options, 2, 0), mnet_table_i32(&op->options, 1, 0)},
        .dilation = {1, 1}};

    if (status || (status = check_window(op, &window)) ||
        (status = mnet_tflite_fused(op, 5, &activation)))
        return status;
    MnetNode *node = mnet_tflite_node(op, (MnetOpKind)op->builder->variant, 1);
    if (!node)
        return mnet_tflite_op_no_memory(op);
    node->attrs.pool.window = window;
    node->activation = activation;
    return MNET_OK;
}

static MnetStatus build_binary(MnetTfliteOp *op) {
    MnetActivation activation;
    MnetStatus status = check_all_inputs(op);

    if (status || (status = mnet_tflite_fused(op, 0, &activation)))
        return status;
    MnetNode *node = mnet_tflite_node(op, (MnetOpKind)op->builder->variant, 2);
    if (!node)
        return mnet_tflite_op_no_memory(op);
    node->activation = activation;
    return MNET_OK;
}

static MnetStatus build_activation(MnetTfliteOp *op, MnetActivation activation) {
    MnetStatus status = check_one_output(op);
    MnetNode *node = status ? NULL : mnet_tflite_node(op, MNET_OP_ACTIVATION, 1);

    if (!node)
        return status ? status : mnet_tflite_op_no_memory(op);
    node->activation = activation;
    return MNET_OK;
}

static MnetStatus build_unary(MnetTfliteOp *op) {
    return build_activation(op, (MnetActivation){.kind = (MnetActivationKind)op->builder->variant});
}

static MnetStatus build_relu(MnetTfliteOp *op) {
    return build_activation(op, mnet_tflite_clamp(0, INFINITY));
}

static MnetStatus build_relu6(MnetTfliteOp *op) {
    return build_activation(op, mnet_tflite_clamp(0, 6));
}

static MnetStatus build_relu_n1_to_1(MnetTfliteOp *op) {
    return build_activation(op, mnet_tflite_clamp(-1, 1));
}

static MnetStatus build_relu_0_to_1(MnetTfliteOp *op) {
    return build_activation(op, mnet_tflite_clamp(0, 1));
}

/* MINIMUM (variant 0) and MAXIMUM (1) with one number. */
static MnetStatus build_limit(MnetTfliteOp *op) {
    MnetStatus status = check_all_inputs(op);
    if (status)
        return status;
    int constant = mnet_tflite_input(op, 1)->data ? 1 : 0;
    const MnetTensor *limit = mnet_tflite_input(op, constant);
    if (!limit->data || mnet_tensor_elements(limit) != 1)
        return mnet_tflite_op_fail(op, MNET_ERROR_UNSUPPORTED,
                                   "it is supported with one constant number only");
    if ((status = mnet_tflite_make_float(op, op->inputs[constant])))
        return status;
    float value = mnet_tensor_float(mnet_tflite_input(op, constant), 0);
    if (isnan(value))
        return mnet_tflite_op_fail(op, MNET_ERROR_FORMAT, "its limit is not a number");
    op->inputs[0] = op->inputs[1 - constant];
    return build_activation(op, op->builder->variant ? mnet_tflite_clamp(value, INFINITY)
                                                     : mnet_tflite_clamp(-INFINITY, value));
}

/* ReducerOptions: 0 keep_dims. */
static MnetStatus build_mean(MnetTfliteOp *op) {
    int64_t axes[MNET_MAX_RANK];
    MnetStatus status = check_all_inputs(op);
    if (status)
        return status;
    int rank = mnet_tflite_input(op, 0)->rank;
    int64_t count = mnet_tensor_elements(mnet_tflite_input(op, 1));
    if (count < 1 || count > rank)
        return mnet_tflite_op_fail(op, MNET_ERROR_FORMAT,
                                   "its axes are not 1 to %d integers; export the model again",
                                   rank);
    if ((status = mnet_tflite_integers(op, 1, "axes", (int)count, axes)))
        return status;
    uint32_t set = 0;
    for (int i = 0, axis; i < count; i++) {
        if ((status = mnet_tflite_axis(op, axes[i], rank, &axis)))
            return status;
        set |= 1u << axis;
    }
    MnetNode *node = mnet_tflite_node(op, MNET_OP_MEAN, 1);
    if (!node)
        return mnet_tflite_op_no_memory(op);
    node->attrs.reduce.axes = set;
    node->attrs.reduce.keep_dims = mnet_table_u8(&op->options, 0, 0) != 0;
    return MNET_OK;
}

/* SoftmaxOptions: 0 beta. */
static MnetStatus build_softmax(MnetTfliteOp *op) {
    float beta = mnet_table_f32(&op->options, 0, 0);
    MnetStatus status = check_all_inputs(op);
    if (status)
        return status;
    if (!(beta > 0 && isfinite(beta)))
        return mnet_tflite_op_fail(op, MNET_ERROR_FORMAT, "its beta is %g; export the model again",
                                   beta);
    MnetNode *node = mnet_tflite_node(op, MNET_OP_SOFTMAX, 1);
    if (!node)
        return mnet_tflite_op_no_memory(op);
    node->attrs.along.axis = -1;
    node->attrs.along.beta = beta;
    return MNET_OK;
}

/* Constants (float16 weights, mostly) change their type where they are; the output becomes one. */
static MnetStatus dequantize_constant(MnetTfliteOp *op) {
    MnetTensor *to = mnet_tflite_output(op, 0);
    MnetTensor from = *mnet_tflite_input(op, 0);

    from.name = to->name;
    *to = from;
    return from.dtype == MNET_DTYPE_F16 ? MNET_OK : mnet_tflite_make_float(op, op->outputs[0]);
}

/* QUANTIZE, DEQUANTIZE and CAST, by the types of input and output. */
static MnetStatus build_convert(MnetTfliteOp *op) {
    MnetStatus status = check_all_inputs(op);
    if (status)
        return status;
    MnetTensor *from = mnet_tflite_input(op, 0), *to = mnet_tflite_output(op, 0);
    bool from_quantised = from->dtype == MNET_DTYPE_QU8 || from->dtype == MNET_DTYPE_QS8;
    bool to_quantised = to->dtype == MNET_DTYPE_QU8 || to->dtype == MNET_DTYPE_QS8;
    bool to_float = to->dtype == MNET_DTYPE_F32;
    MnetOpKind kind = MNET_OP_CAST;

    /* A CAST of plain bytes is a dequantisation by 1. */
    if (from_quantised && to_float && !from->quant.count && op->builder->variant == MNET_OP_CAST &&
        !mnet_graph_set_quant(op->file->graph, &from->quant, 1, 0))
        return mnet_tflite_op_no_memory(op);
    if (from->data && to_float && (from->dtype == MNET_DTYPE_F16 || from_quantised))
        return dequantize_constant(op);
    if (from_quantised && to_float)
        kind = MNET_OP_DEQUANTIZE;
    else if (op->builder->variant != MNET_OP_CAST && from_quantised && to_quantised)
        kind = MNET_OP_REQUANTIZE;
    else if (op->builder->variant != MNET_OP_CAST && from->dtype == MNET_DTYPE_F32 && to_quantised)
        kind = MNET_OP_QUANTIZE;
    else if (op->builder->variant != MNET_OP_CAST || from_quantised || to_quantised)
        return mnet_tflite_op_fail(op, MNET_ERROR_UNSUPPORTED, "from %s to %s is not supported",
                                   mnet_dtype_name(from->dtype), mnet_dtype_name(to->dtype));
    return mnet_tflite_node(op, kind, 1) ? MNET_OK : mnet_tflite_op_no_memory(op);
}

const MnetTfliteBuilder mnet_tflite_compute_builders[] = {
    {TFLITE_ADD, 11, 2, 2, build_binary, MNET_OP_ADD},
    {TFLITE_AVERAGE_POOL_2D, 5, 1, 1, build_pool, MNET_OP_AVG_POOL},
    {TFLITE_CONV_2D, 1, 2, 3, build_conv, false},
    {TFLITE_DEPTHWISE_CONV_2D, 2, 2, 3, build_conv, true},
    {TFLITE_DEQUANTIZE, 38, 1, 1, build_convert, MNET_OP_DEQUANTIZE},
    {TFLITE_FULLY_CONNECTED, 8, 2, 3, build_fully_connected, 0},
    {TFLITE_LOGISTIC, 0, 1, 1, build_unary, MNET_ACTIVATION_SIGMOID},
    {TFLITE_MAX_POOL_2D, 5, 1, 1, build_pool, MNET_OP_MAX_POOL},
    {TFLITE_MUL, 21, 2, 2, build_binary, MNET_OP_MUL},
    {TFLITE_RELU, 0, 1, 1, build_relu, 0},
    {TFLITE_RELU_N1_TO_1, 0, 1, 1, build_relu_n1_to_1, 0},
    {TFLITE_RELU6, 0, 1, 1, build_relu6, 0},
    {TFLITE_SOFTMAX, 9, 1, 1, build_softmax, 0},
    {TFLITE_TANH, 0, 1, 1, build_unary, MNET_ACTIVATION_TANH},
    {TFLITE_MEAN, 27, 2, 2, build_mean, 0},
    {TFLITE_SUB, 28, 2, 2, build_binary, MNET_OP_SUB},
    {TFLITE_DIV, 29, 2, 2, build_binary, MNET_OP_DIV},
    {TFLITE_CAST, 37, 1, 1, build_convert, MNET_OP_CAST},
    {TFLITE_MAXIMUM, 39, 2, 2, build_limit, 1},
    {TFLITE_MINIMUM, 39, 2, 2, build_limit, 0},
    {TFLITE_QUANTIZE, 89, 1, 1, build_convert, MNET_OP_QUANTIZE},
    {TFLITE_HARD_SWISH, 91, 1, 1, build_unary, MNET_ACTIVATION_HARD_SWISH},
    {TFLITE_RELU_0_TO_1, 0, 1, 1, build_relu_0_to_1, 0},
};
const int mnet_tflite_n_compute_builders =
    sizeof mnet_tflite_compute_builders / sizeof *mnet_tflite_compute_builders;
