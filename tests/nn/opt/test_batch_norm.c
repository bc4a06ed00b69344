#include "tests/nn/opt/build.h"

static const float gamma_[2] = {2, -1}, beta_[2] = {0.5f, 3}, mean_[2] = {1, -2},
                   variance_[2] = {3.99f, 0.24f};
#define EPSILON 0.01f /* so that the deviations are 2 and 0.5 */

static int batch_norm(MnetGraph *graph, int x) {
    MnetTensor from = graph->tensors[x];
    const float *parameters[] = {gamma_, beta_, mean_, variance_};
    int y = mnet_graph_add_tensor(graph, "y", MNET_DTYPE_F32, from.rank, from.dims);
    int inputs[5] = {x};
    for (int i = 0; i < 4; i++)
        inputs[i + 1] = constant(graph, MNET_DTYPE_F32, 1, DIMS(2), parameters[i]);
    MnetNode *node = mnet_graph_add_node(graph, MNET_OP_BATCH_NORM, "bn", NULL, 5, 1);
    if (!node || y < 0)
        abort();
    memcpy(node->inputs, inputs, sizeof inputs);
    node->outputs[0] = y;
    node->attrs.epsilon = EPSILON;
    return y;
}

static bool is_near(float a, float b) {
    return fabsf(a - b) <= 1e-6f * fabsf(b);
}

static void folds_into_weights_and_bias(void) {
    for (int with_bias = 0; with_bias < 2; with_bias++) {
        const float weights[4] = {1, 2, 3, 4}, bias[2] = {10, 20};
        MnetGraph g;
        begin(&g, MNET_DTYPE_F32, 4, 4, 2);
        int w = constant(&g, MNET_DTYPE_F32, 4, DIMS(2, 1, 1, 2), weights);
        int b = with_bias ? constant(&g, MNET_DTYPE_F32, 1, DIMS(2), bias) : MNET_NO_TENSOR;
        g.output = clamp(&g, batch_norm(&g, conv(&g, g.input, 2, w, b)), 0, 6);
        CHECK(run(&g, mnet_opt_batch_norm) == 1 && g.n_nodes == 2);
        const MnetNode *node = &g.nodes[0];
        /* gamma / deviation is 1 and -2 */
        const float wanted[4] = {1, 2, -6, -8};
        for (int i = 0; i < 4; i++)
            CHECK(is_near(float_at(&g, node->inputs[1], i), wanted[i]), "weight %d is %g", i,
                  float_at(&g, node->inputs[1], i));
        const float wanted_bias[2][2] = {{-0.5f, -1}, {9.5f, -41}};
        for (int i = 0; i < 2; i++)
            CHECK(is_near(float_at(&g, node->inputs[2], i), wanted_bias[with_bias][i]),
                  "bias %d is %g", i, float_at(&g, node->inputs[2], i));
        mnet_graph_clear(&g);
    }
}

static void leaves_shared_weights_as_they_are(void) {
    const float weights[4] = {1, 2, 3, 4};
    MnetGraph g;
    begin(&g, MNET_DTYPE_F32, 4, 4, 2);
    int w = constant(&g, MNET_DTYPE_F32, 4, DIMS(2, 1, 1, 2), weights);
    int a = batch_norm(&g, conv(&g, g.input, 2, w, MNET_NO_TENSOR));
    int b = conv(&g, g.input, 2, w, MNET_NO_TENSOR);
    g.output = same(&g, MNET_OP_ADD, a, b);
    CHECK(run(&g, mnet_opt_batch_norm) == 1 && count(&g, MNET_OP_CONV_2D) == 2);
    CHECK(float_at(&g, g.nodes[1].inputs[1], 3) == 4 && g.nodes[0].inputs[1] != w);
    mnet_graph_clear(&g);
}

static void becomes_mul_and_add_where_it_must(void) {
    for (int reason = 0; reason < 4; reason++) {
        MnetGraph g;
        begin(&g, MNET_DTYPE_F32, 4, 4, 2);
        int y = g.input;
        if (reason) {
            y = conv(&g, y, 2, MNET_NO_TENSOR, MNET_NO_TENSOR);
            if (reason == 1)
                last(&g)->activation.kind = MNET_ACTIVATION_SWISH;
            else if (reason == 2)
                g.output = same(&g, MNET_OP_MUL, y, y);
        }
        int normalised = batch_norm(&g, y);
        g.output = reason == 2 ? same(&g, MNET_OP_ADD, normalised, g.output) : normalised;
        if (reason == 3)
            g.embedding = y;
        CHECK(run(&g, mnet_opt_batch_norm) == 1);
        CHECK(count(&g, MNET_OP_BATCH_NORM) == 0);
        int at = reason == 0 ? 0 : reason == 2 ? 2 : 1;
        const MnetNode *mul = &g.nodes[at], *add = &g.nodes[at + 1];
        CHECK(mul->kind == MNET_OP_MUL && add->kind == MNET_OP_ADD, "reason %d", reason);
        CHECK(mul->inputs[0] == y && add->inputs[0] == mul->outputs[0]);
        CHECK(g.tensors[mul->inputs[1]].rank == 4 && g.tensors[mul->inputs[1]].dims[3] == 2);
        CHECK(is_near(float_at(&g, mul->inputs[1], 1), -2));
        CHECK(is_near(float_at(&g, add->inputs[1], 1), -1));
        mnet_graph_clear(&g);
    }
}

static void finds_the_channels_of_nchw(void) {
    MnetGraph g;
    begin(&g, MNET_DTYPE_F32, 2, 4, 4);
    g.layout = MNET_LAYOUT_NCHW; /* so this is 2 channels of 4 x 4 */
    g.output = batch_norm(&g, g.input);
    CHECK(run(&g, mnet_opt_batch_norm) == 1 && g.n_nodes == 2);
    CHECK(g.tensors[g.nodes[0].inputs[1]].dims[1] == 2);
    mnet_graph_clear(&g);
}

static void reads_quantised_parameters(void) {
    MnetGraph g;
    begin(&g, MNET_DTYPE_F32, 4, 4, 2);
    int q = quantized(&g, constant(&g, MNET_DTYPE_QS8, 1, DIMS(2), "\x05\xfd"), 0.5f, 1);
    int gamma = mnet_graph_add_tensor(&g, "gamma", MNET_DTYPE_F32, 1, DIMS(2));
    MnetNode *dequantize = mnet_graph_add_node(&g, MNET_OP_DEQUANTIZE, "dq", NULL, 1, 1);
    if (gamma < 0 || !dequantize)
        abort();
    dequantize->inputs[0] = q;
    dequantize->outputs[0] = gamma;
    g.output = batch_norm(&g, g.input);
    last(&g)->inputs[1] = gamma; /* (5 - 1) / 2 and (-3 - 1) / 2 */
    CHECK(run(&g, mnet_opt_batch_norm) == 1 && g.n_nodes == 2);
    CHECK(is_near(float_at(&g, g.nodes[0].inputs[1], 0), 1));
    CHECK(is_near(float_at(&g, g.nodes[0].inputs[1], 1), -4));
    mnet_graph_clear(&g);
}

static void names_what_it_cannot_do(void) {
    MnetGraph g;
    MnetError error = {0};
    int changes = 0;
    begin(&g, MNET_DTYPE_F32, 4, 4, 2);
    g.output = batch_norm(&g, g.input);
    g.nodes[0].inputs[2] = g.input;
    CHECK(mnet_opt_batch_norm(&g, &changes, &error) == MNET_ERROR_UNSUPPORTED);
    CHECK(strstr(error.message, "'bn'"), "%s", error.message);
    mnet_graph_clear(&g);
}

int main(void) {
    RUN(folds_into_weights_and_bias);
    RUN(leaves_shared_weights_as_they_are);
    RUN(becomes_mul_and_add_where_it_must);
    RUN(finds_the_channels_of_nchw);
    RUN(reads_quantised_parameters);
    RUN(names_what_it_cannot_do);
    return test_end();
}
