#include "tests/nn/opt/build.h"

static void removes_what_nobody_asks_for(void) {
    const float values[3] = {1, 2, 3};
    MnetGraph g;
    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    int used = constant(&g, MNET_DTYPE_F32, 1, DIMS(3), values);
    int unused = constant(&g, MNET_DTYPE_F32, 1, DIMS(3), values);
    int y = same(&g, MNET_OP_ADD, g.input, used);
    same(&g, MNET_OP_MUL, same(&g, MNET_OP_MUL, y, unused), unused);
    g.embedding = same(&g, MNET_OP_SUB, y, used);
    g.output = same(&g, MNET_OP_DIV, y, used);
    CHECK(run(&g, mnet_opt_dead) == 2);
    CHECK(g.n_nodes == 3 && g.nodes[0].kind == MNET_OP_ADD && g.nodes[1].kind == MNET_OP_SUB &&
          g.nodes[2].kind == MNET_OP_DIV);
    CHECK(g.tensors[used].data && !g.tensors[unused].data && !g.tensors[unused].bytes);
    mnet_graph_clear(&g);
}

static void keeps_a_node_of_which_one_output_is_read(void) {
    MnetGraph g;
    begin(&g, MNET_DTYPE_F32, 4, 4, 3);
    MnetNode *split = mnet_graph_add_node(&g, MNET_OP_SPLIT, "split", NULL, 1, 3);
    split->attrs.along.axis = 3;
    split->inputs[0] = g.input;
    for (int o = 0; o < 3; o++)
        split->outputs[o] = tensor4(&g, MNET_DTYPE_F32, 4, 4, 1);
    g.output = split->outputs[1];
    CHECK(run(&g, mnet_opt_dead) == 0 && g.n_nodes == 1);
    mnet_graph_clear(&g);
}

int main(void) {
    RUN(removes_what_nobody_asks_for);
    RUN(keeps_a_node_of_which_one_output_is_read);
    return test_end();
}
