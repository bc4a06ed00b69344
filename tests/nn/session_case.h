/** Models, sessions, inputs and kept results for the tests of nn/session.c. */
#ifndef TESTS_NN_SESSION_CASE_H
#define TESTS_NN_SESSION_CASE_H

#include "tests/nn/image/frame.h"
#include "tests/test.h"

static MnetError error;

/* Small whole models of each kind of input, and one of real size. */
static const char *const names[] = {"tflite/f32.tflite",         "tflite/f16.tflite",
                                    "tflite/u8.tflite",          "tflite/s8.tflite",
                                    "onnx/good_opset11.onnx",    "onnx/good_opset22.onnx",
                                    "onnx/good_qdq.onnx",        "onnx/good_qoperator.onnx",
                                    "onnx/good_nhwc_uint8.onnx", "builtin"};
enum { N_NAMES = sizeof names / sizeof *names };

static inline MnetModel *open_model(const char *name) {
    char path[1200];
    const char *source = getenv("MNET_SOURCE");
    MnetModel *model = NULL;
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/%s", source ? source : ".", name);
    MnetStatus status =
        mnet_model_open(strcmp(name, "builtin") ? path : name, NULL, &model, &error);
    CHECK(!status, "%s", error.message);
    if (status)
        exit(test_end());
    return model;
}

static inline MnetSession *open_session(MnetModel *model, int threads) {
    MnetSessionOptions options = {.threads = threads};
    MnetSession *session = NULL;
    MnetStatus status = mnet_session_open(model, &options, &session, &error);
    CHECK(!status, "%s", error.message);
    if (status)
        exit(test_end());
    return session;
}

static inline void *noise(const MnetModelInfo *info, uint32_t seed) {
    uint8_t *tensor = malloc(info->input_bytes);
    frame_seed(seed);
    if (info->input_dtype == MNET_DTYPE_F32)
        for (size_t i = 0; i < info->input_bytes / 4; i++)
            ((float *)(void *)tensor)[i] = (float)frame_range(-1000, 1000) * 1e-3f;
    else
        for (size_t i = 0; i < info->input_bytes; i++)
            tensor[i] = (uint8_t)frame_range(0, 255);
    return tensor;
}

static inline const MnetResult *run(MnetSession *session, const void *tensor, size_t size) {
    const MnetResult *result = NULL;
    MnetStatus status = mnet_session_run_tensor(session, tensor, size, &result, &error);
    CHECK(!status, "%s", error.message);
    if (status)
        exit(test_end());
    return result;
}

/* A copy of all that a run says, to compare bit by bit. */
typedef struct Kept {
    float *scores, *embedding;
    void *output;
} Kept;

static inline void *copy(const void *data, size_t size) {
    void *to = malloc(size + 1);
    return size ? memcpy(to, data, size) : to;
}

static inline Kept keep(const MnetSession *session, const MnetModelInfo *info,
                        const MnetResult *result) {
    return (Kept){.scores = copy(result->scores, result->n_scores * sizeof(float)),
                  .embedding = copy(result->embedding, result->n_embedding * sizeof(float)),
                  .output = copy(mnet_session_output(session), info->output_bytes)};
}

static inline bool is_kept(const Kept *kept, const MnetSession *session, const MnetModelInfo *info,
                           const MnetResult *result) {
    return !memcmp(kept->scores, result->scores, result->n_scores * sizeof(float)) &&
           (!result->n_embedding ||
            !memcmp(kept->embedding, result->embedding, result->n_embedding * sizeof(float))) &&
           !memcmp(kept->output, mnet_session_output(session), info->output_bytes);
}

static inline void drop(Kept *kept) {
    free(kept->scores);
    free(kept->embedding);
    free(kept->output);
}

#endif
