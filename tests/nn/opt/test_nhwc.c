#include "tests/test.h"
#include "nn/opt/passes.h"
#include "tests/nn/graph/build.h"

static MnetGraph graph;
static MnetError error;

static void start(void) {
    mnet_graph_clear(&graph);
    mnet_graph_init(&graph, "test.onnx");
    error = (MnetError){0};
}

static int run_fold(void) {
    int changes = 0;
    return mnet_opt_fold(&graph, &changes, &error) != MNET_OK;
}

static void convert(void) {
    int changes = 0;
    CHECK(!run_fold(), "%s", error.message);
    CHECK(mnet_opt_nhwc(&graph, &changes, &error) == MNET_OK, "%s", error.message);
    CHECK(changes > 0 && graph.layout == MNET_LAYOUT_NHWC);
    CHECK(mnet_opt_dead(&graph, &changes, &error) == MNET_OK, "%s", error.message);
    CHECK(mnet_graph_verify(&graph, false, &error) == MNET_OK, "%s", error.message);
}

static int count(MnetOpKind kind) {
    int n = 0;
    for (int i = 0; i < graph.n_nodes; i++)
        n += graph.nodes[i].kind == kind;
    return n;
}

static const MnetNode *find(MnetOpKind kind) {
    for (int i = 0; i < graph.n_nodes; i++)
        if (graph.nodes[i].kind == kind)
            return &graph.nodes[i];
    abort();
}

static void test_conv_and_pool(void) {
    start();
    int x = build_input(&graph, MNET_LAYOUT_NCHW, DIMS(1, 3, 9, 11));
    int dense = build_ramp(&graph, DIMS(4, 3, 2, 2)),
        depthwise = build_ramp(&graph, DIMS(4, 1, 3, 3));
    build_conv(&graph, x, dense, 1, 2, MNET_PADDING_VALID);
    build_conv(&graph, graph.output, depthwise, 4, 1, MNET_PADDING_SAME_UPPER);
    MnetNode *node = build_node(&graph, MNET_OP_MEAN, graph.output, -1, -1);
    node->attrs.reduce.axes = 1u << 2 | 1u << 3;
    node->attrs.reduce.keep_dims = true;
    build_reshape(&graph, graph.output, DIMS(0, -1));
    const void *bytes = graph.tensors[depthwise].data;
    convert();
    CHECK(build_has_shape(&graph, graph.input, DIMS(1, 9, 11, 3)));
    CHECK(count(MNET_OP_TRANSPOSE) == 0, "the order of one pixel's channels is the same");
    CHECK(find(MNET_OP_MEAN)->attrs.reduce.axes == (1u << 1 | 1u << 2));
    const MnetTensor *w = &graph.tensors[graph.nodes[0].inputs[1]];
    CHECK(build_has_shape(&graph, graph.nodes[0].inputs[1], DIMS(4, 2, 2, 3)));
    for (int o = 0; o < 4; o++)
        for (int k = 0; k < 4; k++)
            for (int i = 0; i < 3; i++)
                CHECK(mnet_tensor_float(w, o * 12 + k * 3 + i) == (float)(o * 12 + i * 4 + k));
    const MnetTensor *d = &graph.tensors[graph.nodes[1].inputs[1]];
    CHECK(build_has_shape(&graph, graph.nodes[1].inputs[1], DIMS(4, 3, 3, 1)) && d->data == bytes,
          "depthwise weights keep their bytes");
    CHECK(build_has_shape(&graph, graph.output, DIMS(1, 4)));
}

static void test_qdq_weights(void) {
    static const int8_t values[24];
    static const float scales[4] = {1, 2, 3, 4};
    static const int32_t zero_points[4];
    start();
    int x = build_input(&graph, MNET_LAYOUT_NCHW, DIMS(1, 3, 9, 11));
    int q = build_constant(&graph, MNET_DTYPE_QS8, values, DIMS(4, 3, 1, 2));
    graph.tensors[q].quant = (MnetQuant){.count = 4, .scale = scales, .zero_point = zero_points};
    int w = build_node(&graph, MNET_OP_DEQUANTIZE, q, -1, -1)->outputs[0];
    build_conv(&graph, x, w, 1, 1, MNET_PADDING_VALID);
    int c = build_constant(&graph, MNET_DTYPE_QS8, values, DIMS(4, 1, 1));
    mnet_graph_set_quant(&graph, &graph.tensors[c].quant, 1, 0);
    int conv = graph.output;
    int factor = build_node(&graph, MNET_OP_DEQUANTIZE, c, -1, -1)->outputs[0];
    build_node(&graph, MNET_OP_MUL, conv, factor, -1);
    convert();
    const MnetNode *node = find(MNET_OP_CONV_2D);
    CHECK(build_has_shape(&graph, node->inputs[1], DIMS(4, 1, 2, 3)));
    const MnetNode *dequantize = &graph.nodes[mnet_graph_producer(&graph, node->inputs[1])];
    CHECK(dequantize->kind == MNET_OP_DEQUANTIZE);
    CHECK(build_has_shape(&graph, dequantize->inputs[0], DIMS(4, 1, 2, 3)));
    CHECK(graph.tensors[dequantize->inputs[0]].quant.axis == 0);
    node = find(MNET_OP_MUL);
    CHECK(build_has_shape(&graph, node->inputs[1], DIMS(1, 1, 1, 4)));
    dequantize = &graph.nodes[mnet_graph_producer(&graph, node->inputs[1])];
    CHECK(dequantize->kind == MNET_OP_DEQUANTIZE && graph.tensors[dequantize->inputs[0]].data);
}

static void test_attributes(void) {
    start();
    int x = build_input(&graph, MNET_LAYOUT_NCHW, DIMS(1, 4, 5, 6));
    MnetNode *node = build_node(&graph, MNET_OP_PAD, x, -1, -1);
    memcpy(node->attrs.pad.before, (int32_t[]){0, 1, 2, 3}, 16);
    memcpy(node->attrs.pad.after, (int32_t[]){0, 4, 5, 6}, 16);
    node = build_node(&graph, MNET_OP_CONCAT, graph.output, build_ramp(&graph, DIMS(1, 1, 12, 15)),
                      -1);
    node->attrs.along.axis = -3;
    node = build_node(&graph, MNET_OP_SOFTMAX, graph.output, -1, -1);
    node->attrs.along.axis = 2;
    build_reshape(&graph, graph.output, DIMS(-1));
    convert();
    node = &graph.nodes[0];
    CHECK(!memcmp(node->attrs.pad.before, (int32_t[]){0, 2, 3, 1}, 16) &&
          !memcmp(node->attrs.pad.after, (int32_t[]){0, 5, 6, 4}, 16));
    CHECK(find(MNET_OP_CONCAT)->attrs.along.axis == 3 &&
          find(MNET_OP_SOFTMAX)->attrs.along.axis == 1);
    CHECK(count(MNET_OP_TRANSPOSE) == 1, "before the reshape, that sees the order");
    CHECK(!memcmp(find(MNET_OP_TRANSPOSE)->attrs.perm, (int32_t[]){0, 3, 1, 2}, 16));
}

/* What is left of the axes may stand in another order in NHWC; only then is it put right. */
static void test_mean_without_keep_dims(void) {
    static const struct {
        uint32_t axes;
        int transposes, rank;
        int32_t dims[4];
    } cases[] = {
        {0xc, 0, 2, {2, 4}}, {0x2, 0, 3, {2, 5, 6}}, {0x4, 1, 3, {2, 4, 6}}, {0x9, 1, 2, {4, 5}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start();
        int x = build_input(&graph, MNET_LAYOUT_NCHW, DIMS(2, 4, 5, 6));
        MnetNode *node = build_node(&graph, MNET_OP_MEAN, x, -1, -1);
        node->attrs.reduce.axes = cases[i].axes;
        convert();
        CHECK(count(MNET_OP_TRANSPOSE) == cases[i].transposes, "case %zu", i);
        CHECK(build_has_shape(&graph, graph.output, cases[i].rank, cases[i].dims), "case %zu", i);
    }
}

/* As tf2onnx writes: the input is NHWC in the file, and a TRANSPOSE comes first, and one last. */
static void test_transposed_edges(void) {
    start();
    int x = build_input(&graph, MNET_LAYOUT_NCHW, DIMS(1, 9, 11, 3));
    graph.input_layout = MNET_LAYOUT_NHWC;
    build_transpose(&graph, x, 4, (const int32_t[]){0, 3, 1, 2});
    build_conv(&graph, graph.output, build_ramp(&graph, DIMS(4, 3, 2, 2)), 1, 2,
               MNET_PADDING_VALID);
    build_transpose(&graph, graph.output, 4, (const int32_t[]){0, 2, 3, 1});
    convert();
    CHECK(build_has_shape(&graph, graph.input, DIMS(1, 9, 11, 3)));
    CHECK(build_has_shape(&graph, graph.output, DIMS(1, 4, 5, 4)));
    CHECK(count(MNET_OP_TRANSPOSE) == 0 && count(MNET_OP_CONV_2D) == 1 && graph.n_nodes == 1);
}

static void test_tflite_is_left_alone(void) {
    start();
    int changes = 0;
    int x = build_input(&graph, MNET_LAYOUT_NHWC, DIMS(1, 9, 11, 3));
    build_node(&graph, MNET_OP_ACTIVATION, x, -1, -1);
    CHECK(mnet_opt_nhwc(&graph, &changes, &error) == MNET_OK && changes == 0);
    CHECK(build_has_shape(&graph, x, DIMS(1, 9, 11, 3)));
}

static int some(int n) {
    return rand() % n;
}

static void shuffle(int32_t *perm, int rank) {
    for (int i = 0; i < rank; i++)
        perm[i] = i;
    for (int i = rank - 1; i > 0; i--) {
        int k = some(i + 1), old = perm[i];
        perm[i] = perm[k];
        perm[k] = old;
    }
}

/* The input's shape cut short at the front, some dimensions 1. */
static int random_operand(int x) {
    const MnetTensor shape = graph.tensors[x];
    int rank = some(shape.rank + 1);
    int32_t dims[MNET_MAX_RANK];
    for (int i = 0; i < rank; i++)
        dims[i] = some(2) ? shape.dims[shape.rank - rank + i] : 1;
    return build_ramp(&graph, rank, dims);
}

static int random_reshape(int x) {
    const MnetTensor shape = graph.tensors[x];
    int32_t dims[MNET_MAX_RANK];
    int rank = 1 + some(5), left = (int)mnet_tensor_elements(&shape);
    for (int i = 0; i < rank; i++) {
        int part = 1;
        for (int f = 2; f <= 5; f++)
            if (left % f == 0 && some(2) && part == 1)
                part = f;
        dims[i] = i == rank - 1 ? left : part;
        left /= dims[i];
    }
    return build_reshape(&graph, x, rank, dims)->outputs[0];
}

static int random_slice(int x) {
    const MnetTensor shape = graph.tensors[x];
    MnetNode *node = build_node(&graph, MNET_OP_SLICE, x, -1, -1);
    for (int i = 0; i < shape.rank; i++) {
        node->attrs.slice.begin[i] = some(3) ? 0 : some(shape.dims[i]);
        node->attrs.slice.end[i] = INT32_MAX;
        node->attrs.slice.stride[i] = some(4) ? 1 : 2;
    }
    return node->outputs[0];
}

/* Splits into single elements of an axis, of which the first and last are joined with the whole. */
static int random_split(int x) {
    int axis = some(graph.tensors[x].rank), n = graph.tensors[x].dims[axis];
    MnetNode *node = mnet_graph_add_node(&graph, MNET_OP_SPLIT, "", NULL, 1, n);
    int index = graph.n_nodes - 1;
    node->attrs.along.axis = axis;
    node->inputs[0] = x;
    for (int o = 0; o < n; o++)
        node->outputs[o] = build_unknown(&graph);
    int first = node->outputs[0], last = node->outputs[n - 1];
    CHECK(mnet_graph_infer_node(&graph, index, &error) == MNET_OK, "%s", error.message);
    node = build_node(&graph, MNET_OP_CONCAT, last, x, first);
    node->attrs.along.axis = axis - graph.tensors[x].rank;
    return node->outputs[0];
}

static int add_random_node(int x) {
    int32_t perm[MNET_MAX_RANK];
    int rank = graph.tensors[x].rank;
    switch (some(6)) {
    case 0:
        shuffle(perm, rank);
        return build_transpose(&graph, x, rank, perm)->outputs[0];
    case 1:
        return random_reshape(x);
    case 2:
        return random_slice(x);
    case 3:
        return mnet_tensor_elements(&graph.tensors[x]) < 500 ? random_split(x) : random_slice(x);
    case 4: {
        int operand = random_operand(x);
        MnetOpKind kind = some(2) ? MNET_OP_ADD : MNET_OP_SUB;
        return some(2) ? build_node(&graph, kind, x, operand, -1)->outputs[0]
                       : build_node(&graph, kind, operand, x, -1)->outputs[0];
    }
    default:
        return build_node(&graph, MNET_OP_ACTIVATION, x, -1, -1)->outputs[0];
    }
}

/* Gives the input numbers, so that folding computes the output. */
static float *evaluate(float *input) {
    MnetTensor *x = &graph.tensors[graph.input];
    x->data = input;
    x->bytes = mnet_tensor_elements(x) * sizeof *input;
    CHECK(!run_fold(), "%s", error.message);
    const MnetTensor *y = &graph.tensors[graph.output];
    CHECK(y->data != NULL, "the output was computed");
    if (!y->data)
        return NULL;
    float *copy = malloc(y->bytes + 1);
    if (!copy)
        abort();
    memcpy(copy, y->data, y->bytes);
    return copy;
}

/* Random graphs of ops that folding can compute, once as they are and once after the pass. */
static void test_random_graphs(void) {
    float nchw[48], nhwc[48];
    for (unsigned seed = 0; seed < 400; seed++) {
        int h = 1 + seed % 4, w = 1 + seed / 4 % 3, c = 1 + seed / 12 % 4;
        float *results[2];
        int64_t elements = 0;
        for (int i = 0; i < 48; i++)
            nchw[i] = (float)(i * i % 101);
        for (int i = 0; i < c; i++)
            for (int p = 0; p < h * w; p++)
                nhwc[p * c + i] = nchw[i * h * w + p];
        for (int converted = 0; converted < 2; converted++) {
            srand(seed);
            start();
            int x = build_input(&graph, MNET_LAYOUT_NCHW, DIMS(1, c, h, w));
            x = build_node(&graph, MNET_OP_ADD, x, build_ramp(&graph, DIMS(c, 1, 1)), -1)
                    ->outputs[0];
            for (int n = 1 + some(8); n > 0; n--) {
                CHECK(mnet_graph_infer_shapes(&graph, &error) == MNET_OK, "%s", error.message);
                x = add_random_node(x);
            }
            if (converted)
                convert();
            results[converted] = evaluate(converted ? nhwc : nchw);
            int64_t size = mnet_tensor_elements(&graph.tensors[graph.output]);
            CHECK(!converted || size == elements, "seed %u", seed);
            elements = size;
        }
        CHECK(results[0] && results[1] && !memcmp(results[0], results[1], elements * sizeof(float)),
              "seed %u: %lld elements", seed, (long long)elements);
        free(results[0]);
        free(results[1]);
    }
}

int main(void) {
    RUN(test_conv_and_pool);
    RUN(test_qdq_weights);
    RUN(test_attributes);
    RUN(test_mean_without_keep_dims);
    RUN(test_transposed_edges);
    RUN(test_tflite_is_left_alone);
    RUN(test_random_graphs);
    mnet_graph_clear(&graph);
    return test_end();
}
