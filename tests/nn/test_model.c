/* nn/model.c: opening, what is known of a model, and what is answered to files that are none. */
#include "nn/mnet.h"

#include "tests/test.h"

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

static MnetError error;
static char folder[] = "/tmp/mnet-test-model-XXXXXX";

/* A path in the corpus of the fuzz targets, whose models are small and whole, or broken in one
 * known way. */
static const char *corpus(const char *name) {
    static char path[1200];
    const char *source = getenv("MNET_SOURCE");
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/%s", source ? source : ".", name);
    return path;
}

static const char *written(const char *name, const void *data, size_t size) {
    static char path[sizeof folder + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    bool whole = file && fwrite(data, 1, size, file) == size;
    CHECK(file && !fclose(file) && whole, "%s", path);
    return path;
}

static unsigned char *contents(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    unsigned char *data = malloc(1 << 20);
    CHECK(file && data, "%s", path);
    *size = file && data ? fread(data, 1, 1 << 20, file) : 0;
    if (file)
        fclose(file);
    return data;
}

static MnetModel *opened(const char *path, const MnetModelOptions *options) {
    MnetModel *model = NULL;
    MnetStatus status = mnet_model_open(path, options, &model, &error);
    CHECK(!status && model, "%s", error.message);
    return model;
}

static void test_builtin(void) {
    MnetModel *model = opened("builtin", NULL), *same = opened(NULL, NULL);
    if (!model || !same)
        return;
    const MnetModelInfo *info = mnet_model_info(model);
    CHECK(!strcmp(info->name, "builtin") && !strcmp(mnet_model_info(same)->name, "builtin"));
    CHECK(!strcmp(info->format, "ONNX") && info->n_classes == 1000);
    CHECK(info->input_width == 224 && info->input_height == 224 && info->input_channels == 3);
    CHECK(info->embedding_size == 1280, "%d", info->embedding_size);
    CHECK(info->normalization.mean[1] == 127 && info->normalization.scale[2] == 1 / 128.0f);
    CHECK(info->normalization.order == MNET_CHANNEL_ORDER_RGB);
    CHECK(!strcmp(mnet_model_label(model, 0), "tench"), "%s", mnet_model_label(model, 0));
    CHECK(!strcmp(mnet_model_label(model, 967), "espresso"), "%s", mnet_model_label(model, 967));
    CHECK(mnet_model_label(model, -1) && mnet_model_label(model, 1000));
    CHECK(llabs(info->n_parameters - 4640000) < 50000, "%lld", (long long)info->n_parameters);
    CHECK(llabs(info->n_macs - 385000000) < 2000000, "%lld", (long long)info->n_macs);
    mnet_model_unref(&model);
    mnet_model_unref(&same);
    CHECK(!model && !same);
}

static void test_info(void) {
    MnetModel *model = opened(corpus("tflite/u8.tflite"), NULL);
    const MnetModelInfo *info = mnet_model_info(model);
    CHECK(!strcmp(info->name, "u8.tflite") && !strcmp(info->format, "TFLite"));
    CHECK(info->input_dtype == MNET_DTYPE_QU8 && info->input_layout == MNET_LAYOUT_NHWC);
    CHECK(info->input_bytes == 8 * 8 * 3 && info->output_bytes == 4 && info->n_classes == 4);
    CHECK(info->input_scale == 1 / 128.0f && info->input_zero_point == 128);
    CHECK(info->output_dtype == MNET_DTYPE_QU8 && info->output_scale == 1 / 256.0f);
    CHECK(info->output_zero_point == 0 && info->arena_bytes && info->weight_bytes);
    mnet_model_unref(&model);

    model = opened(corpus("tflite/s8.tflite"), NULL);
    info = mnet_model_info(model);
    CHECK(info->input_dtype == MNET_DTYPE_QS8 && info->output_dtype == MNET_DTYPE_QS8);
    CHECK(info->input_zero_point == 0 && info->output_zero_point == -128);
    mnet_model_unref(&model);

    model = opened(corpus("onnx/good_opset22.onnx"), NULL);
    info = mnet_model_info(model);
    CHECK(info->input_dtype == MNET_DTYPE_F32 && info->input_layout == MNET_LAYOUT_NCHW);
    CHECK(info->input_bytes == 8 * 8 * 3 * 4 && info->output_bytes == 5 * 4);
    CHECK(info->input_scale == 0 && info->output_scale == 0);
    CHECK(info->normalization.order == MNET_CHANNEL_ORDER_BGR);
    CHECK(strstr(info->normalization_source, "metadata"), "%s", info->normalization_source);
    CHECK(!strcmp(info->labels_source, "the model file"), "%s", info->labels_source);
    mnet_model_unref(&model);
}

static void test_memory(void) {
    size_t size;
    unsigned char *data = contents(corpus("tflite/f32.tflite"), &size);
    MnetModel *model = NULL;
    CHECK(!mnet_model_open_memory(data, size, NULL, NULL, &model, &error), "%s", error.message);
    CHECK(!strcmp(mnet_model_info(model)->name, "memory"));
    mnet_model_unref(&model);
    CHECK(!mnet_model_open_memory(data, size, "some/where/mine", NULL, &model, &error));
    CHECK(!strcmp(mnet_model_info(model)->name, "mine"), "%s", mnet_model_info(model)->name);
    CHECK(!strcmp(mnet_model_label(model, 3), "class 3"), "%s", mnet_model_label(model, 3));
    mnet_model_unref(&model);
    CHECK(mnet_model_open_memory(data, 0, "mine", NULL, &model, &error) == MNET_ERROR_FORMAT);
    CHECK(strstr(error.message, "mine: is empty"), "%s", error.message);
    CHECK(mnet_model_open_memory(NULL, 5, "mine", NULL, &model, &error) == MNET_ERROR_FORMAT);
    CHECK(!model);
    free(data);
}

static void *take_and_drop(void *data) {
    for (int i = 0; i < 10000; i++) {
        MnetModel *mine = mnet_model_ref(data);
        mnet_model_unref(&mine);
    }
    return NULL;
}

static void test_references(void) {
    MnetModel *model = opened(corpus("tflite/f32.tflite"), NULL), *second;
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        CHECK(!pthread_create(&threads[i], NULL, take_and_drop, model));
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    second = mnet_model_ref(model);
    CHECK(second == model);
    mnet_model_unref(&model);
    CHECK(!model && mnet_model_info(second)->n_classes == 4);
    mnet_model_unref(&second);
    mnet_model_unref(&second);
    mnet_model_unref(NULL);
}

static void test_labels(void) {
    static const char text[] = "person\r\n\"cat & dog\"\ncaf\xc3\xa9\nlast";
    MnetModelOptions options = {.labels = written("labels.txt", text, sizeof text - 1)};
    MnetModel *model = opened(corpus("tflite/f32.tflite"), &options);
    CHECK(!strcmp(mnet_model_label(model, 0), "person"));
    CHECK(!strcmp(mnet_model_label(model, 2), "caf\xc3\xa9"));
    CHECK(!strcmp(mnet_model_label(model, 3), "last"));
    CHECK(!strcmp(mnet_model_info(model)->labels_source, options.labels));
    mnet_model_unref(&model);

    /* Labels in the file that can't be read stop it, unless others are named. */
    CHECK(mnet_model_open(corpus("tflite/labels_deflated.tflite"), NULL, &model, &error) ==
          MNET_ERROR_UNSUPPORTED);
    CHECK(strstr(error.message, "labels_deflated.tflite: the label file inside it is compressed"),
          "%s", error.message);
    options.labels = written("two.txt", "one\ntwo\nthree\nfour\n", 19);
    model = opened(corpus("tflite/labels_deflated.tflite"), &options);
    CHECK(!strcmp(mnet_model_label(model, 1), "two"));
    mnet_model_unref(&model);

    options.labels = corpus("labels/no-such-labels.txt");
    CHECK(mnet_model_open("builtin", &options, &model, &error) == MNET_ERROR_IO);
    CHECK(strstr(error.message, "no-such-labels.txt") && !model, "%s", error.message);
    options.labels = written("one.txt", "only one\n", 9);
    CHECK(mnet_model_open("builtin", &options, &model, &error) == MNET_ERROR_FORMAT);
    CHECK(strstr(error.message, "one.txt") && !model, "%s", error.message);
    options.labels = folder;
    CHECK(mnet_model_open("builtin", &options, &model, &error) == MNET_ERROR_IO && !model);
}

static void test_normalization(void) {
    MnetModelOptions options = {
        .normalization = {.mean = {1, 2, 3}, .scale = {0.5f, 0, 2}, .order = 0}};
    MnetModel *model = opened(corpus("tflite/f32.tflite"), &options);
    const MnetModelInfo *info = mnet_model_info(model);
    const MnetNormalization *n = &info->normalization;
    CHECK(n->mean[0] == 1 && n->mean[1] == 2 && n->mean[2] == 3);
    CHECK(n->scale[0] == 0.5f && n->scale[1] == 0.5f && n->scale[2] == 2);
    CHECK(n->order == MNET_CHANNEL_ORDER_RGB && strstr(info->normalization_source, "options"));
    mnet_model_unref(&model);

    options.normalization = (MnetNormalization){.order = MNET_CHANNEL_ORDER_BGR};
    model = opened(corpus("tflite/f32.tflite"), &options);
    n = &mnet_model_info(model)->normalization;
    CHECK(n->order == MNET_CHANNEL_ORDER_BGR && n->mean[0] == 127.5f);
    mnet_model_unref(&model);

    options.normalization = (MnetNormalization){.order = (MnetChannelOrder)7};
    CHECK(mnet_model_open("builtin", &options, &model, &error) == MNET_ERROR_ARGUMENT && !model);
    options.normalization = (MnetNormalization){.scale = {NAN}};
    CHECK(mnet_model_open("builtin", &options, &model, &error) == MNET_ERROR_ARGUMENT && !model);
    options.normalization = (MnetNormalization){.scale = {1}, .mean = {0, INFINITY}};
    CHECK(mnet_model_open("builtin", &options, &model, &error) == MNET_ERROR_ARGUMENT && !model);
}

/* An error within a second that names the file and the cause, and nothing else changed. */
static void check_refused(const char *path, const char *cause) {
    struct timespec start, end;
    MnetModel *const untouched = (MnetModel *)folder;
    MnetModel *model = untouched;
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    error = (MnetError){0};
    clock_gettime(CLOCK_MONOTONIC, &start);
    MnetStatus status = mnet_model_open(path, NULL, &model, &error);
    clock_gettime(CLOCK_MONOTONIC, &end);
    CHECK(status && status == error.status, "%s was opened", name);
    CHECK(model == untouched);
    CHECK(strstr(error.message, name) && strstr(error.message, cause), "'%s' has no '%s'",
          error.message, cause);
    CHECK(end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) * 1e-9 < 1, "%s", name);
    CHECK(mnet_model_open(path, NULL, &model, NULL) == status && model == untouched);
}

static void test_refused(void) {
    static const char text[] = "This was meant to be a model.\nIt is a text.\n";
    check_refused("/no/such/model.onnx", "No such file");
    check_refused(folder, "directory");
    check_refused(written("empty.onnx", "", 0), "empty");
    check_refused(written("text.onnx", text, sizeof text - 1), "text");
    check_refused(corpus("tflite/claims_3_gb.tflite"), "broken or truncated");
    check_refused(corpus("onnx/bomb_claims_3gb.onnx"), "broken or truncated");
    check_refused(corpus("tflite/two_inputs.tflite"), "2 inputs ('picture', 'state')");
    check_refused(corpus("onnx/bad_two_inputs.onnx"), "more than one input");
    check_refused(corpus("tflite/dynamic_batch.tflite"), "dynamic batch");
    check_refused(corpus("onnx/bad_dynamic_batch.onnx"), "dynamic batch");
    check_refused(corpus("onnx/bad_operator.onnx"), "Einsum");
    check_refused(corpus("tflite/unsupported_op.tflite"), "PRELU");
}

/* A cut file is an error or, where only a tail that nobody reads is gone, a model; a bit more or
 * less, likewise. */
static void test_damaged(const char *name) {
    size_t size;
    unsigned char *data = contents(corpus(name), &size);
    int refused = 0;
    for (size_t cut = 1; cut < size; cut += 1 + size / 200) {
        MnetModel *model = NULL;
        unsigned char *part = malloc(cut);
        memcpy(part, data, cut);
        error = (MnetError){0};
        if (mnet_model_open_memory(part, cut, "cut", NULL, &model, &error)) {
            refused++;
            CHECK(!model && strstr(error.message, "cut: "), "%s", error.message);
        }
        mnet_model_unref(&model);
        free(part);
    }
    CHECK(refused > 100, "%s: %d refused", name, refused);
    for (size_t bit = 0; bit < size * 8; bit += 1 + size / 100) {
        MnetModel *model = NULL;
        data[bit / 8] ^= 1 << bit % 8;
        if (mnet_model_open_memory(data, size, "flipped", NULL, &model, &error))
            CHECK(!model && strstr(error.message, "flipped:"), "%s", error.message);
        mnet_model_unref(&model);
        data[bit / 8] ^= 1 << bit % 8;
    }
    free(data);
}

static void test_truncated_and_flipped(void) {
    test_damaged("tflite/f32.tflite");
    test_damaged("tflite/u8.tflite");
    test_damaged("onnx/good_qdq.onnx");
    test_damaged("onnx/good_opset22.onnx");
}

static void test_version(void) {
    int parts[3];
    char rest;
    CHECK(sscanf(mnet_version(), "%d.%d.%d%c", &parts[0], &parts[1], &parts[2], &rest) == 3, "%s",
          mnet_version());
}

int main(void) {
    if (!mkdtemp(folder))
        return 1;
    RUN(test_builtin);
    RUN(test_info);
    RUN(test_memory);
    RUN(test_references);
    RUN(test_labels);
    RUN(test_normalization);
    RUN(test_refused);
    RUN(test_truncated_and_flipped);
    RUN(test_version);
    static const char *const names[] = {"labels.txt", "two.txt", "one.txt", "empty.onnx",
                                        "text.onnx"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[sizeof folder + 64];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    CHECK(!rmdir(folder));
    return test_end();
}
