/** The raw input tensor of a file -> the graph's canonical input. */
#ifndef MNET_INPUT_H
#define MNET_INPUT_H

#include "nn/graph/graph.h"
#include "nn/kernels/move.h"
#include "nn/kernels/quantize.h"

typedef struct MnetInput {
    MnetLayout layout; /* of the raw tensor */
    MnetDtype dtype;   /* of the raw tensor; the canonical one is F32 or QS8 */
    bool quantizes;    /* F32 -> QS8 */
    size_t pixels, channels;
    float scale;
    MnetQuantRange range;
    MnetMoveKernels move;
    MnetQuantizeKernels quantize;
} MnetInput;

/** Of a graph that the passes have run on. */
MnetInput mnet_input_make(const MnetGraph *graph);

/** Writes the canonical input from a raw tensor, which may lie at any address. */
void mnet_input_write(const MnetInput *input, int threads, const void *raw, void *canonical);

#endif
