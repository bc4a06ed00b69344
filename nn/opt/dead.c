#include "nn/opt/passes.h"
#include "nn/opt/rewrite.h"

#include <stdlib.h>

/* Marks a live node's tensors; true when one of its outputs was asked for. */
static bool mark(const MnetNode *node, bool *live) {
    bool wanted = false;
    for (int o = 0; o < node->n_outputs; o++)
        wanted |= node->outputs[o] != MNET_NO_TENSOR && live[node->outputs[o]];
    if (!wanted)
        return false;
    for (int o = 0; o < node->n_outputs; o++)
        if (node->outputs[o] != MNET_NO_TENSOR)
            live[node->outputs[o]] = true;
    for (int i = 0; i < node->n_inputs; i++)
        if (node->inputs[i] != MNET_NO_TENSOR)
            live[node->inputs[i]] = true;
    return true;
}

MnetStatus mnet_opt_dead(MnetGraph *graph, int *changes, MnetError *error) {
    bool *live = calloc(graph->n_tensors + 1, sizeof *live);
    if (!live)
        return mnet_rewrite_no_memory(graph, error);
    const int kept[] = {graph->input, graph->output, graph->embedding};
    for (int i = 0; i < 3; i++)
        if (kept[i] != MNET_NO_TENSOR)
            live[kept[i]] = true;

    for (int i = graph->n_nodes - 1; i >= 0; i--)
        if (!mark(&graph->nodes[i], live))
            graph->nodes[i].kind = MNET_OP_NONE;
    int n_nodes = 0;
    for (int i = 0; i < graph->n_nodes; i++)
        if (graph->nodes[i].kind != MNET_OP_NONE)
            graph->nodes[n_nodes++] = graph->nodes[i];
    *changes += graph->n_nodes - n_nodes;
    graph->n_nodes = n_nodes;

    for (int i = 0; i < graph->n_tensors; i++)
        if (!live[i]) {
            graph->tensors[i].data = NULL;
            graph->tensors[i].bytes = 0;
        }
    free(live);
    return MNET_OK;
}
