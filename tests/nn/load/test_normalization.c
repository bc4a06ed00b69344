/* Where a model's normalisation comes from: metadata, .modelinfo, quantisation, the exporter's
 * habit. */
#include <math.h>
#include <unistd.h>

#include "nn/load/load.h"
#include "nn/load/modelinfo.h"

#include "tests/test.h"

static MnetGraph graph;
static MnetNormalization found;
static const char *source;

/* A graph that has an input and nothing else. */
static void begin(const char *format, MnetDtype dtype, float scale, int zero_point) {
    mnet_graph_clear(&graph);
    mnet_graph_init(&graph, "x");
    graph.format = format;
    graph.input = mnet_graph_add_tensor(&graph, "picture", dtype, 4, (int32_t[]){1, 8, 8, 3});
    graph.input_dtype = dtype;
    graph.input_layout = MNET_LAYOUT_NHWC;
    if (scale > 0)
        mnet_graph_set_quant(&graph, &graph.input_quant, scale, zero_point);
}

static bool near(float a, float b) {
    return fabsf(a - b) <= 1e-4f * fmaxf(1, fabsf(b));
}

/* Is value v of channel c brought to `real`? */
static bool maps(int c, float v, float real) {
    return near((v - found.mean[c]) * found.scale[c], real);
}

static void find(void) {
    mnet_load_normalization(&graph, &found, &source);
}

static void test_quantised_input(void) {
    begin("TFLite", MNET_DTYPE_QU8, 1 / 128.f, 128);
    find();
    CHECK(maps(0, 0, -1) && maps(2, 128, 0) && strstr(source, "unchanged"), "%s", source);
    begin("TFLite", MNET_DTYPE_QS8, 1 / 255.f, -128);
    find();
    CHECK(maps(0, 0, 0) && maps(1, 255, 1));
    begin("TFLite", MNET_DTYPE_QU8, 1, 0);
    find();
    CHECK(maps(0, 0, 0) && maps(1, 255, 255));
    begin("ONNX", MNET_DTYPE_QU8, 0, 0);
    find();
    CHECK(maps(0, 0, 0) && maps(1, 255, 255));
}

static void test_quantised_range_of_imagenet(void) {
    begin("TFLite", MNET_DTYPE_QS8, 4.76f / 255, -14);
    find();
    CHECK(maps(0, 255, (1 - 0.485f) / 0.229f) && maps(2, 0, -0.406f / 0.225f) &&
              strstr(source, "ImageNet"),
          "%s", source);
}

static void test_habits(void) {
    begin("TFLite", MNET_DTYPE_F32, 0, 0);
    find();
    CHECK(maps(0, 0, -1) && maps(1, 255, 1) && strstr(source, "TensorFlow"));
    begin("ONNX", MNET_DTYPE_F32, 0, 0);
    graph.input_layout = MNET_LAYOUT_NCHW;
    graph.metadata.producer = "pytorch";
    find();
    CHECK(maps(0, 255, (1 - 0.485f) / 0.229f) && maps(1, 0, -0.456f / 0.224f) &&
          strstr(source, "PyTorch"));
    graph.metadata.producer = "tf2onnx";
    find();
    CHECK(maps(0, 0, -1) && maps(1, 255, 1));
    graph.metadata.producer = "";
    graph.input_layout = MNET_LAYOUT_NHWC;
    find();
    CHECK(maps(0, 0, -1) && maps(1, 255, 1));
}

static void test_metadata(void) {
    begin("TFLite", MNET_DTYPE_F32, 0, 0);
    graph.metadata.has_normalization = true;
    graph.metadata.normalization = (MnetNormalization){{1, 2, 3}, {0.5f, 0.25f, 2}, 0};
    graph.metadata.normalization_source = "TFLite metadata";
    find();
    CHECK(maps(0, 3, 1) && maps(1, 6, 1) && maps(2, 3, 0) && !strcmp(source, "TFLite metadata"));
}

/* Models often say 127.5 and 127.5 beside a quantisation by 1 / 128 around 128: the bytes are
 * meant. */
static void test_metadata_of_quantised_input(void) {
    begin("TFLite", MNET_DTYPE_QU8, 1 / 128.f, 128);
    graph.metadata.has_normalization = true;
    graph.metadata.normalization_source = "TFLite metadata";
    graph.metadata.normalization =
        (MnetNormalization){{127.5f, 127.5f, 127.5f}, {1 / 127.5f, 1 / 127.5f, 1 / 127.5f}, 0};
    find();
    CHECK(found.mean[0] == 128 && strstr(source, "unchanged"), "%s", source);
    graph.metadata.normalization =
        (MnetNormalization){{0, 0, 0}, {1 / 255.f, 1 / 255.f, 1 / 255.f}, 0};
    find();
    CHECK(maps(0, 255, 1) && !strcmp(source, "TFLite metadata"), "%s", source);
}

static MnetStatus parse(const char *text, MnetError *error) {
    return mnet_modelinfo_parse((MnetBytes){(const uint8_t *)text, strlen(text)}, "m.modelinfo",
                                &graph, error);
}

#define HEAD "[modelinfo]\nversion=1.0\n\n"

static void test_modelinfo(void) {
    MnetError error;
    begin("ONNX", MNET_DTYPE_F32, 0, 0);
    CHECK(!parse("# made by hand\r\n" HEAD
                 "[scores]\ndir=output\nranges=5,6\n\n[picture]\ndir = input\n"
                 "type=float32\ndims=-1,8,8,3\nranges=-1.0,1.0;0,1;0.0, 255.0\n"
                 "caps=video/x-raw, format=(string)BGR\n",
                 &error));
    find();
    CHECK(maps(0, 0, -1) && maps(0, 255, 1) && maps(1, 255, 1) && maps(1, 0, 0) &&
          maps(2, 255, 255));
    CHECK(found.order == MNET_CHANNEL_ORDER_BGR && !strcmp(source, "m.modelinfo"), "%s", source);

    /* By direction, where no section has the tensor's name; numbers of the raw tensor. */
    begin("TFLite", MNET_DTYPE_QS8, 0.5f, -10);
    CHECK(!parse(HEAD "[other]\ndir=input\ntype=int8\nranges=-128,127\n", &error));
    find();
    CHECK(maps(0, 0, (-128 + 10) * 0.5f) && maps(0, 255, (127 + 10) * 0.5f));
}

static void test_modelinfo_of_another_tensor(void) {
    MnetError error;
    begin("ONNX", MNET_DTYPE_F32, 0, 0);
    CHECK(!parse(HEAD
                 "[a]\ndir=input\ntype=uint8\nranges=0,1\n[b]\ndir=input\ndims=1,3,8,8\n"
                 "ranges=0,1\n[c]\ndir=output\nranges=0,1\n[picture]\ndims=1,8,8\nranges=0,1\n",
                 &error));
    CHECK(!graph.metadata.has_normalization);
}

static void test_broken_modelinfo(void) {
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "no [modelinfo] section"},
        {"[picture]\nranges=0,1\n", "no [modelinfo] section"},
        {"[modelinfo]\nversion=2.0\n", "version '2.0'"},
        {HEAD "[picture]\nranges=0\n", "m.modelinfo:4"},
        {HEAD "[picture]\nranges=PLACEHOLDER\n", "PLACEHOLDER"},
        {HEAD "[picture]\nranges=0,1;0,1\n", "ranges"},
        {HEAD "[picture]\nranges=1,1\n", "ranges"},
        {HEAD "[picture]\nranges=0,nan\n", "ranges"},
        {HEAD "words\n", "m.modelinfo:4"},
        {"key=value\n", "m.modelinfo:1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        MnetError error = {0};
        begin("ONNX", MNET_DTYPE_F32, 0, 0);
        CHECK(parse(cases[i].text, &error) != MNET_OK, "%s", cases[i].text);
        CHECK(strstr(error.message, cases[i].part), "'%s' has no '%s'", error.message,
              cases[i].part);
    }
}

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0, "%s", path);
}

static void test_modelinfo_beside_the_model(void) {
    char folder[] = "/tmp/mnet-test-XXXXXX", model[64], full[64], short_name[64];
    MnetError error;

    CHECK(mkdtemp(folder) != NULL);
    snprintf(model, sizeof model, "%s/m.onnx", folder);
    snprintf(full, sizeof full, "%s/m.onnx.modelinfo", folder);
    snprintf(short_name, sizeof short_name, "%s/m.modelinfo", folder);

    begin("ONNX", MNET_DTYPE_F32, 0, 0);
    CHECK(!mnet_modelinfo_read(model, &graph, &error) && !graph.metadata.has_normalization);
    write_file(short_name, HEAD "[picture]\nranges=0,1\n");
    CHECK(!mnet_modelinfo_read(model, &graph, &error) && graph.metadata.has_normalization);
    find();
    CHECK(maps(0, 255, 1) && !strcmp(source, short_name), "%s", source);
    write_file(full, HEAD "[picture]\nranges=0,2\n");
    CHECK(!mnet_modelinfo_read(model, &graph, &error));
    find();
    CHECK(maps(0, 255, 2) && !strcmp(source, full), "%s", source);
    unlink(full);
    unlink(short_name);
    rmdir(folder);
}

int main(void) {
    RUN(test_quantised_input);
    RUN(test_quantised_range_of_imagenet);
    RUN(test_habits);
    RUN(test_metadata);
    RUN(test_metadata_of_quantised_input);
    RUN(test_modelinfo);
    RUN(test_modelinfo_of_another_tensor);
    RUN(test_broken_modelinfo);
    RUN(test_modelinfo_beside_the_model);
    mnet_graph_clear(&graph);
    return test_end();
}
