/* The ONNX loader on the small files of tests/fuzz/corpus/onnx (made by make_onnx_corpus.py) and on
 * real models. */
#include "nn/load/load.h"
#include "tests/test.h"

#include <math.h>
#include <time.h>

static MnetFile file;
static MnetGraph graph;
static MnetError error;

static MnetStatus load_path(const char *path) {
    MnetStatus status = mnet_file_open(path, &file, &error);
    return status ? status : mnet_load(file.bytes, path, NULL, &graph, &error);
}

static MnetStatus load(const char *name) {
    char path[1024];
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/onnx/%s.onnx", getenv("MNET_SOURCE"), name);
    return load_path(path);
}

static void unload(void) {
    mnet_graph_clear(&graph);
    mnet_file_close(&file);
}

static int count(MnetOpKind kind) {
    int n = 0;
    for (int i = 0; i < graph.n_nodes; i++)
        n += graph.nodes[i].kind == kind;
    return n;
}

/* The only (or first) node of a kind; a dead one, where there is none, so that checks on it fail.
 */
static const MnetNode *node_of(MnetOpKind kind) {
    static int no_tensors[2];
    static const MnetNode none = {.inputs = no_tensors, .outputs = no_tensors};
    for (int i = 0; i < graph.n_nodes; i++)
        if (graph.nodes[i].kind == kind)
            return &graph.nodes[i];
    CHECK(0, "no %s", mnet_op_name(kind));
    return &none;
}

static const MnetTensor *tensor(int id) {
    static const MnetTensor none;
    return id >= 0 && id < graph.n_tensors ? &graph.tensors[id] : &none;
}

static void check_good(const char *name) {
    MnetStatus status = load(name);
    CHECK(status == MNET_OK, "%s", error.message);
    if (!status) {
        MnetError problem = {0};
        CHECK(mnet_graph_verify(&graph, false, &problem) == MNET_OK, "%s", problem.message);
    }
}

static void opset_11(void) {
    check_good("good_opset11");
    CHECK(count(MNET_OP_CONV_2D) == 1 && count(MNET_OP_BATCH_NORM) == 1);
    CHECK(node_of(MNET_OP_CONV_2D)->attrs.conv.window.stride[1] == 2);
    CHECK(node_of(MNET_OP_PAD)->attrs.pad.after[3] == 1 &&
          node_of(MNET_OP_PAD)->attrs.pad.before[3] == 0);
    CHECK(node_of(MNET_OP_ACTIVATION)->activation.hi == 6);
    CHECK(fabsf(node_of(MNET_OP_BATCH_NORM)->attrs.epsilon - 1e-3f) < 1e-9f);
    const MnetNode *split = node_of(MNET_OP_SPLIT);
    CHECK(split->n_outputs == 2 && tensor(split->outputs[0])->dims[1] == 1 &&
          tensor(split->outputs[1])->dims[1] == 3);
    CHECK(node_of(MNET_OP_MEAN)->attrs.reduce.axes == (1u << 2 | 1u << 3));
    CHECK(node_of(MNET_OP_SOFTMAX)->attrs.along.axis == 1);
    CHECK(tensor(graph.output)->rank == 2 && tensor(graph.output)->dims[1] == 5);

    /* alpha and beta are folded; mean and std of 0 to 1 are brought to 0 to 255. */
    CHECK(!node_of(MNET_OP_FULLY_CONNECTED)->attrs.fully_connected.transpose_b);
    CHECK(graph.metadata.has_normalization);
    CHECK(fabsf(graph.metadata.normalization.mean[0] - 123.675f) < 1e-3f);
    CHECK(fabsf(graph.metadata.normalization.scale[2] - 1 / (0.225f * 255)) < 1e-6f);
    unload();
}

static void opset_22(void) {
    check_good("good_opset22");
    CHECK(node_of(MNET_OP_CONV_2D)->attrs.conv.window.pad[3] == 1, "SAME_UPPER of 10 by stride 2");
    CHECK(node_of(MNET_OP_PAD)->attrs.pad.before[2] == 1 &&
          node_of(MNET_OP_PAD)->attrs.pad.before[1] == 0);
    CHECK(count(MNET_OP_ACTIVATION) == 4);
    const MnetNode *slice = node_of(MNET_OP_SLICE);
    CHECK(slice->attrs.slice.begin[2] == 1 && slice->attrs.slice.stride[3] == 2);
    CHECK(slice->attrs.slice.begin[3] == 1 && slice->attrs.slice.end[3] == 5);
    CHECK(node_of(MNET_OP_AVG_POOL)->attrs.pool.count_include_pad);
    CHECK(!node_of(MNET_OP_MEAN)->attrs.reduce.keep_dims);
    CHECK(node_of(MNET_OP_FULLY_CONNECTED)->inputs[2] == MNET_NO_TENSOR);
    CHECK(graph.metadata.normalization.mean[2] == 127);
    CHECK(graph.metadata.normalization.scale[1] == 0.0078125f);
    CHECK(graph.metadata.normalization.order == MNET_CHANNEL_ORDER_BGR);
    CHECK(graph.metadata.labels.size == 9 && !memcmp(graph.metadata.labels.data, "a\nb\nc", 5));
    CHECK(strcmp(graph.metadata.producer, "mnet-corpus") == 0);
    unload();
}

static void shape_arithmetic(void) {
    check_good("good_shape_arithmetic");
    CHECK(count(MNET_OP_SHAPE) == 0 && count(MNET_OP_GATHER) == 0 && count(MNET_OP_CONCAT) == 0,
          "folded while loading");
    const MnetNode *fc = node_of(MNET_OP_FULLY_CONNECTED);
    CHECK(fc->attrs.fully_connected.transpose_b);
    CHECK(tensor(fc->inputs[2])->rank == 1 && tensor(fc->inputs[2])->dims[0] == 5);
    CHECK(node_of(MNET_OP_CONV_2D)->attrs.conv.window.dilation[0] == 2);
    unload();
}

static void traced_padding(void) {
    check_good("good_traced_padding");
    CHECK(graph.n_nodes == 4);
    const MnetNode *pad = node_of(MNET_OP_PAD);
    for (int i = 0; i < 4; i++)
        CHECK(pad->attrs.pad.before[i] == 0 && pad->attrs.pad.after[i] == (i >= 2), "axis %d", i);
    unload();
}

static void quantized_pad(void) {
    check_good("good_quantized_pad");
    const MnetNode *pad = node_of(MNET_OP_PAD);
    CHECK(pad->attrs.pad.value == (50 - 100) * 0.02f);
    CHECK(pad->attrs.pad.before[3] == 0 && pad->attrs.pad.after[1] == 0);
    CHECK(pad->attrs.pad.after[2] == 1 && pad->attrs.pad.after[3] == 1);
    CHECK(count(MNET_OP_PAD) == 2);
    unload();
}

static void qdq(void) {
    check_good("good_qdq");
    CHECK(count(MNET_OP_QUANTIZE) == 3 && count(MNET_OP_DEQUANTIZE) == 7);
    CHECK(count(MNET_OP_RESHAPE) == 1, "equal scales need no alias");
    CHECK(graph.input_dtype == MNET_DTYPE_F32 && graph.output_dtype == MNET_DTYPE_F32);
    const MnetTensor *q = tensor(node_of(MNET_OP_QUANTIZE)->outputs[0]);
    CHECK(q->dtype == MNET_DTYPE_QU8 && q->quant.count == 1);
    CHECK(q->quant.count && q->quant.scale[0] == 0.02f && q->quant.zero_point[0] == 128);
    const MnetTensor *w = tensor(node_of(MNET_OP_DEQUANTIZE)->inputs[0]);
    CHECK(w->dtype == MNET_DTYPE_QS8 && w->quant.count == 4 && w->quant.axis == 0 && w->data);
    CHECK(w->quant.count == 4 && w->quant.scale[3] == 0.04f && w->quant.zero_point[3] == 0);
    unload();

    check_good("good_two_scales");
    CHECK(count(MNET_OP_RESHAPE) == 2, "one is the alias");
    const MnetTensor *alias = tensor(node_of(MNET_OP_RESHAPE)->outputs[0]);
    CHECK(alias->quant.count == 1 && alias->quant.zero_point[0] == 3);
    unload();
}

static void qoperator(void) {
    check_good("good_qoperator");
    static const struct {
        MnetOpKind kind;
        int count;
    } wanted[] = {{MNET_OP_QUANTIZE, 1},
                  {MNET_OP_CONV_2D, 1},
                  {MNET_OP_ACTIVATION, 1},
                  {MNET_OP_MUL, 1},
                  {MNET_OP_ADD, 1},
                  {MNET_OP_MAX_POOL, 1},
                  {MNET_OP_CONCAT, 1},
                  {MNET_OP_AVG_POOL, 1},
                  {MNET_OP_MEAN, 1},
                  {MNET_OP_RESHAPE, 1},
                  {MNET_OP_FULLY_CONNECTED, 2},
                  {MNET_OP_SOFTMAX, 1},
                  {MNET_OP_DEQUANTIZE, 1}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        CHECK(count(wanted[i].kind) == wanted[i].count, "%s", mnet_op_name(wanted[i].kind));
    for (int i = 0; i < graph.n_nodes - 1; i++) {
        const MnetTensor *y = tensor(graph.nodes[i].outputs[0]);
        CHECK(y->dtype == MNET_DTYPE_QS8 && y->quant.count == 1, "node %d", i);
    }
    const MnetNode *conv = node_of(MNET_OP_CONV_2D);
    const MnetTensor *bias = tensor(conv->inputs[2]);
    CHECK(bias->dtype == MNET_DTYPE_S32 && bias->quant.count == 4);
    CHECK(bias->quant.count == 4 && fabsf(bias->quant.scale[2] - 0.02f * 0.03f) < 1e-9f);
    unload();
}

static void inputs(void) {
    check_good("good_nhwc_uint8");
    CHECK(graph.input_layout == MNET_LAYOUT_NHWC && graph.layout == MNET_LAYOUT_NCHW);
    CHECK(graph.input_dtype == MNET_DTYPE_QU8);
    CHECK(graph.input_quant.count == 1, "found behind the transpose");
    CHECK(graph.input_quant.count && graph.input_quant.zero_point[0] == 127);
    unload();

    check_good("good_typed");
    CHECK(graph.input_layout == MNET_LAYOUT_NCHW);
    const MnetTensor *w8 = tensor(node_of(MNET_OP_DEQUANTIZE)->inputs[0]);
    CHECK(w8->bytes == 8 && ((const int8_t *)w8->data)[0] == -1 &&
          ((const int8_t *)w8->data)[7] == 127);
    const MnetTensor *half = tensor(node_of(MNET_OP_MUL)->inputs[1]);
    CHECK(half->dtype == MNET_DTYPE_F32);
    unload();
}

/* Weights of a Constant node, through Identity, stay where they are in the file. */
static void constants(void) {
    check_good("good_constants");
    const MnetTensor *w = tensor(node_of(MNET_OP_CONV_2D)->inputs[1]);
    const uint8_t *data = w->data;
    CHECK(data >= file.bytes.data && data < file.bytes.data + file.bytes.size);
    CHECK(node_of(MNET_OP_ACTIVATION)->activation.lo == -1 &&
          node_of(MNET_OP_ACTIVATION)->activation.hi == 1);
    CHECK(count(MNET_OP_IDENTITY) == 1, "Dropout");
    unload();
}

static void bad_files(void) {
    static const struct {
        const char *name;
        MnetStatus status;
        const char *says;
    } bad[] = {
        {"bad_dynamic_batch", MNET_ERROR_UNSUPPORTED, "fixed batch of 1"},
        {"bad_dynamic_size", MNET_ERROR_UNSUPPORTED, "[1, 3, height, width]"},
        {"bad_batch_2", MNET_ERROR_UNSUPPORTED, "batch of 2"},
        {"bad_channels_5", MNET_ERROR_UNSUPPORTED, "channels"},
        {"bad_vector", MNET_ERROR_UNSUPPORTED, "[1, 3]"},
        {"bad_two_inputs", MNET_ERROR_UNSUPPORTED, "'x' and 'image_2'"},
        {"bad_operator", MNET_ERROR_UNSUPPORTED, "node 3 'node4' (Einsum of ai.onnx)"},
        {"bad_domain", MNET_ERROR_UNSUPPORTED, "(Relu of my.own)"},
        {"bad_attention", MNET_ERROR_UNSUPPORTED, "node 4 'node5' (MatMul"},
        {"bad_external", MNET_ERROR_UNSUPPORTED, "one file"},
        {"bad_opset", MNET_ERROR_UNSUPPORTED, "operator set 5"},
        {"bad_scale", MNET_ERROR_UNSUPPORTED, "not constant"},
        {"bad_dims", MNET_ERROR_FORMAT, "'c0'"},
        {"bad_elements", MNET_ERROR_FORMAT, "3000000"},
        {"bad_order", MNET_ERROR_FORMAT, "'t2'"},
        {"bad_twice", MNET_ERROR_FORMAT, "'t3'"},
        {"bomb_claims_3gb", MNET_ERROR_FORMAT, "truncated"},
        {"bomb_tensor_3gb", MNET_ERROR_FORMAT, "broken"},
        {"bomb_nested", MNET_ERROR_FORMAT, "input 0"},
        {"bomb_attributes", MNET_ERROR_FORMAT, "node 0"},
        {"bomb_strings", MNET_ERROR_FORMAT, "node 0"},
        {"bomb_name", MNET_ERROR_UNSUPPORTED, "6000 bytes"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        clock_t start = clock();
        MnetStatus status = load(bad[i].name);
        CHECK(status == bad[i].status, "%s: %s", bad[i].name, mnet_status_name(status));
        CHECK(strstr(error.message, bad[i].says) && strstr(error.message, bad[i].name), "%s",
              error.message);
        CHECK(clock() - start < CLOCKS_PER_SEC / 2, "%s takes long", bad[i].name);
        unload();
    }
}

/* No prefix loads (the operator set is written last); each is an error that names the file. */
static void truncated(void) {
    CHECK(load("good_qdq") == MNET_OK);
    mnet_graph_clear(&graph);
    MnetFile whole = file;
    int good = 0;
    for (size_t size = 0; size < whole.bytes.size; size++) {
        uint8_t *copy = malloc(size ? size : 1); /* of that size exactly, for a sanitizer */
        memcpy(copy, whole.bytes.data, size);
        MnetStatus status = mnet_load((MnetBytes){copy, size}, "cut.onnx", NULL, &graph, &error);
        good += status == MNET_OK;
        CHECK(status == MNET_OK || strstr(error.message, "cut.onnx"), "%s", error.message);
        mnet_graph_clear(&graph);
        free(copy);
    }
    CHECK(good == 0, "%d prefixes load", good);
    mnet_file_close(&whole);
}

static void probed(void) {
    static const char text[] = "\x08 is no model, though it begins like one\n";
    CHECK(!mnet_loader_onnx.probe((MnetBytes){(const uint8_t *)text, sizeof text - 1}));
    CHECK(!mnet_loader_onnx.probe((MnetBytes){(const uint8_t *)text + 1, sizeof text - 2}));
    CHECK(!mnet_loader_onnx.probe((MnetBytes){(const uint8_t *)text, 0}));
    uint8_t junk[64];
    uint32_t state = 1;
    int taken = 0;
    for (int i = 0; i < 100000; i++) {
        for (size_t k = 0; k < sizeof junk; k++)
            junk[k] = (uint8_t)((state = state * 1664525 + 1013904223) >> 16);
        taken += mnet_loader_onnx.probe((MnetBytes){junk, sizeof junk});
    }
    CHECK(taken < 10, "%d of 100000 pieces of junk", taken);
}

static void real_models(void) {
    static const struct {
        const char *name;
        int convs, nodes;
    } models[] = {
        {"mobilenet_v1_1.0_224_random_f32", 27, 57},
        {"mobilenet_v2_1.0_224_random_f32", 52, 100},
        {"mobilenet_v2_1.0_224_random_int8_qdq", 52, 303},
        {"mobilenet_v3_small_224_random_f32", 52, 122},
        {"mobilenet_v3_small_224_random_int8_qdq", 52, 491},
        {"mobilenet_v3_large_224_random_f32", 62, 140},
        {"mobilenet_v4_conv_small_224_random_f32", 46, 89},
    };
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/models/%s.onnx", getenv("MNET_SHARED"), models[i].name);
        MnetStatus status = load_path(path);
        CHECK(status == MNET_OK, "%s", error.message);
        CHECK(count(MNET_OP_CONV_2D) == models[i].convs && graph.n_nodes == models[i].nodes,
              "%s: %d convolutions, %d nodes", models[i].name, count(MNET_OP_CONV_2D),
              graph.n_nodes);
        CHECK(graph.n_nodes && tensor(graph.output)->dims[1] == 1000);
        CHECK(graph.n_nodes && tensor(graph.input)->dims[2] == 224);
        CHECK(graph.arena.total < 2 << 20, "%s: %zu bytes: weights stay in the file",
              models[i].name, graph.arena.total);
        unload();
    }
}

int main(void) {
    if (!getenv("MNET_SOURCE"))
        SKIP("MNET_SOURCE does not say where the corpus is");
    RUN(opset_11);
    RUN(opset_22);
    RUN(shape_arithmetic);
    RUN(traced_padding);
    RUN(qdq);
    RUN(quantized_pad);
    RUN(qoperator);
    RUN(inputs);
    RUN(constants);
    RUN(bad_files);
    RUN(truncated);
    RUN(probed);
    char path[1024];
    snprintf(path, sizeof path, "%s/models/README.md",
             getenv("MNET_SHARED") ? getenv("MNET_SHARED") : "");
    FILE *models = fopen(path, "rb");
    if (models) {
        fclose(models);
        RUN(real_models);
    } else {
        printf("real models are not at %s: left out\n", path);
    }
    return test_end();
}
