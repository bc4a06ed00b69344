#include "nn/plan/step.h"

#include "nn/ops/fused.h"

#include <stdlib.h>

/* Whether a tensor is there for one reader alone, inside a run. */
static bool is_passed_on(const MnetPlan *plan, const int *readers, int tensor) {
    const MnetGraph *graph = plan->graph;
    int root = plan->tensors[tensor].root;

    return root == tensor && readers[tensor] == 1 && tensor != graph->output &&
           tensor != graph->embedding;
}

/* How many times steps read each tensor's memory, by whatever name. */
static void count_readers(const MnetPlan *plan, int *readers) {
    for (int i = 0; i < plan->n_steps; i++) {
        const MnetNode *node = plan->steps[i].node;

        for (int j = 0; j < node->n_inputs; j++) {
            if (node->inputs[j] != MNET_NO_TENSOR)
                readers[plan->tensors[node->inputs[j]].root]++;
        }
    }
}

static bool is_depthwise(const MnetPlan *plan, const MnetStep *step) {
    const MnetNode *node = step->node;
    const MnetTensor *tensors = plan->graph->tensors;

    return node->kind == MNET_OP_CONV_2D && node->attrs.conv.groups > 1 &&
           node->attrs.conv.groups == tensors[node->inputs[0]].dims[3] &&
           node->attrs.conv.groups == tensors[node->outputs[0]].dims[3];
}

static bool is_product(const MnetStep *step) {
    return step->node->kind == MNET_OP_CONV_2D && step->node->attrs.conv.groups == 1;
}

/* Whether `step` exists, and reads what the one before it alone passes on. */
static bool follows(const MnetPlan *plan, const int *readers, int step) {
    int tensor = step > 0 ? plan->steps[step - 1].node->outputs[0] : 0;

    return step > 0 && step < plan->n_steps && plan->steps[step].node->inputs[0] == tensor &&
           is_passed_on(plan, readers, tensor);
}

/* The parts that start at step i; the number of them, or 0. */
static int find_parts(const MnetPlan *plan, const int *readers, int i, MnetFusedParts *parts) {
    const MnetStep *steps = plan->steps;
    bool head =
        is_product(&steps[i]) && follows(plan, readers, i + 1) && is_depthwise(plan, &steps[i + 1]);
    int depthwise = head ? i + 1 : i;
    bool project;

    if (!head && !is_depthwise(plan, &steps[i]))
        return 0;
    project = follows(plan, readers, depthwise + 1) && is_product(&steps[depthwise + 1]);
    *parts = (MnetFusedParts){
        .head = head ? &steps[i] : NULL,
        .depthwise = &steps[depthwise],
        .project = project ? &steps[depthwise + 1] : NULL,
    };
    return head + 1 + project;
}

static MnetStatus fuse_at(MnetPlan *plan, const int *readers, int *i, MnetStep *step,
                          MnetError *error) {
    MnetFusedParts parts;
    int n = find_parts(plan, readers, *i, &parts);
    bool made = false;
    MnetStatus status = MNET_OK;

    if (n > 1)
        status =
            mnet_op_fuse(plan->graph, &parts, plan->cache_bytes, &plan->arena, step, &made, error);
    if (!status && !made && parts.head && parts.project && n == 3) {
        parts.project = NULL;
        n = 2;
        status =
            mnet_op_fuse(plan->graph, &parts, plan->cache_bytes, &plan->arena, step, &made, error);
    }
    if (!made) {
        *step = plan->steps[*i];
        n = 1;
    }
    *i += n;
    return status;
}

MnetStatus mnet_plan_fuse(MnetPlan *plan, MnetError *error) {
    int *readers = calloc((size_t)plan->graph->n_tensors + 1, sizeof(*readers));
    MnetStatus status = MNET_OK;
    int n = 0;

    if (!readers)
        return mnet_fail(error, MNET_ERROR_MEMORY, "%s: out of memory", plan->graph->file);
    count_readers(plan, readers);
    for (int i = 0; i < plan->n_steps && !status; n++) {
        MnetStep step;

        status = fuse_at(plan, readers, &i, &step, error);
        plan->steps[n] = step;
    }
    plan->n_steps = n;
    free(readers);
    return status;
}
