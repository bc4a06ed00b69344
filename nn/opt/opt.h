/** Passes: a loaded graph -> the canonical graph of nn/graph/graph.h. */
#ifndef MNET_OPT_OPT_H
#define MNET_OPT_OPT_H

#include "nn/graph/graph.h"

typedef struct MnetOptOptions {
    bool minimal; /* only what the canonical form needs: no fusion */
} MnetOptOptions;

/**
 * Runs all passes in order, each a file of its own in nn/opt/, each verified after, each adding a
 * line to graph->log
 * ("fuse_activation: 35 fused"). On failure the graph stays valid to be cleared.
 */
MnetStatus mnet_opt_run(MnetGraph *graph, const MnetOptOptions *options, MnetError *error);

#endif
