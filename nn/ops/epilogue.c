#include "nn/ops/epilogue.h"

#include "nn/base/cpu.h"

MnetActivationF32 mnet_epilogue_f32(const MnetActivation *activation) {
    MnetActivationF32 out = {NULL, activation->lo, activation->hi, activation->alpha,
                             activation->beta};
    MnetActivationKernels kernels;
    mnet_activation_kernels_init(&kernels, mnet_cpu_features());
    switch (activation->kind) {
    case MNET_ACTIVATION_NONE:
        break;
    case MNET_ACTIVATION_CLAMP:
        out.run = kernels.clamp;
        break;
    case MNET_ACTIVATION_HARD_SIGMOID:
        out.run = kernels.hard_sigmoid;
        break;
    case MNET_ACTIVATION_HARD_SWISH:
        out.run = kernels.hard_swish;
        break;
    case MNET_ACTIVATION_SIGMOID:
        out.run = kernels.sigmoid;
        break;
    case MNET_ACTIVATION_SWISH:
        out.run = kernels.swish;
        break;
    case MNET_ACTIVATION_TANH:
        out.run = kernels.tanh;
        break;
    }
    return out;
}

bool mnet_epilogue_finish_f32(const MnetActivation *activation, MnetFinishF32 *finish) {
    *finish = (MnetFinishF32){.lo = -INFINITY, .hi = INFINITY};
    if (activation->kind == MNET_ACTIVATION_CLAMP) {
        finish->lo = activation->lo;
        finish->hi = activation->hi;
    }
    finish->hard_swish = activation->kind == MNET_ACTIVATION_HARD_SWISH;
    return activation->kind == MNET_ACTIVATION_NONE || activation->kind == MNET_ACTIVATION_CLAMP ||
           finish->hard_swish;
}

MnetStatus mnet_epilogue_qs8(const MnetGraph *graph, const MnetNode *node,
                             const MnetActivation *activation, const MnetQuant *quant,
                             MnetQuantRange *range, MnetError *error) {
    float lo = -INFINITY, hi = INFINITY;
    if (quant->count != 1)
        return mnet_fail(error, MNET_ERROR_UNSUPPORTED,
                         "%s: node %d (%s \"%s\"): the output must be quantised per tensor",
                         graph->file, node->index, node->op_type, node->name);
    if (activation->kind == MNET_ACTIVATION_CLAMP) {
        lo = activation->lo;
        hi = activation->hi;
    } else if (activation->kind != MNET_ACTIVATION_NONE) {
        return mnet_fail(error, MNET_ERROR_UNSUPPORTED,
                         "%s: node %d (%s \"%s\"): only a clamp can be fused into a quantised op",
                         graph->file, node->index, node->op_type, node->name);
    }
    *range = mnet_quant_range(quant->scale[0], quant->zero_point[0], lo, hi);
    return MNET_OK;
}
