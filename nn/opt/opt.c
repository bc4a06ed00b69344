#include "nn/opt/opt.h"
#include "nn/opt/passes.h"
#include "nn/opt/rewrite.h"

#include <stdio.h>
#include <string.h>

typedef struct Pass {
    const char *name, *done; /* of the log: "name: 3 done" */
    MnetOptPass run;
    bool needed; /* for the canonical form */
} Pass;

/*
 * Padding and activations are looked at twice: before the QDQ pass, which wants an op and its
 * activation between DEQUANTIZE and QUANTIZE to be one node, and after it, when what stood between
 * such pairs of its own has become neighbours.
 */
static const Pass passes[] = {
    {"fold", "folded", mnet_opt_fold, true},
    {"signed", "tensors made signed", mnet_opt_signed, true},
    {"fc", "weights transposed", mnet_opt_fc, true},
    {"patterns", "recognised", mnet_opt_patterns, false},
    {"batch_norm", "folded", mnet_opt_batch_norm, true},
    {"nhwc", "changed", mnet_opt_nhwc, true},
    {"fuse_bias", "fused", mnet_opt_bias, false},
    {"global_pool", "made mean", mnet_opt_mean, false},
    {"fuse_pad", "fused", mnet_opt_pad, false},
    {"fuse_activation", "fused", mnet_opt_activation, false},
    {"qdq_move", "moved or dropped", mnet_opt_qdq_move, false},
    {"qdq", "made integer", mnet_opt_qdq, false},
    {"qdq_pairs", "moved or dropped", mnet_opt_qdq_move, false},
    {"fuse_quantized_pad", "fused", mnet_opt_pad, false},
    {"fuse_quantized_activation", "fused", mnet_opt_activation, false},
    {"fold_dequantize", "folded", mnet_opt_fold_dequantize, true},
    {"fuse_residual", "fused", mnet_opt_residual, false},
    {"tables", "made tables", mnet_opt_tables, false},
    {"quantize_input", "left to the session", mnet_opt_input, false},
};

/* Appends to graph->log, whose old text stays in the arena until the graph goes. */
static bool add_to_log(MnetGraph *graph, const char *name, int changes, const char *done) {
    char line[128];
    size_t length = snprintf(line, sizeof line, "%s: %d %s\n", name, changes, done);
    char *log = mnet_arena_alloc(&graph->arena, graph->log_size + length + 1);
    if (!log)
        return false;
    if (graph->log_size)
        memcpy(log, graph->log, graph->log_size);
    memcpy(log + graph->log_size, line, length + 1);
    graph->log = log;
    graph->log_size += length;
    return true;
}

static MnetStatus run_pass(MnetGraph *graph, const Pass *pass, int *dead, MnetError *error) {
    int changes = 0;
    MnetStatus status = pass->run(graph, &changes, error);
    if (status || !changes)
        return status;
    if (!add_to_log(graph, pass->name, changes, pass->done))
        return mnet_rewrite_no_memory(graph, error);
    if ((status = mnet_opt_dead(graph, dead, error)) ||
        (status = mnet_graph_infer_shapes(graph, error)))
        return status;
    return mnet_graph_verify(graph, false, error);
}

MnetStatus mnet_opt_run(MnetGraph *graph, const MnetOptOptions *options, MnetError *error) {
    bool minimal = options && options->minimal;
    int dead = 0;
    MnetStatus status = mnet_graph_verify(graph, false, error);
    if (status)
        return status;
    for (size_t i = 0; i < sizeof passes / sizeof *passes; i++)
        if (!minimal || passes[i].needed)
            if ((status = run_pass(graph, &passes[i], &dead, error)))
                return status;
    graph->embedding = mnet_opt_embedding(graph);
    if ((status = mnet_opt_dead(graph, &dead, error)))
        return status;
    if (dead && !add_to_log(graph, "dead", dead, "nodes removed"))
        return mnet_rewrite_no_memory(graph, error);
    return mnet_graph_verify(graph, true, error);
}
