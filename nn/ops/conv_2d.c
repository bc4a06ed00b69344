#include "nn/ops/conv.h"

MnetStatus mnet_op_conv_2d_prepare(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                                   MnetStep *step, MnetError *error) {
    MnetConv *conv = mnet_arena_alloc(memory, sizeof(*conv));
    MnetStatus status;

    if (!conv)
        return mnet_conv_fail(graph, node, error, MNET_ERROR_MEMORY, "out of memory");
    status = mnet_conv_describe(graph, node, memory, conv, error);
    if (status)
        return status;
    if (conv->groups == conv->patches.channels && conv->groups == conv->out_channels &&
        conv->groups > 1)
        return mnet_conv_depthwise_prepare(graph, node, memory, conv, step, error);
    return mnet_conv_gemm_prepare(graph, node, memory, conv, step, error);
}
