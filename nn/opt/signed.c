#include "nn/opt/passes.h"
#include "nn/opt/rewrite.h"

#include <string.h>

/*
 * Zero points less 128; a tensor of plain bytes becomes one of scale 1. Arrays may be shared, so
 * they are made anew.
 */
static bool shift_quant(MnetGraph *graph, MnetQuant *quant) {
    if (!quant->count)
        return mnet_graph_set_quant(graph, quant, 1, -128);
    int32_t *zero_point = mnet_arena_array(&graph->arena, quant->count, sizeof *zero_point);
    if (!zero_point)
        return false;
    for (int i = 0; i < quant->count; i++)
        zero_point[i] = quant->zero_point[i] - 128;
    quant->zero_point = zero_point;
    return true;
}

/* q - 128 in two's complement is q with its top bit flipped. */
static bool shift_data(MnetGraph *graph, MnetTensor *tensor) {
    if (!tensor->data)
        return true;
    const uint8_t *from = tensor->data;
    uint8_t *to = mnet_arena_alloc(&graph->arena, tensor->bytes);
    if (!to)
        return false;
    for (size_t i = 0; i < tensor->bytes; i++)
        to[i] = from[i] ^ 0x80;
    tensor->data = to;
    return true;
}

MnetStatus mnet_opt_signed(MnetGraph *graph, int *changes, MnetError *error) {
    for (int i = 0; i < graph->n_tensors; i++) {
        MnetTensor *tensor = &graph->tensors[i];
        if (tensor->dtype != MNET_DTYPE_QU8)
            continue;
        if (!shift_quant(graph, &tensor->quant) || !shift_data(graph, tensor))
            return mnet_rewrite_no_memory(graph, error);
        tensor->dtype = MNET_DTYPE_QS8;
        ++*changes;
    }
    return MNET_OK;
}
