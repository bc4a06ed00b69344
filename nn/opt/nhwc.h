/** NCHW -> NHWC: how single tensors change, for nhwc.c. "File order" is NCHW here. */
#ifndef MNET_OPT_NHWC_H
#define MNET_OPT_NHWC_H

#include "nn/graph/graph.h"

/* nhwc.dims[i] = nchw.dims[mnet_to_nhwc[i]], and back. The second also tells where a file's axis
 * has gone. */
extern const int32_t mnet_to_nhwc[4], mnet_to_nchw[4];

typedef struct MnetNhwc {
    MnetGraph *graph;
    int n_tensors;      /* when the pass began; later ones were made by it */
    int *constants;     /* of each: the NHWC form of a constant, or MNET_NO_TENSOR */
    int *in_file_order; /* of each: an NHWC activation brought back, or MNET_NO_TENSOR */
    int at;             /* index of the node that is looked at; grows with what is put before it */
} MnetNhwc;

void mnet_nhwc_permute(int32_t *values);
/** Whether an NHWC shape's elements lie in the same order as in NCHW. */
bool mnet_nhwc_same_bytes(const int32_t *dims);

/*
 * Each returns a tensor to use in place of `tensor`, which may be `tensor` itself; MNET_NO_TENSOR
 * when out of memory.
 */

/** A constant of rank 4 or less in NHWC, leading dimensions of 1 added. */
int mnet_nhwc_constant(MnetNhwc *pass, int tensor);
/** An input of rank below 4 that broadcasts against rank 4. Nodes go in before pass->at. */
int mnet_nhwc_lift(MnetNhwc *pass, int tensor);
/** A rank-4 activation (NHWC by now) in file order. Nodes go in before pass->at. */
int mnet_nhwc_to_file_order(MnetNhwc *pass, int tensor);
/** A tensor in file order that a node may write instead of `tensor` (NHWC); a node at pass->at + 1
 * brings it there. */
int mnet_nhwc_from_file_order(MnetNhwc *pass, int tensor);

#endif
