#include "nn/opt/passes.h"
#include "nn/opt/rewrite.h"

/* Ops that may stand between the classifier and the output: they keep one value a class. */
static bool passes_classes(MnetOpKind kind) {
    return kind == MNET_OP_RESHAPE || kind == MNET_OP_SOFTMAX || kind == MNET_OP_ACTIVATION ||
           kind == MNET_OP_QUANTIZE || kind == MNET_OP_DEQUANTIZE || kind == MNET_OP_REQUANTIZE ||
           kind == MNET_OP_TABLE || kind == MNET_OP_TRANSPOSE;
}

static bool is_classifier(const MnetGraph *graph, const MnetNode *node) {
    if (node->kind == MNET_OP_FULLY_CONNECTED)
        return true;
    const MnetTensor *x = &graph->tensors[node->inputs[0]];
    return node->kind == MNET_OP_CONV_2D && node->attrs.conv.groups == 1 && x->rank == 4 &&
           x->dims[1] == 1 && x->dims[2] == 1;
}

int mnet_opt_embedding(const MnetGraph *graph) {
    const MnetNode *node = mnet_rewrite_producer(graph, graph->output);
    while (node && passes_classes(node->kind))
        node = mnet_rewrite_producer(graph, node->inputs[0]);
    return node && is_classifier(graph, node) ? node->inputs[0] : MNET_NO_TENSOR;
}
