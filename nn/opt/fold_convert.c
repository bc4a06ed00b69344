#include "nn/opt/fold_eval.h"

#include <math.h>
#include <string.h>

static int64_t read_integer(const MnetTensor *tensor, int64_t i) {
    const uint8_t *at = (const uint8_t *)tensor->data + i * (int64_t)mnet_dtype_size(tensor->dtype);
    int64_t wide;
    int32_t narrow;
    switch (tensor->dtype) {
    case MNET_DTYPE_S64:
        memcpy(&wide, at, sizeof wide);
        return wide;
    case MNET_DTYPE_S32:
        memcpy(&narrow, at, sizeof narrow);
        return narrow;
    case MNET_DTYPE_QS8:
        return (int8_t)*at;
    default:
        return *at;
    }
}

/* Floats go towards zero and stop at the type's ends; NaN is 0. */
static void write_number(const MnetTensor *tensor, void *data, int64_t i, double value,
                         int64_t integer, bool is_float) {
    uint8_t *at = (uint8_t *)data + i * (int64_t)mnet_dtype_size(tensor->dtype);
    float real = is_float ? (float)value : (float)integer;
    int64_t wide = integer;
    if (is_float)
        wide = isnan(value)       ? 0
               : value >= 0x1p63  ? INT64_MAX
               : value <= -0x1p63 ? INT64_MIN
                                  : (int64_t)value;
    int32_t narrow = (int32_t)(is_float && wide > INT32_MAX   ? INT32_MAX
                               : is_float && wide < INT32_MIN ? INT32_MIN
                                                              : wide);
    switch (tensor->dtype) {
    case MNET_DTYPE_F32:
        memcpy(at, &real, sizeof real);
        break;
    case MNET_DTYPE_S64:
        memcpy(at, &wide, sizeof wide);
        break;
    case MNET_DTYPE_S32:
        memcpy(at, &narrow, sizeof narrow);
        break;
    default:
        *at = is_float ? value != 0 : integer != 0;
        break;
    }
}

static bool is_plain(MnetDtype dtype) {
    return dtype == MNET_DTYPE_F32 || dtype == MNET_DTYPE_S32 || dtype == MNET_DTYPE_S64 ||
           dtype == MNET_DTYPE_BOOL;
}

static MnetStatus eval_cast(MnetGraph *graph, const MnetNode *node, MnetFoldBudget *budget,
                            bool *done, MnetError *error) {
    const MnetTensor *x = &graph->tensors[node->inputs[0]], *y = &graph->tensors[node->outputs[0]];
    bool is_float = x->dtype == MNET_DTYPE_F32 || x->dtype == MNET_DTYPE_F16;
    if (!is_plain(y->dtype) || (!is_float && !is_plain(x->dtype)))
        return MNET_OK;
    void *out = mnet_fold_output(graph, node, 0, budget, error);
    if (!out)
        return MNET_ERROR_MEMORY;
    int64_t count = mnet_tensor_elements(x);
    for (int64_t i = 0; i < count; i++)
        write_number(y, out, i, is_float ? mnet_tensor_float(x, i) : 0,
                     is_float ? 0 : read_integer(x, i), is_float);
    *done = true;
    return MNET_OK;
}

static MnetStatus eval_fill(MnetGraph *graph, const MnetNode *node, MnetFoldBudget *budget,
                            bool *done, MnetError *error) {
    const MnetTensor *y = &graph->tensors[node->outputs[0]];
    if (!is_plain(y->dtype))
        return MNET_OK;
    void *out = mnet_fold_output(graph, node, 0, budget, error);
    if (!out)
        return MNET_ERROR_MEMORY;
    int64_t count = mnet_tensor_elements(y);
    for (int64_t i = 0; i < count; i++)
        write_number(y, out, i, node->attrs.value, 0, true);
    *done = true;
    return MNET_OK;
}

/* Which scale an element has: elements run `inner` at a time through the channels. */
static void channel_steps(const MnetTensor *tensor, const MnetQuant *quant, int64_t *inner,
                          int64_t *count) {
    *inner = 1;
    *count = quant->count;
    if (quant->count > 1)
        for (int i = quant->axis + 1; i < tensor->rank; i++)
            *inner *= tensor->dims[i];
}

static bool is_usable(const MnetTensor *tensor, const MnetQuant *quant) {
    return quant->count == 1 ||
           (quant->count > 1 && quant->axis >= 0 && quant->axis < tensor->rank &&
            quant->count == tensor->dims[quant->axis]);
}

static MnetStatus eval_quantize(MnetGraph *graph, const MnetNode *node, MnetFoldBudget *budget,
                                bool *done, MnetError *error) {
    const MnetTensor *x = &graph->tensors[node->inputs[0]], *y = &graph->tensors[node->outputs[0]];
    bool is_signed = y->dtype == MNET_DTYPE_QS8;
    if (x->dtype != MNET_DTYPE_F32 || (!is_signed && y->dtype != MNET_DTYPE_QU8) ||
        !is_usable(y, &y->quant))
        return MNET_OK;
    uint8_t *out = mnet_fold_output(graph, node, 0, budget, error);
    if (!out)
        return MNET_ERROR_MEMORY;
    float low = is_signed ? -128 : 0, high = is_signed ? 127 : 255;
    int64_t elements = mnet_tensor_elements(x), inner, count;
    channel_steps(y, &y->quant, &inner, &count);
    for (int64_t i = 0; i < elements; i++) {
        int64_t channel = i / inner % count;
        float q = rintf(mnet_tensor_float(x, i) / y->quant.scale[channel]) +
                  (float)y->quant.zero_point[channel];
        q = q > low ? q : low; /* NaN too */
        q = q < high ? q : high;
        out[i] = (uint8_t)(int)q;
    }
    *done = true;
    return MNET_OK;
}

MnetStatus mnet_fold_convert(MnetGraph *graph, const MnetNode *node, MnetFoldBudget *budget,
                             bool *done, MnetError *error) {
    switch (node->kind) {
    case MNET_OP_CAST:
        return eval_cast(graph, node, budget, done, error);
    case MNET_OP_QUANTIZE:
        return eval_quantize(graph, node, budget, done, error);
    default:
        return eval_fill(graph, node, budget, done, error);
    }
}

MnetStatus mnet_fold_dequantize(MnetGraph *graph, const MnetNode *node, MnetFoldBudget *budget,
                                MnetError *error) {
    const MnetTensor *x = &graph->tensors[node->inputs[0]];
    if (x->dtype != MNET_DTYPE_F16 && !is_usable(x, &x->quant))
        return mnet_fail(error, MNET_ERROR_FORMAT,
                         "%s: node %d '%.80s' (%s): the constant has no fitting scales",
                         graph->file, node->index, node->name, node->op_type);
    float *out = mnet_fold_output(graph, node, 0, budget, error);
    if (!out)
        return MNET_ERROR_MEMORY;
    int64_t elements = mnet_tensor_elements(x), inner, count;
    channel_steps(x, &x->quant, &inner, &count);
    for (int64_t i = 0; i < elements; i++) {
        if (x->dtype == MNET_DTYPE_F16) {
            out[i] = mnet_tensor_float(x, i);
            continue;
        }
        int64_t channel = i / inner % count;
        out[i] =
            (float)(read_integer(x, i) - x->quant.zero_point[channel]) * x->quant.scale[channel];
    }
    return MNET_OK;
}
