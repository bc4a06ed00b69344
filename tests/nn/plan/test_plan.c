#include "nn/plan/plan.h"

#include "nn/ops/op.h"
#include "tests/nn/allocations.h"
#include "tests/test.h"

#include <stdint.h>
#include <time.h>

static uint32_t state;

static int random_in(int lo, int hi) {
    state = state * 1664525u + 1013904223u;
    return lo + (int)((state >> 8) % (uint32_t)(hi - lo + 1));
}

static size_t tensor_bytes(const MnetTensor *tensor) {
    return (size_t)mnet_tensor_elements(tensor) * mnet_dtype_size(tensor->dtype);
}

static int add_constant(MnetGraph *graph, const char *name, int rank, const int32_t *dims) {
    int id = mnet_graph_add_tensor(graph, name, MNET_DTYPE_F32, rank, dims);
    MnetTensor *tensor = &graph->tensors[id];
    /* One byte off, as constants in a mapped file may be. */
    char *data = mnet_arena_alloc(&graph->arena, tensor_bytes(tensor) + 1);

    for (int64_t i = 0; i < mnet_tensor_elements(tensor); i++) {
        float value = (float)random_in(-500, 500) * 1e-3f;
        memcpy(data + 1 + i * 4, &value, 4);
    }
    tensor->data = data + 1;
    tensor->bytes = tensor_bytes(tensor);
    return id;
}

/* Appends a node of one or two inputs to tensor `a`, `b` being of the same size, and returns its
 * output. */
static int add_random_node(MnetGraph *graph, int a, int b) {
    MnetTensor x = graph->tensors[a];
    int kind = random_in(0, 4), y;
    MnetNode *node;

    if (kind == 0 && x.rank == 4) {
        const int32_t w_dims[] = {x.dims[3], 3, 3, x.dims[3]}, bias_dims[] = {x.dims[3]};
        int w = add_constant(graph, "w", 4, w_dims), bias = add_constant(graph, "b", 1, bias_dims);

        y = mnet_graph_add_tensor(graph, "conv", x.dtype, 4, x.dims);
        node = mnet_graph_add_node(graph, MNET_OP_CONV_2D, "conv", "Conv", 4, 1);
        node->inputs[1] = w;
        node->inputs[2] = bias;
        node->attrs.conv.window =
            (MnetWindow){{3, 3}, {1, 1}, {1, 1}, MNET_PADDING_EXPLICIT, {1, 1, 1, 1}};
        node->attrs.conv.groups = 1;
        node->activation = (MnetActivation){MNET_ACTIVATION_CLAMP, -1, 1, 0, 0};
    } else if (kind == 1) {
        const int32_t flat[] = {1, (int32_t)mnet_tensor_elements(&x)};
        const int32_t square[] = {1, 2, flat[1] / 8, 4};

        y = x.rank == 4 ? mnet_graph_add_tensor(graph, "flat", x.dtype, 2, flat)
                        : mnet_graph_add_tensor(graph, "square", x.dtype, 4, square);
        node = mnet_graph_add_node(graph, MNET_OP_RESHAPE, "reshape", "Reshape", 1, 1);
    } else if (kind == 2) {
        y = mnet_graph_add_tensor(graph, "swish", x.dtype, x.rank, x.dims);
        node = mnet_graph_add_node(graph, MNET_OP_ACTIVATION, "swish", "HardSwish", 1, 1);
        node->activation.kind = MNET_ACTIVATION_HARD_SWISH;
    } else {
        const int32_t scalar[] = {1};
        bool same = !memcmp(x.dims, graph->tensors[b].dims, sizeof(x.dims));
        int other = same ? b : add_constant(graph, "c", 1, scalar);

        y = mnet_graph_add_tensor(graph, "add", x.dtype, x.rank, x.dims);
        node = mnet_graph_add_node(graph, MNET_OP_ADD, "add", "Add", 2, 1);
        node->inputs[1] = other;
    }
    node->inputs[0] = a;
    node->outputs[0] = y;
    return y;
}

static void random_graph(MnetGraph *graph) {
    const int32_t dims[] = {1, 4, random_in(1, 6), 4};
    int made[40], n = 1, nodes = random_in(0, 30);

    mnet_graph_init(graph, "random");
    made[0] = graph->input = mnet_graph_add_tensor(graph, "input", MNET_DTYPE_F32, 4, dims);
    for (int i = 0; i < nodes; i++, n++)
        made[n] = add_random_node(graph, made[random_in(n > 4 ? n - 4 : 0, n - 1)],
                                  made[random_in(0, n - 1)]);
    graph->output = made[n - 1];
    graph->embedding = random_in(0, 1) ? made[random_in(0, n - 1)] : MNET_NO_TENSOR;
}

/* Each node by itself, each tensor in memory of its own. */
static void run_apart(const MnetGraph *graph, void **tensors) {
    for (int i = 0; i < graph->n_nodes; i++) {
        const MnetNode *node = &graph->nodes[i];
        MnetOpPrepare prepare = mnet_op_prepare(node->kind);
        MnetStep step = {.node = node, .graph = graph};
        MnetArena arena = {0};
        MnetError error;

        if (node->kind == MNET_OP_RESHAPE)
            prepare = mnet_op_reshape_prepare;
        if (prepare(graph, node, &arena, &step, &error)) {
            CHECK(false, "%s", error.message);
        } else {
            MnetStepMemory memory = {
                .tensors = tensors,
                .scratch = aligned_alloc(MNET_ALIGN, step.scratch_bytes / 64 * 64 + 64),
            };
            step.run(&step, &memory, 0, step.units);
            free(memory.scratch);
        }
        mnet_arena_clear(&arena);
    }
}

static bool same_bytes(const MnetGraph *graph, int tensor, const void *a, const void *b) {
    return tensor == MNET_NO_TENSOR || !memcmp(a, b, tensor_bytes(&graph->tensors[tensor]));
}

/* Runs twice with the input written anew; results must be those of run_apart(), and outlive the
 * writing. */
static void check_runs(const MnetGraph *graph, const MnetPlan *plan, int threads,
                       void *const *want) {
    size_t input_bytes = tensor_bytes(&graph->tensors[graph->input]);
    MnetPlanMemory *memory = NULL;
    MnetError error;
    void *input;

    CHECK(!mnet_plan_memory_new(plan, threads, &memory, &error), "%s", error.message);
    input = mnet_plan_memory_tensor(memory, graph->input);
    for (int run = 0; run < 2; run++) {
        int before;

        memcpy(input, want[graph->input], input_bytes);
        before = atomic_load(&allocations);
        mnet_plan_run(plan, memory);
        CHECK(run == 0 || atomic_load(&allocations) == before, "a run allocates");
        if (graph->output != graph->input && graph->embedding != graph->input)
            memset(input, 0xff, input_bytes);
        CHECK(same_bytes(graph, graph->output, mnet_plan_memory_tensor(memory, graph->output),
                         want[graph->output]),
              "output, %d threads, run %d", threads, run);
        CHECK(graph->embedding == MNET_NO_TENSOR ||
                  same_bytes(graph, graph->embedding,
                             mnet_plan_memory_tensor(memory, graph->embedding),
                             want[graph->embedding]),
              "embedding, %d threads, run %d", threads, run);
    }
    mnet_plan_memory_free(&memory);
    CHECK(!memory, "not nulled");
}

static void check_graph(unsigned seed) {
    MnetGraph graph;
    MnetPlan *plan = NULL;
    MnetError error;
    void **tensors;
    char *text;

    state = seed * 2654435761u + 1;
    random_graph(&graph);
    tensors = calloc((size_t)graph.n_tensors, sizeof(*tensors));
    for (int i = 0; i < graph.n_tensors; i++) {
        const MnetTensor *tensor = &graph.tensors[i];

        tensors[i] = aligned_alloc(64, tensor_bytes(tensor) / 64 * 64 + 128);
        if (tensor->data)
            memcpy(tensors[i], tensor->data, tensor->bytes);
    }
    for (int64_t i = 0; i < mnet_tensor_elements(&graph.tensors[graph.input]); i++)
        ((float *)tensors[graph.input])[i] = (float)random_in(-1000, 1000) * 1e-3f;
    run_apart(&graph, tensors);

    if (mnet_plan_new(&graph, 256 * 1024, &plan, &error)) {
        CHECK(false, "seed %u: %s", seed, error.message);
    } else {
        int before = test_failures;

        for (int threads = 1; threads <= 3; threads++)
            check_runs(&graph, plan, threads, tensors);
        CHECK(test_failures == before, "seed %u", seed);
        text = mnet_plan_print(plan);
        CHECK(text && strstr(text, "arena"), "nothing printed");
        free(text);
    }
    mnet_plan_free(&plan);
    for (int i = 0; i < graph.n_tensors; i++)
        free(tensors[i]);
    free(tensors);
    mnet_graph_clear(&graph);
}

static void random_graphs(void) {
    unsigned seed = (unsigned)time(NULL);

    printf("seed %u\n", seed);
    for (unsigned i = 0; i < 150; i++)
        check_graph(seed + i);
}

/* 1 x 30000 x 30000 x 1 floats. */
static void too_large(void) {
    const int32_t dims[] = {1, 30000, 30000, 1};
    MnetGraph graph;
    MnetPlan *plan = NULL;
    MnetError error;
    MnetNode *node;

    mnet_graph_init(&graph, "large");
    graph.input = mnet_graph_add_tensor(&graph, "input", MNET_DTYPE_F32, 4, dims);
    graph.output = mnet_graph_add_tensor(&graph, "huge", MNET_DTYPE_F32, 4, dims);
    graph.embedding = MNET_NO_TENSOR;
    node = mnet_graph_add_node(&graph, MNET_OP_ACTIVATION, "relu", "Relu", 1, 1);
    node->inputs[0] = graph.input;
    node->outputs[0] = graph.output;
    node->activation.kind = MNET_ACTIVATION_HARD_SWISH;
    CHECK(mnet_plan_new(&graph, 256 * 1024, &plan, &error) == MNET_ERROR_MEMORY, "accepted");
    CHECK(strstr(error.message, "input"), "%s", error.message);
    CHECK(!plan, "left behind");
    mnet_graph_clear(&graph);
}

static void not_canonical(void) {
    const int32_t dims[] = {1, 2};
    MnetGraph graph;
    MnetPlan *plan = NULL;
    MnetError error;
    MnetNode *node;

    mnet_graph_init(&graph, "shape.onnx");
    graph.input = mnet_graph_add_tensor(&graph, "input", MNET_DTYPE_F32, 2, dims);
    graph.output = mnet_graph_add_tensor(&graph, "output", MNET_DTYPE_S64, 1, dims);
    graph.embedding = MNET_NO_TENSOR;
    node = mnet_graph_add_node(&graph, MNET_OP_SHAPE, "sizes", "Shape", 1, 1);
    node->inputs[0] = graph.input;
    node->outputs[0] = graph.output;
    CHECK(mnet_plan_new(&graph, 256 * 1024, &plan, &error) == MNET_ERROR_UNSUPPORTED, "accepted");
    CHECK(strstr(error.message, "shape.onnx") && strstr(error.message, "sizes"), "%s",
          error.message);
    mnet_graph_clear(&graph);
}

int main(void) {
    RUN(random_graphs);
    RUN(too_large);
    RUN(not_canonical);
    return test_end();
}
