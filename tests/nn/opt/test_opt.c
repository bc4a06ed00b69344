#include "nn/opt/opt.h"
#include "tests/nn/opt/build.h"

/*
 * Picture -> convolution, relu6 -> pool over everything -> 1x1 convolution -> softmax; quantised in
 * uint8 or float.
 */
static void classifier(MnetGraph *graph, bool quantised) {
    MnetDtype dtype = quantised ? MNET_DTYPE_QU8 : MNET_DTYPE_F32;
    int w[2] = {MNET_NO_TENSOR, MNET_NO_TENSOR};
    begin(graph, dtype, 4, 4, 2);
    for (int i = 0; i < 2 && quantised; i++)
        w[i] = quantized(graph, constant(graph, dtype, 4, DIMS(2, 1, 1, 2), "\1\2\3\4"), 0.5f, 2);
    int y[5];
    y[0] = conv(graph, graph->input, 2, w[0], MNET_NO_TENSOR);
    y[1] = clamp(graph, y[0], 0, 6);
    y[2] = op(graph, MNET_OP_AVG_POOL, y[1], MNET_NO_TENSOR, MNET_NO_TENSOR, dtype, 1, 1, 2);
    last(graph)->attrs.pool.window =
        (MnetWindow){.kernel = {4, 4}, .stride = {1, 1}, .dilation = {1, 1}};
    y[3] = conv(graph, y[2], 2, w[1], MNET_NO_TENSOR);
    y[4] = same(graph, MNET_OP_SOFTMAX, y[3], MNET_NO_TENSOR);
    last(graph)->attrs.along.axis = -1;
    last(graph)->attrs.along.beta = 1;
    graph->output = y[4];
    quantized(graph, graph->input, 1, 128);
    for (int i = 0; i < 5 && quantised; i++)
        quantized(graph, y[i], 0.25f, 128);
    if (!quantised)
        graph->tensors[graph->input].quant.count = 0;
}

static void all_passes(void) {
    for (int quantised = 0; quantised < 2; quantised++) {
        MnetGraph g;
        MnetError error = {0};
        classifier(&g, quantised);
        CHECK(mnet_opt_run(&g, NULL, &error) == MNET_OK, "%s", error.message);
        CHECK(g.n_nodes == 4 && g.nodes[0].activation.kind == MNET_ACTIVATION_CLAMP);
        CHECK(g.nodes[1].kind == MNET_OP_MEAN && g.nodes[3].kind == MNET_OP_SOFTMAX);
        CHECK(g.embedding == g.nodes[1].outputs[0]);
        CHECK(g.tensors[g.output].dtype == (quantised ? MNET_DTYPE_QS8 : MNET_DTYPE_F32));
        const char *fused = "fuse_activation: 1 fused\n";
        CHECK(strstr(g.log, "global_pool: 1 made mean\n"), "%s", g.log);
        CHECK(strstr(g.log, fused), "%s", g.log);
        CHECK(strstr(g.log, "dead: 1 nodes removed\n"), "%s", g.log);
        CHECK(!strstr(g.log, "qdq"), "%s", g.log);
        CHECK(strlen(g.log) == g.log_size);
        mnet_graph_clear(&g);
    }
}

static void minimal_fuses_nothing(void) {
    MnetGraph g;
    MnetError error = {0};
    classifier(&g, true);
    CHECK(mnet_opt_run(&g, &(MnetOptOptions){.minimal = true}, &error) == MNET_OK, "%s",
          error.message);
    CHECK(g.n_nodes == 5 && count(&g, MNET_OP_AVG_POOL) == 1 && count(&g, MNET_OP_ACTIVATION) == 1);
    CHECK(g.embedding == g.nodes[2].outputs[0]);
    CHECK(g.log && !strstr(g.log, "fuse"), "%s", g.log);
    mnet_graph_clear(&g);
}

static void a_convolution_over_a_picture_is_no_classifier(void) {
    MnetGraph g;
    begin(&g, MNET_DTYPE_F32, 4, 4, 2);
    g.output = conv(&g, g.input, 2, MNET_NO_TENSOR, MNET_NO_TENSOR);
    CHECK(mnet_opt_embedding(&g) == MNET_NO_TENSOR);
    mnet_graph_clear(&g);
}

static void broken_graphs_are_errors(void) {
    MnetGraph g;
    MnetError error = {0};
    classifier(&g, false);
    g.nodes[1].inputs[0] = g.output;
    CHECK(mnet_opt_run(&g, NULL, &error) == MNET_ERROR_FORMAT);
    CHECK(strstr(error.message, "test:"), "%s", error.message);
    mnet_graph_clear(&g);

    classifier(&g, false);
    g.nodes[0].inputs[1] = 1000;
    CHECK(mnet_opt_run(&g, NULL, &error) == MNET_ERROR_FORMAT);
    mnet_graph_clear(&g);
}

int main(void) {
    RUN(all_passes);
    RUN(minimal_fuses_nothing);
    RUN(a_convolution_over_a_picture_is_no_classifier);
    RUN(broken_graphs_are_errors);
    return test_end();
}
