#include "tests/nn/opt/build.h"

static int plain_conv(MnetGraph *graph, int x) {
    return conv(graph, x, 3, MNET_NO_TENSOR, MNET_NO_TENSOR);
}

static void fuses_either_operand(void) {
    for (int side = 0; side < 2; side++) {
        MnetGraph g;
        begin(&g, MNET_DTYPE_F32, 4, 4, 3);
        int y = plain_conv(&g, g.input);
        last(&g)->activation = (MnetActivation){.kind = MNET_ACTIVATION_SWISH};
        g.output = side ? same(&g, MNET_OP_ADD, g.input, y) : same(&g, MNET_OP_ADD, y, g.input);
        last(&g)->activation = (MnetActivation){.kind = MNET_ACTIVATION_CLAMP, .hi = 6};
        CHECK(run(&g, mnet_opt_residual) == 1 && g.n_nodes == 1, "side %d", side);
        const MnetNode *node = last(&g);
        CHECK(node->n_inputs == 4 && node->inputs[2] == MNET_NO_TENSOR);
        CHECK(node->inputs[3] == g.input && node->outputs[0] == g.output);
        CHECK(node->activation.kind == MNET_ACTIVATION_SWISH);
        CHECK(node->attrs.conv.residual_activation.hi == 6);
        mnet_graph_clear(&g);
    }
}

static void takes_the_later_of_two_convolutions(void) {
    MnetGraph g;
    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    int first = plain_conv(&g, g.input), second = plain_conv(&g, g.input);
    g.output = same(&g, MNET_OP_ADD, first, second);
    CHECK(run(&g, mnet_opt_residual) == 1 && g.n_nodes == 2);
    CHECK(g.nodes[1].inputs[3] == first);
    mnet_graph_clear(&g);
}

static void never_waits_for_a_residual_made_later(void) {
    MnetGraph g;
    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    int y = plain_conv(&g, g.input);
    int later = same(&g, MNET_OP_MUL, g.input, g.input);
    g.output = same(&g, MNET_OP_ADD, y, later);
    CHECK(run(&g, mnet_opt_residual) == 0 && g.n_nodes == 3);
    mnet_graph_clear(&g);
}

static void leaves_what_others_read_or_see(void) {
    MnetGraph g;
    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    int y = plain_conv(&g, g.input);
    g.output = same(&g, MNET_OP_MUL, same(&g, MNET_OP_ADD, y, g.input), y);
    CHECK(run(&g, mnet_opt_residual) == 0, "two readers");
    mnet_graph_clear(&g);

    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    y = plain_conv(&g, g.input);
    g.output = same(&g, MNET_OP_ADD, y, y);
    CHECK(run(&g, mnet_opt_residual) == 0, "added to itself");
    mnet_graph_clear(&g);

    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    g.embedding = plain_conv(&g, g.input);
    g.output = same(&g, MNET_OP_ADD, g.embedding, g.input);
    CHECK(run(&g, mnet_opt_residual) == 0, "the embedding");
    mnet_graph_clear(&g);
}

static void leaves_broadcasts_and_constants(void) {
    const float zeros[3] = {0};
    MnetGraph g;
    begin(&g, MNET_DTYPE_F32, 1, 1, 3);
    int big = tensor4(&g, MNET_DTYPE_F32, 4, 4, 3);
    int small = plain_conv(&g, g.input);
    g.input = big;
    g.nodes[0].inputs[0] = constant(&g, MNET_DTYPE_F32, 4, DIMS(1, 1, 1, 3), zeros);
    g.output = same(&g, MNET_OP_ADD, big, small);
    CHECK(run(&g, mnet_opt_residual) == 0, "the sum is bigger");
    mnet_graph_clear(&g);

    begin(&g, MNET_DTYPE_F32, 1, 1, 3);
    int y = plain_conv(&g, g.input);
    g.output = same(&g, MNET_OP_ADD, y, constant(&g, MNET_DTYPE_F32, 4, DIMS(1, 1, 1, 3), zeros));
    CHECK(run(&g, mnet_opt_residual) == 0, "a constant");
    mnet_graph_clear(&g);
}

static void keeps_the_quantisation_between(void) {
    for (int kind = MNET_ACTIVATION_CLAMP; kind <= MNET_ACTIVATION_HARD_SWISH; kind += 2) {
        MnetGraph g;
        begin(&g, MNET_DTYPE_QS8, 4, 4, 3);
        quantized(&g, g.input, 0.1f, 1);
        int w = quantized(&g, constant(&g, MNET_DTYPE_QS8, 4, DIMS(3, 1, 1, 3), "123456789"), 1, 0);
        int y = quantized(&g, conv(&g, g.input, 3, w, MNET_NO_TENSOR), 0.2f, 2);
        g.output = quantized(&g, same(&g, MNET_OP_ADD, y, g.input), 0.3f, 3);
        last(&g)->activation = (MnetActivation){.kind = kind, .hi = 6};
        bool fits = kind == MNET_ACTIVATION_CLAMP;
        CHECK(run(&g, mnet_opt_residual) == fits, "activation %d", kind);
        if (fits) {
            const MnetQuant *inner = &last(&g)->attrs.conv.inner;
            CHECK(inner->count == 1 && inner->scale[0] == 0.2f && inner->zero_point[0] == 2);
            CHECK(g.tensors[last(&g)->outputs[0]].quant.scale[0] == 0.3f);
        }
        mnet_graph_clear(&g);
    }
}

int main(void) {
    RUN(fuses_either_operand);
    RUN(takes_the_later_of_two_convolutions);
    RUN(never_waits_for_a_residual_made_later);
    RUN(leaves_what_others_read_or_see);
    RUN(leaves_broadcasts_and_constants);
    RUN(keeps_the_quantisation_between);
    return test_end();
}
