#include "nn/base/cpu.h"
#include "nn/kernels/softmax.h"
#include "nn/ops/node.h"
#include "nn/ops/op.h"

/* A unit is one softmax. */
typedef struct SoftmaxParams {
    int32_t size;  /* along the axis */
    int64_t inner; /* elements from one to the next */
    float beta;
    MnetSoftmaxKernels kernels;
    int32_t exp_table[256];
    float scale;
    MnetQuantRange range;
} SoftmaxParams;

static int64_t offset_at(const SoftmaxParams *p, int unit) {
    return unit / p->inner * p->inner * p->size + unit % p->inner;
}

static void run_f32(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const SoftmaxParams *p = step->params;
    const float *x = memory->tensors[step->node->inputs[0]];
    float *y = memory->tensors[step->node->outputs[0]];

    for (int unit = begin; unit < end; unit++) {
        int64_t offset = offset_at(p, unit);

        p->kernels.f32((size_t)p->size, x + offset, (ptrdiff_t)p->inner, p->beta, y + offset);
    }
}

static void run_qs8(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const SoftmaxParams *p = step->params;
    const int8_t *x = memory->tensors[step->node->inputs[0]];
    int8_t *y = memory->tensors[step->node->outputs[0]];

    for (int unit = begin; unit < end; unit++) {
        int64_t offset = offset_at(p, unit);

        p->kernels.qs8((size_t)p->size, x + offset, (ptrdiff_t)p->inner, p->exp_table, p->scale,
                       p->range, y + offset);
    }
}

static void prepare_qs8(SoftmaxParams *p, const MnetQuant *x, const MnetQuant *y) {
    for (int d = 0; d < 256; d++)
        p->exp_table[d] =
            (int32_t)rint(exp(-d * (double)p->beta * (double)x->scale[0]) * MNET_SOFTMAX_ONE);
    p->scale = y->scale[0];
    p->range = mnet_quant_range(p->scale, y->zero_point[0], -INFINITY, INFINITY);
}

MnetStatus mnet_op_softmax_prepare(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                                   MnetStep *step, MnetError *error) {
    const int axis = node->attrs.along.axis;
    const MnetTensor *x, *y;
    SoftmaxParams *p;
    MnetStatus status = mnet_node_check_types(graph, node, error);

    if (status)
        return status;
    x = mnet_node_input(graph, node, 0);
    y = mnet_node_output(graph, node, 0);
    if (axis < 0 || axis >= x->rank)
        return mnet_node_unsupported(graph, node, "this axis", error);
    if (!isfinite(node->attrs.along.beta) || node->attrs.along.beta <= 0)
        return mnet_node_unsupported(graph, node, "a beta that is not above 0", error);
    p = mnet_arena_alloc(memory, sizeof(*p));
    if (!p)
        return mnet_node_no_memory(graph, node, error);
    p->size = x->dims[axis];
    p->inner = 1;
    for (int i = axis + 1; i < x->rank; i++)
        p->inner *= x->dims[i];
    p->beta = node->attrs.along.beta;
    mnet_softmax_kernels_init(&p->kernels, mnet_cpu_features());
    if (y->dtype == MNET_DTYPE_QS8) {
        prepare_qs8(p, &x->quant, &y->quant);
        step->run = run_qs8;
        step->kernel = "softmax_qs8_c";
    } else {
        step->run = run_f32;
        step->kernel = "softmax_f32_c";
    }
    step->params = p;
    step->units = (int)(mnet_tensor_elements(x) / p->size);
    return MNET_OK;
}
