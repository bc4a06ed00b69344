#include "nn/plan/print.h"

#include "nn/plan/step.h"

#include <stdio.h>
#include <stdlib.h>

void mnet_plan_print_shape(FILE *out, const MnetTensor *tensor) {
    char shape[MNET_MAX_RANK * 12 + 1] = "";
    int at = 0;

    for (int i = 0; i < tensor->rank; i++)
        at += snprintf(shape + at, sizeof(shape) - (size_t)at, i ? "x%d" : "%d",
                       (int)tensor->dims[i]);
    fprintf(out, " %-16s %s", shape, mnet_dtype_name(tensor->dtype));
}

char *mnet_plan_print(const MnetPlan *plan) {
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    fprintf(out, "arena %zu bytes, scratch %zu bytes a thread, weights %zu bytes\n",
            plan->arena_bytes, plan->scratch_bytes, plan->arena.total);
    for (int i = 0; i < plan->n_steps; i++) {
        const MnetStep *step = &plan->steps[i];
        int y = step->node->outputs[0];

        fprintf(out, "%3d %-20s", i, step->kernel);
        mnet_plan_print_shape(out, &plan->graph->tensors[y]);
        fprintf(out, " %9.3f MMAC @%-9zu %s\n", (double)step->macs * 1e-6, plan->tensors[y].offset,
                step->node->name);
    }
    if (fclose(out)) {
        free(text);
        return NULL;
    }
    return text;
}
