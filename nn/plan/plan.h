/**
 * Canonical graph -> steps with packed weights, and offsets of all activations in one arena by
 * their lifetimes. A plan is immutable and shared; what a run needs besides lies in MnetPlanMemory,
 * one a session.
 */
#ifndef MNET_PLAN_PLAN_H
#define MNET_PLAN_PLAN_H

#include "nn/graph/graph.h"

typedef struct MnetPlan MnetPlan;
typedef struct MnetPlanMemory MnetPlanMemory;

/**
 * The graph must outlive the plan. Convolutions that follow each other may become one step
 * (nn/ops/fused.h), made for a core with cache_bytes of second-level cache, or none where that is
 * 0, which changes the time and never the result.
 */
MnetStatus mnet_plan_new(const MnetGraph *graph, size_t cache_bytes, MnetPlan **plan,
                         MnetError *error);
void mnet_plan_free(MnetPlan **plan);

size_t mnet_plan_arena_bytes(const MnetPlan *plan);  /* activations of a session */
size_t mnet_plan_weight_bytes(const MnetPlan *plan); /* packed weights and tables */
/** Text, a line a step: kernel, node, output shape, MACs, arena offset. malloc'ed, the caller
 * frees. */
char *mnet_plan_print(const MnetPlan *plan);

/** Arena and scratch for `threads` threads. */
MnetStatus mnet_plan_memory_new(const MnetPlan *plan, int threads, MnetPlanMemory **memory,
                                MnetError *error);
void mnet_plan_memory_free(MnetPlanMemory **memory);
/**
 * Address of an activation (canonical layout and type). The graph's input, output and embedding are
 * valid between runs; the input must be written anew before each run. NULL for MNET_NO_TENSOR, and
 * for a tensor that no step reads.
 */
void *mnet_plan_memory_tensor(const MnetPlanMemory *memory, int tensor);
/** Runs all steps; no allocation. */
void mnet_plan_run(const MnetPlan *plan, MnetPlanMemory *memory);
/** The same, with the time of each step in its order; step_ms takes mnet_plan_steps() numbers. */
void mnet_plan_run_profiled(const MnetPlan *plan, MnetPlanMemory *memory, double *step_ms);
int mnet_plan_steps(const MnetPlan *plan);

#endif
