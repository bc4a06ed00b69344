#include "tests/nn/opt/build.h"

static void fuses_any_kind_into_a_float_convolution(void) {
    MnetGraph g;
    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    int y = conv(&g, g.input, 8, MNET_NO_TENSOR, MNET_NO_TENSOR);
    g.output = activation(&g, y, (MnetActivation){.kind = MNET_ACTIVATION_HARD_SWISH});
    CHECK(run(&g, mnet_opt_activation) == 1);
    CHECK(g.n_nodes == 1 && g.nodes[0].activation.kind == MNET_ACTIVATION_HARD_SWISH);
    CHECK(g.nodes[0].outputs[0] == g.output);
    mnet_graph_clear(&g);
}

static void combines_clamps(void) {
    MnetGraph g;
    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    int y = clamp(&g, same(&g, MNET_OP_ADD, g.input, scalar(&g, 1)), 0, INFINITY);
    g.output = clamp(&g, y, -1, 6);
    CHECK(run(&g, mnet_opt_activation) == 2);
    CHECK(g.n_nodes == 1 && g.nodes[0].activation.lo == 0 && g.nodes[0].activation.hi == 6);
    mnet_graph_clear(&g);

    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    y = clamp(&g, same(&g, MNET_OP_ADD, g.input, scalar(&g, 1)), -5, -2);
    g.output = clamp(&g, y, 0, 6);
    CHECK(run(&g, mnet_opt_activation) == 2);
    CHECK(g.nodes[0].activation.lo == 0 && g.nodes[0].activation.hi == 0, "disjoint ranges");
    mnet_graph_clear(&g);
}

static void leaves_what_others_read(void) {
    MnetGraph g;
    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    int y = conv(&g, g.input, 3, MNET_NO_TENSOR, MNET_NO_TENSOR);
    g.output = same(&g, MNET_OP_ADD, clamp(&g, y, 0, 6), y);
    CHECK(run(&g, mnet_opt_activation) == 0, "two readers");
    CHECK(g.n_nodes == 3);
    mnet_graph_clear(&g);

    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    g.output = conv(&g, g.input, 3, MNET_NO_TENSOR, MNET_NO_TENSOR);
    clamp(&g, g.output, 0, 6);
    CHECK(run(&g, mnet_opt_activation) == 0, "the graph's output");
    CHECK(g.n_nodes == 1 && g.nodes[0].activation.kind == MNET_ACTIVATION_NONE);
    mnet_graph_clear(&g);
}

static void leaves_ops_that_cannot(void) {
    const MnetActivation swish = {.kind = MNET_ACTIVATION_SWISH};
    MnetGraph g;
    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    int y = same(&g, MNET_OP_SOFTMAX, g.input, MNET_NO_TENSOR);
    last(&g)->attrs.along.axis = 3;
    y = clamp(&g, y, 0, 6);
    y = activation(&g, activation(&g, y, swish), swish);
    g.output = clamp(&g, y, 0, 1);
    CHECK(run(&g, mnet_opt_activation) == 0);
    mnet_graph_clear(&g);

    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    y = conv(&g, g.input, 3, MNET_NO_TENSOR, MNET_NO_TENSOR);
    last(&g)->activation = swish;
    g.output = clamp(&g, y, 0, 6);
    CHECK(run(&g, mnet_opt_activation) == 0, "it has another kind already");
    mnet_graph_clear(&g);
}

static int quantized_pair(float scale, MnetActivation after) {
    MnetGraph g;
    begin(&g, MNET_DTYPE_QS8, 4, 4, 3);
    quantized(&g, g.input, 0.1f, 3);
    int y = quantized(&g, same(&g, MNET_OP_ADD, g.input, g.input), 0.2f, 5);
    g.output = quantized(&g, activation(&g, y, after), scale, 5);
    int changes = run(&g, mnet_opt_activation);
    mnet_graph_clear(&g);
    return changes;
}

static void quantised_ops_only_clamp_at_one_scale(void) {
    const MnetActivation relu6 = {.kind = MNET_ACTIVATION_CLAMP, .hi = 6};
    CHECK(quantized_pair(0.2f, relu6) == 1);
    CHECK(quantized_pair(0.21f, relu6) == 0);
    CHECK(quantized_pair(0.2f, (MnetActivation){.kind = MNET_ACTIVATION_HARD_SWISH}) == 0);
}

int main(void) {
    RUN(fuses_any_kind_into_a_float_convolution);
    RUN(combines_clamps);
    RUN(leaves_what_others_read);
    RUN(leaves_ops_that_cannot);
    RUN(quantised_ops_only_clamp_at_one_scale);
    return test_end();
}
