/* nn/session.c: options, frames and tensors, what a result holds, threads, and that a run allocates nothing. */
#include "nn/base/threads.h"
#include "tests/nn/image/frame.h"
#include "tests/test.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

/* The linker sends the library's allocations here, so that those during a run are counted. */
static atomic_int allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_malloc(size_t size) {
    atomic_fetch_add(&allocations, 1);
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    atomic_fetch_add(&allocations, 1);
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size) {
    atomic_fetch_add(&allocations, 1);
    return __real_realloc(old, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    atomic_fetch_add(&allocations, 1);
    return __real_aligned_alloc(alignment, size);
}

static MnetError error;

/* Small whole models of each kind of input, and one of real size. */
static const char *const names[] = {"tflite/f32.tflite",         "tflite/f16.tflite",
                                    "tflite/u8.tflite",          "tflite/s8.tflite",
                                    "onnx/good_opset11.onnx",    "onnx/good_opset22.onnx",
                                    "onnx/good_qdq.onnx",        "onnx/good_qoperator.onnx",
                                    "onnx/good_nhwc_uint8.onnx", "builtin"};
enum { N_NAMES = sizeof names / sizeof *names };

static MnetModel *open_model(const char *name) {
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

static MnetSession *open_session(MnetModel *model, int threads) {
    MnetSessionOptions options = {.threads = threads};
    MnetSession *session = NULL;
    MnetStatus status = mnet_session_open(model, &options, &session, &error);
    CHECK(!status, "%s", error.message);
    if (status)
        exit(test_end());
    return session;
}

static void *noise(const MnetModelInfo *info, uint32_t seed) {
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

static const MnetResult *run(MnetSession *session, const void *tensor, size_t size) {
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

static void *copy(const void *data, size_t size) {
    void *to = malloc(size + 1);
    return size ? memcpy(to, data, size) : to;
}

static Kept keep(const MnetSession *session, const MnetModelInfo *info, const MnetResult *result) {
    return (Kept){.scores = copy(result->scores, result->n_scores * sizeof(float)),
                  .embedding = copy(result->embedding, result->n_embedding * sizeof(float)),
                  .output = copy(mnet_session_output(session), info->output_bytes)};
}

static bool is_kept(const Kept *kept, const MnetSession *session, const MnetModelInfo *info,
                    const MnetResult *result) {
    return !memcmp(kept->scores, result->scores, result->n_scores * sizeof(float)) &&
           (!result->n_embedding ||
            !memcmp(kept->embedding, result->embedding, result->n_embedding * sizeof(float))) &&
           !memcmp(kept->output, mnet_session_output(session), info->output_bytes);
}

static void drop(Kept *kept) {
    free(kept->scores);
    free(kept->embedding);
    free(kept->output);
}

static void test_options(void) {
    MnetModel *model = open_model(names[0]);
    MnetSession *const untouched = (MnetSession *)&error;
    const struct {
        MnetSessionOptions options;
        const char *part;
    } wrong[] = {
        {{.threads = -1}, "threads is -1"},
        {{.threads = MNET_MAX_THREADS + 1}, "threads is 65"},
        {{.top_k = -1}, "top_k is -1"},
        {{.preprocess.fit = (MnetFit)3}, "fit"},
        {{.preprocess.resize = (MnetResize)-1}, "resize"},
        {{.preprocess.crop_fraction = 1.01f}, "crop"},
        {{.preprocess.crop_fraction = -0.5f}, "crop"},
        {{.preprocess.crop_fraction = NAN}, "crop"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        MnetSession *session = untouched;
        MnetStatus status = mnet_session_open(model, &wrong[i].options, &session, &error);
        CHECK(status == MNET_ERROR_ARGUMENT && session == untouched, "%s", wrong[i].part);
        CHECK(strstr(error.message, wrong[i].part), "'%s' has no '%s'", error.message,
              wrong[i].part);
    }
    for (int threads = 0; threads <= MNET_MAX_THREADS; threads += 16) {
        MnetSession *session = open_session(model, threads);
        int wanted = threads ? threads : mnet_threads_default();
        CHECK(mnet_session_threads(session) == wanted, "%d", mnet_session_threads(session));
        mnet_session_close(&session);
        CHECK(!session);
        mnet_session_close(&session);
    }
    mnet_session_close(NULL);
    mnet_model_unref(&model);
}

static void test_top_k(void) {
    static const int asked[] = {0, 3, 5000}, given[] = {5, 3, 1000};
    MnetModel *model = open_model("builtin");
    const MnetModelInfo *info = mnet_model_info(model);
    void *tensor = noise(info, 1);
    for (int i = 0; i < 3; i++) {
        MnetSessionOptions options = {.threads = 1, .top_k = asked[i]};
        MnetSession *session = NULL;
        CHECK(!mnet_session_open(model, &options, &session, &error), "%s", error.message);
        const MnetResult *result = run(session, tensor, info->input_bytes);
        double sum = 0;
        CHECK(result->n_classes == given[i] && result->n_scores == 1000);
        for (int k = 0; k < result->n_classes; k++) {
            const MnetClass *class = &result->classes[k];
            CHECK(class->probability == result->scores[class->index]);
            CHECK(class->label == mnet_model_label(model, class->index));
            CHECK(
                !k || class[-1].probability > class->probability ||
                    (class[-1].probability == class->probability && class[-1].index < class->index),
                "place %d", k);
        }
        for (int k = 0; k < result->n_scores; k++)
            sum += result->scores[k];
        CHECK(fabs(sum - 1) < 1e-4, "logits become probabilities: %g", sum);
        CHECK(result->n_embedding == 1280 && result->embedding);
        CHECK(result->preprocess_ms == 0 && result->inference_ms > 0);
        mnet_session_close(&session);
    }
    free(tensor);
    mnet_model_unref(&model);
}

/* A graph that ends in a softmax gives its probabilities as they are. */
static void test_probabilities(void) {
    MnetModel *model = open_model("tflite/u8.tflite");
    const MnetModelInfo *info = mnet_model_info(model);
    MnetSession *session = open_session(model, 1);
    void *tensor = noise(info, 2);
    CHECK(!mnet_session_output(session), "nothing before the first run");
    const MnetResult *result = run(session, tensor, info->input_bytes);
    const uint8_t *output = mnet_session_output(session);
    for (int i = 0; i < result->n_scores; i++)
        CHECK(result->scores[i] == (float)output[i] / 256, "%d: %g, %d", i, result->scores[i],
              output[i]);
    free(tensor);
    mnet_session_close(&session);
    mnet_model_unref(&model);
}

static void test_frame_is_prepare_and_run(void) {
    for (int m = 0; m < N_NAMES; m++) {
        MnetModel *model = open_model(names[m]);
        const MnetModelInfo *info = mnet_model_info(model);
        MnetSession *session = open_session(model, 2);
        void *tensor = malloc(info->input_bytes);
        int last = info->input_width > 8 ? MNET_PIXEL_FORMAT_I420 + 1 : MNET_PIXEL_FORMAT_COUNT;
        for (int format = MNET_PIXEL_FORMAT_I420; format < last; format++) {
            const MnetResult *result = NULL;
            Frame frame = {0};
            frame_seed(format);
            frame_make(&frame, (MnetPixelFormat)format, 37, 23, 8, format % 2);
            MnetStatus status = mnet_session_run_image(session, &frame.image, &result, &error);
            CHECK(!status, "%s", error.message);
            CHECK(result->preprocess_ms > 0);
            Kept kept = keep(session, info, result);
            CHECK(!mnet_session_prepare(session, &frame.image, tensor, &error));
            result = run(session, tensor, info->input_bytes);
            CHECK(is_kept(&kept, session, info, result), "%s: %s", names[m],
                  mnet_pixel_format_name((MnetPixelFormat)format));
            drop(&kept);
            frame_free(&frame);
        }
        free(tensor);
        mnet_session_close(&session);
        mnet_model_unref(&model);
    }
}

static void test_preprocess(void) {
    MnetModel *model = open_model("tflite/u8.tflite");
    const MnetModelInfo *info = mnet_model_info(model);
    MnetSession *session = open_session(model, 1);
    uint8_t stretched[8 * 8 * 3], boxed[8 * 8 * 3];
    Frame frame = {0};
    frame_make(&frame, MNET_PIXEL_FORMAT_RGB, 16, 8, 0, false);
    CHECK(info->input_bytes == sizeof boxed);
    CHECK(!mnet_session_prepare(session, &frame.image, stretched, &error));
    MnetPreprocess preprocess = {.fit = MNET_FIT_LETTERBOX, .letterbox_color = {9, 8, 7}};
    CHECK(!mnet_session_set_preprocess(session, &preprocess, &error), "%s", error.message);
    CHECK(!mnet_session_prepare(session, &frame.image, boxed, &error));
    CHECK(boxed[0] == 9 && boxed[1] == 8 && boxed[2] == 7);
    preprocess.resize = (MnetResize)9;
    CHECK(mnet_session_set_preprocess(session, &preprocess, &error) == MNET_ERROR_ARGUMENT);
    CHECK(!mnet_session_prepare(session, &frame.image, boxed, &error) && boxed[0] == 9);
    CHECK(!mnet_session_set_preprocess(session, NULL, &error));
    CHECK(!mnet_session_prepare(session, &frame.image, boxed, &error));
    CHECK(!memcmp(stretched, boxed, sizeof boxed), "NULL is the default");
    frame_free(&frame);
    mnet_session_close(&session);
    mnet_model_unref(&model);
}

static void test_failures_change_nothing(void) {
    MnetModel *model = open_model(names[0]);
    const MnetModelInfo *info = mnet_model_info(model);
    MnetSession *session = open_session(model, 1);
    void *tensor = noise(info, 3);
    const MnetResult *const untouched = (const MnetResult *)&error;
    const MnetResult *result = run(session, tensor, info->input_bytes);
    Kept kept = keep(session, info, result);
    result = untouched;
    CHECK(mnet_session_run_tensor(session, tensor, info->input_bytes - 1, &result, &error) ==
          MNET_ERROR_ARGUMENT);
    CHECK(strstr(error.message, "768 bytes") && strstr(error.message, "767"), "%s", error.message);
    MnetImage image = {.format = MNET_PIXEL_FORMAT_RGB, .width = 4, .height = 4};
    CHECK(mnet_session_run_image(session, &image, &result, &error) == MNET_ERROR_ARGUMENT);
    CHECK(mnet_session_run_image(session, &image, &result, NULL) == MNET_ERROR_ARGUMENT);
    uint8_t *before = copy(tensor, info->input_bytes);
    CHECK(mnet_session_prepare(session, &image, tensor, &error) == MNET_ERROR_ARGUMENT);
    CHECK(!memcmp(before, tensor, info->input_bytes) && result == untouched);
    CHECK(!memcmp(kept.output, mnet_session_output(session), info->output_bytes));
    free(before);
    drop(&kept);
    free(tensor);
    mnet_session_close(&session);
    mnet_model_unref(&model);
}

static void test_any_thread_count_gives_the_same(void) {
    for (int m = 0; m < N_NAMES; m++) {
        MnetModel *model = open_model(names[m]);
        const MnetModelInfo *info = mnet_model_info(model);
        void *tensor = noise(info, 4);
        Kept kept = {0};
        for (int threads = 1; threads <= 4; threads++) {
            MnetSession *session = open_session(model, threads);
            for (int round = 0; round < (threads == 1 ? 2 : 1); round++) {
                const MnetResult *result = run(session, tensor, info->input_bytes);
                if (!kept.output)
                    kept = keep(session, info, result);
                CHECK(is_kept(&kept, session, info, result), "%s: %d threads, run %d", names[m],
                      threads, round);
            }
            mnet_session_close(&session);
        }
        drop(&kept);
        free(tensor);
        mnet_model_unref(&model);
    }
}

static void test_optimisation_is_invisible(void) {
    for (int m = 0; m < 2; m++) {
        MnetModelOptions options = {.no_optimization = 1};
        char path[1200];
        const char *source = getenv("MNET_SOURCE");
        MnetModel *models[2] = {open_model(names[m]), NULL};
        const MnetModelInfo *info = mnet_model_info(models[0]);
        void *tensor = noise(info, 5);
        float scores[2][16];
        snprintf(path, sizeof path, "%s/tests/fuzz/corpus/%s", source ? source : ".", names[m]);
        CHECK(!mnet_model_open(path, &options, &models[1], &error), "%s", error.message);
        for (int i = 0; i < 2 && models[i]; i++) {
            MnetSession *session = open_session(models[i], 1);
            const MnetResult *result = run(session, tensor, info->input_bytes);
            memcpy(scores[i], result->scores, result->n_scores * sizeof(float));
            mnet_session_close(&session);
        }
        for (int i = 0; i < 4; i++)
            CHECK(fabsf(scores[0][i] - scores[1][i]) < 1e-5f, "%s: class %d", names[m], i);
        free(tensor);
        mnet_model_unref(&models[0]);
        mnet_model_unref(&models[1]);
    }
}

static void test_runs_allocate_nothing(void) {
    MnetModel *model = open_model("builtin");
    const MnetModelInfo *info = mnet_model_info(model);
    MnetSession *session = open_session(model, 2);
    void *tensor = noise(info, 6);
    const MnetResult *result;
    Frame frame = {0};
    frame_make(&frame, MNET_PIXEL_FORMAT_NV12, 321, 123, 0, false);
    run(session, tensor, info->input_bytes); /* starts the pool's thread */
    CHECK(!mnet_session_run_image(session, &frame.image, &result, &error));
    int before = atomic_load(&allocations);
    for (int i = 0; i < 2; i++) {
        run(session, tensor, info->input_bytes);
        CHECK(!mnet_session_run_image(session, &frame.image, &result, &error));
    }
    CHECK(before > 0 && atomic_load(&allocations) == before, "%d allocations",
          atomic_load(&allocations) - before);
    frame_free(&frame);
    free(tensor);
    mnet_session_close(&session);
    mnet_model_unref(&model);
}

static void test_session_holds_its_model(void) {
    MnetModel *model = open_model("tflite/u8.tflite");
    MnetSession *session = open_session(model, 1);
    void *tensor = noise(mnet_model_info(model), 7);
    mnet_model_unref(&model);
    const MnetResult *result = run(session, tensor, 8 * 8 * 3);
    CHECK(!strncmp(result->classes[0].label, "class ", 6), "%s", result->classes[0].label);
    free(tensor);
    mnet_session_close(&session);
}

typedef struct Stream {
    MnetModel *model;
    MnetSession *session;
    const void *tensor;
    Kept *kept;
    int runs;
    atomic_int wrong;
} Stream;

static void *run_stream(void *data) {
    Stream *stream = data;
    const MnetModelInfo *info = mnet_model_info(stream->model);
    for (int i = 0; i < stream->runs; i++) {
        const MnetResult *result;
        MnetError mine;
        if (mnet_session_run_tensor(stream->session, stream->tensor, info->input_bytes, &result,
                                    &mine) ||
            !is_kept(stream->kept, stream->session, info, result))
            atomic_fetch_add(&stream->wrong, 1);
    }
    return NULL;
}

static void run_streams(const char *name, int runs) {
    enum { STREAMS = 4 };
    MnetModel *model = open_model(name);
    const MnetModelInfo *info = mnet_model_info(model);
    void *tensor = noise(info, 8);
    Stream streams[STREAMS];
    pthread_t threads[STREAMS];
    MnetSession *session = open_session(model, 1);
    Kept kept = keep(session, info, run(session, tensor, info->input_bytes));
    for (int i = 0; i < STREAMS; i++) {
        streams[i] = (Stream){.model = model, .tensor = tensor, .kept = &kept, .runs = runs};
        streams[i].session = open_session(model, 1 + i % 3);
        CHECK(!pthread_create(&threads[i], NULL, run_stream, &streams[i]));
    }
    for (int i = 0; i < STREAMS; i++) {
        pthread_join(threads[i], NULL);
        CHECK(!atomic_load(&streams[i].wrong), "%s: stream %d", name, i);
        mnet_session_close(&streams[i].session);
    }
    drop(&kept);
    free(tensor);
    mnet_session_close(&session);
    mnet_model_unref(&model);
}

static void test_many_sessions_of_a_model(void) {
    run_streams("tflite/f32.tflite", 200);
    run_streams("tflite/s8.tflite", 200);
    run_streams("builtin", 1);
}

/* The one pair of calls that may be in the same session at a time. */
static void test_prepare_beside_run(void) {
    MnetModel *model = open_model("tflite/u8.tflite");
    const MnetModelInfo *info = mnet_model_info(model);
    MnetSession *session = open_session(model, 2);
    uint8_t first[8 * 8 * 3], now[8 * 8 * 3];
    void *tensor = noise(info, 9);
    Frame frame = {0};
    pthread_t thread;
    frame_make(&frame, MNET_PIXEL_FORMAT_I420, 64, 48, 0, false);
    CHECK(!mnet_session_prepare(session, &frame.image, first, &error));
    Kept kept = keep(session, info, run(session, tensor, info->input_bytes));
    Stream stream = {model, session, tensor, &kept, 300, 0};
    CHECK(!pthread_create(&thread, NULL, run_stream, &stream));
    for (int i = 0; i < 300; i++) {
        memset(now, 0, sizeof now);
        CHECK(!mnet_session_prepare(session, &frame.image, now, &error));
        CHECK(!memcmp(first, now, sizeof now));
    }
    pthread_join(thread, NULL);
    CHECK(!atomic_load(&stream.wrong));
    drop(&kept);
    free(tensor);
    frame_free(&frame);
    mnet_session_close(&session);
    mnet_model_unref(&model);
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    alarm(900); /* a deadlock is a failure, not a wait */
    RUN(test_options);
    RUN(test_top_k);
    RUN(test_probabilities);
    RUN(test_frame_is_prepare_and_run);
    RUN(test_preprocess);
    RUN(test_failures_change_nothing);
    RUN(test_any_thread_count_gives_the_same);
    RUN(test_optimisation_is_invisible);
    RUN(test_runs_allocate_nothing);
    RUN(test_session_holds_its_model);
    RUN(test_many_sessions_of_a_model);
    RUN(test_prepare_beside_run);
    return test_end();
}
