#include "tests/nn/opt/build.h"

static int quantize(MnetGraph *graph, int x) {
    return quantized(graph, same(graph, MNET_OP_QUANTIZE, x, MNET_NO_TENSOR), 0.5f, 3);
}

static void leaves_it_to_the_session(void) {
    MnetGraph g;
    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    int q = quantize(&g, g.input);
    g.output = same(&g, MNET_OP_DEQUANTIZE, q, MNET_NO_TENSOR);
    CHECK(run(&g, mnet_opt_input) == 1 && g.n_nodes == 1 && g.input == q);
    CHECK(last(&g)->kind == MNET_OP_DEQUANTIZE && g.tensors[q].quant.zero_point[0] == 3);
    mnet_graph_clear(&g);
}

static void leaves_what_others_read_or_see(void) {
    MnetGraph g;
    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    g.output = quantize(&g, g.input);
    CHECK(run(&g, mnet_opt_input) == 0 && g.n_nodes == 1, "the output");
    mnet_graph_clear(&g);

    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    int q = quantize(&g, g.input), x = same(&g, MNET_OP_DEQUANTIZE, q, MNET_NO_TENSOR);
    g.output = same(&g, MNET_OP_ADD, x, g.input);
    CHECK(run(&g, mnet_opt_input) == 0 && g.n_nodes == 3, "two readers");
    mnet_graph_clear(&g);

    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    g.output = same(&g, MNET_OP_MUL, g.input, g.input);
    CHECK(run(&g, mnet_opt_input) == 0, "another op");
    mnet_graph_clear(&g);
}

int main(void) {
    RUN(leaves_it_to_the_session);
    RUN(leaves_what_others_read_or_see);
    return test_end();
}
