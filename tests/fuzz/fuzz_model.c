/* Model loaders, which one the bytes decide; then passes and plan of what they accept. */
#include <stdlib.h>

#include "nn/load/load.h"
#include "nn/opt/opt.h"
#include "nn/plan/plan.h"

enum { MAX_PARAMETERS = 1 << 22 }; /* to be packed; more only takes time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    MnetBytes bytes = {data, size};
    MnetGraph graph;
    MnetError error;

    if (mnet_load(bytes, "fuzz", NULL, &graph, &error))
        return 0;
    /* A small file must not ask for much memory. */
    if (graph.arena.total > size * 16 + (48 << 20))
        abort();
    MnetNormalization normalization;
    const char *source;
    mnet_load_normalization(&graph, &normalization, &source);
    MnetStatus status = mnet_opt_run(&graph, NULL, &error);
    int64_t macs, parameters;
    mnet_graph_count(&graph, &macs, &parameters);
    MnetPlan *plan = NULL;
    if (!status && parameters <= MAX_PARAMETERS)
        mnet_plan_new(&graph, 256 * 1024, &plan, &error);
    mnet_plan_free(&plan);
    mnet_graph_clear(&graph);
    return 0;
}
