/**
 * Random convolutions for the tests of this folder: a graph of one node, its step run over several
 * splits, and an obvious loop in double precision and int64 to compare with.
 */
#ifndef MNET_TESTS_KERNELS_CONV_H
#define MNET_TESTS_KERNELS_CONV_H

#include "nn/ops/op.h"

typedef struct Conv {
    MnetGraph graph;
    MnetOpKind kind;
    bool quantized, half; /* half: weights are F16 */
    bool bias, residual;
    int batch, h, w, c, groups, o, out_h, out_w;
    MnetWindow window;
    MnetActivation activation, residual_activation;
    int x_id, w_id, bias_id, residual_id, y_id; /* tensors */
    void *x_data, *residual_data;
} Conv;

/** A random number in [lo, hi] from a fixed sequence. */
int conv_random(int lo, int hi);
void conv_seed(unsigned seed);

/** Builds the graph: shapes and flags must be set; fills sizes of the output, operands and
 * quantisation at random. */
void conv_build(Conv *conv, bool extreme);
void conv_free(Conv *conv);

/**
 * Prepares, runs in one piece and in random pieces, and compares: both are equal, equal to the
 * reference, and nothing is written beside the output. False with the first fault in `message`.
 */
bool conv_check(const Conv *conv, char *message, size_t size);

#endif
