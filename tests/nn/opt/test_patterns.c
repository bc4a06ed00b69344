#include "tests/nn/opt/build.h"

static const MnetActivation sigmoid = {.kind = MNET_ACTIVATION_SIGMOID};
static const MnetActivation hard_sigmoid = {
    .kind = MNET_ACTIVATION_HARD_SIGMOID, .alpha = 0.16666667f, .beta = 0.5f};

/* a * b of the bigger operand's shape. */
static int mul(MnetGraph *graph, int a, int b) {
    int y = same(graph, MNET_OP_MUL, graph->tensors[a].rank ? a : b, b);
    last(graph)->inputs[0] = a;
    return y;
}

/* relu6(x + 3), the clamp on its own or fused, the 3 on either side. */
static int gate(MnetGraph *graph, int x, int variant) {
    int sum = same(graph, MNET_OP_ADD, x, scalar(graph, 3));
    if (variant & 1) {
        int three = last(graph)->inputs[1];
        last(graph)->inputs[0] = three;
        last(graph)->inputs[1] = x;
    }
    if (variant & 2) {
        last(graph)->activation = (MnetActivation){.kind = MNET_ACTIVATION_CLAMP, .hi = 6};
        return sum;
    }
    return clamp(graph, sum, 0, 6);
}

/* x * relu6(x + 3) / 6 in the order `form`; `six` for what should be 6. */
static int hard_swish(MnetGraph *graph, int x, int form, float six) {
    int r = gate(graph, x, form);
    switch (form) {
    case 0:
        return same(graph, MNET_OP_DIV, mul(graph, x, r), scalar(graph, six));
    case 1:
        return mul(graph, mul(graph, r, x), scalar(graph, 1 / six));
    case 2:
        return mul(graph, x, same(graph, MNET_OP_DIV, r, scalar(graph, six)));
    case 3:
        return mul(graph, mul(graph, scalar(graph, 1 / six), r), x);
    case 4:
        return mul(graph, same(graph, MNET_OP_DIV, x, scalar(graph, six)), r);
    default:
        return mul(graph, scalar(graph, 1 / six), mul(graph, x, r));
    }
}

static void finds_hard_swish_in_any_order(void) {
    for (int form = 0; form < 6; form++) {
        MnetGraph g;
        begin(&g, MNET_DTYPE_F32, 4, 4, 3);
        g.output = hard_swish(&g, g.input, form, 6);
        CHECK(run(&g, mnet_opt_patterns) >= 1 && g.n_nodes == 1, "form %d", form);
        CHECK(last(&g)->kind == MNET_OP_ACTIVATION && last(&g)->inputs[0] == g.input);
        CHECK(last(&g)->activation.kind == MNET_ACTIVATION_HARD_SWISH, "form %d", form);
        mnet_graph_clear(&g);

        begin(&g, MNET_DTYPE_F32, 4, 4, 3);
        g.output = hard_swish(&g, g.input, form, 6.01f);
        CHECK(run(&g, mnet_opt_patterns) == 0, "form %d, not quite 6", form);
        mnet_graph_clear(&g);
    }
}

static void finds_products_with_a_sigmoid(void) {
    const struct {
        MnetActivation gate;
        MnetActivationKind kind;
    } cases[] = {{sigmoid, MNET_ACTIVATION_SWISH},
                 {hard_sigmoid, MNET_ACTIVATION_HARD_SWISH},
                 {{.kind = MNET_ACTIVATION_HARD_SIGMOID, .alpha = 0.2f, .beta = 0.5f}, 0},
                 {{.kind = MNET_ACTIVATION_TANH}, 0}};
    for (int i = 0; i < 8; i++) {
        MnetGraph g;
        begin(&g, MNET_DTYPE_F32, 4, 4, 3);
        int f = activation(&g, g.input, cases[i / 2].gate);
        g.output = i % 2 ? mul(&g, f, g.input) : mul(&g, g.input, f);
        MnetActivationKind kind = cases[i / 2].kind;
        CHECK(run(&g, mnet_opt_patterns) == (kind != 0), "case %d", i);
        if (kind)
            CHECK(g.n_nodes == 1 && last(&g)->activation.kind == kind, "case %d", i);
        mnet_graph_clear(&g);
    }
}

static void finds_hard_sigmoid(void) {
    MnetGraph g;
    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    g.output = same(&g, MNET_OP_DIV, gate(&g, g.input, 0), scalar(&g, 6));
    CHECK(run(&g, mnet_opt_patterns) == 1 && g.n_nodes == 1);
    CHECK(last(&g)->activation.kind == MNET_ACTIVATION_HARD_SIGMOID);
    CHECK(fabsf(last(&g)->activation.alpha - 1.f / 6) < 1e-7f && last(&g)->activation.beta == 0.5f);
    mnet_graph_clear(&g);
}

static void finds_a_scaled_clamp(void) {
    const struct {
        float lo, scale;
        bool other_reader, found;
    } cases[] = {{0, 1 / 6.f, false, true},
                 {0, 0.2f, false, false},
                 {-1, 1 / 6.f, false, false},
                 {0, 1 / 6.f, true, false}};
    for (int i = 0; i < 4; i++) {
        MnetGraph g;
        begin(&g, MNET_DTYPE_F32, 4, 4, 3);
        int y = conv(&g, g.input, 3, MNET_NO_TENSOR, MNET_NO_TENSOR);
        last(&g)->activation =
            (MnetActivation){.kind = MNET_ACTIVATION_CLAMP, .lo = cases[i].lo, .hi = 6};
        g.output = mul(&g, y, scalar(&g, cases[i].scale));
        if (cases[i].other_reader)
            g.output = same(&g, MNET_OP_ADD, g.output, y);
        CHECK(run(&g, mnet_opt_patterns) == cases[i].found, "case %d", i);
        const MnetActivation *fused = &g.nodes[0].activation;
        CHECK((fused->kind == MNET_ACTIVATION_HARD_SIGMOID) == cases[i].found, "case %d", i);
        if (cases[i].found)
            CHECK(fused->alpha == 1 / 6.f && fused->beta == 0 && g.n_nodes == 1);
        mnet_graph_clear(&g);
    }
}

static void leaves_look_alikes(void) {
    MnetGraph g;
    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    int other = activation(&g, g.input, (MnetActivation){.kind = MNET_ACTIVATION_TANH});
    g.output = mul(&g, other, activation(&g, g.input, sigmoid));
    CHECK(run(&g, mnet_opt_patterns) == 0, "another tensor's sigmoid");
    mnet_graph_clear(&g);

    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    int f = activation(&g, g.input, sigmoid);
    g.output = same(&g, MNET_OP_ADD, mul(&g, g.input, f), f);
    CHECK(run(&g, mnet_opt_patterns) == 0, "two readers of the sigmoid");
    mnet_graph_clear(&g);

    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    int r = gate(&g, g.input, 0);
    g.output = same(&g, MNET_OP_ADD, same(&g, MNET_OP_DIV, r, scalar(&g, 6)), r);
    CHECK(run(&g, mnet_opt_patterns) == 0, "two readers of the clamp");
    mnet_graph_clear(&g);

    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    g.output = same(&g, MNET_OP_DIV, g.input, activation(&g, g.input, sigmoid));
    CHECK(run(&g, mnet_opt_patterns) == 0, "a quotient");
    mnet_graph_clear(&g);

    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    g.output = mul(&g, g.input, activation(&g, g.input, sigmoid));
    last(&g)->activation = (MnetActivation){.kind = MNET_ACTIVATION_CLAMP, .hi = 6};
    CHECK(run(&g, mnet_opt_patterns) == 0, "the product has an activation");
    mnet_graph_clear(&g);

    begin(&g, MNET_DTYPE_QS8, 4, 4, 3);
    quantized(&g, g.input, 0.1f, 0);
    f = quantized(&g, activation(&g, g.input, sigmoid), 1 / 256.f, -128);
    g.output = quantized(&g, mul(&g, g.input, f), 0.1f, 0);
    CHECK(run(&g, mnet_opt_patterns) == 0, "rounded in between");
    mnet_graph_clear(&g);
}

int main(void) {
    RUN(finds_hard_swish_in_any_order);
    RUN(finds_products_with_a_sigmoid);
    RUN(finds_hard_sigmoid);
    RUN(finds_a_scaled_clamp);
    RUN(leaves_look_alikes);
    return test_end();
}
