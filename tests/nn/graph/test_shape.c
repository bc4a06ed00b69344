#include "tests/test.h"
#include "tests/nn/graph/build.h"

static MnetGraph graph;
static MnetError error;

static void start(void) {
    mnet_graph_clear(&graph);
    mnet_graph_init(&graph, "test.onnx");
    error = (MnetError){0};
}

static MnetStatus infer(void) {
    return mnet_graph_infer_shapes(&graph, &error);
}

#define CHECK_SHAPE(...)                                                                           \
    do {                                                                                           \
        char text[96] = "";                                                                        \
        const MnetTensor *y = &graph.tensors[graph.output];                                        \
        for (int d_ = 0; d_ < y->rank; d_++)                                                       \
            snprintf(text + strlen(text), sizeof text - strlen(text), "%d ", y->dims[d_]);         \
        CHECK(build_has_shape(&graph, graph.output, DIMS(__VA_ARGS__)), "%s%s", text,              \
              error.message);                                                                      \
    } while (0)

static void test_conv_layouts(void) {
    static const float weights[32 * 3 * 3 * 3];
    start();
    int x = build_input(&graph, MNET_LAYOUT_NCHW, DIMS(1, 3, 224, 224));
    int w = build_constant(&graph, MNET_DTYPE_F32, weights, DIMS(32, 3, 3, 3));
    build_conv(&graph, x, w, 1, 2, MNET_PADDING_SAME_UPPER);
    CHECK(infer() == MNET_OK, "%s", error.message);
    CHECK_SHAPE(1, 32, 112, 112);
    const MnetWindow *window = &graph.nodes[0].attrs.conv.window;
    CHECK(window->padding == MNET_PADDING_EXPLICIT && window->pad[0] == 0 && window->pad[1] == 0 &&
          window->pad[2] == 1 && window->pad[3] == 1);
    CHECK(window->kernel[0] == 3 && window->kernel[1] == 3);
    CHECK(infer() == MNET_OK, "a second time: %s", error.message);

    start();
    x = build_input(&graph, MNET_LAYOUT_NHWC, DIMS(2, 5, 7, 3));
    w = build_constant(&graph, MNET_DTYPE_F32, weights, DIMS(4, 2, 3, 3));
    build_conv(&graph, x, w, 1, 1, MNET_PADDING_SAME_LOWER);
    CHECK(infer() == MNET_OK, "%s", error.message);
    CHECK_SHAPE(2, 5, 7, 4);
    CHECK(graph.nodes[0].attrs.conv.window.pad[0] == 1 &&
          graph.nodes[0].attrs.conv.window.pad[2] == 0);
}

static void test_conv_errors(void) {
    static const float weights[6 * 3 * 3 * 3];
    start();
    int x = build_input(&graph, MNET_LAYOUT_NCHW, DIMS(1, 4, 8, 8));
    int w = build_constant(&graph, MNET_DTYPE_F32, weights, DIMS(6, 3, 3, 3));
    build_conv(&graph, x, w, 1, 1, MNET_PADDING_VALID);
    CHECK(infer() == MNET_ERROR_FORMAT);
    CHECK(strstr(error.message, "conv_2d") && strstr(error.message, "test.onnx") &&
              strstr(error.message, "f32[1,4,8,8]") && strstr(error.message, "f32[6,3,3,3]"),
          "%s", error.message);
    graph.nodes[0].attrs.conv.groups = 0;
    CHECK(infer() == MNET_ERROR_FORMAT);

    start();
    x = build_input(&graph, MNET_LAYOUT_NCHW, DIMS(1, 3, 2, 8));
    w = build_constant(&graph, MNET_DTYPE_F32, weights, DIMS(6, 3, 3, 3));
    MnetNode *node = build_conv(&graph, x, w, 1, 1, MNET_PADDING_VALID);
    CHECK(infer() == MNET_ERROR_FORMAT && strstr(error.message, "height"), "%s", error.message);
    node->attrs.conv.window.padding = MNET_PADDING_EXPLICIT;
    node->attrs.conv.window.stride[0] = 0;
    CHECK(infer() == MNET_ERROR_FORMAT);
    node->attrs.conv.window.stride[0] = INT32_MAX;
    CHECK(infer() == MNET_ERROR_FORMAT);
    node->attrs.conv.window.stride[0] = 1;
    node->attrs.conv.window.pad[1] = -1;
    CHECK(infer() == MNET_ERROR_FORMAT);

    start();
    x = build_input(&graph, MNET_LAYOUT_NCHW, DIMS(1, 3, 30000, 30000));
    w = build_constant(&graph, MNET_DTYPE_F32, weights, DIMS(6, 3, 1, 1));
    build_conv(&graph, x, w, 1, 1, MNET_PADDING_VALID);
    CHECK(infer() != MNET_OK && strstr(error.message, "shape"), "%s", error.message);
}

/* Positions of a window one by one, as the operators' definitions tell it. */
static int counted(int input, int kernel, int stride, int dilation, int before, int after,
                   bool ceil_mode) {
    int reach = (kernel - 1) * dilation + 1, count = 0;
    for (int start_at = -before;; start_at += stride) {
        bool inside = start_at + reach <= input + after;
        bool partial = ceil_mode && start_at < input && start_at + reach > input + after;
        if (inside)
            count++;
        else if (partial && start_at - stride + reach < input + after)
            return count + 1; /* one more, as cells of the last one's end are left over */
        else
            return count;
    }
}

static void test_windows_against_counting(void) {
    static const float weights[7 * 7];
    srand(1);
    for (int round = 0; round < 3000; round++) {
        int h = 1 + rand() % 20, w = 1 + rand() % 20, kernel = 1 + rand() % 7;
        int stride = 1 + rand() % 4, dilation = 1 + rand() % 3, pool = rand() % 2;
        int before = rand() % kernel, after = rand() % kernel, ceil_mode = pool && rand() % 2;
        if (pool)
            dilation = 1;
        start();
        int x = build_input(&graph, MNET_LAYOUT_NHWC, DIMS(1, h, w, 1));
        MnetNode *node;
        if (pool) {
            node = build_node(&graph, MNET_OP_MAX_POOL, x, -1, -1);
            node->attrs.pool.ceil_mode = ceil_mode;
        } else {
            int c = build_constant(&graph, MNET_DTYPE_F32, weights, DIMS(1, kernel, kernel, 1));
            node = build_conv(&graph, x, c, 1, 1, MNET_PADDING_EXPLICIT);
        }
        node->attrs.pool.window = (MnetWindow){.kernel = {kernel, kernel},
                                               .stride = {stride, stride},
                                               .dilation = {dilation, dilation},
                                               .pad = {before, before, after, after}};
        int rows = counted(h, kernel, stride, dilation, before, after, ceil_mode);
        int columns = counted(w, kernel, stride, dilation, before, after, ceil_mode);
        bool fits = h + before + after >= (kernel - 1) * dilation + 1 &&
                    w + before + after >= (kernel - 1) * dilation + 1;
        MnetStatus status = infer();
        CHECK((status == MNET_OK) == fits, "%dx%d k%d s%d d%d p%d,%d: %s", h, w, kernel, stride,
              dilation, before, after, error.message);
        if (status)
            continue;
        CHECK_SHAPE(1, rows, columns, 1);
        CHECK(infer() == MNET_OK, "again: %s", error.message);
    }
}

static void test_same_against_definition(void) {
    static const float weights[7 * 7];
    srand(2);
    for (int round = 0; round < 2000; round++) {
        int size = 1 + rand() % 30, kernel = 1 + rand() % 7, stride = 1 + rand() % 4;
        start();
        int x = build_input(&graph, MNET_LAYOUT_NHWC, DIMS(1, size, size, 1));
        int w = build_constant(&graph, MNET_DTYPE_F32, weights, DIMS(1, kernel, kernel, 1));
        MnetNode *node = build_conv(&graph, x, w, 1, stride, MNET_PADDING_SAME_UPPER);
        node->attrs.conv.window.dilation[0] = node->attrs.conv.window.dilation[1] = 1 + rand() % 3;
        int output = (size + stride - 1) / stride;
        CHECK(infer() == MNET_OK, "%s", error.message);
        CHECK_SHAPE(1, output, output, 1);
        int odd = node->attrs.conv.window.pad[2] - node->attrs.conv.window.pad[0];
        CHECK(odd == 0 || odd == 1);
        CHECK(infer() == MNET_OK, "again: %s", error.message);
    }
}

static void test_pool_ceil_mode(void) {
    for (int padded = 0; padded < 2; padded++) {
        start();
        int x = build_input(&graph, MNET_LAYOUT_NCHW, DIMS(1, 8, 6, 6));
        MnetNode *node = build_node(&graph, MNET_OP_AVG_POOL, x, -1, -1);
        node->attrs.pool.window =
            (MnetWindow){.kernel = {3, 3}, .stride = {2, 2}, .dilation = {1, 1}};
        node->attrs.pool.ceil_mode = node->attrs.pool.count_include_pad = true;
        if (padded)
            node->attrs.pool.window.pad[0] = node->attrs.pool.window.pad[1] = 1;
        if (padded) {
            node->attrs.pool.window.pad[2] = 0;
            node->attrs.pool.window.kernel[0] = node->attrs.pool.window.kernel[1] = 4;
            CHECK(infer() == MNET_ERROR_UNSUPPORTED, "%s", error.message);
            continue;
        }
        CHECK(infer() == MNET_OK, "%s", error.message);
        CHECK_SHAPE(1, 8, 3, 3);
        CHECK(node->attrs.pool.window.pad[2] == 1 && node->attrs.pool.window.pad[3] == 1);
        CHECK(!node->attrs.pool.ceil_mode && !node->attrs.pool.count_include_pad);
    }
    start();
    int x = build_input(&graph, MNET_LAYOUT_NCHW, DIMS(1, 8, 5, 9));
    MnetNode *node = build_node(&graph, MNET_OP_MAX_POOL, x, -1, -1);
    node->attrs.pool.window = (MnetWindow){.stride = {1, 1}, .dilation = {1, 1}};
    CHECK(infer() == MNET_OK, "%s", error.message);
    CHECK_SHAPE(1, 8, 1, 1);
}

static void test_broadcast(void) {
    start();
    int x = build_input(&graph, MNET_LAYOUT_NCHW, DIMS(1, 8, 5, 1));
    int c = build_ramp(&graph, DIMS(8, 1, 6));
    build_node(&graph, MNET_OP_MUL, x, c, -1);
    CHECK(infer() == MNET_OK, "%s", error.message);
    CHECK_SHAPE(1, 8, 5, 6);
    build_node(&graph, MNET_OP_ADD, graph.output, build_ramp(&graph, DIMS(4, 6)), -1);
    CHECK(infer() == MNET_ERROR_FORMAT && strstr(error.message, "broadcast"), "%s", error.message);
}

static void test_reshape(void) {
    start();
    int x = build_input(&graph, MNET_LAYOUT_NCHW, DIMS(2, 8, 5, 6));
    build_reshape(&graph, x, DIMS(0, -1, 6));
    CHECK(infer() == MNET_OK, "%s", error.message);
    CHECK_SHAPE(2, 40, 6);
    build_reshape(&graph, x, DIMS(7, -1));
    CHECK(infer() == MNET_ERROR_FORMAT);
    start();
    x = build_input(&graph, MNET_LAYOUT_NCHW, DIMS(2, 8, 5, 6));
    build_reshape(&graph, x, DIMS(-1, -1));
    CHECK(infer() == MNET_ERROR_FORMAT);
    start();
    x = build_input(&graph, MNET_LAYOUT_NCHW, DIMS(2, 8, 5, 6));
    build_reshape(&graph, x, DIMS(INT32_MAX, INT32_MAX, INT32_MAX));
    CHECK(infer() == MNET_ERROR_FORMAT);
    start();
    x = build_input(&graph, MNET_LAYOUT_NCHW, DIMS(2, 8, 5, 6));
    build_node(&graph, MNET_OP_RESHAPE, x, build_tensor(&graph, MNET_DTYPE_S64, DIMS(2)), -1);
    build_node(&graph, MNET_OP_ACTIVATION, graph.output, -1, -1);
    CHECK(infer() == MNET_OK, "%s", error.message);
    CHECK(graph.tensors[graph.output].rank == -1, "a shape that is not folded yet stays open");
}

static void test_slice(void) {
    static const struct {
        int32_t begin, end, stride, size, normal;
    } cases[] = {{0, INT32_MAX, 1, 10, 0}, {-3, INT32_MAX, 1, 3, 7}, {2, -2, 3, 2, 2},
                 {-100, 100, 4, 3, 0},     {9, 10, 1, 1, 9},         {5, 5, 1, -1, 0},
                 {INT32_MIN, 1, 1, 1, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start();
        int x = build_input(&graph, MNET_LAYOUT_NHWC, DIMS(1, 2, 3, 10));
        MnetNode *node = build_node(&graph, MNET_OP_SLICE, x, -1, -1);
        for (int d = 0; d < 4; d++) {
            node->attrs.slice.end[d] = INT32_MAX;
            node->attrs.slice.stride[d] = 1;
        }
        node->attrs.slice.begin[3] = cases[i].begin;
        node->attrs.slice.end[3] = cases[i].end;
        node->attrs.slice.stride[3] = cases[i].stride;
        if (cases[i].size < 0) {
            CHECK(infer() == MNET_ERROR_FORMAT, "case %zu", i);
            continue;
        }
        CHECK(infer() == MNET_OK, "%s", error.message);
        CHECK_SHAPE(1, 2, 3, cases[i].size);
        CHECK(node->attrs.slice.begin[3] == cases[i].normal);
        CHECK(infer() == MNET_OK, "again: %s", error.message);
        node->attrs.slice.stride[3] = -1;
        CHECK(infer() == MNET_ERROR_UNSUPPORTED);
    }
}

static void test_reduce_axes(void) {
    start();
    int x = build_input(&graph, MNET_LAYOUT_NCHW, DIMS(2, 8, 5, 6));
    MnetNode *node = build_node(&graph, MNET_OP_MEAN, x, -1, -1);
    node->attrs.reduce.axes = 1u << 31 | 1u << 30; /* -1 and -2 */
    CHECK(infer() == MNET_OK, "%s", error.message);
    CHECK_SHAPE(2, 8);
    CHECK(node->attrs.reduce.axes == 0xc);
    node = build_node(&graph, MNET_OP_MEAN, x, -1, -1);
    node->attrs.reduce.keep_dims = true;
    CHECK(infer() == MNET_OK, "%s", error.message);
    CHECK_SHAPE(1, 1, 1, 1);
    node = build_node(&graph, MNET_OP_MEAN, x, -1, -1);
    node->attrs.reduce.axes = 1u << 27; /* -5 of 4 */
    CHECK(infer() == MNET_ERROR_FORMAT);
    node->attrs.reduce.axes = 1u << 4;
    CHECK(infer() == MNET_ERROR_FORMAT);
}

static void test_concat_and_split(void) {
    start();
    int x = build_input(&graph, MNET_LAYOUT_NCHW, DIMS(1, 6, 5, 5));
    MnetNode *node = mnet_graph_add_node(&graph, MNET_OP_SPLIT, "split", "Split", 1, 3);
    node->inputs[0] = x;
    for (int o = 0; o < 3; o++)
        node->outputs[o] = build_unknown(&graph);
    node->attrs.along.axis = -3;
    CHECK(infer() == MNET_OK, "%s", error.message);
    CHECK(build_has_shape(&graph, node->outputs[2], DIMS(1, 2, 5, 5)) &&
          node->attrs.along.axis == 1);
    node =
        build_node(&graph, MNET_OP_CONCAT, graph.nodes[0].outputs[0], x, graph.nodes[0].outputs[1]);
    node->attrs.along.axis = 1;
    CHECK(infer() == MNET_OK, "%s", error.message);
    CHECK_SHAPE(1, 10, 5, 5);
    node->attrs.along.axis = 2;
    CHECK(infer() == MNET_ERROR_FORMAT);

    start();
    x = build_input(&graph, MNET_LAYOUT_NCHW, DIMS(1, 7, 5, 5));
    node = mnet_graph_add_node(&graph, MNET_OP_SPLIT, "split", "Split", 1, 2);
    node->inputs[0] = x;
    node->outputs[0] = build_unknown(&graph);
    node->outputs[1] = build_unknown(&graph);
    node->attrs.along.axis = 1;
    CHECK(infer() == MNET_ERROR_FORMAT, "7 into 2");
    graph.tensors[node->outputs[0]].dims[0] = 3;
    graph.tensors[node->outputs[1]].dims[0] = 4;
    CHECK(infer() == MNET_OK, "sizes as hints: %s", error.message);
    CHECK(build_has_shape(&graph, node->outputs[1], DIMS(1, 4, 5, 5)));
}

static void test_fully_connected(void) {
    start();
    int x = build_input(&graph, MNET_LAYOUT_NHWC, DIMS(1, 1, 1, 12));
    MnetNode *node = build_node(&graph, MNET_OP_FULLY_CONNECTED, x, build_ramp(&graph, DIMS(5, 12)),
                                build_ramp(&graph, DIMS(5)));
    node->attrs.fully_connected.transpose_b = true;
    CHECK(infer() == MNET_OK, "%s", error.message);
    CHECK_SHAPE(1, 1, 1, 5);
    graph.tensors[graph.output].rank = 2;
    graph.tensors[graph.output].dims[1] = 5;
    CHECK(infer() == MNET_OK, "a flattened output: %s", error.message);
    node->attrs.fully_connected.transpose_b = false;
    CHECK(infer() == MNET_ERROR_FORMAT);
}

static void test_arity_and_ids(void) {
    start();
    int x = build_input(&graph, MNET_LAYOUT_NHWC, DIMS(1, 4, 4, 3));
    MnetNode *node = build_node(&graph, MNET_OP_CONV_2D, x, -1, -1);
    CHECK(infer() == MNET_ERROR_FORMAT, "a convolution without weights");
    node->kind = MNET_OP_ACTIVATION;
    node->inputs[0] = 1000;
    CHECK(infer() == MNET_ERROR_FORMAT, "an input that is no tensor");
    node->inputs[0] = MNET_NO_TENSOR;
    CHECK(infer() == MNET_ERROR_FORMAT, "a missing input");
    node->inputs[0] = x;
    node->outputs[0] = -2;
    CHECK(infer() == MNET_ERROR_FORMAT, "an output that is no tensor");
}

static void test_known_shapes_are_checked(void) {
    start();
    int x = build_input(&graph, MNET_LAYOUT_NHWC, DIMS(1, 4, 4, 3));
    build_node(&graph, MNET_OP_ACTIVATION, x, -1, -1);
    graph.tensors[graph.output].rank = 1;
    graph.tensors[graph.output].dims[0] = 48;
    CHECK(infer() == MNET_ERROR_FORMAT && strstr(error.message, "[48]"), "%s", error.message);
}

int main(void) {
    RUN(test_conv_layouts);
    RUN(test_conv_errors);
    RUN(test_windows_against_counting);
    RUN(test_same_against_definition);
    RUN(test_pool_ceil_mode);
    RUN(test_broadcast);
    RUN(test_reshape);
    RUN(test_slice);
    RUN(test_reduce_axes);
    RUN(test_concat_and_split);
    RUN(test_fully_connected);
    RUN(test_arity_and_ids);
    RUN(test_known_shapes_are_checked);
    mnet_graph_clear(&graph);
    return test_end();
}
