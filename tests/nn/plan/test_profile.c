#include "nn/plan/profile.h"

#include "tests/test.h"

enum { SIDE = 5, CHANNELS = 3, ELEMENTS = SIDE * SIDE * CHANNELS, STEPS = 3, RUNS = 4 };

static int add_node(MnetGraph *graph, MnetOpKind kind, const char *name, int a, int b) {
    const int32_t dims[] = {1, SIDE, SIDE, CHANNELS};
    int y = mnet_graph_add_tensor(graph, name, MNET_DTYPE_F32, 4, dims);
    MnetNode *node =
        mnet_graph_add_node(graph, kind, name, mnet_op_name(kind), b == MNET_NO_TENSOR ? 1 : 2, 1);

    node->inputs[0] = a;
    if (b != MNET_NO_TENSOR)
        node->inputs[1] = b;
    node->outputs[0] = y;
    node->activation.kind =
        kind == MNET_OP_ACTIVATION ? MNET_ACTIVATION_HARD_SWISH : MNET_ACTIVATION_NONE;
    return y;
}

/* Two swishes and the sum of what they make. */
static void make_graph(MnetGraph *graph) {
    const int32_t dims[] = {1, SIDE, SIDE, CHANNELS};
    int first, second;

    mnet_graph_init(graph, "profile");
    graph->input = mnet_graph_add_tensor(graph, "input", MNET_DTYPE_F32, 4, dims);
    first = add_node(graph, MNET_OP_ACTIVATION, "first", graph->input, MNET_NO_TENSOR);
    second = add_node(graph, MNET_OP_ACTIVATION, "second", first, MNET_NO_TENSOR);
    graph->output = add_node(graph, MNET_OP_ADD, "third", first, second);
    graph->embedding = MNET_NO_TENSOR;
}

static int fills;

static void fill(void *input, const MnetTensor *tensor) {
    float *values = input;

    fills++;
    for (int i = 0; i < ELEMENTS; i++)
        values[i] = (float)i * 0.1f - 3;
}

static void same_results(void) {
    MnetGraph graph;
    MnetPlan *plan = NULL;
    MnetError error;

    make_graph(&graph);
    CHECK(!mnet_plan_new(&graph, 256 * 1024, &plan, &error), "%s", error.message);
    CHECK(mnet_plan_steps(plan) == STEPS, "%d", mnet_plan_steps(plan));
    for (int threads = 1; threads <= 2; threads++) {
        MnetPlanMemory *memory = NULL;
        float expected[ELEMENTS];
        double ms[STEPS + 1] = {-1, -1, -1, -1};
        float *output;

        CHECK(!mnet_plan_memory_new(plan, threads, &memory, &error), "%s", error.message);
        output = mnet_plan_memory_tensor(memory, graph.output);
        fill(mnet_plan_memory_tensor(memory, graph.input), NULL);
        mnet_plan_run(plan, memory);
        memcpy(expected, output, sizeof(expected));
        memset(output, 0, sizeof(expected));
        fill(mnet_plan_memory_tensor(memory, graph.input), NULL);
        mnet_plan_run_profiled(plan, memory, ms);
        CHECK(!memcmp(expected, output, sizeof(expected)), "%d threads", threads);
        for (int i = 0; i < STEPS; i++)
            CHECK(ms[i] >= 0 && ms[i] < 1e4, "step %d: %g ms", i, ms[i]);
        CHECK(ms[STEPS] == -1, "a time without a step");
        mnet_plan_memory_free(&memory);
    }
    mnet_plan_free(&plan);
    mnet_graph_clear(&graph);
}

static int lines_with(const char *text, const char *word) {
    int n = 0;

    while ((text = strstr(text, word)) != NULL) {
        n++;
        text += strlen(word);
    }
    return n;
}

static void text_of_steps_and_kernels(void) {
    MnetGraph graph;
    MnetPlan *plan = NULL;
    MnetPlanMemory *memory = NULL;
    MnetError error;
    char *text;

    make_graph(&graph);
    CHECK(!mnet_plan_new(&graph, 256 * 1024, &plan, &error), "%s", error.message);
    CHECK(!mnet_plan_memory_new(plan, 1, &memory, &error), "%s", error.message);
    fills = 0;
    text = mnet_plan_profile(plan, memory, RUNS, (MnetPlanPeak){0, 0}, fill);
    CHECK(text, "no text");
    CHECK(fills == RUNS, "the input was written %d times", fills);
    CHECK(lines_with(text, "1x5x5x3") == STEPS, "%s", text);
    CHECK(strstr(text, "  first\n") < strstr(text, "  second\n") &&
              strstr(text, "  second\n") < strstr(text, "  third\n"),
          "%s", text);
    CHECK(lines_with(text, "\nsum ") == 1, "%s", text);
    CHECK(lines_with(strstr(text, "\nsum "), "100.0") == 1, "%s", text);
    CHECK(lines_with(strstr(text, "\nsum "), "\n") == 6, "%s", text); /* two kernels */
    free(text);
    mnet_plan_memory_free(&memory);
    mnet_plan_free(&plan);
    mnet_graph_clear(&graph);
}

int main(void) {
    RUN(same_results);
    RUN(text_of_steps_and_kernels);
    return test_end();
}
