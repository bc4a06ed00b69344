#include "nn/ops/conv.h"

MnetStatus mnet_op_fully_connected_prepare(const MnetGraph *graph, const MnetNode *node,
                                           MnetArena *memory, MnetStep *step, MnetError *error) {
    MnetConv *conv = mnet_arena_alloc(memory, sizeof(*conv));
    MnetStatus status;

    if (!conv)
        return mnet_conv_fail(graph, node, error, MNET_ERROR_MEMORY, "out of memory");
    status = mnet_conv_describe(graph, node, memory, conv, error);
    if (status)
        return status;
    return mnet_conv_gemm_prepare(graph, node, memory, conv, step, error);
}
