#include "nn/base/cpu.h"
#include "nn/kernels/quantize.h"
#include "nn/ops/node.h"
#include "nn/ops/op.h"
#include "nn/ops/table.h"

typedef struct QuantizeParams {
    int64_t elements;
    MnetQuantizeKernels kernels;
    float scale;
    int32_t zero_point;
    MnetQuantRange range;
    const int8_t *table;
} QuantizeParams;

static void run_quantize(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const QuantizeParams *p = step->params;
    const float *x = memory->tensors[step->node->inputs[0]];
    int8_t *y = memory->tensors[step->node->outputs[0]];
    int64_t first = (int64_t)begin * MNET_BLOCK;
    size_t count = mnet_block_size(p->elements, first, (int64_t)(end - begin) * MNET_BLOCK);

    p->kernels.quantize(count, x + first, p->scale, p->range, y + first);
}

static void run_dequantize(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const QuantizeParams *p = step->params;
    const int8_t *x = memory->tensors[step->node->inputs[0]];
    float *y = memory->tensors[step->node->outputs[0]];
    int64_t first = (int64_t)begin * MNET_BLOCK;
    size_t count = mnet_block_size(p->elements, first, (int64_t)(end - begin) * MNET_BLOCK);

    p->kernels.dequantize(count, x + first, p->scale, p->zero_point, y + first);
}

static void run_table(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const QuantizeParams *p = step->params;
    const int8_t *x = memory->tensors[step->node->inputs[0]];
    int8_t *y = memory->tensors[step->node->outputs[0]];
    int64_t first = (int64_t)begin * MNET_BLOCK;
    size_t count = mnet_block_size(p->elements, first, (int64_t)(end - begin) * MNET_BLOCK);

    p->kernels.table(count, x + first, p->table, y + first);
}

MnetStatus mnet_op_quantize_prepare(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                                    MnetStep *step, MnetError *error) {
    const MnetTensor *x, *y;
    const MnetQuant *quant;
    QuantizeParams *p;
    MnetStatus status = mnet_node_check_tensor(graph, node, node->inputs[0], error);

    if (!status)
        status = mnet_node_check_tensor(graph, node, node->outputs[0], error);
    if (status)
        return status;
    x = mnet_node_input(graph, node, 0);
    y = mnet_node_output(graph, node, 0);
    if ((x->dtype == MNET_DTYPE_QS8) != (node->kind != MNET_OP_QUANTIZE) ||
        (y->dtype == MNET_DTYPE_QS8) != (node->kind != MNET_OP_DEQUANTIZE))
        return mnet_node_unsupported(graph, node, "this pair of types", error);
    p = mnet_arena_alloc(memory, sizeof(*p));
    if (!p)
        return mnet_node_no_memory(graph, node, error);
    mnet_quantize_kernels_init(&p->kernels, mnet_cpu_features());
    p->elements = mnet_tensor_elements(y);
    quant = node->kind == MNET_OP_DEQUANTIZE ? &x->quant : &y->quant;
    p->scale = quant->scale[0];
    p->zero_point = quant->zero_point[0];
    p->range = mnet_quant_range(p->scale, p->zero_point, -INFINITY, INFINITY);
    if (node->kind == MNET_OP_QUANTIZE) {
        step->run = run_quantize;
        step->kernel = p->kernels.quantize_name;
    } else if (node->kind == MNET_OP_DEQUANTIZE) {
        step->run = run_dequantize;
        step->kernel = "dequantize_qs8_f32_c";
    } else {
        p->table = node->kind == MNET_OP_TABLE ? node->attrs.table
                                               : mnet_table_new(memory, &x->quant, NULL, &y->quant);
        if (!p->table)
            return mnet_node_no_memory(graph, node, error);
        step->run = run_table;
        step->kernel = p->kernels.table_name;
    }
    step->params = p;
    step->units = mnet_blocks(p->elements, MNET_BLOCK);
    return MNET_OK;
}
