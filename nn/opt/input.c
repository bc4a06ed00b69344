#include "nn/opt/passes.h"
#include "nn/opt/rewrite.h"

MnetStatus mnet_opt_input(MnetGraph *graph, int *changes, MnetError *error) {
    int at = mnet_rewrite_only_consumer(graph, graph->input);
    const MnetNode *node = at < 0 ? NULL : &graph->nodes[at];
    if (!node || node->kind != MNET_OP_QUANTIZE || node->outputs[0] == graph->output ||
        graph->tensors[node->outputs[0]].quant.count != 1)
        return MNET_OK;
    graph->tensors[node->outputs[0]].name = graph->tensors[graph->input].name;
    graph->input = node->outputs[0];
    mnet_opt_kill(graph, at);
    ++*changes;
    return MNET_OK;
}
