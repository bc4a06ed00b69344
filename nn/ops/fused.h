/**
 * Convolutions that follow each other as one step, so that the wide tensors between them never
 * leave the cache: a head (the 1x1 convolution that expands, or the first convolution), a depthwise
 * one, and a 1x1 that projects. Head or project may be missing. The bytes of the result are those
 * of the single steps.
 */
#ifndef MNET_OPS_FUSED_H
#define MNET_OPS_FUSED_H

#include "nn/ops/op.h"

/** Steps as their ops prepared them, each reading what the one before it writes and nothing else
 * does; NULL for a missing head or project. */
typedef struct MnetFusedParts {
    const MnetStep *head, *depthwise, *project;
} MnetFusedParts;

/**
 * Makes one step of them, where that can be done and, by a model of its costs on a core with so
 * many bytes of second-level cache, pays: *made tells. Not to be shared with other plans: weights
 * that the parts have packed stay in use.
 */
MnetStatus mnet_op_fuse(const MnetGraph *graph, const MnetFusedParts *parts, size_t cache_bytes,
                        MnetArena *memory, MnetStep *step, bool *made, MnetError *error);

#endif
