/*
 * Parameters that went through a quantiser. ONNX Runtime's treats the value that a Pad fills with
 * as an activation, and likewise the arithmetic by which timm's models find TensorFlow's SAME
 * padding, if that was not folded before.
 */
#include "nn/load/onnx_build.h"

#include <math.h>
#include <string.h>

enum { MAX_ELEMENTS = 64 };

/* Parameters are numbers or lists; what has more dimensions is weights, which the passes look
 * after. */
static bool is_short(const MnetTensor *constant) {
    return constant->data && constant->rank <= 1 && mnet_tensor_elements(constant) <= MAX_ELEMENTS;
}

/* A constant of `shape`, its data still to be written. */
static void *new_constant(MnetOnnx *onnx, const MnetTensor *shape, MnetDtype dtype,
                          MnetTensor *constant) {
    *constant = (MnetTensor){.dtype = dtype, .rank = shape->rank, .dims = {shape->dims[0]}};
    constant->bytes = mnet_tensor_elements(shape) * mnet_dtype_size(dtype);
    void *data = mnet_arena_alloc(&onnx->graph->arena, constant->bytes);
    if (!data)
        mnet_onnx_fail_memory(onnx);
    constant->data = data;
    return data;
}

bool mnet_onnx_fold_quantize(MnetOnnx *onnx, const MnetOnnxNode *node, MnetDtype dtype,
                             const MnetQuant *quant) {
    const MnetTensor *input = mnet_onnx_constant(onnx, node, 0);
    if (!input || !is_short(input) || input->dtype != MNET_DTYPE_F32 || quant->count != 1)
        return false;
    MnetTensor constant;
    uint8_t *data = new_constant(onnx, input, dtype, &constant);
    if (!data)
        return false;
    float low = dtype == MNET_DTYPE_QS8 ? -128 : 0;
    for (int64_t i = 0; i < mnet_tensor_elements(input); i++) {
        float q =
            rintf(mnet_tensor_float(input, i) / quant->scale[0]) + (float)quant->zero_point[0];
        data[i] = (uint8_t)(int)fminf(fmaxf(q, low), low + 255);
    }
    mnet_onnx_define(onnx, node, &constant);
    return true;
}

static int32_t integer_at(const MnetTensor *constant, int64_t i) {
    const uint8_t *data = constant->data;
    int32_t value;
    if (constant->dtype != MNET_DTYPE_S32)
        return constant->dtype == MNET_DTYPE_QS8 ? (int8_t)data[i] : data[i];
    memcpy(&value, data + i * sizeof value, sizeof value);
    return value;
}

/* The node stays, as the QDQ pass looks for that. */
void mnet_onnx_know_dequantized(MnetOnnx *onnx, const MnetOnnxNode *node, int input,
                                const MnetQuant *quant) {
    MnetOnnxValue *value = mnet_onnx_value(onnx, node->proto->output[0]);
    MnetTensor from = onnx->graph->tensors[input];
    if (!value || !is_short(&from) || quant->count != 1)
        return;
    float *data = new_constant(onnx, &from, MNET_DTYPE_F32, &value->constant);
    value->constant.name = value->name;
    for (int64_t i = 0; data && i < mnet_tensor_elements(&from); i++)
        data[i] = ((float)integer_at(&from, i) - (float)quant->zero_point[0]) * quant->scale[0];
}
