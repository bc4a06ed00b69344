/* QuantizeLinear, DequantizeLinear, and what is known of quantised tensors. */
#include "nn/load/onnx_build.h"

#include <math.h>
#include <string.h>

static const float *scales_of(MnetOnnx *onnx, const MnetOnnxNode *node, MnetOnnxValue *value) {
    const MnetTensor *constant = &value->constant;
    int64_t count = mnet_tensor_elements(constant);
    if (value->scale)
        return value->scale;
    if ((constant->dtype != MNET_DTYPE_F32 && constant->dtype != MNET_DTYPE_F16) ||
        constant->rank > 1 || count < 1) {
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED,
                       "scale '%.80s' is neither one float nor a list of them", value->name);
        return NULL;
    }
    float *scale = mnet_arena_array(&onnx->graph->arena, count, sizeof *scale);
    if (!scale) {
        mnet_onnx_fail_memory(onnx);
        return NULL;
    }
    for (int64_t i = 0; i < count; i++) {
        scale[i] = mnet_tensor_float(constant, i);
        if (!(scale[i] > 0 && isfinite(scale[i]))) {
            mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "scale '%.80s' holds %g", value->name,
                           scale[i]);
            return NULL;
        }
    }
    return value->scale = scale;
}

/* `value` is the zero point's, or the scale's where there is none: zeros are kept there. */
static const int32_t *zero_points_of(MnetOnnx *onnx, const MnetOnnxNode *node, MnetOnnxValue *value,
                                     bool missing, int64_t count) {
    const MnetTensor *constant = &value->constant;
    bool is_s32 = constant->dtype == MNET_DTYPE_S32;
    if (value->zero_point)
        return value->zero_point;
    if (!missing && ((mnet_dtype_size(constant->dtype) != 1 && !is_s32) ||
                     constant->dtype == MNET_DTYPE_BOOL)) {
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "zero point '%.80s' is %s", value->name,
                       mnet_dtype_name(constant->dtype));
        return NULL;
    }
    int32_t *zero_point = mnet_arena_array(&onnx->graph->arena, count, sizeof *zero_point);
    if (!zero_point) {
        mnet_onnx_fail_memory(onnx);
        return NULL;
    }
    for (int64_t i = 0; i < count && !missing; i++) {
        const uint8_t *data = constant->data;
        if (is_s32)
            memcpy(&zero_point[i], data + i * sizeof(int32_t), sizeof(int32_t));
        else
            zero_point[i] = constant->dtype == MNET_DTYPE_QS8 ? (int8_t)data[i] : data[i];
        if (is_s32 && zero_point[i]) {
            mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED,
                           "zero point '%.80s' of 32-bit integers is not 0", value->name);
            return NULL;
        }
    }
    return value->zero_point = zero_point;
}

bool mnet_onnx_quant(MnetOnnx *onnx, const MnetOnnxNode *node, int scale, int zero_point,
                     MnetQuant *quant) {
    const MnetTensor *scales = mnet_onnx_constant(onnx, node, scale);
    bool missing = !mnet_onnx_has_input(node, zero_point);
    const MnetTensor *zeros = missing ? NULL : mnet_onnx_constant(onnx, node, zero_point);
    if (!scales || (!missing && !zeros)) {
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED,
                       "scale or zero point (input %d) is not constant", scale);
        return false;
    }
    int64_t count = mnet_tensor_elements(scales);
    if (zeros && mnet_tensor_elements(zeros) != count) {
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "not as many zero points as scales");
        return false;
    }
    MnetOnnxValue *owner = mnet_onnx_value(onnx, node->proto->input[scale]);
    quant->count = (int)count;
    quant->axis = 0;
    quant->scale = scales_of(onnx, node, owner);
    if (!missing)
        owner = mnet_onnx_value(onnx, node->proto->input[zero_point]);
    quant->zero_point = quant->scale ? zero_points_of(onnx, node, owner, missing, count) : NULL;
    return quant->zero_point;
}

static bool same_quant(const MnetQuant *a, const MnetQuant *b) {
    return a->count == b->count && (a->count == 1 || a->axis == b->axis) &&
           (a->scale == b->scale || memcmp(a->scale, b->scale, a->count * sizeof *a->scale) == 0) &&
           (a->zero_point == b->zero_point ||
            memcmp(a->zero_point, b->zero_point, a->count * sizeof *a->zero_point) == 0);
}

/* Backwards over nodes that only move elements, such as the transpose behind an NHWC uint8 input.
 */
static void quantize_upstream(MnetGraph *graph, int tensor, const MnetQuant *quant) {
    for (int depth = 0; depth < 8 && tensor >= 0 && !graph->tensors[tensor].quant.count; depth++) {
        graph->tensors[tensor].quant = *quant;
        int producer = mnet_graph_producer(graph, tensor);
        MnetOpKind kind = producer < 0 ? MNET_OP_NONE : graph->nodes[producer].kind;
        if (quant->count != 1 ||
            (kind != MNET_OP_TRANSPOSE && kind != MNET_OP_RESHAPE && kind != MNET_OP_IDENTITY &&
             kind != MNET_OP_SLICE && kind != MNET_OP_MAX_POOL))
            return;
        tensor = graph->nodes[producer].inputs[0];
    }
}

int mnet_onnx_quantized(MnetOnnx *onnx, const MnetOnnxNode *node, int tensor,
                        const MnetQuant *quant) {
    if (onnx->status || tensor < 0)
        return tensor;
    MnetTensor known = onnx->graph->tensors[tensor];
    if (!known.quant.count) {
        quantize_upstream(onnx->graph, tensor, quant);
        return tensor;
    }
    if (same_quant(&known.quant, quant))
        return tensor;
    if (mnet_onnx_shape(onnx, node, tensor, known.dims) < 0)
        return tensor;
    known.rank = onnx->graph->tensors[tensor].rank;
    int alias = mnet_graph_add_tensor(onnx->graph, known.name, known.dtype, known.rank, known.dims);
    if (alias < 0) {
        mnet_onnx_fail_memory(onnx);
        return tensor;
    }
    onnx->graph->tensors[alias].quant = *quant;
    if (known.data) {
        onnx->graph->tensors[alias].data = known.data;
        onnx->graph->tensors[alias].bytes = known.bytes;
    } else {
        mnet_onnx_emit_to(onnx, node, MNET_OP_RESHAPE, tensor, alias);
    }
    return alias;
}

static bool fits_axis(MnetOnnx *onnx, const MnetOnnxNode *node, int tensor, int64_t axis,
                      MnetQuant *quant) {
    int32_t dims[MNET_MAX_RANK];
    if (quant->count == 1)
        return true;
    if (!mnet_onnx_is_constant(onnx, tensor)) {
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED,
                       "an activation with a scale for each channel");
        return false;
    }
    int rank = mnet_onnx_shape(onnx, node, tensor, dims);
    quant->axis = mnet_onnx_axis(onnx, node, axis, rank);
    if (!onnx->status && dims[quant->axis] != quant->count)
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "%d scales for %d channels", quant->count,
                       dims[quant->axis]);
    return !onnx->status;
}

int mnet_onnx_quantized_input(MnetOnnx *onnx, const MnetOnnxNode *node, int i, int scale,
                              int axis) {
    MnetQuant quant;
    int tensor = mnet_onnx_input(onnx, node, i);
    MnetDtype dtype = mnet_onnx_dtype(onnx, tensor);
    if (!onnx->status && dtype != MNET_DTYPE_QU8 && dtype != MNET_DTYPE_QS8)
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "input %d is %s, not 8-bit integers", i,
                       mnet_dtype_name(dtype));
    if (onnx->status || !mnet_onnx_quant(onnx, node, scale, scale + 1, &quant) ||
        !fits_axis(onnx, node, tensor, axis, &quant))
        return tensor;
    return mnet_onnx_quantized(onnx, node, tensor, &quant);
}

static bool is_blocked(MnetOnnx *onnx, const MnetOnnxNode *node) {
    if (mnet_onnx_int(node, "block_size", 0))
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "blocked quantisation");
    return onnx->status;
}

static void quantize_linear(MnetOnnx *onnx, const MnetOnnxNode *node) {
    const MnetTensor *zero_point = mnet_onnx_constant(onnx, node, 2);
    int64_t asked = mnet_onnx_int(node, "output_dtype", 0);
    MnetDtype dtype = zero_point ? zero_point->dtype
                      : asked    ? mnet_onnx_tensor_dtype(asked)
                                 : MNET_DTYPE_QU8;
    MnetQuant quant;
    int input = mnet_onnx_input(onnx, node, 0);
    if (dtype != MNET_DTYPE_QU8 && dtype != MNET_DTYPE_QS8)
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "to other than 8-bit integers");
    if (is_blocked(onnx, node) || !mnet_onnx_quant(onnx, node, 1, 2, &quant) ||
        !fits_axis(onnx, node, input, mnet_onnx_int(node, "axis", 1), &quant) ||
        mnet_onnx_fold_quantize(onnx, node, dtype, &quant))
        return;
    MnetNode *out = mnet_onnx_emit(onnx, node, MNET_OP_QUANTIZE, dtype, &input, 1, 1);
    if (out)
        onnx->graph->tensors[out->outputs[0]].quant = quant;
}

/* Of 8-bit tensors, and of biases: 32-bit constants. */
static void dequantize_linear(MnetOnnx *onnx, const MnetOnnxNode *node) {
    MnetQuant quant;
    int input = mnet_onnx_input(onnx, node, 0);
    MnetDtype dtype = mnet_onnx_dtype(onnx, input);
    if (!onnx->status && dtype != MNET_DTYPE_QU8 && dtype != MNET_DTYPE_QS8 &&
        !(dtype == MNET_DTYPE_S32 && mnet_onnx_is_constant(onnx, input)))
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "of %s", mnet_dtype_name(dtype));
    if (is_blocked(onnx, node) || !mnet_onnx_quant(onnx, node, 1, 2, &quant) ||
        !fits_axis(onnx, node, input, mnet_onnx_int(node, "axis", 1), &quant))
        return;
    input = mnet_onnx_quantized(onnx, node, input, &quant);
    if (mnet_onnx_emit(onnx, node, MNET_OP_DEQUANTIZE, MNET_DTYPE_F32, &input, 1, 1))
        mnet_onnx_know_dequantized(onnx, node, input, &quant);
}

const MnetOnnxOperator mnet_onnx_operators_quant[] = {
    {"QuantizeLinear", quantize_linear, MNET_ONNX_FLOAT, 2},
    {"DequantizeLinear", dequantize_linear, MNET_ONNX_QUANTIZED | MNET_ONNX_INTEGER, 2},
    {NULL, NULL, 0, 0}};
