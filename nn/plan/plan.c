#include "nn/plan/plan.h"

#include "nn/plan/step.h"

#include <stdlib.h>

static MnetStatus out_of_memory(const MnetGraph *graph, MnetError *error) {
    return mnet_fail(error, MNET_ERROR_MEMORY, "%s: out of memory", graph->file);
}

/*
 * Whether a RESHAPE is nothing but another name for its input's memory. Not so where it would turn
 * a constant or the input, which the caller overwrites between runs, into a result that stays valid
 * between runs.
 */
static bool is_alias(const MnetPlan *plan, const MnetNode *node) {
    const MnetGraph *graph = plan->graph;
    int root = plan->tensors[node->inputs[0]].root, out = node->outputs[0];

    if (node->kind != MNET_OP_RESHAPE)
        return false;
    return (out != graph->output && out != graph->embedding) ||
           (root != graph->input && !graph->tensors[root].data);
}

static MnetStatus prepare_step(MnetPlan *plan, const MnetNode *node, MnetError *error) {
    MnetOpPrepare prepare = mnet_op_prepare(node->kind);
    MnetStep *step = &plan->steps[plan->n_steps];
    MnetStatus status;

    if (node->kind == MNET_OP_RESHAPE)
        prepare = mnet_op_reshape_prepare;
    if (!prepare)
        return mnet_fail(error, MNET_ERROR_UNSUPPORTED,
                         "%s: node %d (%s \"%s\") can't be run: %s is left after the passes",
                         plan->graph->file, node->index, node->op_type, node->name,
                         mnet_op_name(node->kind));
    step->node = node;
    step->graph = plan->graph;
    status = prepare(plan->graph, node, &plan->arena, step, error);
    if (status)
        return status;
    plan->n_steps++;
    return MNET_OK;
}

static void find_scratch(MnetPlan *plan) {
    for (int i = 0; i < plan->n_steps; i++) {
        if (plan->steps[i].scratch_bytes > plan->scratch_bytes)
            plan->scratch_bytes = plan->steps[i].scratch_bytes;
    }
}

/* What packed weights take at least: as much as in the graph. */
static size_t weight_bytes(const MnetGraph *graph) {
    size_t bytes = 0;

    for (int i = 0; i < graph->n_nodes; i++) {
        const MnetNode *node = &graph->nodes[i];

        if (node->kind == MNET_OP_CONV_2D || node->kind == MNET_OP_FULLY_CONNECTED) {
            const MnetTensor *weights = &graph->tensors[node->inputs[1]];

            bytes += (size_t)mnet_tensor_elements(weights) * mnet_dtype_size(weights->dtype);
        }
    }
    return bytes;
}

static MnetStatus build(MnetPlan *plan, MnetError *error) {
    const MnetGraph *graph = plan->graph;
    MnetStatus status;

    mnet_arena_expect(&plan->arena, weight_bytes(graph));
    plan->steps = mnet_arena_array(&plan->arena, (size_t)graph->n_nodes, sizeof(*plan->steps));
    plan->tensors =
        mnet_arena_array(&plan->arena, (size_t)graph->n_tensors, sizeof(*plan->tensors));
    if (!plan->steps || !plan->tensors)
        return out_of_memory(graph, error);
    for (int i = 0; i < graph->n_tensors; i++)
        plan->tensors[i].root = i;
    for (int i = 0; i < graph->n_nodes; i++) {
        const MnetNode *node = &graph->nodes[i];

        if (node->kind == MNET_OP_NONE)
            continue;
        if (is_alias(plan, node)) {
            plan->tensors[node->outputs[0]].root = plan->tensors[node->inputs[0]].root;
            continue;
        }
        status = prepare_step(plan, node, error);
        if (status)
            return status;
    }
    status = plan->cache_bytes ? mnet_plan_fuse(plan, error) : MNET_OK;
    if (status)
        return status;
    find_scratch(plan);
    return mnet_plan_place(plan, error);
}

MnetStatus mnet_plan_new(const MnetGraph *graph, size_t cache_bytes, MnetPlan **plan,
                         MnetError *error) {
    MnetPlan *made = calloc(1, sizeof(*made));
    MnetStatus status;

    if (!made)
        return out_of_memory(graph, error);
    made->graph = graph;
    made->cache_bytes = cache_bytes;
    status = build(made, error);
    if (status)
        mnet_plan_free(&made);
    else
        *plan = made;
    return status;
}

void mnet_plan_free(MnetPlan **plan) {
    if (!plan || !*plan)
        return;
    mnet_arena_clear(&(*plan)->arena);
    free(*plan);
    *plan = NULL;
}

size_t mnet_plan_arena_bytes(const MnetPlan *plan) {
    return plan->arena_bytes;
}

size_t mnet_plan_weight_bytes(const MnetPlan *plan) {
    return plan->arena.total;
}

int mnet_plan_steps(const MnetPlan *plan) {
    return plan->n_steps;
}
