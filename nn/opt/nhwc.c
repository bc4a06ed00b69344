#include "nn/opt/nhwc.h"
#include "nn/opt/passes.h"
#include "nn/opt/rewrite.h"

#include <string.h>

static MnetNode *current(const MnetNhwc *pass) {
    return &pass->graph->nodes[pass->at];
}

/* Puts `to` where input i was; to is MNET_NO_TENSOR when memory is out. */
static bool set_input(MnetNhwc *pass, int i, int to) {
    if (to == MNET_NO_TENSOR)
        return false;
    current(pass)->inputs[i] = to;
    return true;
}

static bool is_rank_4(const MnetNhwc *pass, int tensor) {
    return tensor != MNET_NO_TENSOR && pass->graph->tensors[tensor].rank == 4;
}

static bool permute_constants(MnetNhwc *pass) {
    for (int i = 0; i < current(pass)->n_inputs; i++) {
        int id = current(pass)->inputs[i];
        if (is_rank_4(pass, id) && pass->graph->tensors[id].data &&
            !set_input(pass, i, mnet_nhwc_constant(pass, id)))
            return false;
    }
    return true;
}

/* For an op that sees the order of axes in a way of its own: it goes on working on file order.
 * Constants are in it. */
static bool wrap(MnetNhwc *pass, bool only_if_moved) {
    const MnetGraph *graph = pass->graph;
    for (int i = 0; i < current(pass)->n_inputs; i++) {
        int id = current(pass)->inputs[i];
        if (!is_rank_4(pass, id) || graph->tensors[id].data ||
            (only_if_moved && mnet_nhwc_same_bytes(graph->tensors[id].dims)))
            continue;
        if (!set_input(pass, i, mnet_nhwc_to_file_order(pass, id)))
            return false;
    }
    for (int o = 0; o < current(pass)->n_outputs; o++) {
        int id = current(pass)->outputs[o];
        if (!is_rank_4(pass, id) ||
            (only_if_moved && mnet_nhwc_same_bytes(graph->tensors[id].dims)))
            continue;
        int fresh = mnet_nhwc_from_file_order(pass, id);
        if (fresh == MNET_NO_TENSOR)
            return false;
        current(pass)->outputs[o] = fresh;
    }
    return true;
}

static bool convert_broadcast(MnetNhwc *pass) {
    const MnetGraph *graph = pass->graph;
    int rank = graph->tensors[current(pass)->outputs[0]].rank;
    if (rank > 4)
        return wrap(pass, false);
    if (rank < 4)
        return true;
    for (int i = 0; i < 2; i++) {
        int id = current(pass)->inputs[i];
        if (graph->tensors[id].rank < 4 && mnet_tensor_elements(&graph->tensors[id]) != 1 &&
            !set_input(pass, i, mnet_nhwc_lift(pass, id)))
            return false;
    }
    return permute_constants(pass);
}

/* Without keep_dims, what is left must stand in the file's order. */
static bool mean_keeps_order(const MnetNode *node) {
    int last = -1;
    for (int i = 0; i < 4 && !node->attrs.reduce.keep_dims; i++) {
        int axis = mnet_to_nhwc[i];
        if (node->attrs.reduce.axes & 1u << axis)
            continue;
        if (axis < last)
            return false;
        last = axis;
    }
    return true;
}

static bool convert_mean(MnetNhwc *pass) {
    MnetNode *node = current(pass);
    if (!mean_keeps_order(node))
        return wrap(pass, false);
    uint32_t axes = 0;
    for (int i = 0; i < 4; i++)
        if (node->attrs.reduce.axes & 1u << mnet_to_nhwc[i])
            axes |= 1u << i;
    node->attrs.reduce.axes = axes;
    return true;
}

static void convert_attrs(MnetNode *node) {
    int32_t perm[4];
    switch (node->kind) {
    case MNET_OP_SOFTMAX:
    case MNET_OP_CONCAT:
    case MNET_OP_SPLIT:
        node->attrs.along.axis = mnet_to_nchw[node->attrs.along.axis];
        break;
    case MNET_OP_PAD:
        mnet_nhwc_permute(node->attrs.pad.before);
        mnet_nhwc_permute(node->attrs.pad.after);
        break;
    case MNET_OP_SLICE:
        mnet_nhwc_permute(node->attrs.slice.begin);
        mnet_nhwc_permute(node->attrs.slice.end);
        mnet_nhwc_permute(node->attrs.slice.stride);
        break;
    case MNET_OP_TRANSPOSE: /* there and back around the file's permutation */
        for (int i = 0; i < 4; i++)
            perm[i] = mnet_to_nchw[node->attrs.perm[mnet_to_nhwc[i]]];
        memcpy(node->attrs.perm, perm, sizeof perm);
        break;
    default:
        break;
    }
}

/* False when out of memory. */
static bool convert(MnetNhwc *pass) {
    MnetNode *node = current(pass);
    switch (node->kind) {
    case MNET_OP_CONV_2D:
    case MNET_OP_AVG_POOL:
    case MNET_OP_MAX_POOL:
    case MNET_OP_ACTIVATION:
    case MNET_OP_QUANTIZE:
    case MNET_OP_DEQUANTIZE:
    case MNET_OP_REQUANTIZE:
    case MNET_OP_BATCH_NORM:
    case MNET_OP_IDENTITY:
    case MNET_OP_CAST:
        return permute_constants(pass);
    case MNET_OP_SOFTMAX:
    case MNET_OP_CONCAT:
    case MNET_OP_SPLIT:
    case MNET_OP_PAD:
    case MNET_OP_SLICE:
    case MNET_OP_TRANSPOSE:
        if (!is_rank_4(pass, node->inputs[0]))
            return true;
        convert_attrs(node);
        return permute_constants(pass);
    case MNET_OP_ADD:
    case MNET_OP_SUB:
    case MNET_OP_MUL:
    case MNET_OP_DIV:
        return convert_broadcast(pass);
    case MNET_OP_MEAN:
        return is_rank_4(pass, node->inputs[0]) ? convert_mean(pass) && permute_constants(pass)
                                                : wrap(pass, false);
    case MNET_OP_RESHAPE:
        return wrap(pass, true);
    default:
        return wrap(pass, false);
    }
}

static MnetStatus check_known(const MnetGraph *graph, MnetError *error) {
    for (int n = 0; n < graph->n_nodes; n++) {
        const MnetNode *node = &graph->nodes[n];
        for (int i = 0; i < node->n_inputs + node->n_outputs; i++) {
            int id = i < node->n_inputs ? node->inputs[i] : node->outputs[i - node->n_inputs];
            if (id != MNET_NO_TENSOR && graph->tensors[id].rank < 0)
                return mnet_fail(error, MNET_ERROR_UNSUPPORTED,
                                 "%s: node %d '%.80s' (%s): the shape of '%.80s' depends on data",
                                 graph->file, node->index, node->name, node->op_type,
                                 graph->tensors[id].name);
        }
        if (node->kind == MNET_OP_BATCH_NORM && graph->tensors[node->inputs[0]].rank != 4 &&
            graph->tensors[node->inputs[0]].rank != 2)
            return mnet_fail(error, MNET_ERROR_UNSUPPORTED,
                             "%s: node %d '%.80s' (%s): neither 2 nor 4 dimensions", graph->file,
                             node->index, node->name, node->op_type);
    }
    return MNET_OK;
}

/*
 * An input that is NHWC in the file is canonical as it is. The rest of the graph reads it through a
 * TRANSPOSE, which cancels with the one that such files begin with.
 */
static bool split_input(MnetGraph *graph, int *split) {
    MnetTensor input = graph->tensors[graph->input];
    *split = mnet_graph_add_tensor(graph, input.name, input.dtype, 4, input.dims);
    if (*split < 0)
        return false;
    graph->tensors[*split].quant = input.quant;
    mnet_opt_replace_uses(graph, graph->input, *split);
    MnetNode *node = mnet_graph_insert_node(graph, 0, MNET_OP_TRANSPOSE, input.name, NULL, 1, 1);
    if (!node)
        return false;
    node->inputs[0] = graph->input;
    node->outputs[0] = *split;
    memcpy(node->attrs.perm, mnet_to_nhwc, sizeof mnet_to_nhwc);
    return true;
}

static bool restore_output(MnetNhwc *pass) {
    MnetGraph *graph = pass->graph;
    int output = graph->output;
    if (!is_rank_4(pass, output) || mnet_nhwc_same_bytes(graph->tensors[output].dims))
        return true;
    pass->at = graph->n_nodes;
    graph->output = mnet_nhwc_to_file_order(pass, output);
    return graph->output != MNET_NO_TENSOR;
}

/* A TRANSPOSE of a TRANSPOSE reads the first one's input; what no one reads any more is dead code.
 */
static void merge_transposes(MnetGraph *graph) {
    for (int n = 0; n < graph->n_nodes; n++) {
        MnetNode *second = &graph->nodes[n];
        if (second->kind != MNET_OP_TRANSPOSE)
            continue;
        const MnetNode *first = mnet_rewrite_producer(graph, second->inputs[0]);
        if (!first || first->kind != MNET_OP_TRANSPOSE)
            continue;
        int32_t perm[MNET_MAX_RANK];
        int rank = graph->tensors[second->outputs[0]].rank;
        for (int i = 0; i < rank; i++)
            perm[i] = first->attrs.perm[second->attrs.perm[i]];
        memcpy(second->attrs.perm, perm, rank * sizeof *perm);
        second->inputs[0] = first->inputs[0];
    }
}

static bool convert_all(MnetNhwc *pass, bool split, int *changes) {
    MnetGraph *graph = pass->graph;
    for (int i = 0; i < pass->n_tensors; i++) {
        MnetTensor *tensor = &graph->tensors[i];
        pass->constants[i] = pass->in_file_order[i] = MNET_NO_TENSOR;
        if (tensor->rank != 4 || tensor->data || (split && i == graph->input))
            continue;
        mnet_nhwc_permute(tensor->dims);
        if (tensor->quant.count > 1)
            tensor->quant.axis = mnet_to_nchw[tensor->quant.axis];
        ++*changes;
    }
    for (pass->at = split; pass->at < graph->n_nodes;) {
        int before = pass->at, nodes = graph->n_nodes;
        if (current(pass)->kind != MNET_OP_NONE && !convert(pass))
            return false;
        int after = graph->n_nodes - nodes - (pass->at - before);
        pass->at += after + 1;
    }
    return restore_output(pass);
}

MnetStatus mnet_opt_nhwc(MnetGraph *graph, int *changes, MnetError *error) {
    if (graph->layout == MNET_LAYOUT_NHWC)
        return MNET_OK;
    MnetStatus status = check_known(graph, error);
    if (status)
        return status;
    int split = MNET_NO_TENSOR;
    if (graph->input_layout == MNET_LAYOUT_NHWC && graph->tensors[graph->input].rank == 4 &&
        !split_input(graph, &split))
        return mnet_rewrite_no_memory(graph, error);

    MnetNhwc pass = {.graph = graph, .n_tensors = graph->n_tensors};
    pass.constants = mnet_arena_array(&graph->arena, pass.n_tensors, sizeof(int));
    pass.in_file_order = mnet_arena_array(&graph->arena, pass.n_tensors, sizeof(int));
    if (!pass.constants || !pass.in_file_order ||
        !convert_all(&pass, split != MNET_NO_TENSOR, changes))
        return mnet_rewrite_no_memory(graph, error);
    graph->layout = MNET_LAYOUT_NHWC;
    ++*changes;
    merge_transposes(graph);
    int dropped = 0;
    return mnet_opt_fold(graph, &dropped, error);
}
