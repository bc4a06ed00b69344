#include "tests/nn/opt/build.h"

/* [1, 3] x [3, 2] */
static MnetNode *matrix_product(MnetGraph *graph, int weights, int bias) {
    int x = mnet_graph_add_tensor(graph, "x", MNET_DTYPE_F32, 2, DIMS(1, 3));
    int y = mnet_graph_add_tensor(graph, "y", MNET_DTYPE_F32, 2, DIMS(1, 2));
    MnetNode *reshape = mnet_graph_add_node(graph, MNET_OP_RESHAPE, "r", NULL, 1, 1);
    if (!reshape || x < 0 || y < 0)
        abort();
    reshape->inputs[0] = graph->input;
    reshape->outputs[0] = x;
    MnetNode *node = mnet_graph_add_node(graph, MNET_OP_FULLY_CONNECTED, "fc", NULL, 3, 1);
    if (!node)
        abort();
    node->inputs[0] = x;
    node->inputs[1] = weights;
    node->inputs[2] = bias;
    node->outputs[0] = graph->output = y;
    return node;
}

static void transposes_floats(void) {
    const float weights[6] = {1, 2, 3, 4, 5, 6}, wanted[6] = {1, 3, 5, 2, 4, 6};
    MnetGraph g;
    begin(&g, MNET_DTYPE_F32, 1, 1, 3);
    matrix_product(&g, constant(&g, MNET_DTYPE_F32, 2, DIMS(3, 2), weights), MNET_NO_TENSOR);
    CHECK(run(&g, mnet_opt_fc) == 1 && run(&g, mnet_opt_fc) == 0);
    const MnetNode *node = last(&g);
    CHECK(node->attrs.fully_connected.transpose_b);
    CHECK(g.tensors[node->inputs[1]].dims[0] == 2 && g.tensors[node->inputs[1]].dims[1] == 3);
    for (int i = 0; i < 6; i++)
        CHECK(float_at(&g, node->inputs[1], i) == wanted[i], "%d", i);
    mnet_graph_clear(&g);
}

static void transposes_behind_dequantize(void) {
    static const float scales[2] = {0.5f, 0.25f};
    static const int32_t zero_points[2] = {0, 0};
    MnetGraph g;
    begin(&g, MNET_DTYPE_F32, 1, 1, 3);
    int w = constant(&g, MNET_DTYPE_QS8, 2, DIMS(3, 2), "\1\2\3\4\5\6");
    g.tensors[w].quant =
        (MnetQuant){.count = 2, .axis = 1, .scale = scales, .zero_point = zero_points};
    int real = mnet_graph_add_tensor(&g, "w", MNET_DTYPE_F32, 2, DIMS(3, 2));
    MnetNode *dequantize = mnet_graph_add_node(&g, MNET_OP_DEQUANTIZE, "dq", NULL, 1, 1);
    dequantize->inputs[0] = w;
    dequantize->outputs[0] = real;
    matrix_product(&g, real, MNET_NO_TENSOR);
    CHECK(run(&g, mnet_opt_fc) == 1 && count(&g, MNET_OP_DEQUANTIZE) == 1);
    const MnetNode *node = last(&g);
    CHECK(node->kind == MNET_OP_FULLY_CONNECTED);
    int producer = mnet_graph_producer(&g, node->inputs[1]);
    CHECK(producer >= 0 && g.nodes[producer].kind == MNET_OP_DEQUANTIZE);
    const MnetTensor *fresh = &g.tensors[g.nodes[producer].inputs[0]];
    CHECK(fresh->dims[0] == 2 && fresh->quant.axis == 0 && fresh->quant.scale[1] == 0.25f);
    CHECK(!memcmp(fresh->data, "\1\3\5\2\4\6", 6));
    mnet_graph_clear(&g);
}

static void names_computed_weights(void) {
    MnetGraph g;
    MnetError error = {0};
    int changes = 0;
    begin(&g, MNET_DTYPE_F32, 1, 1, 3);
    matrix_product(&g, mnet_graph_add_tensor(&g, "w", MNET_DTYPE_F32, 2, DIMS(3, 2)),
                   MNET_NO_TENSOR);
    CHECK(mnet_opt_fc(&g, &changes, &error) == MNET_ERROR_UNSUPPORTED);
    CHECK(strstr(error.message, "'fc'"), "%s", error.message);
    mnet_graph_clear(&g);
}

static void add_after_it_becomes_its_bias(void) {
    const float weights[6] = {0}, bias[2] = {7, 8};
    for (int rank = 1; rank < 4; rank++) {
        MnetGraph g;
        begin(&g, MNET_DTYPE_F32, 1, 1, 3);
        matrix_product(&g, constant(&g, MNET_DTYPE_F32, 2, DIMS(2, 3), weights), MNET_NO_TENSOR)
            ->attrs.fully_connected.transpose_b = true;
        const int32_t dims[3][3] = {{2}, {1, 2}, {1, 1, 2}};
        int b = constant(&g, MNET_DTYPE_F32, rank, dims[rank - 1], bias);
        int y = mnet_graph_add_tensor(&g, "s", MNET_DTYPE_F32, rank < 3 ? 2 : 3,
                                      rank < 3 ? DIMS(1, 2) : DIMS(1, 1, 2));
        MnetNode *add = mnet_graph_add_node(&g, MNET_OP_ADD, "add", NULL, 2, 1);
        add->inputs[0] = b;
        add->inputs[1] = g.output;
        add->outputs[0] = g.output = y;
        add->activation = (MnetActivation){.kind = MNET_ACTIVATION_SWISH};
        CHECK(run(&g, mnet_opt_bias) == (rank < 3), "rank %d", rank);
        const MnetNode *node = &g.nodes[1];
        CHECK((node->inputs[2] == MNET_NO_TENSOR) == (rank == 3), "an output of rank 3 differs");
        if (rank < 3) {
            CHECK(g.tensors[node->inputs[2]].rank == 1 && float_at(&g, node->inputs[2], 1) == 8);
            CHECK(node->activation.kind == MNET_ACTIVATION_SWISH && g.n_nodes == 2);
        }
        mnet_graph_clear(&g);
    }
}

static void leaves_adds_that_are_no_bias(void) {
    const float values[4] = {1, 2, 3, 4};
    for (int reason = 0; reason < 4; reason++) {
        MnetGraph g;
        begin(&g, MNET_DTYPE_F32, 2, 2, 2);
        int bias = reason == 0 ? constant(&g, MNET_DTYPE_F32, 1, DIMS(2), values) : MNET_NO_TENSOR;
        int y = conv(&g, g.input, 2, MNET_NO_TENSOR, bias);
        if (reason == 1)
            last(&g)->activation.kind = MNET_ACTIVATION_SWISH;
        int b = reason == 2 ? constant(&g, MNET_DTYPE_F32, 3, DIMS(2, 1, 1), values)
                            : constant(&g, MNET_DTYPE_F32, 1, DIMS(2), values);
        g.output = same(&g, MNET_OP_ADD, y, b);
        if (reason == 3)
            g.output = same(&g, MNET_OP_MUL, g.output, y);
        CHECK(run(&g, mnet_opt_bias) == 0, "reason %d", reason);
        mnet_graph_clear(&g);
    }
}

int main(void) {
    RUN(transposes_floats);
    RUN(transposes_behind_dequantize);
    RUN(names_computed_weights);
    RUN(add_after_it_becomes_its_bias);
    RUN(leaves_adds_that_are_no_bias);
    return test_end();
}
