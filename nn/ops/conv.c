#include "nn/ops/conv.h"

#include "nn/base/cpu.h"

#include <limits.h>
#include <stdlib.h>
#include <math.h>
#include <string.h>

/* Of output channels, and of weights of each: keeps all sizes of packed weights far from overflow.
 */
#define MOST (1 << 24)

MnetStatus mnet_conv_fail(const MnetGraph *graph, const MnetNode *node, MnetError *error,
                          MnetStatus status, const char *what) {
    return mnet_fail(error, status, "%s: node %d (%s \"%s\"): %s", graph->file, node->index,
                     node->op_type, node->name, what);
}

static const MnetTensor *input(const MnetGraph *graph, const MnetNode *node, int i) {
    if (i >= node->n_inputs || node->inputs[i] == MNET_NO_TENSOR)
        return NULL;
    return &graph->tensors[node->inputs[i]];
}

float mnet_conv_bias_f32(const MnetGraph *graph, const MnetNode *node, int channel) {
    const MnetTensor *bias = input(graph, node, 2);
    return bias ? mnet_tensor_float(bias, channel) : 0.0f;
}

float mnet_conv_weight_f32(const MnetGraph *graph, const MnetNode *node, const MnetConv *conv,
                           int channel, size_t i) {
    const MnetTensor *w = &graph->tensors[node->inputs[1]];
    return mnet_tensor_float(w, (int64_t)channel * (int64_t)conv->k + (int64_t)i);
}

int16_t mnet_conv_weight_s16(const MnetGraph *graph, const MnetNode *node, const MnetConv *conv,
                             int channel, size_t i) {
    const MnetTensor *w = &graph->tensors[node->inputs[1]];
    const int8_t *data = w->data;
    int32_t zero_point = w->quant.zero_point[w->quant.count == 1 ? 0 : channel];
    return (int16_t)(data[(size_t)channel * conv->k + i] - zero_point);
}

void mnet_conv_filter_s16(const MnetGraph *graph, const MnetNode *node, const MnetConv *conv,
                          int channel, int16_t *filter) {
    const MnetTensor *w = &graph->tensors[node->inputs[1]];
    const int8_t *data = (const int8_t *)w->data + (size_t)channel * conv->k;
    int32_t zero_point = w->quant.zero_point[w->quant.count == 1 ? 0 : channel];

    for (size_t i = 0; i < conv->k; i++)
        filter[i] = (int16_t)(data[i] - zero_point);
}

/* Geometry from a node whose tensors' shapes have been checked by the graph's verifier; the window
 * once more, as everything that is read out of bounds would come from it. */
static bool describe_conv_2d(const MnetGraph *graph, const MnetNode *node, MnetConv *conv) {
    const MnetTensor *x = &graph->tensors[conv->x], *y = &graph->tensors[conv->y];
    const MnetTensor *w = &graph->tensors[node->inputs[1]];
    const MnetWindow *window = &node->attrs.conv.window;
    MnetPatches *p = &conv->patches;

    if (x->rank != 4 || w->rank != 4 || y->rank != 4 || window->padding != MNET_PADDING_EXPLICIT)
        return false;
    conv->batch = x->dims[0];
    conv->groups = node->attrs.conv.groups;
    conv->out_channels = y->dims[3];
    p->channels = x->dims[3];
    if (conv->groups < 1 || p->channels % conv->groups || conv->out_channels % conv->groups)
        return false;
    p->n_channels = p->channels / conv->groups;
    if (y->dims[0] != x->dims[0] || w->dims[0] != conv->out_channels || w->dims[3] != p->n_channels)
        return false;
    for (int i = 0; i < 2; i++) {
        int64_t reach = ((int64_t)window->kernel[i] - 1) * window->dilation[i] + 1;
        int64_t room = (int64_t)x->dims[1 + i] + window->pad[i] + window->pad[2 + i] - reach;

        if (window->kernel[i] < 1 || window->stride[i] < 1 || window->dilation[i] < 1 ||
            window->pad[i] < 0 || window->pad[2 + i] < 0 || room < 0 ||
            room + reach > INT_MAX / 4 || room / window->stride[i] + 1 != y->dims[1 + i] ||
            w->dims[1 + i] != window->kernel[i])
            return false;
        p->size[i] = x->dims[1 + i];
        p->out_size[i] = y->dims[1 + i];
        p->kernel[i] = window->kernel[i];
        p->stride[i] = window->stride[i];
        p->dilation[i] = window->kernel[i] > 1 ? window->dilation[i] : 1;
        p->pad[i] = window->pad[i];
    }
    conv->k = (size_t)p->kernel[0] * (size_t)p->kernel[1] * (size_t)p->n_channels;
    return true;
}

static bool describe_fully_connected(const MnetGraph *graph, const MnetNode *node, MnetConv *conv) {
    const MnetTensor *x = &graph->tensors[conv->x], *y = &graph->tensors[conv->y];
    const MnetTensor *w = &graph->tensors[node->inputs[1]];

    if (x->rank < 1 || w->rank != 2 || y->rank < 1 || w->dims[1] < 1 ||
        x->dims[x->rank - 1] != w->dims[1] || y->dims[y->rank - 1] != w->dims[0])
        return false;
    conv->batch = (int)(mnet_tensor_elements(x) / w->dims[1]);
    conv->groups = 1;
    conv->out_channels = w->dims[0];
    conv->k = (size_t)w->dims[1];
    if (mnet_tensor_elements(y) != (int64_t)conv->batch * conv->out_channels)
        return false;
    conv->patches = (MnetPatches){
        .size = {1, 1},
        .out_size = {1, 1},
        .channels = w->dims[1],
        .n_channels = w->dims[1],
        .kernel = {1, 1},
        .stride = {1, 1},
        .dilation = {1, 1},
    };
    return true;
}

/* Types, and that weights and bias are constants of the right length. */
static const char *check_operands(const MnetGraph *graph, const MnetNode *node,
                                  const MnetConv *conv) {
    const MnetTensor *x = &graph->tensors[conv->x], *y = &graph->tensors[conv->y];
    const MnetTensor *w = input(graph, node, 1), *bias = input(graph, node, 2);
    size_t weights = (size_t)conv->out_channels * conv->k;

    if (!w->data || (bias && !bias->data))
        return "weights and bias must be constants";
    if (w->bytes / mnet_dtype_size(w->dtype) < weights ||
        (bias && bias->bytes / mnet_dtype_size(bias->dtype) < (size_t)conv->out_channels))
        return "weights or bias are shorter than their shape";
    if (x->dtype != y->dtype)
        return "input and output must be of one type";
    if (!conv->quantized) {
        if (x->dtype != MNET_DTYPE_F32 ||
            (w->dtype != MNET_DTYPE_F32 && w->dtype != MNET_DTYPE_F16))
            return "input and weights must be float, or both quantised";
        if (bias && bias->dtype != MNET_DTYPE_F32 && bias->dtype != MNET_DTYPE_F16)
            return "the bias must be float";
        return NULL;
    }
    if (w->dtype != MNET_DTYPE_QS8 || (bias && bias->dtype != MNET_DTYPE_S32))
        return "a quantised input needs 8-bit weights and a 32-bit bias";
    if (x->quant.count != 1 || y->quant.count != 1 ||
        !(w->quant.count == 1 || (w->quant.count == conv->out_channels && w->quant.axis == 0)))
        return "quantisation must be per tensor, that of the weights also per output channel";
    return NULL;
}

static const char far_scales[] = "the output's scale is too small beside those of the inputs";

/* Multipliers, biases, and that no sum of products can leave 32 bits. */
static MnetStatus describe_sums(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                                const MnetQuant *out, MnetConv *conv, MnetError *error) {
    const MnetTensor *x = &graph->tensors[conv->x], *w = input(graph, node, 1);
    const MnetTensor *bias = input(graph, node, 2);
    int32_t *biases = mnet_arena_array(memory, (size_t)conv->out_channels, sizeof(*biases));
    float *multipliers = mnet_arena_array(memory, (size_t)conv->out_channels, sizeof(*multipliers));
    int64_t largest_x;

    if (!biases || !multipliers)
        return mnet_conv_fail(graph, node, error, MNET_ERROR_MEMORY, "out of memory");
    conv->x_zero_point = x->quant.zero_point[0];
    largest_x = conv->x_zero_point < 0 ? 127 - conv->x_zero_point : conv->x_zero_point + 128;
    for (int o = 0; o < conv->out_channels; o++) {
        const int8_t *data = (const int8_t *)w->data + (size_t)o * conv->k;
        int32_t zero_point = w->quant.zero_point[w->quant.count == 1 ? 0 : o];
        int64_t sum = 0;

        for (size_t i = 0; i < conv->k; i++)
            sum += abs(data[i] - zero_point);
        if (sum * largest_x > INT32_MAX)
            return mnet_conv_fail(graph, node, error, MNET_ERROR_UNSUPPORTED,
                                  "a sum of products may not fit 32 bits");
        multipliers[o] = mnet_quant_multiplier(
            x->quant.scale[0], w->quant.scale[w->quant.count == 1 ? 0 : o], out->scale[0]);
        if (!isfinite(multipliers[o]))
            return mnet_conv_fail(graph, node, error, MNET_ERROR_UNSUPPORTED, far_scales);
    }
    if (bias)
        memcpy(biases, bias->data, (size_t)conv->out_channels * sizeof(*biases));
    conv->bias = biases;
    conv->multiplier = multipliers;
    return MNET_OK;
}

static MnetStatus describe_epilogue_qs8(const MnetGraph *graph, const MnetNode *node,
                                        MnetArena *memory, MnetConv *conv, MnetError *error) {
    const MnetQuant *y = &graph->tensors[conv->y].quant;
    const MnetQuant *inner = conv->residual == MNET_NO_TENSOR ? y : &node->attrs.conv.inner;
    MnetStatus status;

    if (inner->count != 1)
        return mnet_conv_fail(graph, node, error, MNET_ERROR_UNSUPPORTED,
                              "a residual needs the quantisation of what it is added to");
    status = mnet_epilogue_qs8(graph, node, &node->activation, inner, &conv->epilogue.range, error);
    if (!status)
        status = describe_sums(graph, node, memory, inner, conv, error);
    if (!status && conv->residual != MNET_NO_TENSOR) {
        const MnetQuant *residual = &graph->tensors[conv->residual].quant;

        if (residual->count != 1)
            return mnet_conv_fail(graph, node, error, MNET_ERROR_UNSUPPORTED,
                                  "a residual must be quantised per tensor");
        conv->add.a_multiplier = mnet_quant_multiplier(inner->scale[0], 1.0f, y->scale[0]);
        conv->add.b_multiplier = mnet_quant_multiplier(residual->scale[0], 1.0f, y->scale[0]);
        if (!isfinite(conv->add.a_multiplier) || !isfinite(conv->add.b_multiplier))
            return mnet_conv_fail(graph, node, error, MNET_ERROR_UNSUPPORTED, far_scales);
        conv->add.a_zero_point = inner->zero_point[0];
        conv->add.b_zero_point = residual->zero_point[0];
        conv->epilogue.add = &conv->add;
        status = mnet_epilogue_qs8(graph, node, &node->attrs.conv.residual_activation, y,
                                   &conv->add.range, error);
    }
    return status;
}

MnetStatus mnet_conv_describe(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                              MnetConv *conv, MnetError *error) {
    bool is_conv = node->kind == MNET_OP_CONV_2D;
    const MnetTensor *x = input(graph, node, 0), *residual = input(graph, node, 3);
    const char *wrong;

    memset(conv, 0, sizeof(*conv));
    if (!x || !input(graph, node, 1))
        return mnet_conv_fail(graph, node, error, MNET_ERROR_FORMAT, "input or weights missing");
    conv->x = node->inputs[0];
    conv->y = node->outputs[0];
    conv->residual = residual ? node->inputs[3] : MNET_NO_TENSOR;
    conv->quantized = x->dtype == MNET_DTYPE_QS8;
    if (!(is_conv ? describe_conv_2d : describe_fully_connected)(graph, node, conv) ||
        mnet_tensor_elements(&graph->tensors[conv->y]) < 1 ||
        mnet_tensor_elements(&graph->tensors[node->inputs[1]]) < 1)
        return mnet_conv_fail(graph, node, error, MNET_ERROR_FORMAT,
                              "shapes of input, weights and output don't match");
    if (conv->k > MOST || conv->out_channels > MOST)
        return mnet_conv_fail(graph, node, error, MNET_ERROR_UNSUPPORTED,
                              "more than 16777216 channels, or weights of one");
    wrong = check_operands(graph, node, conv);
    if (wrong)
        return mnet_conv_fail(graph, node, error, MNET_ERROR_UNSUPPORTED, wrong);
    if (residual &&
        (mnet_tensor_elements(residual) != mnet_tensor_elements(&graph->tensors[conv->y]) ||
         residual->dtype != x->dtype || !is_conv))
        return mnet_conv_fail(graph, node, error, MNET_ERROR_UNSUPPORTED,
                              "a residual must have the output's shape and type");
    mnet_requantize_kernels_init(&conv->requantize, mnet_cpu_features());
    if (conv->quantized)
        return describe_epilogue_qs8(graph, node, memory, conv, error);
    conv->activation = mnet_epilogue_f32(&node->activation);
    conv->finishes = mnet_epilogue_finish_f32(&node->activation, &conv->finish);
    if (residual)
        conv->residual_activation = mnet_epilogue_f32(&node->attrs.conv.residual_activation);
    return MNET_OK;
}

MnetStatus mnet_conv_set_scratch(const MnetGraph *graph, const MnetNode *node, MnetStep *step,
                                 uint64_t bytes, MnetError *error) {
    if (bytes > 1 << 30)
        return mnet_conv_fail(graph, node, error, MNET_ERROR_MEMORY,
                              "needs more than 1 GiB of working memory");
    step->scratch_bytes = (size_t)bytes;
    return MNET_OK;
}

void mnet_conv_finish_f32(const MnetConv *conv, void *const *tensors, size_t at, size_t count) {
    float *y = (float *)tensors[conv->y] + at;

    if (!conv->finishes && conv->activation.run)
        conv->activation.run(&conv->activation, y, y, count);
    if (!conv->finishes && conv->residual != MNET_NO_TENSOR)
        conv->requantize.add_f32(count, y, (const float *)tensors[conv->residual] + at, y);
    if (conv->residual_activation.run)
        conv->residual_activation.run(&conv->residual_activation, y, y, count);
}
