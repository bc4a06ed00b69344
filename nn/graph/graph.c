#include "nn/graph/graph.h"

#include <string.h>

void mnet_graph_init(MnetGraph *graph, const char *file) {
    *graph = (MnetGraph){.input = MNET_NO_TENSOR,
                         .output = MNET_NO_TENSOR,
                         .embedding = MNET_NO_TENSOR,
                         .format = "",
                         .metadata = {.producer = "", .normalization_source = ""}};
    const char *copy = mnet_arena_string(&graph->arena, file);
    graph->file = copy ? copy : "model";
}

void mnet_graph_clear(MnetGraph *graph) {
    mnet_arena_clear(&graph->arena);
    *graph =
        (MnetGraph){.input = MNET_NO_TENSOR, .output = MNET_NO_TENSOR, .embedding = MNET_NO_TENSOR};
}

/* Room for one more element, the old array staying in the arena: growth by doubling bounds the
 * waste. */
static void *grown(MnetArena *arena, void *array, int count, int *capacity, size_t size) {
    if (count < *capacity)
        return array;
    if (*capacity > INT32_MAX / 4)
        return NULL;
    int more = *capacity ? *capacity * 2 : 64;
    void *fresh = mnet_arena_array(arena, more, size);
    if (!fresh)
        return NULL;
    if (count)
        memcpy(fresh, array, count * size);
    *capacity = more;
    return fresh;
}

int mnet_graph_add_tensor(MnetGraph *graph, const char *name, MnetDtype dtype, int rank,
                          const int32_t *dims) {
    MnetTensor *tensors = grown(&graph->arena, graph->tensors, graph->n_tensors,
                                &graph->tensors_capacity, sizeof *tensors);
    if (!tensors)
        return MNET_NO_TENSOR;
    graph->tensors = tensors;
    MnetTensor *tensor = &tensors[graph->n_tensors];
    *tensor = (MnetTensor){.dtype = dtype, .rank = rank, .maker = graph->n_nodes};
    tensor->name = mnet_arena_string(&graph->arena, name ? name : "");
    if (!tensor->name)
        return MNET_NO_TENSOR;
    if (rank > 0 && dims)
        memcpy(tensor->dims, dims, rank * sizeof *dims);
    return graph->n_tensors++;
}

MnetNode *mnet_graph_insert_node(MnetGraph *graph, int at, MnetOpKind kind, const char *name,
                                 const char *op_type, int n_inputs, int n_outputs) {
    MnetNode *nodes =
        grown(&graph->arena, graph->nodes, graph->n_nodes, &graph->nodes_capacity, sizeof *nodes);
    if (!nodes)
        return NULL;
    graph->nodes = nodes;
    MnetNode node = {
        .kind = kind, .index = graph->n_nodes, .n_inputs = n_inputs, .n_outputs = n_outputs};
    node.name = mnet_arena_string(&graph->arena, name ? name : "");
    node.op_type = mnet_arena_string(&graph->arena, op_type ? op_type : mnet_op_name(kind));
    node.inputs = mnet_arena_array(&graph->arena, n_inputs + n_outputs, sizeof(int));
    if (!node.name || !node.op_type || !node.inputs)
        return NULL;
    node.outputs = node.inputs + n_inputs;
    for (int i = 0; i < n_inputs + n_outputs; i++)
        node.inputs[i] = MNET_NO_TENSOR;
    memmove(&nodes[at + 1], &nodes[at], (graph->n_nodes - at) * sizeof *nodes);
    nodes[at] = node;
    graph->n_nodes++;
    return &nodes[at];
}

MnetNode *mnet_graph_add_node(MnetGraph *graph, MnetOpKind kind, const char *name,
                              const char *op_type, int n_inputs, int n_outputs) {
    return mnet_graph_insert_node(graph, graph->n_nodes, kind, name, op_type, n_inputs, n_outputs);
}

bool mnet_graph_set_quant(MnetGraph *graph, MnetQuant *quant, float scale, int32_t zero_point) {
    float *scales = mnet_arena_alloc(&graph->arena, sizeof *scales);
    int32_t *zero_points = mnet_arena_alloc(&graph->arena, sizeof *zero_points);
    if (!scales || !zero_points)
        return false;
    *scales = scale;
    *zero_points = zero_point;
    *quant = (MnetQuant){.count = 1, .scale = scales, .zero_point = zero_points};
    return true;
}

static bool makes(const MnetNode *node, int tensor) {
    for (int o = 0; o < node->n_outputs; o++)
        if (node->outputs[o] == tensor && node->kind != MNET_OP_NONE)
            return true;
    return false;
}

/* Passes ask this for each node, and move nodes by a few places: so from where it was the last time
 * outwards. */
int mnet_graph_producer(const MnetGraph *graph, int tensor) {
    if (tensor == graph->input || graph->tensors[tensor].data)
        return -1;
    int *maker = &graph->tensors[tensor].maker;
    int below = *maker < graph->n_nodes ? *maker : graph->n_nodes - 1, above = below + 1;
    for (; below >= 0 || above < graph->n_nodes; below--, above++) {
        if (below >= 0 && makes(&graph->nodes[below], tensor))
            return *maker = below;
        if (above < graph->n_nodes && makes(&graph->nodes[above], tensor))
            return *maker = above;
    }
    return -1;
}

int mnet_graph_consumers(const MnetGraph *graph, int tensor, int *node) {
    int count = 0, maker = mnet_graph_producer(graph, tensor);
    for (int i = maker + 1; i < graph->n_nodes && count < 2; i++)
        for (int k = 0; k < graph->nodes[i].n_inputs; k++)
            if (graph->nodes[i].inputs[k] == tensor && graph->nodes[i].kind != MNET_OP_NONE) {
                count++;
                if (node)
                    *node = i;
            }
    return count;
}
