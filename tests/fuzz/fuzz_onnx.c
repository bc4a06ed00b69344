/* ONNX loader, and the passes on what it accepts. */
#include <stdlib.h>

#include "nn/load/load.h"
#include "nn/opt/opt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    MnetBytes bytes = {data, size};
    MnetGraph graph;
    MnetError error;

    if (mnet_load(bytes, "fuzz.onnx", NULL, &graph, &error))
        return 0;
    /* A small file must not ask for much memory. */
    if (graph.arena.total > size * 16 + (48 << 20))
        abort();
    MnetNormalization normalization;
    const char *source;
    mnet_load_normalization(&graph, &normalization, &source);
    mnet_opt_run(&graph, NULL, &error);
    mnet_graph_clear(&graph);
    return 0;
}
