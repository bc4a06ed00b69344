#include "tests/nn/opt/build.h"

static int dq(MnetGraph *graph, int x) {
    return same(graph, MNET_OP_DEQUANTIZE, x, MNET_NO_TENSOR);
}

static int q(MnetGraph *graph, int x, float scale, int zero_point) {
    return quantized(graph, same(graph, MNET_OP_QUANTIZE, x, MNET_NO_TENSOR), scale, zero_point);
}

static void begin_quantized(MnetGraph *graph) {
    begin(graph, MNET_DTYPE_QS8, 4, 4, 2);
    quantized(graph, graph->input, 0.5f, 1);
}

static int relu(MnetGraph *graph, int x) {
    return clamp(graph, x, 0, INFINITY);
}

static void pairs_go_or_become_requantize(void) {
    MnetGraph g;
    begin_quantized(&g);
    int x = quantized(&g, relu(&g, g.input), 0.5f, 1);
    g.output = q(&g, dq(&g, x), 0.5f, 1);
    CHECK(run(&g, mnet_opt_qdq_move) == 1 && g.n_nodes == 1 && g.output == x);
    mnet_graph_clear(&g);

    begin_quantized(&g);
    g.output = q(&g, dq(&g, g.input), 0.5f, 2);
    CHECK(run(&g, mnet_opt_qdq_move) == 1 && g.n_nodes == 1);
    CHECK(last(&g)->kind == MNET_OP_REQUANTIZE && last(&g)->inputs[0] == g.input);
    mnet_graph_clear(&g);

    begin_quantized(&g);
    x = quantized(&g, same(&g, MNET_OP_REQUANTIZE, g.input, MNET_NO_TENSOR), 0.5f, 1);
    g.output = quantized(&g, relu(&g, x), 0.5f, 1);
    CHECK(run(&g, mnet_opt_qdq_move) == 1 && g.n_nodes == 1 && last(&g)->inputs[0] == g.input);
    mnet_graph_clear(&g);
}

static void dequantize_moves_down(void) {
    MnetGraph g;
    begin_quantized(&g);
    int y = op(&g, MNET_OP_RESHAPE, dq(&g, g.input), MNET_NO_TENSOR, MNET_NO_TENSOR, MNET_DTYPE_F32,
               1, 4, 8);
    g.output = relu(&g, y);
    CHECK(run(&g, mnet_opt_qdq_move) == 1 && g.n_nodes == 3);
    CHECK(g.nodes[0].kind == MNET_OP_RESHAPE && g.nodes[1].kind == MNET_OP_DEQUANTIZE);
    const MnetTensor *moved = &g.tensors[g.nodes[0].outputs[0]];
    CHECK(moved->dtype == MNET_DTYPE_QS8 && moved->quant.scale[0] == 0.5f && moved->dims[3] == 8);
    CHECK(g.nodes[1].outputs[0] == y);
    mnet_graph_clear(&g);
}

static void dequantize_moves_below_every_output(void) {
    MnetGraph g;
    begin_quantized(&g);
    int x = dq(&g, g.input);
    MnetNode *split = mnet_graph_add_node(&g, MNET_OP_SPLIT, "split", NULL, 1, 2);
    split->attrs.along.axis = 3;
    split->inputs[0] = x;
    int halves[2];
    for (int o = 0; o < 2; o++)
        last(&g)->outputs[o] = halves[o] = tensor4(&g, MNET_DTYPE_F32, 4, 4, 1);
    g.output = same(&g, MNET_OP_ADD, halves[0], halves[1]);
    CHECK(run(&g, mnet_opt_qdq_move) == 1);
    CHECK(count(&g, MNET_OP_DEQUANTIZE) == 2 && g.nodes[0].kind == MNET_OP_SPLIT);
    CHECK(last(&g)->inputs[0] == halves[0] && last(&g)->inputs[1] == halves[1]);
    mnet_graph_clear(&g);
}

static void quantize_moves_up(void) {
    MnetGraph g;
    begin_quantized(&g);
    int x = relu(&g, dq(&g, g.input));
    int y = op(&g, MNET_OP_RESHAPE, x, MNET_NO_TENSOR, MNET_NO_TENSOR, MNET_DTYPE_F32, 1, 4, 8);
    y = op(&g, MNET_OP_RESHAPE, y, MNET_NO_TENSOR, MNET_NO_TENSOR, MNET_DTYPE_F32, 1, 1, 32);
    g.output = q(&g, y, 0.25f, 7);
    int output = g.output;
    CHECK(run(&g, mnet_opt_qdq_move) == 2 && g.n_nodes == 5);
    CHECK(g.nodes[2].kind == MNET_OP_QUANTIZE && g.nodes[2].inputs[0] == x);
    CHECK(g.nodes[3].kind == MNET_OP_RESHAPE && g.nodes[4].kind == MNET_OP_RESHAPE);
    CHECK(last(&g)->outputs[0] == output && g.tensors[last(&g)->inputs[0]].quant.scale[0] == 0.25f);
    CHECK(run(&g, mnet_opt_qdq) == 1 && count(&g, MNET_OP_QUANTIZE) == 0, "so the relu is integer");
    mnet_graph_clear(&g);
}

static void what_has_other_readers_or_rounds_stays(void) {
    MnetGraph g;
    begin_quantized(&g);
    int x = relu(&g, dq(&g, g.input));
    int y = op(&g, MNET_OP_RESHAPE, x, MNET_NO_TENSOR, MNET_NO_TENSOR, MNET_DTYPE_F32, 4, 4, 2);
    g.output = quantized(&g, same(&g, MNET_OP_ADD, q(&g, y, 1, 0), q(&g, x, 1, 0)), 1, 0);
    CHECK(run(&g, mnet_opt_qdq_move) == 0, "x has another reader");
    mnet_graph_clear(&g);

    begin_quantized(&g);
    y = same(&g, MNET_OP_PAD, dq(&g, g.input), MNET_NO_TENSOR);
    last(&g)->attrs.pad.value = 0.3f;
    g.output = y;
    CHECK(run(&g, mnet_opt_qdq_move) == 0, "0.3 is no multiple of the scale");
    mnet_graph_clear(&g);

    begin_quantized(&g);
    g.output = relu(&g, dq(&g, g.input));
    CHECK(run(&g, mnet_opt_qdq_move) == 0, "an activation computes");
    mnet_graph_clear(&g);
}

int main(void) {
    RUN(pairs_go_or_become_requantize);
    RUN(dequantize_moves_down);
    RUN(dequantize_moves_below_every_output);
    RUN(quantize_moves_up);
    RUN(what_has_other_readers_or_rounds_stays);
    return test_end();
}
