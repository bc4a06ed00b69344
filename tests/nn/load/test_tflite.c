/* The TFLite loader on the small files of tests/fuzz/corpus/tflite (tests/fuzz/make_corpus.py says
 * what they hold), and on the real models of the shared folder. */
#include <math.h>

#include "nn/load/load.h"

#include "tests/test.h"

static MnetFile file;
static MnetGraph graph;
static MnetError error;

static void end(void) {
    mnet_graph_clear(&graph);
    mnet_file_close(&file);
}

static MnetStatus load(const char *folder, const char *name) {
    char path[4096 + 256];
    end();
    snprintf(path, sizeof path, "%s/%s", folder, name);
    error = (MnetError){0};
    MnetStatus status = mnet_file_open(path, &file, &error);
    return status ? status : mnet_load(file.bytes, name, path, &graph, &error);
}

static MnetStatus load_small(const char *name) {
    char folder[4096];
    const char *source = getenv("MNET_SOURCE");
    snprintf(folder, sizeof folder, "%s/tests/fuzz/corpus/tflite", source ? source : ".");
    return load(folder, name);
}

static const MnetNode *node_of(MnetOpKind kind, int nth) {
    for (int i = 0; i < graph.n_nodes; i++)
        if (graph.nodes[i].kind == kind && nth-- == 0)
            return &graph.nodes[i];
    return NULL;
}

static const MnetTensor *input_of(const MnetNode *node, int i) {
    return &graph.tensors[node->inputs[i]];
}

static bool has_dims(const MnetTensor *tensor, int a, int b, int c, int d) {
    const int32_t *dims = tensor->dims;
    return tensor->rank == 4 && dims[0] == a && dims[1] == b && dims[2] == c && dims[3] == d;
}

/* Weight i of what make_corpus.py calls wave(). */
static float wave(int i) {
    return ((i * 37) % 23 - 11) / 16.f;
}

static void check_sound(const char *name) {
    CHECK(!mnet_graph_infer_shapes(&graph, &error), "%s: %s", name, error.message);
    CHECK(!mnet_graph_verify(&graph, false, &error), "%s: %s", name, error.message);
}

/* float32 and float16, inside the flatbuffer and behind it: the same network. */
static void test_float(void) {
    static const char *const names[] = {"f32.tflite", "f16.tflite", "outside.tflite"};

    for (int f = 0; f < 3; f++) {
        CHECK(!load_small(names[f]), "%s", error.message);
        CHECK(graph.n_nodes == 6 && graph.input_dtype == MNET_DTYPE_F32, "%d", graph.n_nodes);
        CHECK(!strcmp(graph.tensors[graph.input].name, "picture"));
        check_sound(names[f]);
        const MnetNode *conv = node_of(MNET_OP_CONV_2D, 0),
                       *depthwise = node_of(MNET_OP_CONV_2D, 1);
        if (!conv || !depthwise)
            continue;
        CHECK(has_dims(input_of(conv, 1), 8, 3, 3, 3) && conv->attrs.conv.groups == 1);
        CHECK(conv->attrs.conv.window.stride[0] == 2 && conv->attrs.conv.window.dilation[1] == 1);
        CHECK(conv->activation.kind == MNET_ACTIVATION_CLAMP && conv->activation.hi == 6);
        CHECK(input_of(conv, 2)->dtype == MNET_DTYPE_F32);
        /* [1, KH, KW, O] has become [O, KH, KW, 1]. */
        const MnetTensor *weights = input_of(depthwise, 1);
        CHECK(has_dims(weights, 8, 3, 3, 1) && depthwise->attrs.conv.groups == 8);
        CHECK(weights->dtype == (f == 1 ? MNET_DTYPE_F16 : MNET_DTYPE_F32));
        for (int o = 0; o < 8; o++)
            for (int k = 0; k < 9; k++)
                CHECK(mnet_tensor_float(weights, o * 9 + k) == wave(k * 8 + o));
    }
}

static void test_uint8(void) {
    CHECK(!load_small("u8.tflite"), "%s", error.message);
    check_sound("u8");
    CHECK(graph.input_dtype == MNET_DTYPE_QU8 && graph.input_quant.zero_point[0] == 128 &&
          graph.input_quant.scale[0] == 1 / 128.f);
    CHECK(graph.output_dtype == MNET_DTYPE_QU8 && graph.output_quant.scale[0] == 1 / 256.f);
    const MnetTensor *weights = input_of(node_of(MNET_OP_CONV_2D, 0), 1);
    CHECK(weights->dtype == MNET_DTYPE_QU8 && weights->quant.count == 1 &&
          weights->quant.zero_point[0] == 113);
}

static void test_int8_per_channel(void) {
    CHECK(!load_small("s8.tflite"), "%s", error.message);
    check_sound("s8");
    CHECK(graph.input_dtype == MNET_DTYPE_QS8 && graph.output_quant.zero_point[0] == -128);
    for (int nth = 0; nth < 2; nth++) {
        const MnetTensor *weights = input_of(node_of(MNET_OP_CONV_2D, nth), 1);
        CHECK(weights->dtype == MNET_DTYPE_QS8 && weights->quant.count == 8 &&
              weights->quant.axis == 0);
        for (int o = 0; o < 8; o++)
            CHECK(fabsf(weights->quant.scale[o] - 0.01f * (o + 1)) < 1e-6f);
    }
    CHECK(input_of(node_of(MNET_OP_CONV_2D, 0), 2)->dtype == MNET_DTYPE_S32);
}

static void test_shapes(void) {
    CHECK(!load_small("shapes.tflite"), "%s", error.message);
    check_sound("shapes");
    const MnetNode *pad = node_of(MNET_OP_PAD, 0), *padv2 = node_of(MNET_OP_PAD, 1);
    CHECK(pad && pad->attrs.pad.before[1] == 1 && pad->attrs.pad.after[2] == 1 &&
          pad->attrs.pad.after[1] == 0);
    CHECK(padv2 && padv2->attrs.pad.value == 0.5f && padv2->attrs.pad.after[3] == 1);
    const MnetNode *split = node_of(MNET_OP_SPLIT, 1);
    CHECK(split && split->n_inputs == 1 && split->n_outputs == 2 && split->attrs.along.axis == 3);
    const MnetNode *strided = node_of(MNET_OP_SLICE, 1);
    CHECK(strided && strided->attrs.slice.stride[2] == 2 && strided->attrs.slice.end[1] == 4);
    const MnetNode *ellipsis = node_of(MNET_OP_SLICE, 3);
    CHECK(ellipsis && ellipsis->attrs.slice.begin[3] == 1 && ellipsis->attrs.slice.end[3] == 3 &&
          ellipsis->attrs.slice.end[1] == 4);
    const MnetNode *transpose = node_of(MNET_OP_TRANSPOSE, 0);
    CHECK(transpose && transpose->attrs.perm[1] == 2 && transpose->attrs.perm[3] == 3);
    CHECK(graph.tensors[graph.output].dims[1] == 32);
}

static void test_elements(void) {
    CHECK(!load_small("elements.tflite"), "%s", error.message);
    check_sound("elements");
    /* Bytes that are cast to float are a dequantisation by 1. */
    const MnetNode *cast = node_of(MNET_OP_DEQUANTIZE, 0);
    CHECK(cast && input_of(cast, 0)->quant.scale[0] == 1 && graph.input_quant.scale[0] == 1);
    CHECK(node_of(MNET_OP_QUANTIZE, 0) && node_of(MNET_OP_REQUANTIZE, 0));
    const MnetNode *minimum = node_of(MNET_OP_ACTIVATION, 7),
                   *maximum = node_of(MNET_OP_ACTIVATION, 8);
    CHECK(minimum && minimum->activation.hi == 0.75f && isinf(minimum->activation.lo));
    CHECK(maximum && maximum->activation.lo == -0.25f && isinf(maximum->activation.hi) &&
          maximum->n_inputs == 1);
    const MnetNode *mean = node_of(MNET_OP_MEAN, 0);
    CHECK(mean && mean->attrs.reduce.axes == 6 && !mean->attrs.reduce.keep_dims);
}

static void test_metadata(void) {
    CHECK(!load_small("labels_stored.tflite"), "%s", error.message);
    CHECK(graph.metadata.has_normalization && graph.metadata.normalization.mean[2] == 127 &&
          graph.metadata.normalization.scale[0] == 1 / 128.f);
    CHECK(graph.metadata.labels.size == 18 &&
          memcmp(graph.metadata.labels.data, "cat\ndog\nbird\nfish\n", 18) == 0);
}

/* Each says which file, what in it, and why. */
static void test_refused(void) {
    static const struct {
        const char *name;
        MnetStatus status;
        const char *part;
    } cases[] = {
        {"two_inputs.tflite", MNET_ERROR_UNSUPPORTED, "2 inputs ('picture', 'state')"},
        {"dynamic_batch.tflite", MNET_ERROR_UNSUPPORTED, "batch size 1"},
        {"dynamic_size.tflite", MNET_ERROR_UNSUPPORTED, "fixed input shape"},
        {"batch_2.tflite", MNET_ERROR_UNSUPPORTED, "batch size 2"},
        {"unsupported_op.tflite", MNET_ERROR_UNSUPPORTED, "operator 1 (PRELU) of subgraph 'main'"},
        {"custom_op.tflite", MNET_ERROR_UNSUPPORTED, "'TFLite_Detection_PostProcess'"},
        {"unmade_input.tflite", MNET_ERROR_FORMAT, "'nobody'"},
        {"huge_tensor.tflite", MNET_ERROR_MEMORY, "tensor 'picture' is too large"},
        {"claims_3_gb.tflite", MNET_ERROR_FORMAT, "truncated"},
        {"int16.tflite", MNET_ERROR_UNSUPPORTED, "'wide' is of type INT16"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK(load_small(cases[i].name) == cases[i].status, "%s: %s", cases[i].name, error.message);
        CHECK(strstr(error.message, cases[i].part), "'%s' has no '%s'", error.message,
              cases[i].part);
        CHECK(strncmp(error.message, cases[i].name, strlen(cases[i].name)) == 0);
        CHECK(graph.n_tensors == 0);
    }
}

/* Not the model's end: another label file may be named. */
static void test_compressed_labels(void) {
    CHECK(!load_small("labels_deflated.tflite"), "%s", error.message);
    CHECK(graph.metadata.labels.size == 0 && graph.metadata.labels_problem);
}

static void test_real_models(void) {
    static const struct {
        const char *name;
        int nodes, size, classes;
        MnetDtype input, output;
        int zero_point;
        bool labels;
    } models[] = {
        {"mobilenet_v1_0.25_128_quant.tflite", 31, 128, 1001, MNET_DTYPE_QU8, MNET_DTYPE_QU8, 128,
         1},
        {"mobilenet_v1_0.5_160_quant.tflite", 31, 160, 1001, MNET_DTYPE_QU8, MNET_DTYPE_QU8, 128,
         1},
        {"mobilenet_v2_1.0_224_quant.tflite", 66, 224, 1001, MNET_DTYPE_QU8, MNET_DTYPE_QU8, 128,
         1},
        {"tf2_mobilenet_v2_1.0_224_ptq.tflite", 68, 224, 1001, MNET_DTYPE_QU8, MNET_DTYPE_QU8, 127,
         1},
        {"mobilenet_v3_small_224_random_f32.tflite", 113, 224, 1000, MNET_DTYPE_F32, MNET_DTYPE_F32,
         0, 0},
        {"vww_96_float.tflite", 31, 96, 2, MNET_DTYPE_F32, MNET_DTYPE_F32, 0, 0},
        {"vww_96_int8.tflite", 31, 96, 2, MNET_DTYPE_QS8, MNET_DTYPE_QS8, -128, 0},
    };
    char folder[4096];
    const char *shared = getenv("MNET_SHARED");

    snprintf(folder, sizeof folder, "%s/models", shared ? shared : "../shared");
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        MnetStatus status = load(folder, models[i].name);
        if (status == MNET_ERROR_IO && i == 0) {
            printf("     (the shared models are absent: %s)\n", error.message);
            return;
        }
        CHECK(!status, "%s", error.message);
        if (status)
            continue;
        check_sound(models[i].name);
        const MnetTensor *output = &graph.tensors[graph.output];
        CHECK(graph.n_nodes == models[i].nodes, "%s: %d nodes", models[i].name, graph.n_nodes);
        CHECK(has_dims(&graph.tensors[graph.input], 1, models[i].size, models[i].size, 3));
        CHECK(mnet_tensor_elements(output) == models[i].classes);
        CHECK(graph.input_dtype == models[i].input && graph.output_dtype == models[i].output);
        CHECK(graph.input_quant.count == (models[i].input != MNET_DTYPE_F32));
        CHECK(!graph.input_quant.count || graph.input_quant.zero_point[0] == models[i].zero_point);
        CHECK((graph.metadata.labels.size > 0) == models[i].labels);
        /* A depthwise layer's weights are the only ones that are copied. */
        CHECK(graph.arena.total < file.bytes.size + (1 << 20));
    }
}

int main(void) {
    RUN(test_float);
    RUN(test_uint8);
    RUN(test_int8_per_channel);
    RUN(test_shapes);
    RUN(test_elements);
    RUN(test_metadata);
    RUN(test_refused);
    RUN(test_compressed_labels);
    RUN(test_real_models);
    end();
    return test_end();
}
