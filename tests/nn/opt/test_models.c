/* The passes on whole models: what is left of each, and in which type. */
#include "nn/load/load.h"
#include "nn/opt/opt.h"
#include "tests/test.h"

#include <unistd.h>

typedef struct Expected {
    const char *file;
    bool integer; /* all ops but DEQUANTIZE at the output are on QS8 */
    int convolutions, residuals;
    int others; /* ops besides convolutions */
    int embedding;
} Expected;

static const Expected models[] = {
    {"mobilenet_v1_0.25_128_quant.tflite", true, 28, 0, 3, 256},
    {"mobilenet_v1_0.5_160_quant.tflite", true, 28, 0, 3, 512},
    {"mobilenet_v2_1.0_224_quant.tflite", true, 53, 10, 3, 1280},
    {"tf2_mobilenet_v2_1.0_224_ptq.tflite", true, 53, 10, 3, 1280},
    {"vww_96_int8.tflite", true, 27, 0, 4, 256},
    {"vww_96_float.tflite", false, 27, 0, 4, 256},
    {"mobilenet_v3_small_224_random_f32.tflite", false, 52, 6, 22, 1024},
    {"mobilenet_v1_1.0_224_random_f32.onnx", false, 27, 0, 3, 1024},
    {"mobilenet_v2_1.0_224_random_f32.onnx", false, 52, 10, 3, 1280},
    {"mobilenet_v3_small_224_random_f32.onnx", false, 52, 6, 22, 1024},
    {"mobilenet_v3_large_224_random_f32.onnx", false, 62, 10, 20, 1280},
    {"mobilenet_v4_conv_small_224_random_f32.onnx", false, 46, 10, 3, 1280},
    {"mobilenet_v2_1.0_224_random_int8_qdq.onnx", true, 52, 10, 4, 1280},
    {"mobilenet_v3_small_224_random_int8_qdq.onnx", true, 52, 6, 51, 1024},
};

static bool is_edge(const MnetGraph *graph, const MnetNode *node) {
    return node->kind == MNET_OP_DEQUANTIZE && node->outputs[0] == graph->output;
}

static void check_graph(const MnetGraph *graph, const Expected *expected) {
    MnetDtype dtype = expected->integer ? MNET_DTYPE_QS8 : MNET_DTYPE_F32;
    int convolutions = 0, residuals = 0;
    for (int i = 0; i < graph->n_nodes; i++) {
        const MnetNode *node = &graph->nodes[i];
        bool convolution = node->kind == MNET_OP_CONV_2D;
        convolutions += convolution;
        residuals += convolution && node->n_inputs > 3 && node->inputs[3] != MNET_NO_TENSOR;
        CHECK(graph->tensors[node->outputs[0]].dtype == dtype || is_edge(graph, node), "%s: %s",
              node->name, mnet_op_name(node->kind));
    }
    CHECK(convolutions == expected->convolutions, "%d", convolutions);
    CHECK(residuals == expected->residuals, "%d", residuals);
    CHECK(graph->n_nodes - convolutions == expected->others, "%d", graph->n_nodes - convolutions);
    CHECK(graph->embedding != MNET_NO_TENSOR &&
              mnet_tensor_elements(&graph->tensors[graph->embedding]) == expected->embedding,
          "tensor %d", graph->embedding);
}

static void check_model(const char *path, const Expected *expected, bool minimal) {
    MnetFile file;
    MnetGraph graph;
    MnetError error = {0};
    CHECK(mnet_file_open(path, &file, &error) == MNET_OK, "%s", error.message);
    if (error.status)
        return;
    CHECK(mnet_load(file.bytes, expected->file, path, &graph, &error) == MNET_OK, "%s",
          error.message);
    if (!error.status) {
        const MnetOptOptions options = {.minimal = minimal};
        CHECK(mnet_opt_run(&graph, &options, &error) == MNET_OK, "%s", error.message);
        if (!minimal && !error.status)
            check_graph(&graph, expected);
        mnet_graph_clear(&graph);
    }
    mnet_file_close(&file);
}

int main(void) {
    const char *shared = getenv("MNET_SHARED");
    char path[4096];
    snprintf(path, sizeof path, "%s/models", shared ? shared : "");
    if (!shared || access(path, R_OK))
        SKIP("no models at MNET_SHARED");
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        int before = test_failures;
        snprintf(path, sizeof path, "%s/models/%s", shared, models[i].file);
        check_model(path, &models[i], false);
        check_model(path, &models[i], true);
        printf("%s %s\n", test_failures == before ? "ok  " : "FAIL", models[i].file);
    }
    return test_end();
}
