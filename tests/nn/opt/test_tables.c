/* Graphs with their tables and without, on all values. */
#include "tests/nn/opt/build.h"

#include "nn/ops/op.h"

enum { SIZE = 256 };

/* Runs nodes one by one on x = every value; what the graph's output becomes. */
static void run_nodes(const MnetGraph *g, int8_t *result) {
    static int8_t memory[16][SIZE];
    void *tensors[16];
    for (int i = 0; i < g->n_tensors && i < 16; i++)
        tensors[i] = g->tensors[i].data ? (void *)g->tensors[i].data : memory[i];
    for (int i = 0; i < SIZE; i++)
        memory[g->input][i] = (int8_t)i;
    for (int i = 0; i < g->n_nodes; i++) {
        const MnetNode *node = &g->nodes[i];
        const MnetStepMemory step_memory = {.tensors = tensors};
        MnetStep step = {.node = node, .graph = g};
        MnetArena arena = {0};
        MnetError error = {0};
        CHECK(!mnet_op_prepare(node->kind)(g, node, &arena, &step, &error), "%s", error.message);
        if (!error.status)
            step.run(&step, &step_memory, 0, step.units);
        mnet_arena_clear(&arena);
    }
    memcpy(result, memory[g->output], SIZE);
}

static void start(MnetGraph *g) {
    begin(g, MNET_DTYPE_QS8, 2, 4, 32);
    quantized(g, g->input, 0.05f, -20);
}

static int hard_sigmoid(MnetGraph *g, int x) {
    int y = activation(
        g, x,
        (MnetActivation){.kind = MNET_ACTIVATION_HARD_SIGMOID, .alpha = 1.f / 6, .beta = .5f});
    return quantized(g, y, 1 / 255.f, -128);
}

static void finish(MnetGraph *g, int changes, int nodes) {
    int8_t before[SIZE], after[SIZE];
    run_nodes(g, before);
    CHECK(run(g, mnet_opt_tables) == changes && g->n_nodes == nodes, "%d nodes", g->n_nodes);
    run_nodes(g, after);
    CHECK(!memcmp(before, after, SIZE));
    CHECK(before[0] != before[100], "nothing is computed");
    mnet_graph_clear(g);
}

static void gates(void) {
    for (int side = 0; side < 2; side++) {
        MnetGraph g;
        start(&g);
        int gate = hard_sigmoid(&g, g.input);
        g.output = quantized(
            &g, same(&g, MNET_OP_MUL, side ? gate : g.input, side ? g.input : gate), 0.04f, -100);
        finish(&g, 1, 1);
    }
}

static void hard_swish_written_out(void) {
    MnetGraph g;
    start(&g);
    int three = quantized(&g, constant(&g, MNET_DTYPE_QS8, 0, NULL, "\x7f"), 3.f / 127, 0);
    int sixth = quantized(&g, constant(&g, MNET_DTYPE_QS8, 1, DIMS(1), "\x7f"), 1 / 762.f, 0);
    int sum = quantized(&g, same(&g, MNET_OP_ADD, g.input, three), 6 / 255.f, -128);
    int product = quantized(&g, same(&g, MNET_OP_MUL, sum, g.input), 0.2f, -110);
    g.output = quantized(&g, same(&g, MNET_OP_MUL, product, sixth), 0.03f, -110);
    finish(&g, 3, 1);
}

static int values(MnetGraph *g) {
    int tensor = quantized(g, tensor4(g, MNET_DTYPE_QS8, 2, 4, 32), 0.1f, 0);
    g->tensors[tensor].data = memset(mnet_arena_alloc(&g->arena, SIZE), 7, SIZE);
    g->tensors[tensor].bytes = SIZE;
    return tensor;
}

static int requantize(MnetGraph *g, int x, float scale, int zero_point) {
    return quantized(g, same(g, MNET_OP_REQUANTIZE, x, MNET_NO_TENSOR), scale, zero_point);
}

static void chains(void) {
    MnetGraph g;
    start(&g);
    int y = requantize(&g, hard_sigmoid(&g, requantize(&g, g.input, 0.2f, 3)), 0.01f, -90);
    g.output = quantized(&g, same(&g, MNET_OP_ADD, y, values(&g)), 0.02f, -50);
    finish(&g, 2, 2);
}

/* As what they are is read off their activation. */
static void leaves_scores(void) {
    MnetGraph g;
    start(&g);
    g.output = requantize(&g, hard_sigmoid(&g, requantize(&g, g.input, 0.2f, 3)), 0.01f, -90);
    finish(&g, 0, 3);
}

static void keeps_what_others_read(void) {
    MnetGraph g;
    start(&g);
    int gate = hard_sigmoid(&g, g.input);
    int swish = quantized(&g, same(&g, MNET_OP_MUL, g.input, gate), 0.04f, -100);
    int shifted = quantized(&g, same(&g, MNET_OP_SUB, gate, values(&g)), 0.01f, 0);
    g.output = quantized(&g, same(&g, MNET_OP_ADD, swish, shifted), 0.1f, 0);
    finish(&g, 1, 4);
}

static void leaves_single_ops_and_broadcasts(void) {
    MnetGraph g;
    start(&g);
    g.output = hard_sigmoid(&g, g.input);
    finish(&g, 0, 1);

    begin(&g, MNET_DTYPE_QS8, 1, 1, 1);
    quantized(&g, g.input, 0.1f, 0);
    int row = quantized(&g, constant(&g, MNET_DTYPE_QS8, 1, DIMS(4), "abcd"), 0.1f, 0);
    g.output = quantized(
        &g, op(&g, MNET_OP_MUL, g.input, row, MNET_NO_TENSOR, MNET_DTYPE_QS8, 1, 1, 4), 0.1f, 0);
    CHECK(run(&g, mnet_opt_tables) == 0);
    mnet_graph_clear(&g);

    begin(&g, MNET_DTYPE_F32, 1, 1, 4);
    g.output = same(&g, MNET_OP_MUL, g.input, clamp(&g, g.input, 0, 6));
    CHECK(run(&g, mnet_opt_tables) == 0, "floats");
    mnet_graph_clear(&g);
}

int main(void) {
    RUN(gates);
    RUN(hard_swish_written_out);
    RUN(chains);
    RUN(leaves_scores);
    RUN(keeps_what_others_read);
    RUN(leaves_single_ops_and_broadcasts);
    return test_end();
}
