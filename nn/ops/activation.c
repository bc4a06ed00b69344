#include "nn/base/cpu.h"
#include "nn/kernels/quantize.h"
#include "nn/ops/epilogue.h"
#include "nn/ops/node.h"
#include "nn/ops/op.h"
#include "nn/ops/table.h"

typedef struct ActivationParams {
    int64_t elements;
    MnetActivationF32 f32;
    MnetQuantizeKernels quantize;
    const int8_t *table;
} ActivationParams;

static void run_f32(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const ActivationParams *p = step->params;
    const float *x = memory->tensors[step->node->inputs[0]];
    float *y = memory->tensors[step->node->outputs[0]];
    int64_t first = (int64_t)begin * MNET_BLOCK;
    size_t count = mnet_block_size(p->elements, first, (int64_t)(end - begin) * MNET_BLOCK);

    if (p->f32.run)
        p->f32.run(&p->f32, x + first, y + first, count);
    else
        memcpy(y + first, x + first, count * sizeof(*y));
}

static void run_qs8(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const ActivationParams *p = step->params;
    const int8_t *x = memory->tensors[step->node->inputs[0]];
    int8_t *y = memory->tensors[step->node->outputs[0]];
    int64_t first = (int64_t)begin * MNET_BLOCK;
    size_t count = mnet_block_size(p->elements, first, (int64_t)(end - begin) * MNET_BLOCK);

    p->quantize.table(count, x + first, p->table, y + first);
}

MnetStatus mnet_op_activation_prepare(const MnetGraph *graph, const MnetNode *node,
                                      MnetArena *memory, MnetStep *step, MnetError *error) {
    const MnetTensor *x, *y;
    ActivationParams *p;
    MnetStatus status = mnet_node_check_types(graph, node, error);

    if (status)
        return status;
    x = mnet_node_input(graph, node, 0);
    y = mnet_node_output(graph, node, 0);
    p = mnet_arena_alloc(memory, sizeof(*p));
    if (!p)
        return mnet_node_no_memory(graph, node, error);
    p->elements = mnet_tensor_elements(y);
    if (y->dtype == MNET_DTYPE_QS8) {
        p->table = mnet_table_new(memory, &x->quant, &node->activation, &y->quant);
        if (!p->table)
            return mnet_node_no_memory(graph, node, error);
        mnet_quantize_kernels_init(&p->quantize, mnet_cpu_features());
        step->run = run_qs8;
        step->kernel = p->quantize.table_name;
    } else {
        p->f32 = mnet_epilogue_f32(&node->activation);
        step->run = run_f32;
        step->kernel = "activation_f32_c";
    }
    step->params = p;
    step->units = mnet_blocks(p->elements, MNET_BLOCK);
    return MNET_OK;
}
