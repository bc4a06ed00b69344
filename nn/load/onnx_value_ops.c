/* Operators that only name, make or convert values. */
#include "nn/load/onnx_build.h"

#include <string.h>

static void identity(MnetOnnx *onnx, const MnetOnnxNode *node) {
    const MnetTensor *constant = mnet_onnx_constant(onnx, node, 0);
    if (constant) {
        MnetTensor copy = *constant;
        mnet_onnx_define(onnx, node, &copy);
        return;
    }
    int input = mnet_onnx_input(onnx, node, 0);
    mnet_onnx_emit(onnx, node, MNET_OP_IDENTITY, mnet_onnx_dtype(onnx, input), &input, 1, 1);
}

static void define_numbers(MnetOnnx *onnx, const MnetOnnxNode *node, MnetDtype dtype,
                           const void *values, int count, bool scalar) {
    MnetTensor constant = {.dtype = dtype, .rank = scalar ? 0 : 1, .dims = {scalar ? 0 : count}};
    constant.bytes = count * mnet_dtype_size(dtype);
    void *data = mnet_arena_alloc(&onnx->graph->arena, constant.bytes);
    if (!data) {
        mnet_onnx_fail_memory(onnx);
        return;
    }
    memcpy(data, values, constant.bytes);
    constant.data = data;
    mnet_onnx_define(onnx, node, &constant);
}

static void constant(MnetOnnx *onnx, const MnetOnnxNode *node) {
    int64_t integers[64], integer = mnet_onnx_int(node, "value_int", 0);
    float floats[64], number = mnet_onnx_float(node, "value_float", 0);
    int n_integers = mnet_onnx_ints(node, "value_ints", integers, 64);
    int n_floats = mnet_onnx_floats(node, "value_floats", floats, 64);
    MnetTensor tensor;
    if (node->tensor.size) {
        if (mnet_onnx_tensor_read(onnx, node, node->tensor, &tensor))
            mnet_onnx_define(onnx, node, &tensor);
    } else if (mnet_onnx_has_attribute(node, "value_int")) {
        define_numbers(onnx, node, MNET_DTYPE_S64, &integer, 1, true);
    } else if (mnet_onnx_has_attribute(node, "value_float")) {
        define_numbers(onnx, node, MNET_DTYPE_F32, &number, 1, true);
    } else if (n_integers >= 0) {
        define_numbers(onnx, node, MNET_DTYPE_S64, integers, n_integers, false);
    } else if (n_floats >= 0) {
        define_numbers(onnx, node, MNET_DTYPE_F32, floats, n_floats, false);
    } else {
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "neither a tensor nor numbers");
    }
}

static double first_number(const MnetTensor *tensor) {
    int64_t integer = 0;
    if (tensor->dtype == MNET_DTYPE_F32 || tensor->dtype == MNET_DTYPE_F16)
        return mnet_tensor_float(tensor, 0);
    mnet_tensor_integers(tensor, &integer, 1);
    return (double)integer;
}

static void constant_of_shape(MnetOnnx *onnx, const MnetOnnxNode *node) {
    MnetTensor value = {.dtype = MNET_DTYPE_F32};
    double number = 0;
    if (node->tensor.size) {
        if (!mnet_onnx_tensor_read(onnx, node, node->tensor, &value))
            return;
        if (mnet_tensor_elements(&value) != 1 || mnet_dtype_size(value.dtype) == 1) {
            mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "value is not one number");
            return;
        }
        number = first_number(&value);
    }
    MnetDtype dtype = value.dtype == MNET_DTYPE_F16 ? MNET_DTYPE_F32 : value.dtype;
    int input = mnet_onnx_input(onnx, node, 0);
    MnetNode *out = mnet_onnx_emit(onnx, node, MNET_OP_CONSTANT_OF_SHAPE, dtype, &input, 1, 1);
    if (out)
        out->attrs.value = number;
}

/* Constant where the shape is known, as it is unless it hangs on numbers computed in the graph.
 * Since opset 15 a part of it can be asked for. */
static void shape(MnetOnnx *onnx, const MnetOnnxNode *node) {
    int64_t dims[MNET_MAX_RANK], begin = mnet_onnx_int(node, "start", 0);
    int32_t x[MNET_MAX_RANK];
    int rank = mnet_onnx_shape(onnx, node, mnet_onnx_input(onnx, node, 0), x), count = 0;
    int64_t end = mnet_onnx_int(node, "end", rank);
    begin = begin < 0 ? begin + rank : begin;
    end = end < 0 ? end + rank : end;
    for (int i = 0; i < rank && !onnx->status; i++)
        if (i >= begin && i < end)
            dims[count++] = x[i];
    if (!onnx->status)
        define_numbers(onnx, node, MNET_DTYPE_S64, dims, count, false);
}

/* F16 activations are computed as F32. A quantised tensor's raw numbers are its values at scale 1,
 * zero point 0. */
static void cast(MnetOnnx *onnx, const MnetOnnxNode *node) {
    int input = mnet_onnx_input(onnx, node, 0);
    MnetDtype from = mnet_onnx_dtype(onnx, input);
    MnetDtype to = mnet_onnx_tensor_dtype(mnet_onnx_int(node, "to", 0));
    if (to == MNET_DTYPE_F16)
        to = MNET_DTYPE_F32;
    bool quantized = from == MNET_DTYPE_QU8 || from == MNET_DTYPE_QS8;
    if (to == MNET_DTYPE_NONE || mnet_dtype_size(to) == 1 || (quantized && to != MNET_DTYPE_F32))
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "from %s to ONNX's type %lld",
                       mnet_dtype_name(from), (long long)mnet_onnx_int(node, "to", 0));
    if (quantized && !onnx->status) {
        static const float one = 1;
        static const int32_t zero = 0;
        MnetQuant raw = {.count = 1, .scale = &one, .zero_point = &zero};
        input = mnet_onnx_quantized(onnx, node, input, &raw);
    }
    mnet_onnx_emit(onnx, node,
                   quantized    ? MNET_OP_DEQUANTIZE
                   : from == to ? MNET_OP_IDENTITY
                                : MNET_OP_CAST,
                   to, &input, 1, 1);
}

const MnetOnnxOperator mnet_onnx_operators_values[] = {
    {"Identity", identity, MNET_ONNX_ANY, 1},
    {"Dropout", identity, MNET_ONNX_FLOAT, 1},
    {"Constant", constant, MNET_ONNX_ANY, 0},
    {"ConstantOfShape", constant_of_shape, MNET_ONNX_INTEGER, 1},
    {"Shape", shape, MNET_ONNX_ANY, 1},
    {"Cast", cast, MNET_ONNX_ANY, 1},
    {NULL, NULL, 0, 0}};
