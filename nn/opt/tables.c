/*
 * What becomes of one quantised tensor, element by element, becomes a table: x * hard_sigmoid(x),
 * chains of activations and changes of scale, arithmetic with one number. The rounding between
 * stays, as tables are made by running the ops themselves on all 256 values.
 */
#include "nn/ops/op.h"
#include "nn/ops/table.h"
#include "nn/opt/passes.h"
#include "nn/opt/rewrite.h"

#include <string.h>

typedef struct Operand {
    int x; /* what it is a function of; MNET_NO_TENSOR for a number */
    int8_t values[MNET_TABLE_SIZE];
} Operand;

static bool is_unary(const MnetNode *node) {
    return node->kind == MNET_OP_ACTIVATION || node->kind == MNET_OP_REQUANTIZE ||
           node->kind == MNET_OP_TABLE;
}

static bool is_binary(const MnetNode *node) {
    return node->kind == MNET_OP_ADD || node->kind == MNET_OP_SUB || node->kind == MNET_OP_MUL ||
           node->kind == MNET_OP_DIV;
}

static bool is_quantized(const MnetGraph *graph, int tensor) {
    const MnetTensor *t = &graph->tensors[tensor];
    return t->dtype == MNET_DTYPE_QS8 && t->quant.count == 1;
}

/* The op on operands of 256 values, in the quantisation of the node's tensors. */
static MnetStatus tabulate(const MnetGraph *graph, const MnetNode *node, Operand *operands,
                           int8_t *values, MnetError *error) {
    MnetTensor tensors[3];
    MnetGraph alone = {.file = graph->file, .tensors = tensors, .n_tensors = 3};
    MnetNode copy = *node;
    MnetArena arena = {0};
    MnetStep step = {.node = &copy, .graph = &alone};
    const MnetStepMemory memory = {
        .tensors = (void *const[]){operands[0].values, operands[1].values, values}};

    copy.inputs = (int[]){0, 1};
    copy.outputs = (int[]){2};
    for (int i = 0; i < 3; i++) {
        tensors[i] = graph->tensors[i == 2               ? node->outputs[0]
                                    : i < node->n_inputs ? node->inputs[i]
                                                         : node->inputs[0]];
        tensors[i].rank = 1;
        tensors[i].dims[0] = MNET_TABLE_SIZE;
        tensors[i].data = NULL;
    }
    MnetStatus status = mnet_op_prepare(node->kind)(&alone, &copy, &arena, &step, error);
    if (!status)
        step.run(&step, &memory, 0, step.units);
    mnet_arena_clear(&arena);
    return status;
}

static void every_value(int8_t *values) {
    for (int q = INT8_MIN; q <= INT8_MAX; q++)
        values[(uint8_t)q] = (int8_t)q;
}

/* Producers have been looked at before: of two in a row, one is a table already. */
static MnetStatus read_operand(const MnetGraph *graph, int tensor, Operand *operand,
                               MnetError *error) {
    const MnetTensor *t = &graph->tensors[tensor];
    const MnetNode *maker = mnet_rewrite_producer(graph, tensor);

    operand->x = tensor;
    every_value(operand->values);
    if (t->data && mnet_tensor_elements(t) == 1) {
        operand->x = MNET_NO_TENSOR;
        memset(operand->values, *(const uint8_t *)t->data, sizeof operand->values);
    } else if (maker && is_unary(maker) && is_quantized(graph, maker->inputs[0])) {
        Operand inner[2];
        operand->x = maker->inputs[0];
        every_value(inner[0].values);
        return tabulate(graph, maker, inner, operand->values, error);
    }
    return MNET_OK;
}

/* What both are a function of, or MNET_NO_TENSOR. */
static int common(const Operand *operands, int n) {
    if (n == 1 || operands[1].x == MNET_NO_TENSOR || operands[0].x == operands[1].x)
        return operands[0].x;
    return operands[0].x == MNET_NO_TENSOR ? operands[1].x : MNET_NO_TENSOR;
}

static MnetStatus rewrite(MnetGraph *graph, MnetNode *node, int *changes, MnetError *error) {
    Operand operands[2];
    for (int i = 0; i < node->n_inputs; i++) {
        MnetStatus status = read_operand(graph, node->inputs[i], &operands[i], error);
        if (status)
            return status;
    }
    int x = common(operands, node->n_inputs);
    if (x == MNET_NO_TENSOR || (is_unary(node) && x == node->inputs[0]) ||
        !mnet_rewrite_same_shape(graph, x, node->outputs[0]))
        return MNET_OK;

    int8_t *table = mnet_arena_alloc(&graph->arena, MNET_TABLE_SIZE);
    if (!table)
        return mnet_rewrite_no_memory(graph, error);
    MnetStatus status = tabulate(graph, node, operands, table, error);
    if (status)
        return status;
    node->kind = MNET_OP_TABLE;
    node->attrs = (MnetAttrs){.table = table};
    node->activation = (MnetActivation){0};
    node->inputs[0] = x;
    node->n_inputs = 1;
    ++*changes;
    return MNET_OK;
}

/* The node that makes the scores, which tells what they are: an activation that stays one. */
static int maker_of_scores(const MnetGraph *graph) {
    int at = mnet_graph_producer(graph, graph->output);
    while (at >= 0) {
        const MnetNode *node = &graph->nodes[at];
        if (node->kind != MNET_OP_RESHAPE && node->kind != MNET_OP_QUANTIZE &&
            node->kind != MNET_OP_DEQUANTIZE && node->kind != MNET_OP_REQUANTIZE)
            break;
        at = mnet_graph_producer(graph, node->inputs[0]);
    }
    return at;
}

MnetStatus mnet_opt_tables(MnetGraph *graph, int *changes, MnetError *error) {
    int scores = maker_of_scores(graph);
    for (int i = 0; i < graph->n_nodes; i++) {
        MnetNode *node = &graph->nodes[i];
        bool fits = ((is_unary(node) && i < scores) || is_binary(node)) &&
                    is_quantized(graph, node->outputs[0]);
        for (int k = 0; fits && k < node->n_inputs; k++)
            fits = is_quantized(graph, node->inputs[k]);
        if (!fits)
            continue;
        MnetStatus status = rewrite(graph, node, changes, error);
        if (status)
            return status;
    }
    return MNET_OK;
}
