/**
 * A nest of loops over up to three operands that share one index space, each with its own stride a
 * dimension: what broadcasting, transposing, slicing and reducing have in common.
 */
#ifndef MNET_OPS_LOOP_H
#define MNET_OPS_LOOP_H

#include "nn/graph/graph.h"

#define MNET_LOOP_OPERANDS 3

/** Strides are in elements; 0 repeats an operand, and they may be negative. The last dimension is
 * the innermost. */
typedef struct MnetLoop {
    int rank; /* 1 to MNET_MAX_RANK */
    int operands;
    int32_t dims[MNET_MAX_RANK];
    int64_t strides[MNET_LOOP_OPERANDS][MNET_MAX_RANK];
} MnetLoop;

/** A place in the nest: where the innermost loop starts. */
typedef struct MnetLoopPlace {
    int32_t index[MNET_MAX_RANK];
    int64_t offset[MNET_LOOP_OPERANDS];
} MnetLoopPlace;

/** Row-major strides of a dense tensor. */
void mnet_loop_dense_strides(int rank, const int32_t *dims, int64_t *strides);
/** Appends an innermost dimension; strides[i] is operand i's. */
void mnet_loop_push(MnetLoop *loop, int32_t dim, const int64_t *strides);
/** Drops dimensions of 1 and merges neighbours that all operands walk as one; at least one
 * dimension stays. */
void mnet_loop_collapse(MnetLoop *loop);
/** Number of innermost loops: the product of all dimensions but the last. */
int64_t mnet_loop_rows(const MnetLoop *loop);
/** Goes to the start of an innermost loop, 0 <= row < rows; and from there to the next. */
void mnet_loop_seek(const MnetLoop *loop, int64_t row, MnetLoopPlace *place);
void mnet_loop_next(const MnetLoop *loop, MnetLoopPlace *place);

#endif
