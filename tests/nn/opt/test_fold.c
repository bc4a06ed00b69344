#include "tests/test.h"
#include "nn/opt/passes.h"
#include "tests/nn/graph/build.h"

static MnetGraph graph;
static MnetError error;
static int changes;

static void start(void) {
    mnet_graph_clear(&graph);
    mnet_graph_init(&graph, "test.onnx");
    error = (MnetError){0};
    changes = 0;
}

static int integers(int count, const int64_t *values) {
    return build_constant(&graph, MNET_DTYPE_S64, values, 1, (const int32_t[]){count});
}

#define INTEGERS(...)                                                                              \
    integers(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (const int64_t[]){__VA_ARGS__})

static MnetStatus fold(void) {
    return mnet_opt_fold(&graph, &changes, &error);
}

static bool is_integers(int tensor, int count, const int64_t *values) {
    int64_t got[16];
    return mnet_tensor_integers(&graph.tensors[tensor], got, 16) == count &&
           !memcmp(got, values, count * sizeof *got);
}

static bool is_floats(int tensor, int count, const float *values) {
    const MnetTensor *t = &graph.tensors[tensor];
    if (!t->data || t->dtype != MNET_DTYPE_F32 || mnet_tensor_elements(t) != count)
        return false;
    for (int i = 0; i < count; i++)
        if (mnet_tensor_float(t, i) != values[i])
            return false;
    return true;
}

/* What torch's x.view(x.size(0), -1) exports: shape, gather, unsqueeze, concat, reshape. */
static void test_view(void) {
    start();
    int x = build_input(&graph, MNET_LAYOUT_NCHW, DIMS(2, 3, 4, 5));
    int shape = build_node(&graph, MNET_OP_SHAPE, x, -1, -1)->outputs[0];
    int64_t zero[] = {0};
    int index = build_constant(&graph, MNET_DTYPE_S64, zero, 0, NULL);
    int batch = build_node(&graph, MNET_OP_GATHER, shape, index, -1)->outputs[0];
    int row = build_reshape(&graph, batch, DIMS(1))->outputs[0];
    MnetNode *concat = build_node(&graph, MNET_OP_CONCAT, row, INTEGERS(-1), -1);
    int target = concat->outputs[0];
    build_node(&graph, MNET_OP_RESHAPE, x, target, -1);
    build_node(&graph, MNET_OP_ACTIVATION, graph.output, -1, -1);
    CHECK(fold() == MNET_OK, "%s", error.message);
    CHECK(build_has_shape(&graph, graph.output, DIMS(2, 60)));
    CHECK(is_integers(target, 2, (const int64_t[]){2, -1}));
    int alive = 0;
    for (int n = 0; n < graph.n_nodes; n++)
        alive += graph.nodes[n].kind != MNET_OP_NONE;
    CHECK(alive == 2 && graph.nodes[4].kind == MNET_OP_RESHAPE && graph.nodes[4].n_inputs == 1,
          "%d alive", alive);
    CHECK(mnet_graph_verify(&graph, false, &error) == MNET_OK, "%s", error.message);
}

/* Channel shuffle: the shape is divided, multiplied and put together. */
static void test_shape_arithmetic(void) {
    start();
    int x = build_input(&graph, MNET_LAYOUT_NCHW, DIMS(1, 12, 4, 5));
    int shape = build_node(&graph, MNET_OP_SHAPE, x, -1, -1)->outputs[0];
    MnetNode *slice = build_node(&graph, MNET_OP_SLICE, shape, -1, -1);
    slice->attrs.slice.begin[0] = 1;
    slice->attrs.slice.end[0] = 2;
    slice->attrs.slice.stride[0] = 1;
    int channels = slice->outputs[0];
    int divided = build_node(&graph, MNET_OP_DIV, channels, INTEGERS(5), -1)->outputs[0];
    int product = build_node(&graph, MNET_OP_MUL, divided, INTEGERS(-3), -1)->outputs[0];
    int sum = build_node(&graph, MNET_OP_ADD, shape, product, -1)->outputs[0];
    int difference = build_node(&graph, MNET_OP_SUB, sum, INTEGERS(1, 2, 3, 4), -1)->outputs[0];
    MnetNode *all = build_node(&graph, MNET_OP_REDUCE_PROD, shape, -1, -1);
    all->attrs.reduce.keep_dims = true;
    int total = all->outputs[0];
    MnetNode *cast = build_node(&graph, MNET_OP_CAST, total, -1, -1);
    int real = cast->outputs[0];
    graph.tensors[real].dtype = MNET_DTYPE_F32;
    int filled = build_node(&graph, MNET_OP_CONSTANT_OF_SHAPE, INTEGERS(2, 2), -1, -1)->outputs[0];
    graph.nodes[graph.n_nodes - 1].attrs.value = 1.5;
    CHECK(fold() == MNET_OK, "%s", error.message);
    CHECK(is_integers(channels, 1, (const int64_t[]){12}));
    CHECK(is_integers(divided, 1, (const int64_t[]){2}));
    CHECK(is_integers(product, 1, (const int64_t[]){-6}));
    CHECK(is_integers(sum, 4, (const int64_t[]){-5, 6, -2, -1}));
    CHECK(is_integers(difference, 4, (const int64_t[]){-6, 4, -5, -5}));
    CHECK(is_integers(total, 1, (const int64_t[]){240}));
    CHECK(is_floats(real, 1, (const float[]){240}));
    CHECK(is_floats(filled, 4, (const float[]){1.5f, 1.5f, 1.5f, 1.5f}));
}

static void test_bad_arithmetic(void) {
    static const struct {
        MnetOpKind kind;
        int64_t a, b;
    } cases[] = {{MNET_OP_DIV, 1, 0},
                 {MNET_OP_DIV, INT64_MIN, -1},
                 {MNET_OP_ADD, INT64_MAX, 1},
                 {MNET_OP_SUB, INT64_MIN, 1},
                 {MNET_OP_MUL, INT64_MAX, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start();
        int a = integers(1, &cases[i].a), b = integers(1, &cases[i].b);
        build_node(&graph, cases[i].kind, a, b, -1);
        CHECK(fold() == MNET_ERROR_FORMAT, "case %zu", i);
    }
    for (int64_t index = -4; index <= 3; index += 7) {
        start();
        int values = INTEGERS(1, 2, 3), at = integers(1, &index);
        build_node(&graph, MNET_OP_GATHER, values, at, -1);
        CHECK(fold() == MNET_ERROR_FORMAT && strstr(error.message, "index"), "%s", error.message);
    }
}

static void test_bounds(void) {
    start();
    build_node(&graph, MNET_OP_CONSTANT_OF_SHAPE, INTEGERS(1000, 1000, 100), -1, -1);
    CHECK(fold() == MNET_ERROR_MEMORY, "400 MB from nothing");
    start();
    for (int i = 0; i < 8; i++)
        build_node(&graph, MNET_OP_CONSTANT_OF_SHAPE, INTEGERS(100, 1000), -1, -1);
    CHECK(fold() == MNET_ERROR_MEMORY, "many that are small");
}

static void test_moves(void) {
    start();
    int ramp = build_ramp(&graph, DIMS(2, 3));
    int turned = build_transpose(&graph, ramp, 2, (const int32_t[]){1, 0})->outputs[0];
    MnetNode *node = build_node(&graph, MNET_OP_CONCAT, turned, turned, -1);
    node->attrs.along.axis = 1;
    int joined = node->outputs[0];
    node = build_node(&graph, MNET_OP_GATHER, turned, INTEGERS(2, -3), -1);
    int gathered = node->outputs[0];
    node = build_node(&graph, MNET_OP_SLICE, joined, -1, -1);
    for (int i = 0; i < 2; i++) {
        node->attrs.slice.end[i] = INT32_MAX;
        node->attrs.slice.stride[i] = 2;
    }
    int sliced = node->outputs[0];
    node = mnet_graph_add_node(&graph, MNET_OP_SPLIT, "", NULL, 1, 2);
    node->inputs[0] = joined;
    int left = node->outputs[0] = build_unknown(&graph);
    int right = node->outputs[1] = build_unknown(&graph);
    graph.tensors[left].dims[0] = 3;
    graph.tensors[right].dims[0] = 1;
    node->attrs.along.axis = -1;
    CHECK(fold() == MNET_OK, "%s", error.message);
    CHECK(is_floats(turned, 6, (const float[]){0, 3, 1, 4, 2, 5}));
    CHECK(is_floats(joined, 12, (const float[]){0, 3, 0, 3, 1, 4, 1, 4, 2, 5, 2, 5}));
    CHECK(is_floats(gathered, 4, (const float[]){2, 5, 0, 3}));
    CHECK(is_floats(sliced, 4, (const float[]){0, 0, 2, 2}));
    CHECK(is_floats(left, 9, (const float[]){0, 3, 0, 1, 4, 1, 2, 5, 2}));
    CHECK(is_floats(right, 3, (const float[]){3, 4, 5}));
}

static void test_floats(void) {
    start();
    int a = build_ramp(&graph, DIMS(2, 1)), b = build_ramp(&graph, DIMS(3));
    int sum = build_node(&graph, MNET_OP_ADD, a, b, -1)->outputs[0];
    MnetNode *node = build_node(&graph, MNET_OP_ACTIVATION, sum, -1, -1);
    node->activation = (MnetActivation){.kind = MNET_ACTIVATION_CLAMP, .lo = 1, .hi = 2};
    CHECK(fold() == MNET_OK, "%s", error.message);
    CHECK(is_floats(sum, 6, (const float[]){0, 1, 2, 1, 2, 3}));
    CHECK(is_floats(graph.output, 6, (const float[]){1, 1, 2, 1, 2, 2}));
}

static void test_quantize(void) {
    static const float values[] = {-1000, -0.75f, 0.25f, 0.75f, 1.25f, 1000};
    static const int8_t expected[] = {-128, 3, 5, 7, 7, 127}; /* halves go to even */
    static const float scales[] = {1, 0.5f};
    static const int32_t zero_points[] = {0, 10};
    start();
    int x = build_constant(&graph, MNET_DTYPE_F32, values, DIMS(6));
    int q = build_node(&graph, MNET_OP_QUANTIZE, x, -1, -1)->outputs[0];
    graph.tensors[q].dtype = MNET_DTYPE_QS8;
    mnet_graph_set_quant(&graph, &graph.tensors[q].quant, 0.5f, 5);
    int real = build_node(&graph, MNET_OP_DEQUANTIZE, q, -1, -1)->outputs[0];
    int y = build_constant(&graph, MNET_DTYPE_F32, values, DIMS(3, 2));
    int channels = build_node(&graph, MNET_OP_QUANTIZE, y, -1, -1)->outputs[0];
    graph.tensors[channels].dtype = MNET_DTYPE_QU8;
    graph.tensors[channels].quant =
        (MnetQuant){.count = 2, .axis = 1, .scale = scales, .zero_point = zero_points};
    CHECK(fold() == MNET_OK, "%s", error.message);
    CHECK(graph.tensors[q].data && !memcmp(graph.tensors[q].data, expected, 6));
    CHECK(!graph.tensors[real].data, "DEQUANTIZE waits for the QDQ pass");
    const uint8_t per_channel[] = {0, 8, 0, 12, 1, 255};
    CHECK(graph.tensors[channels].data && !memcmp(graph.tensors[channels].data, per_channel, 6));
    CHECK(mnet_opt_fold_dequantize(&graph, &changes, &error) == MNET_OK, "%s", error.message);
    CHECK(is_floats(real, 6, (const float[]){-66.5f, -1, 0, 1, 1, 61}));
}

static void test_half_weights(void) {
    static const uint16_t halves[] = {0x3c00, 0xc000, 0x3800, 0}; /* 1, -2, 0.5, 0 */
    start();
    int x = build_input(&graph, MNET_LAYOUT_NHWC, DIMS(1, 4, 4, 2));
    int w = build_constant(&graph, MNET_DTYPE_F16, halves, DIMS(2, 1, 1, 2));
    int b = build_constant(&graph, MNET_DTYPE_F16, halves, DIMS(2));
    int weights = build_node(&graph, MNET_OP_DEQUANTIZE, w, -1, -1)->outputs[0];
    int bias = build_node(&graph, MNET_OP_DEQUANTIZE, b, -1, -1)->outputs[0];
    MnetNode *node = build_node(&graph, MNET_OP_CONV_2D, x, weights, bias);
    node->attrs.conv.groups = 1;
    node->attrs.conv.window = (MnetWindow){.stride = {1, 1}, .dilation = {1, 1}};
    CHECK(fold() == MNET_OK, "%s", error.message);
    CHECK(node->inputs[1] == w, "weights stay half");
    CHECK(is_floats(node->inputs[2], 2, (const float[]){1, -2}), "a bias does not");
    CHECK(mnet_graph_verify(&graph, false, &error) == MNET_OK, "%s", error.message);
}

static void test_copies(void) {
    start();
    int x = build_input(&graph, MNET_LAYOUT_NHWC, DIMS(1, 2, 2, 3));
    build_node(&graph, MNET_OP_IDENTITY, x, -1, -1);
    int middle = build_node(&graph, MNET_OP_ACTIVATION, graph.output, -1, -1)->outputs[0];
    build_transpose(&graph, graph.output, 4, (const int32_t[]){0, 1, 2, 3});
    build_reshape(&graph, graph.output, DIMS(1, 2, 2, 3));
    build_node(&graph, MNET_OP_IDENTITY, graph.output, -1, -1);
    CHECK(fold() == MNET_OK, "%s", error.message);
    CHECK(graph.nodes[1].inputs[0] == x && graph.output == middle);
    CHECK(mnet_graph_verify(&graph, false, &error) == MNET_OK, "%s", error.message);

    start();
    x = build_input(&graph, MNET_LAYOUT_NHWC, DIMS(1, 2, 2, 3));
    build_node(&graph, MNET_OP_IDENTITY, x, -1, -1);
    CHECK(fold() == MNET_OK, "%s", error.message);
    CHECK(graph.output != x, "the output is not the input");
}

int main(void) {
    RUN(test_view);
    RUN(test_shape_arithmetic);
    RUN(test_bad_arithmetic);
    RUN(test_bounds);
    RUN(test_moves);
    RUN(test_floats);
    RUN(test_quantize);
    RUN(test_half_weights);
    RUN(test_copies);
    mnet_graph_clear(&graph);
    return test_end();
}
