/**
 * What an operator gives the planner: from a canonical node, a step. Shapes, packing and tables are
 * settled here, once; running a step only reads the step and the session's memory, and neither
 * allocates nor fails.
 */
#ifndef MNET_OPS_OP_H
#define MNET_OPS_OP_H

#include "nn/graph/graph.h"

typedef struct MnetStep MnetStep;

/** Where a session's tensors lie, and memory for one worker. */
typedef struct MnetStepMemory {
    void *const
        *tensors; /* by tensor id: activations in the session's arena, constants in the plan's */
    uint8_t *scratch; /* MnetStep.scratch_bytes of the worker's own, aligned to MNET_ALIGN */
    bool continues;   /* scratch is as the units just before `begin` left it */
} MnetStepMemory;

/** Does units [begin, end) of the step. Any split gives the same bytes. */
typedef void (*MnetStepRun)(const MnetStep *step, const MnetStepMemory *memory, int begin, int end);

#define MNET_STEP_PARTS 3

struct MnetStep {
    const MnetNode *node;                   /* of a fused step, the last of its parts */
    const MnetNode *parts[MNET_STEP_PARTS]; /* each reads what the one before it writes */
    int n_parts;                            /* 0 unless the step is fused (nn/ops/fused.h) */
    const MnetGraph *graph;
    MnetStepRun run;
    const void
        *params; /* the op's own struct: sizes, packed weights, tables; in the plan's arena */
    int units;   /* independent pieces, mostly output rows; at least 1 */
    int grain;   /* so many neighbours cost less when they are done together; 0 or 1: none do */
    size_t scratch_bytes; /* a worker */
    const char *kernel;   /* its name, for mnet-info and profiles: "conv_2d_f32_c" */
    int64_t macs;
};

/** Fills step->run, params, units, scratch_bytes, kernel and macs. `memory` is the plan's: packed
 * weights go there. */
typedef MnetStatus (*MnetOpPrepare)(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                                    MnetStep *step, MnetError *error);

MnetStatus mnet_op_conv_2d_prepare(const MnetGraph *, const MnetNode *, MnetArena *, MnetStep *,
                                   MnetError *);
MnetStatus mnet_op_fully_connected_prepare(const MnetGraph *, const MnetNode *, MnetArena *,
                                           MnetStep *, MnetError *);
MnetStatus mnet_op_activation_prepare(const MnetGraph *, const MnetNode *, MnetArena *, MnetStep *,
                                      MnetError *);
MnetStatus mnet_op_binary_prepare(const MnetGraph *, const MnetNode *, MnetArena *, MnetStep *,
                                  MnetError *); /* ADD SUB MUL DIV */
MnetStatus mnet_op_pool_prepare(const MnetGraph *, const MnetNode *, MnetArena *, MnetStep *,
                                MnetError *); /* AVG_POOL MAX_POOL */
MnetStatus mnet_op_mean_prepare(const MnetGraph *, const MnetNode *, MnetArena *, MnetStep *,
                                MnetError *);
MnetStatus mnet_op_move_prepare(const MnetGraph *, const MnetNode *, MnetArena *, MnetStep *,
                                MnetError *); /* PAD CONCAT SPLIT SLICE TRANSPOSE */
MnetStatus mnet_op_softmax_prepare(const MnetGraph *, const MnetNode *, MnetArena *, MnetStep *,
                                   MnetError *);
MnetStatus mnet_op_quantize_prepare(const MnetGraph *, const MnetNode *, MnetArena *, MnetStep *,
                                    MnetError *); /* QUANTIZE DEQUANTIZE REQUANTIZE TABLE */

/** A copy, for the few RESHAPE that can't be an alias of their input; nn/plan says which. */
MnetStatus mnet_op_reshape_prepare(const MnetGraph *, const MnetNode *, MnetArena *, MnetStep *,
                                   MnetError *);

/** By kind; NULL for kinds that need no step (RESHAPE) or don't belong in a canonical graph.
 * nn/ops/op.c */
MnetOpPrepare mnet_op_prepare(MnetOpKind kind);

#endif
