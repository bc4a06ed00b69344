/** The inside of a plan, shared by the files of nn/plan. */
#ifndef MNET_PLAN_STEP_H
#define MNET_PLAN_STEP_H

#include "nn/ops/op.h"
#include "nn/plan/plan.h"

/** Where a tensor lies. */
typedef struct MnetPlanTensor {
    int root;      /* the tensor whose memory it shares by a RESHAPE, or itself */
    size_t offset; /* in the session's arena, of a root that is made or is the graph's input */
    const void *constant; /* of a root that is a constant and read by a step: an aligned copy, in
                             the plan's arena */
    bool used;            /* read or written by a step, or the graph's input, output or embedding */
} MnetPlanTensor;

struct MnetPlan {
    const MnetGraph *graph;
    size_t cache_bytes; /* 0: nothing is fused */
    MnetArena arena;    /* everything below, and packed weights */
    MnetStep *steps;    /* in the order of the nodes */
    int n_steps;
    MnetPlanTensor *tensors; /* by tensor id */
    size_t arena_bytes;
    size_t scratch_bytes; /* of a worker: the largest of all steps */
};

/** Puts steps together where that pays; all steps and roots must be known. nn/plan/fuse.c */
MnetStatus mnet_plan_fuse(MnetPlan *plan, MnetError *error);

/** Makes aligned copies of constants, and offsets for all else; the steps and roots must be known.
 * nn/plan/place.c */
MnetStatus mnet_plan_place(MnetPlan *plan, MnetError *error);

#endif
