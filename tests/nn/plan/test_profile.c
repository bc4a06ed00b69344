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
    text = mnet_plan_profile(plan, memory, RUNS, (MnetPlanPeaks){NULL, 0}, fill);
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

static void peak_of_the_kernel(void) {
    static const MnetPlanPeak list[] = {
        {true, "c", 1},       {false, "c", 2},  {true, "avx2", 10},         {false, "avx2", 20},
        {true, "avx512", 30}, {true, "amx", 5}, {false, "avx512_vnni", 80}, {false, "amx", 70},
    };
    static const struct {
        const char *kernel;
        bool is_float;
        double gmacs;
    } cases[] = {
        {"gemm_f32_6x16_avx2", true, 10},
        {"gemm_f32_avx512", true, 30},
        {"gemm_qs8_avx2", false, 20},
        {"gemm_qs8_8x48_avx512_vnni", false, 80},
        {"gemm_qs8_amx_int8", false, 70},
        {"gemm_bf16_amx", true, 5},
        {"mean_f32_c", true, 1},
        {"concat_c", false, 2},
        {"gemm_qs8_avx512", false, 80},
        {"expand_depthwise_project_f32", true, 30},
        {"copy", false, 80},
        {"avx2", false, 80},
    };
    MnetPlanPeaks peaks = {list, sizeof list / sizeof *list};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double gmacs = mnet_plan_peak_of(peaks, cases[i].kernel, cases[i].is_float);

        CHECK(gmacs == cases[i].gmacs, "%s: %g", cases[i].kernel, gmacs);
    }
    CHECK(mnet_plan_peak_of((MnetPlanPeaks){NULL, 0}, "gemm_f32_avx2", true) == 0);
}

int main(void) {
    RUN(peak_of_the_kernel);
    RUN(same_results);
    RUN(text_of_steps_and_kernels);
    return test_end();
}
