#include "nn/ops/conv_gemm.h"

MnetStatus mnet_conv_gemm_prepare(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                                  MnetConv *conv, MnetStep *step, MnetError *error) {
    const MnetPatches *p = &conv->patches;
    MnetStatus status;

    conv->pointwise = p->kernel[0] == 1 && p->kernel[1] == 1 && p->stride[0] == 1 &&
                      p->stride[1] == 1 && p->size[0] == p->out_size[0] &&
                      p->size[1] == p->out_size[1] && p->pad[0] == 0 && p->pad[1] == 0;
    conv->rows = conv->batch * p->out_size[0] * p->out_size[1];
    if (conv->quantized)
        status = mnet_conv_gemm_qs8_prepare(graph, node, memory, conv, step, error);
    else
        status = mnet_conv_gemm_f32_prepare(graph, node, memory, conv, step, error);
    step->params = conv;
    step->macs = (int64_t)conv->rows * conv->out_channels * (int64_t)conv->k;
    return status;
}
