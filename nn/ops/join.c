#include "nn/base/cpu.h"
#include "nn/kernels/quantize.h"
#include "nn/ops/move.h"
#include "nn/ops/node.h"

/* One of the tensors that are joined: its part of each row of the whole. Sizes in bytes. */
typedef struct JoinPart {
    int tensor;
    size_t size, offset;
    const int8_t *table; /* or NULL */
} JoinPart;

/* A unit is one part of one row: part * rows + row. */
typedef struct JoinParams {
    int n_parts, rows;
    size_t row_size; /* of the whole */
    MnetQuantizeKernels quantize;
    const JoinPart *parts;
} JoinParams;

static void run_join(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const JoinParams *p = step->params;
    const bool split = step->node->kind == MNET_OP_SPLIT;
    uint8_t *whole = memory->tensors[split ? step->node->inputs[0] : step->node->outputs[0]];

    for (int unit = begin; unit < end; unit++) {
        const JoinPart *part = &p->parts[unit / p->rows];
        const size_t row = (size_t)(unit % p->rows);
        uint8_t *in_whole = whole + row * p->row_size + part->offset;
        uint8_t *in_part = (uint8_t *)memory->tensors[part->tensor] + row * part->size;
        const uint8_t *from = split ? in_whole : in_part;
        uint8_t *to = split ? in_part : in_whole;

        if (part->table)
            p->quantize.table(part->size, (const int8_t *)from, part->table, (int8_t *)to);
        else
            memcpy(to, from, part->size);
    }
}

/* Whether a part has the whole's shape but along the axis. */
static bool fits(const MnetTensor *part, const MnetTensor *whole, int axis) {
    if (part->rank != whole->rank)
        return false;
    for (int i = 0; i < whole->rank; i++) {
        if (i != axis && part->dims[i] != whole->dims[i])
            return false;
    }
    return true;
}

static MnetStatus make_parts(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                             JoinParams *p, JoinPart *parts, MnetError *error) {
    const bool split = node->kind == MNET_OP_SPLIT;
    const MnetTensor *whole =
        split ? mnet_node_input(graph, node, 0) : mnet_node_output(graph, node, 0);
    size_t offset = 0;

    for (int i = 0; i < p->n_parts; i++) {
        const int id = split ? node->outputs[i] : node->inputs[i];
        const MnetTensor *part = &graph->tensors[id];
        MnetStatus status =
            mnet_op_move_table(graph, node, split ? whole : part, split ? part : whole, memory,
                               &parts[i].table, error);

        if (status)
            return status;
        if (!fits(part, whole, node->attrs.along.axis))
            return mnet_node_unsupported(graph, node, "a part of another shape", error);
        parts[i].tensor = id;
        parts[i].offset = offset;
        parts[i].size =
            (size_t)(mnet_tensor_elements(part) / p->rows) * mnet_dtype_size(part->dtype);
        offset += parts[i].size;
    }
    if (offset != p->row_size)
        return mnet_node_unsupported(graph, node, "parts that don't make up the whole", error);
    p->parts = parts;
    return MNET_OK;
}

MnetStatus mnet_op_join_prepare(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                                MnetStep *step, MnetError *error) {
    const bool split = node->kind == MNET_OP_SPLIT;
    const MnetTensor *whole =
        split ? mnet_node_input(graph, node, 0) : mnet_node_output(graph, node, 0);
    const int axis = node->attrs.along.axis;
    MnetStatus status;
    JoinPart *parts;
    JoinParams *p;

    if (axis < 0 || axis >= whole->rank)
        return mnet_node_unsupported(graph, node, "this axis", error);
    p = mnet_arena_alloc(memory, sizeof(*p));
    if (!p)
        return mnet_node_no_memory(graph, node, error);
    p->n_parts = split ? node->n_outputs : node->n_inputs;
    parts = mnet_arena_array(memory, (size_t)p->n_parts, sizeof(*parts));
    if (!parts)
        return mnet_node_no_memory(graph, node, error);
    p->rows = 1;
    for (int i = 0; i < axis; i++)
        p->rows *= whole->dims[i];
    p->row_size = (size_t)(mnet_tensor_elements(whole) / p->rows) * mnet_dtype_size(whole->dtype);
    mnet_quantize_kernels_init(&p->quantize, mnet_cpu_features());
    status = make_parts(graph, node, memory, p, parts, error);
    if (status)
        return status;
    step->params = p;
    step->run = run_join;
    step->kernel = split ? "split_c" : "concat_c";
    step->units = p->rows * p->n_parts;
    return MNET_OK;
}
