#include "nn/opt/passes.h"

void mnet_opt_replace_uses(MnetGraph *graph, int from, int to) {
    for (int n = 0; n < graph->n_nodes; n++)
        for (int i = 0; i < graph->nodes[n].n_inputs; i++)
            if (graph->nodes[n].inputs[i] == from)
                graph->nodes[n].inputs[i] = to;
    if (graph->output == from)
        graph->output = to;
    if (graph->embedding == from)
        graph->embedding = to;
}

void mnet_opt_kill(MnetGraph *graph, int node) {
    graph->nodes[node].kind = MNET_OP_NONE;
    graph->nodes[node].n_inputs = 0;
    graph->nodes[node].n_outputs = 0;
}
