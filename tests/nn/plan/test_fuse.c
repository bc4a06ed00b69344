/* Fused steps against the same graph run operator by operator: not one byte may differ. */
#include "nn/plan/plan.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static unsigned base_seed;
static uint32_t state;
static int n_fused; /* graphs of which a plan has fewer steps than nodes */

static int random_in(int lo, int hi) {
    state = state * 1664525u + 1013904223u;
    return lo + (int)((state >> 8) % (uint32_t)(hi - lo + 1));
}

static void *random_bytes(MnetGraph *graph, MnetDtype dtype, size_t count) {
    void *data = mnet_arena_array(&graph->arena, count, mnet_dtype_size(dtype));

    for (size_t i = 0; i < count; i++) {
        if (dtype == MNET_DTYPE_F32)
            ((float *)data)[i] = (float)random_in(-1000, 1000) * 1e-3f;
        else if (dtype == MNET_DTYPE_S32)
            ((int32_t *)data)[i] = random_in(-3000, 3000);
        else
            ((int8_t *)data)[i] = (int8_t)random_in(-128, 127);
    }
    return data;
}

static int add_tensor(MnetGraph *graph, const char *name, MnetDtype dtype, int rank,
                      const int32_t *dims) {
    int id = mnet_graph_add_tensor(graph, name, dtype, rank, dims);

    if (dtype == MNET_DTYPE_QS8)
        mnet_graph_set_quant(graph, &graph->tensors[id].quant,
                             0.01f + (float)random_in(0, 100) * 1e-3f, random_in(-128, 127));
    return id;
}

static int add_constant(MnetGraph *graph, const char *name, MnetDtype dtype, int rank,
                        const int32_t *dims) {
    int id = add_tensor(graph, name, dtype, rank, dims);
    MnetTensor *tensor = &graph->tensors[id];
    size_t count = (size_t)mnet_tensor_elements(tensor);

    if (dtype == MNET_DTYPE_QS8 && random_in(0, 1))
        mnet_graph_set_quant(graph, &tensor->quant, 0.002f, 0);
    tensor->data = random_bytes(graph, dtype, count);
    tensor->bytes = count * mnet_dtype_size(dtype);
    return id;
}

static MnetActivation random_activation(bool quantized) {
    static const MnetActivation all[] = {
        {MNET_ACTIVATION_CLAMP, 0, 6, 0, 0},      {MNET_ACTIVATION_CLAMP, 0, INFINITY, 0, 0},
        {MNET_ACTIVATION_NONE, 0, 0, 0, 0},       {MNET_ACTIVATION_CLAMP, -1.25f, 3.5f, 0, 0},
        {MNET_ACTIVATION_HARD_SWISH, 0, 0, 0, 0}, {MNET_ACTIVATION_SWISH, 0, 0, 0, 0},
    };

    return all[random_in(0, quantized ? 3 : 5)];
}

/* y = convolution of x; a residual of y's shape and type, or MNET_NO_TENSOR. */
static int add_conv(MnetGraph *graph, int x, int out_channels, int groups, int kernel, int stride,
                    int residual) {
    const MnetTensor input = graph->tensors[x];
    bool quantized = input.dtype == MNET_DTYPE_QS8;
    int32_t w_dims[] = {out_channels, kernel, kernel, input.dims[3] / groups};
    int32_t y_dims[] = {input.dims[0], 0, 0, out_channels}, bias_dims[] = {out_channels};
    MnetWindow window = {.padding = MNET_PADDING_EXPLICIT};
    int w, bias, y;
    MnetNode *node;

    for (int i = 0; i < 2; i++) {
        int room;

        window.kernel[i] = kernel;
        window.stride[i] = stride;
        window.dilation[i] = 1;
        if (kernel > 1) {
            window.pad[i] = random_in(0, kernel - 1);
            window.pad[2 + i] = random_in(0, kernel - 1);
        }
        if (input.dims[1 + i] + window.pad[i] + window.pad[2 + i] < kernel)
            window.pad[2 + i] = kernel;
        room = input.dims[1 + i] + window.pad[i] + window.pad[2 + i] - kernel;
        y_dims[1 + i] = room / stride + 1;
    }
    w = add_constant(graph, "w", input.dtype, 4, w_dims);
    bias = add_constant(graph, "bias", quantized ? MNET_DTYPE_S32 : MNET_DTYPE_F32, 1, bias_dims);
    y = add_tensor(graph, "y", input.dtype, 4, y_dims);
    node = mnet_graph_add_node(graph, MNET_OP_CONV_2D, "conv", "Conv",
                               residual == MNET_NO_TENSOR ? 3 : 4, 1);
    node->inputs[0] = x;
    node->inputs[1] = w;
    node->inputs[2] = bias;
    node->outputs[0] = y;
    node->attrs.conv.groups = groups;
    node->attrs.conv.window = window;
    node->activation = random_activation(quantized);
    if (residual != MNET_NO_TENSOR) {
        node->inputs[3] = residual;
        node->attrs.conv.inner = graph->tensors[y].quant;
        node->attrs.conv.residual_activation = random_activation(quantized);
    }
    return y;
}

static bool same_shape(const MnetTensor *a, const MnetTensor *b) {
    return a->rank == b->rank && !memcmp(a->dims, b->dims, (size_t)a->rank * sizeof(*a->dims));
}

/* Blocks of head, depthwise convolution and project, each but the depthwise one with a chance of
 * being there. */
static void random_graph(MnetGraph *graph, bool quantized) {
    int32_t dims[] = {random_in(1, 2), random_in(1, 40), random_in(1, 40), random_in(1, 40)};
    int x, wide, blocks = random_in(1, 2);

    mnet_graph_init(graph, "blocks");
    x = add_tensor(graph, "input", quantized ? MNET_DTYPE_QS8 : MNET_DTYPE_F32, 4, dims);
    graph->input = x;
    graph->embedding = MNET_NO_TENSOR;
    for (int i = 0; i < blocks; i++) {
        int before = x, head = random_in(0, 5), channels;

        if (head) {
            channels = random_in(2, 90);
            x = add_conv(graph, x, channels, 1, head < 5 ? 1 : 3, head < 5 ? 1 : random_in(1, 2),
                         MNET_NO_TENSOR);
        }
        channels = graph->tensors[x].dims[3];
        if (channels > 1)
            x = add_conv(graph, x, channels, channels, random_in(1, 5), random_in(1, 3),
                         MNET_NO_TENSOR);
        wide = x;
        if (random_in(0, 3)) {
            const MnetTensor *first = &graph->tensors[before], *last = &graph->tensors[x];
            bool add = first->dims[1] == last->dims[1] && first->dims[2] == last->dims[2];

            x = add_conv(graph, x, add ? first->dims[3] : random_in(1, 50), 1, 1, 1,
                         add ? before : MNET_NO_TENSOR);
            CHECK(!add || same_shape(&graph->tensors[x], &graph->tensors[before]), "residual");
        }
        if (random_in(0, 7) == 0)
            graph->embedding = wide;
    }
    graph->output = x;
}

static size_t bytes_of(const MnetGraph *graph, int tensor) {
    const MnetTensor *t = &graph->tensors[tensor];
    return (size_t)mnet_tensor_elements(t) * mnet_dtype_size(t->dtype);
}

/* Runs with so many bytes of cache; a copy of output and embedding, which the caller frees. */
static uint8_t *results(const MnetGraph *graph, size_t cache_bytes, int threads, const void *input,
                        int *steps) {
    size_t out_bytes = bytes_of(graph, graph->output), more = 0;
    MnetPlanMemory *memory = NULL;
    MnetPlan *plan = NULL;
    uint8_t *copy = NULL;
    MnetError error;

    if (graph->embedding != MNET_NO_TENSOR)
        more = bytes_of(graph, graph->embedding);
    if (mnet_plan_new(graph, cache_bytes, &plan, &error) ||
        mnet_plan_memory_new(plan, threads, &memory, &error)) {
        CHECK(false, "%s", error.message);
    } else {
        memcpy(mnet_plan_memory_tensor(memory, graph->input), input, bytes_of(graph, graph->input));
        mnet_plan_run(plan, memory);
        copy = malloc(out_bytes + more);
        memcpy(copy, mnet_plan_memory_tensor(memory, graph->output), out_bytes);
        if (more)
            memcpy(copy + out_bytes, mnet_plan_memory_tensor(memory, graph->embedding), more);
        *steps = mnet_plan_steps(plan);
    }
    mnet_plan_memory_free(&memory);
    mnet_plan_free(&plan);
    return copy;
}

static void check_graph(unsigned seed, bool quantized) {
    static const size_t caches[] = {1, 8 * 1024, 64 * 1024, 16 << 20};
    MnetGraph graph;
    uint8_t *want;
    void *input;
    size_t bytes;
    int apart;

    state = seed * 2654435761u + 1;
    random_graph(&graph, quantized);
    input = random_bytes(&graph, graph.tensors[graph.input].dtype,
                         (size_t)mnet_tensor_elements(&graph.tensors[graph.input]));
    bytes = bytes_of(&graph, graph.output);
    if (graph.embedding != MNET_NO_TENSOR)
        bytes += bytes_of(&graph, graph.embedding);
    want = results(&graph, 0, 1, input, &apart);
    CHECK(apart == graph.n_nodes, "%d steps of %d nodes without fusion", apart, graph.n_nodes);
    for (size_t i = 0; i < sizeof(caches) / sizeof(*caches) && want; i++) {
        int threads = random_in(1, 4), steps = 0;
        uint8_t *got = results(&graph, caches[i], threads, input, &steps);

        CHECK(got && !memcmp(got, want, bytes), "seed %u, %s, cache %zu, %d threads", seed,
              quantized ? "qs8" : "f32", caches[i], threads);
        n_fused += steps < apart;
        free(got);
    }
    free(want);
    mnet_graph_clear(&graph);
}

static void random_blocks(bool quantized) {
    n_fused = 0;
    for (unsigned i = 0; i < 150; i++)
        check_graph(base_seed + i, quantized);
    CHECK(n_fused > 100, "only %d plans fused", n_fused);
}

static void floats(void) {
    random_blocks(false);
}

static void integers(void) {
    random_blocks(true);
}

int main(int argc, char **argv) {
    base_seed = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) : (unsigned)time(NULL);
    printf("seed %u\n", base_seed);
    RUN(floats);
    RUN(integers);
    return test_end();
}
