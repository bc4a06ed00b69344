/* nn/session.c with several threads: in a run, of several sessions, and of the one pair that a
 * session allows. */
#include "tests/nn/session_case.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

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
    CHECK(info->prepared_bytes == sizeof now);
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
    RUN(test_any_thread_count_gives_the_same);
    RUN(test_many_sessions_of_a_model);
    RUN(test_prepare_beside_run);
    return test_end();
}
