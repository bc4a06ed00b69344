/* nn/session.c: options, frames and tensors, what a result holds, and that a run allocates nothing.
 */
#include "nn/base/threads.h"
#include "tests/nn/allocations.h"
#include "tests/nn/session_case.h"

#include <math.h>
#include <unistd.h>

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
        void *tensor = malloc(info->prepared_bytes);
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
            CHECK(
                !mnet_session_run_prepared(session, tensor, info->prepared_bytes, &result, &error));
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
    int8_t stretched[8 * 8 * 3], boxed[8 * 8 * 3];
    Frame frame = {0};
    frame_make(&frame, MNET_PIXEL_FORMAT_RGB, 16, 8, 0, false);
    CHECK(info->prepared_bytes == sizeof boxed &&
          info->prepared_zero_point == info->input_zero_point - 128);
    CHECK(!mnet_session_prepare(session, &frame.image, stretched, &error));
    MnetPreprocess preprocess = {.fit = MNET_FIT_LETTERBOX, .letterbox_color = {9, 8, 7}};
    CHECK(!mnet_session_set_preprocess(session, &preprocess, &error), "%s", error.message);
    CHECK(!mnet_session_prepare(session, &frame.image, boxed, &error));
    CHECK(boxed[0] == 9 - 128 && boxed[1] == 8 - 128 && boxed[2] == 7 - 128);
    preprocess.resize = (MnetResize)9;
    CHECK(mnet_session_set_preprocess(session, &preprocess, &error) == MNET_ERROR_ARGUMENT);
    CHECK(!mnet_session_prepare(session, &frame.image, boxed, &error) && boxed[0] == 9 - 128);
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
    CHECK(mnet_session_run_prepared(session, tensor, info->prepared_bytes + 1, &result, &error) ==
          MNET_ERROR_ARGUMENT);
    CHECK(strstr(error.message, "768 bytes") && strstr(error.message, "769"), "%s", error.message);
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

/* Scores with these options differ from those without by less than `most`. */
static void check_options(const MnetModelOptions *options, float most) {
    for (int m = 0; m < 2; m++) {
        char path[1200];
        const char *source = getenv("MNET_SOURCE");
        MnetModel *models[2] = {open_model(names[m]), NULL};
        const MnetModelInfo *info = mnet_model_info(models[0]);
        void *tensor = noise(info, 5);
        float scores[2][16];
        snprintf(path, sizeof path, "%s/tests/fuzz/corpus/%s", source ? source : ".", names[m]);
        CHECK(!mnet_model_open(path, options, &models[1], &error), "%s", error.message);
        for (int i = 0; i < 2 && models[i]; i++) {
            MnetSession *session = open_session(models[i], 1);
            const MnetResult *result = run(session, tensor, info->input_bytes);
            memcpy(scores[i], result->scores, result->n_scores * sizeof(float));
            mnet_session_close(&session);
        }
        for (int i = 0; i < 4; i++)
            CHECK(fabsf(scores[0][i] - scores[1][i]) < most, "%s: class %d", names[m], i);
        free(tensor);
        mnet_model_unref(&models[0]);
        mnet_model_unref(&models[1]);
    }
}

static void test_optimisation_is_invisible(void) {
    check_options(&(MnetModelOptions){.no_optimization = 1}, 1e-5f);
}

static void test_bf16_is_near(void) {
    check_options(&(MnetModelOptions){.bf16 = 1}, 1e-2f);
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

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    alarm(900); /* a deadlock is a failure, not a wait */
    RUN(test_options);
    RUN(test_top_k);
    RUN(test_probabilities);
    RUN(test_frame_is_prepare_and_run);
    RUN(test_preprocess);
    RUN(test_failures_change_nothing);
    RUN(test_optimisation_is_invisible);
    RUN(test_bf16_is_near);
    RUN(test_runs_allocate_nothing);
    RUN(test_session_holds_its_model);
    return test_end();
}
