#include "nn/base/cpu.h"
#include "nn/kernels/quantize.h"
#include "nn/ops/move.h"
#include "nn/ops/node.h"
#include "nn/ops/table.h"

/* Dimensions behind the last padded one are merged into it. A unit is a row of y: its last
 * dimension. */
typedef struct PadParams {
    int rank;
    int32_t x_dims[MNET_MAX_RANK], y_dims[MNET_MAX_RANK], before[MNET_MAX_RANK];
    size_t size; /* of an element in bytes */
    float value;
    int8_t quantised_value;
    MnetQuantizeKernels quantize;
    const int8_t *table; /* or NULL */
} PadParams;

static void fill(const PadParams *p, uint8_t *y, int32_t first, int32_t end) {
    if (p->size == sizeof(float)) {
        for (int32_t i = first; i < end; i++)
            ((float *)y)[i] = p->value;
    } else {
        memset(y + first, p->quantised_value, (size_t)(end - first));
    }
}

/* Row of x that a row of y shows, or -1 where the row is all padding. */
static int64_t row_of_x(const PadParams *p, int row) {
    int64_t from = 0, scale = 1;

    for (int i = p->rank - 2; i >= 0; i--) {
        int32_t at = row % p->y_dims[i] - p->before[i];

        if (at < 0 || at >= p->x_dims[i])
            return -1;
        from += at * scale;
        scale *= p->x_dims[i];
        row /= p->y_dims[i];
    }
    return from;
}

static void run_pad(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const PadParams *p = step->params;
    const uint8_t *x = memory->tensors[step->node->inputs[0]];
    uint8_t *y = memory->tensors[step->node->outputs[0]];
    const int32_t x_row = p->x_dims[p->rank - 1], y_row = p->y_dims[p->rank - 1];
    const int32_t before = p->before[p->rank - 1];

    for (int unit = begin; unit < end; unit++) {
        const int64_t from_row = row_of_x(p, unit);
        uint8_t *to = y + (size_t)unit * (size_t)y_row * p->size;
        const uint8_t *from;

        if (from_row < 0) {
            fill(p, to, 0, y_row);
            continue;
        }
        from = x + (size_t)from_row * (size_t)x_row * p->size;
        fill(p, to, 0, before);
        fill(p, to, before + x_row, y_row);
        to += (size_t)before * p->size;
        if (p->table)
            p->quantize.table((size_t)x_row, (const int8_t *)from, p->table, (int8_t *)to);
        else
            memcpy(to, from, (size_t)x_row * p->size);
    }
}

/* False where the padding doesn't lead from x's shape to y's. */
static bool merge_dims(const MnetNode *node, const MnetTensor *x, const MnetTensor *y,
                       PadParams *p) {
    int32_t inner = 1;
    int last = y->rank - 1;

    if (x->rank != y->rank || y->rank < 1)
        return false;
    for (int i = 0; i < y->rank; i++) {
        int64_t before = node->attrs.pad.before[i], after = node->attrs.pad.after[i];

        if (before < 0 || after < 0 || before + x->dims[i] + after != y->dims[i])
            return false;
    }
    while (last > 0 && x->dims[last] == y->dims[last])
        inner *= x->dims[last--];
    p->rank = last + 1;
    for (int i = 0; i <= last; i++) {
        int32_t scale = i == last ? inner : 1;

        p->x_dims[i] = x->dims[i] * scale;
        p->y_dims[i] = y->dims[i] * scale;
        p->before[i] = node->attrs.pad.before[i] * scale;
    }
    return true;
}

MnetStatus mnet_op_pad_prepare(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                               MnetStep *step, MnetError *error) {
    const MnetTensor *x = mnet_node_input(graph, node, 0), *y = mnet_node_output(graph, node, 0);
    MnetStatus status;
    PadParams *p;

    if (y->dtype != MNET_DTYPE_F32 && y->dtype != MNET_DTYPE_QS8)
        return mnet_node_unsupported(graph, node, "padding of this type", error);
    p = mnet_arena_alloc(memory, sizeof(*p));
    if (!p)
        return mnet_node_no_memory(graph, node, error);
    if (!merge_dims(node, x, y, p))
        return mnet_node_unsupported(graph, node, "negative padding", error);
    status = mnet_op_move_table(graph, node, x, y, memory, &p->table, error);
    if (status)
        return status;
    mnet_quantize_kernels_init(&p->quantize, mnet_cpu_features());
    p->size = mnet_dtype_size(y->dtype);
    p->value = node->attrs.pad.value;
    if (y->dtype == MNET_DTYPE_QS8)
        p->quantised_value = mnet_quant_value(&y->quant, (double)p->value);
    step->params = p;
    step->run = run_pad;
    step->kernel = "pad_c";
    step->units = (int)(mnet_tensor_elements(y) / p->y_dims[p->rank - 1]);
    return MNET_OK;
}
