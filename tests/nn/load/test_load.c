/* What is named in place of a model, and what mnet_load() says of it. */
#include "nn/load/load.h"

#include "tests/test.h"

static MnetError error;

static MnetStatus load(const void *data, size_t size) {
    MnetGraph graph;
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, data, size);
    error = (MnetError){0};
    MnetStatus status = mnet_load((MnetBytes){copy, size}, "x.onnx", NULL, &graph, &error);
    CHECK(status != MNET_OK);
    CHECK(status != error.status || strncmp(error.message, "x.onnx: ", 8) == 0, "%s",
          error.message);
    CHECK(graph.n_tensors == 0 && graph.n_nodes == 0);
    free(copy);
    return status;
}

static void test_known_contents(void) {
    static const struct {
        const char *bytes;
        size_t size;
        const char *part;
    } cases[] = {
#define CASE(bytes, part) {bytes, sizeof bytes - 1, part}
        CASE("", "is empty"),
        CASE("These are words, not weights.\n", "is a text file"),
        CASE("\n\n<!DOCTYPE html>\n<html lang=\"en\">", "HTML page"),
        CASE("version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        CASE("PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0archive/data.pkl",
             "PyTorch model"),
        CASE("PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0metadata.json", "(.keras)"),
        CASE("PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0a.tflite", "ZIP archive"),
        CASE("\x89HDF\r\n\x1a\n\0\0\0\0", "HDF5"),
        CASE("\x80\x02\x8a\nl\xfc\x9c\0\0", "pickle"),
        CASE("<?xml version=\"1.0\"?>\n<net name=\"m\" version=\"11\">", "OpenVINO"),
        CASE("\x1f\x8b\x08\0\0\0\0\0", "gzip"),
        CASE("\x20\0\0\0ORTM", "ORT format"),
        CASE("\xff\xd8\xff\xe0\0\x10JFIF", "picture"),
        CASE("\xfe\xed\xfa\xce\1\2\3\4\5", "begins with fe ed fa ce 01 02 03 04"),
        CASE("\x1c\0\0", "3 bytes"),
#undef CASE
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK(load(cases[i].bytes, cases[i].size) == MNET_ERROR_FORMAT, "%s", cases[i].part);
        CHECK(strstr(error.message, cases[i].part), "'%s' has no '%s'", error.message,
              cases[i].part);
    }
}

static void test_error_may_be_null(void) {
    MnetGraph graph;
    CHECK(mnet_load((MnetBytes){(const uint8_t *)"text", 4}, "x", NULL, &graph, NULL) ==
          MNET_ERROR_FORMAT);
}

int main(void) {
    RUN(test_known_contents);
    RUN(test_error_may_be_null);
    return test_end();
}
