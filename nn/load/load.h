/** File -> graph. The format is recognised by content, never by name. */
#ifndef MNET_LOAD_LOAD_H
#define MNET_LOAD_LOAD_H

#include "nn/graph/graph.h"

/**
 * Initialises *graph, which must hold nothing, and builds it from a model file's bytes, which must
 * outlive it (constants point into them). `file` names it in messages. `path` is where it lies, to
 * look for a `.modelinfo` beside it; NULL for memory. On failure the graph is cleared. Errors:
 * FORMAT for broken files, UNSUPPORTED for an operator, type or structure outside the engine, with
 * its name and place, MEMORY for sizes beyond what the engine accepts.
 */
MnetStatus mnet_load(MnetBytes bytes, const char *file, const char *path, MnetGraph *graph,
                     MnetError *error);

/** One loader: `probe` says whether the bytes look like its format. load.c holds the table. */
typedef struct MnetLoader {
    const char *format;
    bool (*probe)(MnetBytes bytes);
    MnetStatus (*load)(MnetBytes bytes, MnetGraph *graph, MnetError *error);
} MnetLoader;

extern const MnetLoader mnet_loader_tflite;
extern const MnetLoader mnet_loader_onnx;

/**
 * Normalisation of a loaded graph before any override: metadata, else the exporter's habit
 * (nn/load/normalization.c). *source says in words where it comes from; static or in the graph's
 * arena.
 */
void mnet_load_normalization(const MnetGraph *graph, MnetNormalization *normalization,
                             const char **source);

#endif
