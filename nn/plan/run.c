#include "nn/plan/step.h"

#include "nn/base/pages.h"
#include "nn/base/threads.h"

#include <stdlib.h>
#include <time.h>

struct MnetPlanMemory {
    void **tensors; /* by tensor id */
    MnetPages arena;
    uint8_t *scratch; /* scratch_stride bytes for each thread */
    size_t scratch_stride;
    int threads;
};

static void *address(const MnetPlan *plan, const MnetPlanMemory *memory, int tensor) {
    const MnetPlanTensor *root = &plan->tensors[plan->tensors[tensor].root];

    if (!plan->tensors[tensor].used)
        return NULL;
    return root->constant ? (void *)root->constant : (uint8_t *)memory->arena.data + root->offset;
}

MnetStatus mnet_plan_memory_new(const MnetPlan *plan, int threads, MnetPlanMemory **memory,
                                MnetError *error) {
    size_t n_tensors = (size_t)plan->graph->n_tensors, stride;
    MnetPlanMemory *made;

    if (threads < 1 || threads > MNET_MAX_THREADS)
        return mnet_fail(error, MNET_ERROR_ARGUMENT, "%d threads: 1 to %d are possible", threads,
                         MNET_MAX_THREADS);
    made = calloc(1, sizeof(*made));
    if (!made)
        goto fail;
    /* One line more than needed, so that no two workers write to the same pair of lines. */
    stride = (plan->scratch_bytes / MNET_ALIGN + 3) * MNET_ALIGN;
    if (stride > SIZE_MAX / (size_t)threads)
        goto fail;
    made->threads = threads;
    made->scratch_stride = stride;
    made->tensors = calloc(n_tensors + 1, sizeof(*made->tensors));
    made->scratch = aligned_alloc(MNET_ALIGN, stride * (size_t)threads);
    if (!made->tensors || !made->scratch ||
        !mnet_pages_alloc(&made->arena, plan->arena_bytes + MNET_ALIGN, plan->arena_bytes))
        goto fail;
    for (size_t i = 0; i < n_tensors; i++)
        made->tensors[i] = address(plan, made, (int)i);
    *memory = made;
    return MNET_OK;

fail:
    mnet_plan_memory_free(&made);
    return mnet_fail(error, MNET_ERROR_MEMORY, "%s: no memory for a session of %zu bytes",
                     plan->graph->file, plan->arena_bytes);
}

void mnet_plan_memory_free(MnetPlanMemory **memory) {
    if (!memory || !*memory)
        return;
    free((*memory)->tensors);
    mnet_pages_free(&(*memory)->arena);
    free((*memory)->scratch);
    free(*memory);
    *memory = NULL;
}

void *mnet_plan_memory_tensor(const MnetPlanMemory *memory, int tensor) {
    return tensor == MNET_NO_TENSOR ? NULL : memory->tensors[tensor];
}

typedef struct StepJob {
    const MnetStep *step;
    const MnetPlanMemory *memory;
} StepJob;

static void run_part(void *data, const MnetPart *part) {
    const StepJob *job = data;
    const MnetPlanMemory *memory = job->memory;
    const MnetStepMemory own = {
        .tensors = memory->tensors,
        .scratch = memory->scratch + (size_t)part->worker * memory->scratch_stride,
        .continues = part->continues,
    };

    job->step->run(job->step, &own, part->begin, part->end);
}

static void run_step(const MnetStep *step, const MnetPlanMemory *memory) {
    StepJob job = {step, memory};

    if (memory->threads == 1 || step->units == 1)
        run_part(&job, &(MnetPart){.end = step->units});
    else
        mnet_threads_run(memory->threads, step->units, step->grain, run_part, &job);
}

void mnet_plan_run(const MnetPlan *plan, MnetPlanMemory *memory) {
    for (int i = 0; i < plan->n_steps; i++)
        run_step(&plan->steps[i], memory);
}

static double now_ms(void) {
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec * 1e-6;
}

void mnet_plan_run_profiled(const MnetPlan *plan, MnetPlanMemory *memory, double *step_ms) {
    double before = now_ms();

    for (int i = 0; i < plan->n_steps; i++) {
        double after;

        run_step(&plan->steps[i], memory);
        after = now_ms();
        step_ms[i] = after - before;
        before = after;
    }
}
