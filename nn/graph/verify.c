#include "nn/graph/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static MnetStatus tensor_fail(const MnetGraph *graph, const MnetTensor *tensor, MnetError *error,
                              const char *what) {
    char text[96];
    return mnet_fail(error, MNET_ERROR_FORMAT, "%s: tensor %d '%.120s' %s: %s", graph->file,
                     (int)(tensor - graph->tensors), tensor->name ? tensor->name : "",
                     mnet_tensor_text(tensor, text, sizeof text), what);
}

static const char *quant_problem(const MnetQuant *quant, MnetDtype dtype, int rank,
                                 const int32_t *dims) {
    int64_t low = 0, high = 0;
    if (dtype == MNET_DTYPE_QS8)
        low = -128, high = 127;
    else if (dtype == MNET_DTYPE_QU8)
        high = 255;
    if (quant->count < 0 || (quant->count && (!quant->scale || !quant->zero_point)))
        return "broken quantisation";
    if (quant->count > 1 && rank >= 0 &&
        (quant->axis < 0 || quant->axis >= rank || quant->count != dims[quant->axis]))
        return "the number of scales is not the channels'";
    for (int i = 0; i < quant->count; i++) {
        if (!isfinite(quant->scale[i]) || quant->scale[i] <= 0)
            return "a scale is not finite and positive";
        if (quant->zero_point[i] < low || quant->zero_point[i] > high)
            return "a zero point is outside the type's range";
    }
    return NULL;
}

static MnetStatus verify_tensor(const MnetGraph *graph, const MnetTensor *tensor,
                                MnetError *error) {
    if (tensor->rank < -1 || tensor->rank > MNET_MAX_RANK ||
        (tensor->rank >= 0 && mnet_tensor_elements(tensor) < 0))
        return tensor_fail(graph, tensor, error, "impossible shape");
    if (tensor->data) {
        int64_t elements = mnet_tensor_elements(tensor);
        size_t size = mnet_dtype_size(tensor->dtype);
        if (elements < 0 || !size || tensor->bytes / size != (uint64_t)elements ||
            tensor->bytes % size)
            return tensor_fail(graph, tensor, error, "its data is not of that size");
    }
    const char *problem = quant_problem(&tensor->quant, tensor->dtype, tensor->rank, tensor->dims);
    return problem ? tensor_fail(graph, tensor, error, problem) : MNET_OK;
}

/* Each input is the graph's input, a constant, or made by an earlier node; each tensor is made
 * once. */
static MnetStatus verify_order(const MnetGraph *graph, MnetError *error) {
    uint8_t *ready = calloc(graph->n_tensors + 1, 1);
    if (!ready)
        return mnet_fail(error, MNET_ERROR_MEMORY, "%s: out of memory", graph->file);
    MnetStatus status = MNET_OK;
    for (int i = 0; i < graph->n_tensors; i++)
        ready[i] = graph->tensors[i].data != NULL;
    ready[graph->input] = 1;

    for (int n = 0; n < graph->n_nodes && !status; n++) {
        const MnetNode *node = &graph->nodes[n];
        if (node->kind == MNET_OP_NONE)
            continue;
        status = mnet_node_check(graph, node, error);
        for (int i = 0; i < node->n_inputs && !status; i++)
            if (node->inputs[i] != MNET_NO_TENSOR && !ready[node->inputs[i]])
                status = mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                                        "input %d '%.80s' is not made by an earlier node", i,
                                        graph->tensors[node->inputs[i]].name);
        for (int o = 0; o < node->n_outputs && !status; o++) {
            if (ready[node->outputs[o]])
                status = mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                                        "output %d '%.80s' is made twice", o,
                                        graph->tensors[node->outputs[o]].name);
            ready[node->outputs[o]] = 1;
        }
    }
    if (!status && !ready[graph->output])
        status = tensor_fail(graph, &graph->tensors[graph->output], error,
                             "it is the graph's output, and no node makes it");
    free(ready);
    return status;
}

/* Infers all shapes anew on a copy of what inference writes to. */
static MnetStatus verify_shapes(const MnetGraph *graph, MnetError *error) {
    MnetGraph copy = *graph;
    MnetStatus status;
    copy.tensors = calloc(graph->n_tensors + 1, sizeof *copy.tensors);
    copy.nodes = calloc(graph->n_nodes + 1, sizeof *copy.nodes);
    if (copy.tensors && copy.nodes) {
        memcpy(copy.tensors, graph->tensors, graph->n_tensors * sizeof *copy.tensors);
        if (graph->n_nodes)
            memcpy(copy.nodes, graph->nodes, graph->n_nodes * sizeof *copy.nodes);
        status = mnet_graph_infer_shapes(&copy, error);
    } else {
        status = mnet_fail(error, MNET_ERROR_MEMORY, "%s: out of memory", graph->file);
    }
    free(copy.tensors);
    free(copy.nodes);
    return status;
}

MnetStatus mnet_graph_verify(const MnetGraph *graph, bool canonical, MnetError *error) {
    if (graph->input < 0 || graph->input >= graph->n_tensors || graph->output < 0 ||
        graph->output >= graph->n_tensors || graph->embedding < MNET_NO_TENSOR ||
        graph->embedding >= graph->n_tensors)
        return mnet_fail(error, MNET_ERROR_FORMAT, "%s: the graph has no input or no output",
                         graph->file);
    if (graph->tensors[graph->input].data)
        return tensor_fail(graph, &graph->tensors[graph->input], error,
                           "it is the graph's input, and a constant");
    MnetStatus status = MNET_OK;
    for (int i = 0; i < graph->n_tensors && !status; i++)
        status = verify_tensor(graph, &graph->tensors[i], error);
    if (!status)
        status = verify_order(graph, error);
    if (!status)
        status = verify_shapes(graph, error);
    if (!status && canonical)
        status = mnet_graph_verify_canonical(graph, error);
    return status;
}
