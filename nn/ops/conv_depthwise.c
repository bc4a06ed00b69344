#include "nn/ops/conv_depthwise.h"

MnetStatus mnet_conv_depthwise_prepare(const MnetGraph *graph, const MnetNode *node,
                                       MnetArena *memory, MnetConv *conv, MnetStep *step,
                                       MnetError *error) {
    const MnetPatches *p = &conv->patches;

    step->params = conv;
    step->units = conv->batch * p->out_size[0];
    step->macs = (int64_t)step->units * p->out_size[1] * conv->out_channels * (int64_t)conv->k;
    if (conv->quantized)
        return mnet_conv_depthwise_qs8_prepare(graph, node, memory, conv, step, error);
    return mnet_conv_depthwise_f32_prepare(graph, node, memory, conv, step, error);
}
