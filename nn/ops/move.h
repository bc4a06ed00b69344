/** The parts of mnet_op_move_prepare(), by what they move. All need the node's types checked
 * before. */
#ifndef MNET_OPS_MOVE_H
#define MNET_OPS_MOVE_H

#include "nn/ops/op.h"

/**
 * Table that brings x's quantised values to y's scale, or NULL in *table where nothing is to be
 * done. x and y are of one type.
 */
MnetStatus mnet_op_move_table(const MnetGraph *graph, const MnetNode *node, const MnetTensor *x,
                              const MnetTensor *y, MnetArena *memory, const int8_t **table,
                              MnetError *error);

/** SLICE and TRANSPOSE: y is a strided view of x. */
MnetStatus mnet_op_view_prepare(const MnetGraph *, const MnetNode *, MnetArena *, MnetStep *,
                                MnetError *);
/** CONCAT and SPLIT: one tensor's rows are those of several, one behind the other. */
MnetStatus mnet_op_join_prepare(const MnetGraph *, const MnetNode *, MnetArena *, MnetStep *,
                                MnetError *);
/** PAD. */
MnetStatus mnet_op_pad_prepare(const MnetGraph *, const MnetNode *, MnetArena *, MnetStep *,
                               MnetError *);

#endif
