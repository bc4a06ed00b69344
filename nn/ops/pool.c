#include "nn/base/cpu.h"
#include "nn/kernels/pool.h"
#include "nn/kernels/quantize.h"
#include "nn/ops/epilogue.h"
#include "nn/ops/node.h"
#include "nn/ops/op.h"
#include "nn/ops/table.h"

#define MAX_TAPS (1 << 23) /* a sum of them fits in int32 */

/* A unit is an output row of one image. */
typedef struct PoolParams {
    const MnetWindow *window;
    bool count_include_pad;
    const int32_t *in, *out; /* N, H, W, C */
    MnetPoolKernels kernels;
    MnetActivationF32 activation; /* f32 */
    int32_t zero_point;           /* qs8 */
    double ratio;                 /* x.scale / y.scale */
    MnetQuantRange range;
    MnetQuantizeKernels quantize;
    const int8_t *table; /* of max, where x and y differ in more than place; or NULL */
} PoolParams;

/* Taps of an output position along one axis that lie inside the input, and how many lie inside
 * input and padding. */
typedef struct Span {
    int first; /* input position of the first tap inside; at least 0 */
    int taps;
    int padded_taps;
} Span;

static Span span_at(const PoolParams *p, int axis, int at) {
    const MnetWindow *w = p->window;
    const int size = p->in[1 + axis], begin = at * w->stride[axis] - w->pad[axis];
    Span span = {0};

    for (int k = 0; k < w->kernel[axis]; k++) {
        int position = begin + k * w->dilation[axis];

        if (position >= 0 && position < size && !span.taps++)
            span.first = position;
        span.padded_taps += position < size + w->pad[axis + 2];
    }
    return span;
}

static MnetPoolTaps taps_at(const PoolParams *p, const Span *rows, const Span *cols) {
    return (MnetPoolTaps){
        .rows = rows->taps,
        .cols = cols->taps,
        .row_stride = (ptrdiff_t)p->in[2] * p->in[3] * p->window->dilation[0],
        .col_stride = (ptrdiff_t)p->in[3] * p->window->dilation[1],
        .channels = p->in[3],
    };
}

static ptrdiff_t offset_at(const PoolParams *p, int image, const Span *rows, const Span *cols) {
    return (((ptrdiff_t)image * p->in[1] + rows->first) * p->in[2] + cols->first) * p->in[3];
}

/* Never 0: where all of a window is padding that doesn't count, the average is 0. */
static int divisor_at(const PoolParams *p, const Span *rows, const Span *cols) {
    int count =
        p->count_include_pad ? rows->padded_taps * cols->padded_taps : rows->taps * cols->taps;

    return count ? count : 1;
}

static void run_f32(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const PoolParams *p = step->params;
    const float *x = memory->tensors[step->node->inputs[0]];
    float *y = memory->tensors[step->node->outputs[0]];
    const size_t row_size = (size_t)p->out[2] * (size_t)p->out[3];

    for (int unit = begin; unit < end; unit++) {
        const Span rows = span_at(p, 0, unit % p->out[1]);
        float *row = y + (size_t)unit * row_size;

        for (int at = 0; at < p->out[2]; at++) {
            const Span cols = span_at(p, 1, at);
            const MnetPoolTaps taps = taps_at(p, &rows, &cols);
            const float *from = x + offset_at(p, unit / p->out[1], &rows, &cols);
            float *to = row + (ptrdiff_t)at * p->out[3];

            if (step->node->kind == MNET_OP_MAX_POOL)
                p->kernels.max_f32(&taps, from, to);
            else
                p->kernels.avg_f32(&taps, from, (float)divisor_at(p, &rows, &cols), to);
        }
        if (p->activation.run)
            p->activation.run(&p->activation, row, row, row_size);
    }
}

static void run_qs8(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const PoolParams *p = step->params;
    const int8_t *x = memory->tensors[step->node->inputs[0]];
    int8_t *y = memory->tensors[step->node->outputs[0]];
    const size_t row_size = (size_t)p->out[2] * (size_t)p->out[3];

    for (int unit = begin; unit < end; unit++) {
        const Span rows = span_at(p, 0, unit % p->out[1]);
        int8_t *row = y + (size_t)unit * row_size;

        for (int at = 0; at < p->out[2]; at++) {
            const Span cols = span_at(p, 1, at);
            const MnetPoolTaps taps = taps_at(p, &rows, &cols);
            const int8_t *from = x + offset_at(p, unit / p->out[1], &rows, &cols);
            int8_t *to = row + (ptrdiff_t)at * p->out[3];

            if (step->node->kind == MNET_OP_MAX_POOL)
                p->kernels.max_qs8(&taps, from, to);
            else
                p->kernels.avg_qs8(&taps, from, p->zero_point,
                                   (float)(p->ratio / divisor_at(p, &rows, &cols)), p->range, to);
        }
        if (p->table)
            p->quantize.table(row_size, row, p->table, row);
    }
}

static MnetStatus check_window(const MnetGraph *graph, const MnetNode *node, MnetError *error) {
    const MnetWindow *w = &node->attrs.pool.window;
    const MnetTensor *x = mnet_node_input(graph, node, 0), *y = mnet_node_output(graph, node, 0);

    if (x->rank != 4 || y->rank != 4 || x->dims[0] != y->dims[0] || x->dims[3] != y->dims[3])
        return mnet_node_unsupported(graph, node, "a shape that is not N, H, W, C", error);
    if (w->padding != MNET_PADDING_EXPLICIT)
        return mnet_node_unsupported(graph, node, "padding that is not explicit", error);
    for (int axis = 0; axis < 2; axis++) {
        int64_t reach = (int64_t)(w->kernel[axis] - 1) * w->dilation[axis] +
                        (int64_t)(y->dims[1 + axis] - 1) * w->stride[axis];

        if (w->kernel[axis] < 1 || w->stride[axis] < 1 || w->dilation[axis] < 1 ||
            w->pad[axis] < 0 || w->pad[axis + 2] < 0 || reach > INT32_MAX ||
            (int64_t)x->dims[1 + axis] + w->pad[axis + 2] > INT32_MAX)
            return mnet_node_unsupported(graph, node, "this window", error);
    }
    if ((int64_t)w->kernel[0] * w->kernel[1] > MAX_TAPS)
        return mnet_node_unsupported(graph, node, "a window of more than 2^23 taps", error);
    return MNET_OK;
}

static MnetStatus prepare_qs8(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                              PoolParams *p, MnetError *error) {
    const MnetQuant *x = &mnet_node_input(graph, node, 0)->quant;
    const MnetQuant *y = &mnet_node_output(graph, node, 0)->quant;

    p->zero_point = x->zero_point[0];
    p->ratio = (double)x->scale[0] / (double)y->scale[0];
    if (node->kind == MNET_OP_AVG_POOL)
        return mnet_epilogue_qs8(graph, node, &node->activation, y, &p->range, error);
    if (!mnet_quant_equal(x, y) || node->activation.kind != MNET_ACTIVATION_NONE) {
        p->table = mnet_table_new(memory, x, &node->activation, y);
        if (!p->table)
            return mnet_node_no_memory(graph, node, error);
    }
    return MNET_OK;
}

MnetStatus mnet_op_pool_prepare(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                                MnetStep *step, MnetError *error) {
    const bool max = node->kind == MNET_OP_MAX_POOL;
    PoolParams *p;
    MnetStatus status = mnet_node_check_types(graph, node, error);

    if (!status)
        status = check_window(graph, node, error);
    if (status)
        return status;
    p = mnet_arena_alloc(memory, sizeof(*p));
    if (!p)
        return mnet_node_no_memory(graph, node, error);
    p->window = &node->attrs.pool.window;
    p->count_include_pad = node->attrs.pool.count_include_pad;
    p->in = mnet_node_input(graph, node, 0)->dims;
    p->out = mnet_node_output(graph, node, 0)->dims;
    mnet_pool_kernels_init(&p->kernels, mnet_cpu_features());
    mnet_quantize_kernels_init(&p->quantize, mnet_cpu_features());
    if (mnet_node_output(graph, node, 0)->dtype == MNET_DTYPE_QS8) {
        status = prepare_qs8(graph, node, memory, p, error);
        if (status)
            return status;
        step->run = run_qs8;
        step->kernel = max ? "max_pool_qs8_c" : "avg_pool_qs8_c";
    } else {
        p->activation = mnet_epilogue_f32(&node->activation);
        step->run = run_f32;
        step->kernel = max ? "max_pool_f32_c" : "avg_pool_f32_c";
    }
    step->params = p;
    step->units = p->out[0] * p->out[1];
    return MNET_OK;
}
