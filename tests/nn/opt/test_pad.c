#include "tests/nn/opt/build.h"

/* PAD of 1 above and left, 2 below and right, and `channels` channels. */
static int pad(MnetGraph *graph, int x, float value, int channels) {
    MnetTensor from = graph->tensors[x];
    int y = op(graph, MNET_OP_PAD, x, MNET_NO_TENSOR, MNET_NO_TENSOR, from.dtype, from.dims[1] + 3,
               from.dims[2] + 3, from.dims[3] + channels);
    last(graph)->attrs.pad.before[1] = last(graph)->attrs.pad.before[2] = 1;
    last(graph)->attrs.pad.after[1] = last(graph)->attrs.pad.after[2] = 2;
    last(graph)->attrs.pad.after[3] = channels;
    last(graph)->attrs.pad.value = value;
    return y;
}

static int pool(MnetGraph *graph, MnetOpKind kind, int x, int kernel) {
    MnetTensor from = graph->tensors[x];
    int y = op(graph, kind, x, MNET_NO_TENSOR, MNET_NO_TENSOR, from.dtype,
               from.dims[1] + 1 - kernel, from.dims[2] + 1 - kernel, from.dims[3]);
    last(graph)->attrs.pool.window =
        (MnetWindow){.kernel = {kernel, kernel}, .stride = {1, 1}, .dilation = {1, 1}};
    return y;
}

static void becomes_a_convolutions_padding(void) {
    MnetGraph g;
    begin(&g, MNET_DTYPE_F32, 4, 5, 3);
    int y = pad(&g, g.input, 0, 0);
    MnetTensor padded = g.tensors[y];
    y = conv(&g, y, 8, MNET_NO_TENSOR, MNET_NO_TENSOR);
    MnetWindow *window = &last(&g)->attrs.conv.window;
    window->pad[0] = 4;
    g.tensors[y].dims[1] = padded.dims[1] + 4;
    g.output = y;
    CHECK(run(&g, mnet_opt_pad) == 1);
    CHECK(g.n_nodes == 1 && g.nodes[0].inputs[0] == g.input);
    const int *pads = g.nodes[0].attrs.conv.window.pad;
    CHECK(pads[0] == 5 && pads[1] == 1 && pads[2] == 2 && pads[3] == 2, "%d %d %d %d", pads[0],
          pads[1], pads[2], pads[3]);
    mnet_graph_clear(&g);
}

static void keeps_another_value_or_more_channels(void) {
    const struct {
        float value;
        int channels;
    } cases[] = {{1, 0}, {0, 1}};
    for (int i = 0; i < 2; i++) {
        MnetGraph g;
        begin(&g, MNET_DTYPE_F32, 4, 5, 3);
        g.output = conv(&g, pad(&g, g.input, cases[i].value, cases[i].channels), 8, MNET_NO_TENSOR,
                        MNET_NO_TENSOR);
        CHECK(run(&g, mnet_opt_pad) == 0 && g.n_nodes == 2, "case %d", i);
        mnet_graph_clear(&g);
    }
}

static void stays_for_other_readers(void) {
    MnetGraph g;
    begin(&g, MNET_DTYPE_F32, 4, 5, 3);
    int p = pad(&g, g.input, 0, 0);
    int y = conv(&g, p, 3, MNET_NO_TENSOR, MNET_NO_TENSOR);
    g.output = same(&g, MNET_OP_ADD, y, p);
    CHECK(run(&g, mnet_opt_pad) == 1 && g.n_nodes == 3);
    CHECK(count(&g, MNET_OP_PAD) == 1 && g.nodes[1].inputs[0] == g.input);
    mnet_graph_clear(&g);
}

static void pools_only_where_it_means_the_same(void) {
    const struct {
        MnetOpKind kind;
        float value;
        int kernel, changes;
    } cases[] = {{MNET_OP_AVG_POOL, 0, 3, 1},
                 {MNET_OP_AVG_POOL, -1, 3, 0},
                 {MNET_OP_AVG_POOL, 0, 2, 0}, /* a window would lie outside the picture */
                 {MNET_OP_MAX_POOL, 0, 3, 0},
                 {MNET_OP_MAX_POOL, -INFINITY, 3, 1}};
    for (int i = 0; i < 5; i++) {
        MnetGraph g;
        begin(&g, MNET_DTYPE_F32, 4, 5, 3);
        g.output = pool(&g, cases[i].kind, pad(&g, g.input, cases[i].value, 0), cases[i].kernel);
        CHECK(run(&g, mnet_opt_pad) == cases[i].changes, "case %d", i);
        if (i == 0)
            CHECK(last(&g)->attrs.pool.count_include_pad);
        mnet_graph_clear(&g);
    }
}

static void quantised_needs_one_scale(void) {
    for (int other = 0; other < 2; other++) {
        MnetGraph g;
        begin(&g, MNET_DTYPE_QS8, 4, 5, 3);
        quantized(&g, g.input, 0.1f, 3);
        int p = quantized(&g, pad(&g, g.input, 0, 0), 0.1f, 3 + other);
        int w = quantized(&g, constant(&g, MNET_DTYPE_QS8, 4, DIMS(1, 1, 1, 3), "\1\2\3"), 0.5f, 0);
        g.output = quantized(&g, conv(&g, p, 1, w, MNET_NO_TENSOR), 0.3f, 0);
        CHECK(run(&g, mnet_opt_pad) == !other);
        mnet_graph_clear(&g);
    }
}

int main(void) {
    RUN(becomes_a_convolutions_padding);
    RUN(keeps_another_value_or_more_channels);
    RUN(stays_for_other_readers);
    RUN(pools_only_where_it_means_the_same);
    RUN(quantised_needs_one_scale);
    return test_end();
}
