/** Evaluates single nodes on constants, for the folding passes. */
#ifndef MNET_OPT_FOLD_EVAL_H
#define MNET_OPT_FOLD_EVAL_H

#include "nn/graph/graph.h"

/** Bytes that folding may still allocate: a file of a few bytes must not become gigabytes. */
typedef struct MnetFoldBudget {
    size_t left;
} MnetFoldBudget;

/** 16 times the graph's constants, and a little for graphs of few. */
MnetFoldBudget mnet_fold_budget(const MnetGraph *graph);

/** A constant whose data is all there. */
bool mnet_fold_is_whole(const MnetTensor *tensor);

/** Memory for output o of a node, of known shape; NULL with an error where it is beyond the budget.
 */
void *mnet_fold_output(MnetGraph *graph, const MnetNode *node, int o, MnetFoldBudget *budget,
                       MnetError *error);

/**
 * Where all that the node's result hangs on is constant (of SHAPE: the shape known), gives its
 * outputs data and sets *done. Nodes that it has no evaluation for are left alone.
 */
MnetStatus mnet_fold_eval(MnetGraph *graph, const MnetNode *node, MnetFoldBudget *budget,
                          bool *done, MnetError *error);

/* The families. Inputs are constants whose data is of the size that shape and type say. */
MnetStatus mnet_fold_move(MnetGraph *graph, const MnetNode *node, MnetFoldBudget *budget,
                          bool *done, MnetError *error);
MnetStatus mnet_fold_arithmetic(MnetGraph *graph, const MnetNode *node, MnetFoldBudget *budget,
                                bool *done, MnetError *error);
MnetStatus mnet_fold_convert(MnetGraph *graph, const MnetNode *node, MnetFoldBudget *budget,
                             bool *done, MnetError *error);

/**
 * Copies elements of `size` bytes to `out`, dense, of shape `dims`; element (i, j, ...) is the one
 * at i * strides[0] + j * strides[1] + ... of `in`, in elements.
 */
void mnet_fold_copy(void *out, const void *in, size_t size, int rank, const int32_t *dims,
                    const int64_t *strides);
/** Strides of a dense tensor, in elements. */
void mnet_fold_strides(int rank, const int32_t *dims, int64_t *strides);

/** DEQUANTIZE of a constant of any type. */
MnetStatus mnet_fold_dequantize(MnetGraph *graph, const MnetNode *node, MnetFoldBudget *budget,
                                MnetError *error);

#endif
