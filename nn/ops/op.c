#include "nn/ops/op.h"

MnetOpPrepare mnet_op_prepare(MnetOpKind kind) {
    switch (kind) {
    case MNET_OP_CONV_2D:
        return mnet_op_conv_2d_prepare;
    case MNET_OP_FULLY_CONNECTED:
        return mnet_op_fully_connected_prepare;
    case MNET_OP_ACTIVATION:
        return mnet_op_activation_prepare;
    case MNET_OP_ADD:
    case MNET_OP_SUB:
    case MNET_OP_MUL:
    case MNET_OP_DIV:
        return mnet_op_binary_prepare;
    case MNET_OP_AVG_POOL:
    case MNET_OP_MAX_POOL:
        return mnet_op_pool_prepare;
    case MNET_OP_MEAN:
        return mnet_op_mean_prepare;
    case MNET_OP_PAD:
    case MNET_OP_CONCAT:
    case MNET_OP_SPLIT:
    case MNET_OP_SLICE:
    case MNET_OP_TRANSPOSE:
        return mnet_op_move_prepare;
    case MNET_OP_SOFTMAX:
        return mnet_op_softmax_prepare;
    case MNET_OP_QUANTIZE:
    case MNET_OP_DEQUANTIZE:
    case MNET_OP_REQUANTIZE:
    case MNET_OP_TABLE:
        return mnet_op_quantize_prepare;
    case MNET_OP_NONE:
    case MNET_OP_RESHAPE:
    case MNET_OP_BATCH_NORM:
    case MNET_OP_IDENTITY:
    case MNET_OP_SHAPE:
    case MNET_OP_GATHER:
    case MNET_OP_CAST:
    case MNET_OP_CONSTANT_OF_SHAPE:
    case MNET_OP_REDUCE_PROD:
    case MNET_OP_COUNT:
        break;
    }
    return NULL;
}
