#include "tests/nn/opt/build.h"

static int pool(MnetGraph *graph, int kernel, int stride) {
    int size = (4 - kernel) / stride + 1;
    int y = op(graph, MNET_OP_AVG_POOL, graph->input, MNET_NO_TENSOR, MNET_NO_TENSOR,
               MNET_DTYPE_F32, size, size, 3);
    last(graph)->attrs.pool.window =
        (MnetWindow){.kernel = {kernel, kernel}, .stride = {stride, stride}, .dilation = {1, 1}};
    return y;
}

static void a_pool_over_everything_is_a_mean(void) {
    for (int stride = 1; stride < 4; stride++) {
        MnetGraph g;
        begin(&g, MNET_DTYPE_F32, 4, 4, 3);
        g.output = pool(&g, 4, stride);
        CHECK(run(&g, mnet_opt_mean) == 1 && last(&g)->kind == MNET_OP_MEAN);
        CHECK(last(&g)->attrs.reduce.axes == 6 && last(&g)->attrs.reduce.keep_dims);
        mnet_graph_clear(&g);
    }
}

static void smaller_windows_and_activations_stay(void) {
    for (int reason = 0; reason < 3; reason++) {
        MnetGraph g;
        begin(&g, MNET_DTYPE_F32, 4, 4, 3);
        g.output = pool(&g, reason == 0 ? 3 : 4, 8);
        if (reason == 1)
            last(&g)->activation.kind = MNET_ACTIVATION_CLAMP;
        if (reason == 2)
            last(&g)->attrs.pool.window.pad[3] = 1;
        CHECK(run(&g, mnet_opt_mean) == 0, "reason %d", reason);
        mnet_graph_clear(&g);
    }
}

int main(void) {
    RUN(a_pool_over_everything_is_a_mean);
    RUN(smaller_windows_and_activations_stay);
    return test_end();
}
