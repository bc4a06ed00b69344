#include "nn/plan/step.h"

#include "nn/plan/lifetimes.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_LIMIT ((size_t)1 << 30)

static size_t tensor_bytes(const MnetTensor *tensor) {
    return (size_t)mnet_tensor_elements(tensor) * mnet_dtype_size(tensor->dtype);
}

static bool is_weight(const MnetNode *node, int input) {
    return (node->kind == MNET_OP_CONV_2D || node->kind == MNET_OP_FULLY_CONNECTED) &&
           (input == 1 || input == 2);
}

/* Extends the life of the memory that a tensor lies in. */
static void touch(const MnetPlan *plan, MnetLifetime *lives, int tensor, int step) {
    MnetLifetime *life;

    if (tensor == MNET_NO_TENSOR)
        return;
    plan->tensors[tensor].used = true;
    plan->tensors[plan->tensors[tensor].root].used = true;
    life = &lives[plan->tensors[tensor].root];
    if (step < life->first)
        life->first = step;
    if (step > life->last)
        life->last = step;
}

/* What a step's part makes for the next is in no arena. */
static void touch_inputs(const MnetPlan *plan, MnetLifetime *lives, const MnetNode *node,
                         const MnetNode *before, int step) {
    for (int i = 0; i < node->n_inputs; i++) {
        if (!is_weight(node, i) && !(before && node->inputs[i] == before->outputs[0]))
            touch(plan, lives, node->inputs[i], step);
    }
}

static void find_lives(const MnetPlan *plan, MnetLifetime *lives) {
    const MnetGraph *graph = plan->graph;
    const int kept[] = {graph->output, graph->embedding};

    for (int i = 0; i < graph->n_tensors; i++)
        lives[i] = (MnetLifetime){.first = plan->n_steps, .last = -1};
    touch(plan, lives, graph->input, -1);
    for (int i = 0; i < plan->n_steps; i++) {
        const MnetStep *step = &plan->steps[i];
        const MnetNode *const *nodes = step->n_parts ? step->parts : &step->node;

        for (int part = 0; part == 0 || part < step->n_parts; part++)
            touch_inputs(plan, lives, nodes[part], part ? nodes[part - 1] : NULL, i);
        for (int j = 0; j < step->node->n_outputs; j++)
            touch(plan, lives, step->node->outputs[j], i);
    }
    /* Results stay valid until the next run begins, also while its input is being written. */
    for (int i = 0; i < 2; i++) {
        touch(plan, lives, kept[i], -1);
        touch(plan, lives, kept[i], plan->n_steps);
    }
}

static MnetStatus copy_constant(MnetPlan *plan, int tensor, MnetError *error) {
    const MnetTensor *t = &plan->graph->tensors[tensor];
    size_t bytes = tensor_bytes(t);
    void *copy;

    if (bytes > t->bytes)
        return mnet_fail(error, MNET_ERROR_FORMAT, "%s: constant \"%s\" is shorter than its shape",
                         plan->graph->file, t->name);
    copy = mnet_arena_alloc(&plan->arena, bytes);
    if (!copy)
        return mnet_fail(error, MNET_ERROR_MEMORY, "%s: out of memory", plan->graph->file);
    memcpy(copy, t->data, bytes);
    plan->tensors[tensor].constant = copy;
    return MNET_OK;
}

static MnetStatus too_large(const MnetPlan *plan, MnetError *error) {
    const MnetTensor *largest = NULL;

    for (int i = 0; i < plan->graph->n_tensors; i++) {
        const MnetTensor *t = &plan->graph->tensors[i];

        if (plan->tensors[i].used && !t->data &&
            (!largest || tensor_bytes(t) > tensor_bytes(largest)))
            largest = t;
    }
    return mnet_fail(error, MNET_ERROR_MEMORY,
                     "%s: activations need more than %zu MiB (the largest, \"%s\", %zu MiB); use a "
                     "smaller input",
                     plan->graph->file, ARENA_LIMIT >> 20, largest ? largest->name : "none",
                     largest ? tensor_bytes(largest) >> 20 : 0);
}

MnetStatus mnet_plan_place(MnetPlan *plan, MnetError *error) {
    const MnetGraph *graph = plan->graph;
    MnetLifetime *lives = calloc((size_t)graph->n_tensors + 1, sizeof(*lives));
    MnetStatus status = MNET_OK;

    if (!lives)
        return mnet_fail(error, MNET_ERROR_MEMORY, "%s: out of memory", graph->file);
    find_lives(plan, lives);
    for (int i = 0; i < graph->n_tensors && !status; i++) {
        if (!plan->tensors[i].used || plan->tensors[i].root != i)
            continue;
        if (graph->tensors[i].data)
            status = copy_constant(plan, i, error);
        else
            lives[i].bytes = tensor_bytes(&graph->tensors[i]);
    }
    if (!status && (!mnet_lifetimes_place(lives, graph->n_tensors, &plan->arena_bytes) ||
                    plan->arena_bytes > ARENA_LIMIT))
        status = too_large(plan, error);
    for (int i = 0; i < graph->n_tensors && !status; i++)
        plan->tensors[i].offset = lives[plan->tensors[i].root].offset;
    free(lives);
    return status;
}
