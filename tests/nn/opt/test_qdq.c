#include "tests/nn/opt/build.h"

static int dq(MnetGraph *graph, int x) {
    return same(graph, MNET_OP_DEQUANTIZE, x, MNET_NO_TENSOR);
}

static int q(MnetGraph *graph, int x, float scale, int zero_point) {
    return quantized(graph, same(graph, MNET_OP_QUANTIZE, x, MNET_NO_TENSOR), scale, zero_point);
}

/* A QS8 input of scale 0.5. */
static void begin_quantized(MnetGraph *graph) {
    begin(graph, MNET_DTYPE_QS8, 4, 4, 2);
    quantized(graph, graph->input, 0.5f, 1);
}

/* The output of a DEQUANTIZE of a constant, which has the same shape. */
static int dq_constant(MnetGraph *graph, int source) {
    MnetTensor from = graph->tensors[source];
    int y = mnet_graph_add_tensor(graph, "dq", MNET_DTYPE_F32, from.rank, from.dims);
    MnetNode *node = mnet_graph_add_node(graph, MNET_OP_DEQUANTIZE, "dq", NULL, 1, 1);
    if (y < 0 || !node)
        abort();
    node->inputs[0] = source;
    node->outputs[0] = y;
    return y;
}

static const float weight_scales[2] = {0.25f, 0.125f};
static const int32_t zeros[2] = {0, 0};
static const MnetQuant per_channel = {.count = 2, .scale = weight_scales, .zero_point = zeros};

static int weights(MnetGraph *graph, const MnetQuant *quant) {
    int w = constant(graph, MNET_DTYPE_QS8, 4, DIMS(2, 1, 1, 2), "\1\2\3\4");
    graph->tensors[w].quant = *quant;
    return dq_constant(graph, w);
}

static int integer_bias(MnetGraph *graph, const int32_t *values, const float *scales) {
    int b = constant(graph, MNET_DTYPE_S32, 1, DIMS(2), values);
    graph->tensors[b].quant = (MnetQuant){.count = 2, .scale = scales, .zero_point = zeros};
    return dq_constant(graph, b);
}

static int32_t s32_at(const MnetGraph *graph, int tensor, int i) {
    return ((const int32_t *)graph->tensors[tensor].data)[i];
}

/* Input, DEQUANTIZE, convolution with relu6, QUANTIZE; `bias` is made by the caller before. */
static void finish_convolution(MnetGraph *graph, int bias, const MnetQuant *quant) {
    int w = weights(graph, quant);
    int y = conv(graph, dq(graph, graph->input), 2, w, bias);
    last(graph)->activation = (MnetActivation){.kind = MNET_ACTIVATION_CLAMP, .hi = 6};
    graph->output = q(graph, y, 0.75f, -3);
}

static void convolution_with_integer_bias(void) {
    static const float scales[2] = {0.125f, 0.0625f};
    const int32_t values[2] = {1000, -2000000};
    MnetGraph g;
    begin_quantized(&g);
    finish_convolution(&g, integer_bias(&g, values, scales), &per_channel);
    int output = g.output;
    CHECK(run(&g, mnet_opt_qdq) == 1 && g.n_nodes == 1);
    const MnetNode *node = last(&g);
    CHECK(node->kind == MNET_OP_CONV_2D && node->activation.kind == MNET_ACTIVATION_CLAMP);
    CHECK(node->inputs[0] == g.input && node->outputs[0] == output);
    CHECK(g.tensors[node->inputs[1]].dtype == MNET_DTYPE_QS8);
    CHECK(g.tensors[node->inputs[2]].dtype == MNET_DTYPE_S32);
    CHECK(s32_at(&g, node->inputs[2], 0) == 1000 && s32_at(&g, node->inputs[2], 1) == -2000000);
    const MnetQuant *quant = &g.tensors[node->inputs[2]].quant;
    CHECK(quant->count == 2 && quant->scale[0] == 0.125f && quant->scale[1] == 0.0625f);
    mnet_graph_clear(&g);
}

static void biases_of_other_kinds_are_quantised(void) {
    static const float other_scales[2] = {0.5f, 0.5f};
    const float real[2] = {10.0625f, -3.f};
    const int32_t values[2] = {20, -6};
    const int32_t wanted[2][2] = {{80, -48}, {80, -48}}; /* 80.5 rounds to even */
    for (int kind = 0; kind < 2; kind++) {
        MnetGraph g;
        begin_quantized(&g);
        int bias = kind ? integer_bias(&g, values, other_scales)
                        : constant(&g, MNET_DTYPE_F32, 1, DIMS(2), real);
        finish_convolution(&g, bias, &per_channel);
        CHECK(run(&g, mnet_opt_qdq) == 1 && g.n_nodes == 1, "kind %d", kind);
        for (int i = 0; i < 2; i++)
            CHECK(s32_at(&g, last(&g)->inputs[2], i) == wanted[kind][i], "kind %d: %d", kind,
                  s32_at(&g, last(&g)->inputs[2], i));
        mnet_graph_clear(&g);
    }
    MnetGraph g;
    begin_quantized(&g);
    finish_convolution(&g, MNET_NO_TENSOR, &per_channel);
    CHECK(run(&g, mnet_opt_qdq) == 1 && mnet_graph_producer(&g, g.output) == 0, "no bias");
    mnet_graph_clear(&g);
}

/*
 * Sums on top of such a bias would leave int32: moved where y hardly sees it, else left in float.
 */
static void biases_at_the_edge_of_int32(void) {
    static const float tiny[2] = {1e-9f, 1e-9f}, products[2] = {5e-10f, 5e-10f};
    const MnetQuant tiny_weights = {.count = 2, .scale = tiny, .zero_point = zeros};
    const int32_t values[2] = {INT32_MAX - 10, INT32_MIN + 10};
    MnetGraph g;
    begin_quantized(&g);
    finish_convolution(&g, integer_bias(&g, values, products), &tiny_weights);
    CHECK(run(&g, mnet_opt_qdq) == 1);
    CHECK(s32_at(&g, last(&g)->inputs[2], 0) == INT32_MAX - 3 * 256);
    CHECK(s32_at(&g, last(&g)->inputs[2], 1) == -(INT32_MAX - 7 * 256));
    mnet_graph_clear(&g);

    const float huge[2] = {1e9f, NAN};
    for (int i = 0; i < 2; i++) {
        begin_quantized(&g);
        const float bias[2] = {0, huge[i]};
        finish_convolution(&g, constant(&g, MNET_DTYPE_F32, 1, DIMS(2), bias), &per_channel);
        CHECK(run(&g, mnet_opt_qdq) == 0, "%g", huge[i]);
        mnet_graph_clear(&g);
    }
}

static void weights_that_no_kernel_takes_stay_float(void) {
    const MnetQuant along_inputs = {
        .count = 2, .axis = 3, .scale = weight_scales, .zero_point = zeros};
    MnetGraph g;
    begin_quantized(&g);
    finish_convolution(&g, MNET_NO_TENSOR, &along_inputs);
    CHECK(run(&g, mnet_opt_qdq) == 0);
    mnet_graph_clear(&g);

    begin_quantized(&g);
    int y = conv(&g, dq(&g, g.input), 2, MNET_NO_TENSOR, MNET_NO_TENSOR);
    g.output = q(&g, y, 1, 0);
    CHECK(run(&g, mnet_opt_qdq) == 0, "float weights");
    mnet_graph_clear(&g);
}

static void other_readers_of_the_float_keep_it(void) {
    for (int reason = 0; reason < 4; reason++) {
        MnetGraph g;
        begin_quantized(&g);
        int x = dq(&g, g.input);
        int y = same(&g, MNET_OP_ADD, x, x);
        int first = q(&g, y, 1, 0), second = q(&g, y, reason == 1 ? 2 : 1, 0);
        if (reason == 2)
            same(&g, MNET_OP_MUL, y, y);
        g.output = quantized(&g, same(&g, MNET_OP_MUL, first, second), 1, 0);
        if (reason == 3)
            g.output = y;
        CHECK(run(&g, mnet_opt_qdq) == (reason == 0), "reason %d", reason);
        if (reason == 0)
            CHECK(g.n_nodes == 2 && last(&g)->inputs[0] == last(&g)->inputs[1],
                  "equal QUANTIZEs are one");
        mnet_graph_clear(&g);
    }
}

static void integer_kernels_only_clamp(void) {
    MnetGraph g;
    begin_quantized(&g);
    int x = dq(&g, g.input);
    int y = same(&g, MNET_OP_ADD, x, x);
    last(&g)->activation.kind = MNET_ACTIVATION_HARD_SWISH;
    g.output = q(&g, y, 1, 0);
    CHECK(run(&g, mnet_opt_qdq) == 0);
    mnet_graph_clear(&g);

    begin_quantized(&g);
    y = activation(&g, dq(&g, g.input), (MnetActivation){.kind = MNET_ACTIVATION_HARD_SWISH});
    g.output = q(&g, y, 1, 0);
    CHECK(run(&g, mnet_opt_qdq) == 1 && g.n_nodes == 1, "alone it has a table");
    mnet_graph_clear(&g);
}

static void every_operand_must_be_quantised(void) {
    MnetGraph g;
    begin_quantized(&g);
    g.output = q(&g, same(&g, MNET_OP_MUL, dq(&g, g.input), scalar(&g, 3)), 1, 0);
    CHECK(run(&g, mnet_opt_qdq) == 0);
    mnet_graph_clear(&g);

    begin_quantized(&g);
    int c = quantized(&g, constant(&g, MNET_DTYPE_QS8, 1, DIMS(2), "\1\2"), 0.1f, 0);
    int constant_operand = dq_constant(&g, c);
    g.output = q(&g, same(&g, MNET_OP_MUL, dq(&g, g.input), constant_operand), 1, 0);
    CHECK(run(&g, mnet_opt_qdq) == 1 && last(&g)->inputs[1] == c);
    mnet_graph_clear(&g);
}

int main(void) {
    RUN(convolution_with_integer_bias);
    RUN(biases_of_other_kinds_are_quantised);
    RUN(biases_at_the_edge_of_int32);
    RUN(weights_that_no_kernel_takes_stay_float);
    RUN(other_readers_of_the_float_keep_it);
    RUN(integer_kernels_only_clamp);
    RUN(every_operand_must_be_quantised);
    return test_end();
}
