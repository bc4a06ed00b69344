#include "nn/graph/graph.h"

#include <string.h>

int64_t mnet_tensor_elements(const MnetTensor *tensor) {
    int64_t count = 1;
    if (tensor->rank < 0)
        return -1;
    for (int i = 0; i < tensor->rank; i++) {
        if (tensor->dims[i] < 0)
            return -1;
        count *= tensor->dims[i];
        if (count > INT32_MAX)
            return -1;
    }
    return count;
}

size_t mnet_dtype_size(MnetDtype dtype) {
    switch (dtype) {
    case MNET_DTYPE_QU8:
    case MNET_DTYPE_QS8:
    case MNET_DTYPE_BOOL:
        return 1;
    case MNET_DTYPE_F16:
        return 2;
    case MNET_DTYPE_F32:
    case MNET_DTYPE_S32:
        return 4;
    case MNET_DTYPE_S64:
        return 8;
    case MNET_DTYPE_NONE:
        break;
    }
    return 0;
}

const char *mnet_dtype_name(MnetDtype dtype) {
    static const char *const names[] = {
        [MNET_DTYPE_NONE] = "none", [MNET_DTYPE_F32] = "f32",  [MNET_DTYPE_F16] = "f16",
        [MNET_DTYPE_QU8] = "qu8",   [MNET_DTYPE_QS8] = "qs8",  [MNET_DTYPE_S32] = "s32",
        [MNET_DTYPE_S64] = "s64",   [MNET_DTYPE_BOOL] = "bool"};
    return (unsigned)dtype < sizeof names / sizeof *names ? names[dtype] : "unknown";
}

const char *mnet_op_name(MnetOpKind kind) {
    static const char *const names[MNET_OP_COUNT] = {
        [MNET_OP_NONE] = "none",
        [MNET_OP_CONV_2D] = "conv_2d",
        [MNET_OP_FULLY_CONNECTED] = "fully_connected",
        [MNET_OP_ACTIVATION] = "activation",
        [MNET_OP_ADD] = "add",
        [MNET_OP_SUB] = "sub",
        [MNET_OP_MUL] = "mul",
        [MNET_OP_DIV] = "div",
        [MNET_OP_AVG_POOL] = "avg_pool",
        [MNET_OP_MAX_POOL] = "max_pool",
        [MNET_OP_MEAN] = "mean",
        [MNET_OP_PAD] = "pad",
        [MNET_OP_CONCAT] = "concat",
        [MNET_OP_SPLIT] = "split",
        [MNET_OP_SLICE] = "slice",
        [MNET_OP_TRANSPOSE] = "transpose",
        [MNET_OP_RESHAPE] = "reshape",
        [MNET_OP_SOFTMAX] = "softmax",
        [MNET_OP_QUANTIZE] = "quantize",
        [MNET_OP_DEQUANTIZE] = "dequantize",
        [MNET_OP_REQUANTIZE] = "requantize",
        [MNET_OP_TABLE] = "table",
        [MNET_OP_BATCH_NORM] = "batch_norm",
        [MNET_OP_IDENTITY] = "identity",
        [MNET_OP_SHAPE] = "shape",
        [MNET_OP_GATHER] = "gather",
        [MNET_OP_CAST] = "cast",
        [MNET_OP_CONSTANT_OF_SHAPE] = "constant_of_shape",
        [MNET_OP_REDUCE_PROD] = "reduce_prod",
    };
    return (unsigned)kind < MNET_OP_COUNT ? names[kind] : "unknown";
}

/* Constants may lie unaligned in a file, so elements are copied out. */
int mnet_tensor_integers(const MnetTensor *tensor, int64_t *values, int count) {
    int64_t elements = mnet_tensor_elements(tensor);
    size_t size = mnet_dtype_size(tensor->dtype);
    if (!tensor->data || elements < 0 || elements > count ||
        (tensor->dtype != MNET_DTYPE_S32 && tensor->dtype != MNET_DTYPE_S64) ||
        tensor->bytes < elements * size)
        return -1;
    for (int i = 0; i < elements; i++) {
        const uint8_t *at = (const uint8_t *)tensor->data + i * size;
        int32_t narrow;
        if (tensor->dtype == MNET_DTYPE_S64)
            memcpy(&values[i], at, sizeof values[i]);
        else
            memcpy(&narrow, at, sizeof narrow), values[i] = narrow;
    }
    return (int)elements;
}

static float half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31;
    uint32_t mantissa = half & 1023, bits;
    if (exponent == 31) {
        bits = sign | 0x7f800000 | mantissa << 13;
    } else if (exponent) {
        bits = sign | (exponent + 112) << 23 | mantissa << 13;
    } else { /* zero or subnormal: mantissa * 2^-24 is exact */
        float value = (float)mantissa * 0x1p-24f;
        memcpy(&bits, &value, sizeof bits);
        bits |= sign;
    }
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float mnet_tensor_float(const MnetTensor *tensor, int64_t i) {
    const uint8_t *at = (const uint8_t *)tensor->data + i * mnet_dtype_size(tensor->dtype);
    if (tensor->dtype == MNET_DTYPE_F16) {
        uint16_t half;
        memcpy(&half, at, sizeof half);
        return half_to_float(half);
    }
    float value;
    memcpy(&value, at, sizeof value);
    return value;
}
