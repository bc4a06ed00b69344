#include "tests/test.h"
#include "tests/nn/graph/build.h"

#include <math.h>

static MnetGraph graph;
static MnetError error;

/* input -> convolution -> mean -> fully connected, canonical, float or quantised. */
static void start(bool quantized) {
    static const int8_t bytes[64];
    static const int32_t biases[8];
    static const int32_t zero_points[4];
    static const float scales[4] = {0.1f, 0.2f, 0.3f, 0.4f};
    mnet_graph_clear(&graph);
    mnet_graph_init(&graph, "test.tflite");
    error = (MnetError){0};
    int x = build_input(&graph, MNET_LAYOUT_NHWC, DIMS(1, 8, 8, 3));
    int w, bias, fc;
    if (quantized) {
        graph.tensors[x].dtype = MNET_DTYPE_QS8;
        mnet_graph_set_quant(&graph, &graph.tensors[x].quant, 0.5f, -3);
        w = build_constant(&graph, MNET_DTYPE_QS8, bytes, DIMS(4, 1, 1, 3));
        graph.tensors[w].quant =
            (MnetQuant){.count = 4, .scale = scales, .zero_point = zero_points};
        bias = build_constant(&graph, MNET_DTYPE_S32, biases, DIMS(4));
        fc = build_constant(&graph, MNET_DTYPE_QS8, bytes, DIMS(5, 4));
        mnet_graph_set_quant(&graph, &graph.tensors[fc].quant, 0.5f, 0);
    } else {
        w = build_ramp(&graph, DIMS(4, 1, 1, 3));
        bias = build_ramp(&graph, DIMS(4));
        fc = build_ramp(&graph, DIMS(5, 4));
    }
    MnetNode *node = build_conv(&graph, x, w, 1, 2, MNET_PADDING_SAME_UPPER);
    node->inputs = mnet_arena_array(&graph.arena, 3, sizeof(int));
    node->n_inputs = 3;
    node->inputs[0] = x;
    node->inputs[1] = w;
    node->inputs[2] = bias;
    node = build_node(&graph, MNET_OP_MEAN, graph.output, -1, -1);
    node->attrs.reduce.axes = 1u << 1 | 1u << 2;
    node = build_node(&graph, MNET_OP_FULLY_CONNECTED, graph.output, fc, -1);
    node->attrs.fully_connected.transpose_b = true;
    CHECK(mnet_graph_infer_shapes(&graph, &error) == MNET_OK, "%s", error.message);
    if (quantized)
        for (int n = 0; n < graph.n_nodes; n++)
            mnet_graph_set_quant(&graph, &graph.tensors[graph.nodes[n].outputs[0]].quant, 0.25f, 7);
}

#define CHECK_FAILS(canonical, word)                                                               \
    do {                                                                                           \
        MnetStatus failed = mnet_graph_verify(&graph, canonical, &error);                          \
        CHECK(failed != MNET_OK && strstr(error.message, word), "%s", error.message);              \
    } while (0)

static MnetTensor *output_of(int node) {
    return &graph.tensors[graph.nodes[node].outputs[0]];
}

static void test_valid(void) {
    for (int quantized = 0; quantized < 2; quantized++) {
        start(quantized);
        CHECK(mnet_graph_verify(&graph, false, &error) == MNET_OK, "%s", error.message);
        CHECK(mnet_graph_verify(&graph, true, &error) == MNET_OK, "%s", error.message);
    }
}

static void test_edges(void) {
    start(false);
    graph.output = graph.n_tensors;
    CHECK_FAILS(false, "no output");
    start(false);
    graph.input = MNET_NO_TENSOR;
    CHECK_FAILS(false, "no input");
    start(false);
    graph.output = build_tensor(&graph, MNET_DTYPE_F32, DIMS(3));
    CHECK_FAILS(false, "no node makes it");
    start(false);
    graph.output = graph.input;
    CHECK_FAILS(true, "no op makes the output");
    start(false);
    graph.layout = MNET_LAYOUT_NCHW;
    CHECK_FAILS(true, "");
}

static void test_table(void) {
    static const int8_t table[256];
    start(true);
    MnetNode *node = build_node(&graph, MNET_OP_TABLE, graph.output, -1, -1);
    graph.tensors[graph.output].dtype = MNET_DTYPE_QS8;
    mnet_graph_set_quant(&graph, &graph.tensors[graph.output].quant, 0.25f, 7);
    CHECK(mnet_graph_infer_shapes(&graph, &error) == MNET_OK, "%s", error.message);
    CHECK_FAILS(true, "no table");
    node->attrs.table = table;
    CHECK(mnet_graph_verify(&graph, true, &error) == MNET_OK, "%s", error.message);
}

static void test_order(void) {
    start(false);
    MnetNode first = graph.nodes[0];
    graph.nodes[0] = graph.nodes[1];
    graph.nodes[1] = first;
    CHECK_FAILS(false, "earlier");
    start(false);
    graph.nodes[2].outputs[0] = graph.nodes[1].outputs[0];
    CHECK_FAILS(false, "made twice");
    start(false);
    graph.nodes[2].inputs[0] = 99999;
    CHECK_FAILS(false, "input 0");
}

static void test_shapes(void) {
    start(false);
    output_of(1)->dims[1]++;
    CHECK_FAILS(false, "op makes");
    start(false);
    output_of(2)->rank = -1;
    CHECK(mnet_graph_verify(&graph, false, &error) == MNET_OK, "%s", error.message);
    CHECK_FAILS(true, "depends on data");
    start(false);
    graph.tensors[graph.nodes[0].inputs[1]].bytes--;
    CHECK_FAILS(false, "not of that size");
    start(false);
    graph.nodes[0].attrs.conv.window.padding = MNET_PADDING_VALID;
    CHECK_FAILS(true, "");
}

static void test_quantisation(void) {
    static const float bad[] = {0, -1, INFINITY, NAN};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        start(true);
        mnet_graph_set_quant(&graph, &output_of(0)->quant, bad[i], 0);
        CHECK_FAILS(false, "scale");
    }
    start(true);
    mnet_graph_set_quant(&graph, &output_of(0)->quant, 1, 128);
    CHECK_FAILS(false, "zero point");
    start(true);
    graph.tensors[graph.nodes[0].inputs[1]].quant.count = 3;
    CHECK_FAILS(false, "number of scales");
    start(true);
    output_of(1)->quant.count = 0;
    CHECK_FAILS(true, "without one scale");
    start(true);
    build_transpose(&graph, graph.output, 2, (const int32_t[]){1, 0});
    CHECK(mnet_graph_infer_shapes(&graph, &error) == MNET_OK, "%s", error.message);
    CHECK(mnet_graph_verify(&graph, true, &error) == MNET_OK, "%s", error.message);
    mnet_graph_set_quant(&graph, &output_of(3)->quant, 1, 1);
    CHECK_FAILS(true, "another scale");
}

static void test_types(void) {
    start(true);
    graph.tensors[graph.nodes[0].inputs[2]].dtype = MNET_DTYPE_F32;
    CHECK_FAILS(true, "bias");
    start(false);
    build_node(&graph, MNET_OP_CAST, graph.output, -1, -1);
    output_of(3)->dtype = MNET_DTYPE_S64;
    CHECK(mnet_graph_infer_shapes(&graph, &error) == MNET_OK, "%s", error.message);
    CHECK_FAILS(true, "cast");
    start(false);
    graph.nodes[2].attrs.fully_connected.transpose_b = false;
    CHECK_FAILS(true, "");
    start(false);
    graph.nodes[0].activation = (MnetActivation){.kind = MNET_ACTIVATION_CLAMP, .lo = 6, .hi = 0};
    CHECK_FAILS(true, "limit");
    start(false);
    graph.nodes[1].kind = MNET_OP_NONE;
    CHECK_FAILS(true, "");
}

static void test_print_and_count(void) {
    start(true);
    char *text = mnet_graph_print(&graph);
    CHECK(text && strstr(text, "conv_2d qs8[1,4,4,4](0.25,7)") && strstr(text, "stride 2x2") &&
              strstr(text, "qs8[4,1,1,3](4 scales)") && strstr(text, "axes 1 2"),
          "%s", text);
    free(text);
    int64_t macs, parameters;
    mnet_graph_count(&graph, &macs, &parameters);
    CHECK(macs == 4 * 4 * 4 * 3 + 5 * 4, "%lld", (long long)macs);
    CHECK(parameters == 4 * 3 + 4 + 5 * 4, "%lld", (long long)parameters);
}

int main(void) {
    RUN(test_valid);
    RUN(test_edges);
    RUN(test_table);
    RUN(test_order);
    RUN(test_shapes);
    RUN(test_quantisation);
    RUN(test_types);
    RUN(test_print_and_count);
    mnet_graph_clear(&graph);
    return test_end();
}
