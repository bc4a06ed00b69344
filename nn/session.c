/* A session: raw frame or raw tensor -> canonical input -> run -> result. */
#include "nn/model.h"

#include "nn/base/threads.h"
#include "nn/image/image.h"
#include "nn/input.h"
#include "nn/scores.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct MnetSession {
    MnetModel *model;
    int threads;
    MnetPlanMemory *memory;
    MnetInput input; /* of raw tensors */
    /* Write the canonical input; NULL where it isn't an image. */
    MnetImageConverter *of_run, *of_prepare;
    float *scores, *embedding;
    void *output;
    MnetClass *classes;
    MnetResult result;
    bool has_run;
};

static double now_ms(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e3 + time.tv_nsec * 1e-6;
}

/* Pixel value v -> real = (v - mean) * scale -> q = real / quant.scale + zero_point, as v * mul +
 * add. */
static MnetImageTarget target_of(const MnetModel *model) {
    const MnetModelInfo *info = &model->info;
    const MnetTensor *input = &model->graph.tensors[model->graph.input];
    const MnetQuant *quant = &input->quant;
    const MnetNormalization *n = &info->normalization;
    MnetImageTarget target = {.width = info->input_width,
                              .height = info->input_height,
                              .channels = info->input_channels,
                              .dtype = input->dtype,
                              .order = n->order};
    double step = quant->count ? quant->scale[0] : 1,
           zero = quant->count ? quant->zero_point[0] : 0;
    for (int c = 0; c < 3; c++) {
        target.mul[c] = (float)(n->scale[c] / step);
        target.add[c] = (float)(zero - n->mean[c] * (double)n->scale[c] / step);
    }
    return target;
}

static MnetStatus open_converters(MnetSession *session, const MnetPreprocess *preprocess,
                                  MnetError *error) {
    int channels = session->model->info.input_channels;
    if (channels != 3 && channels != 1)
        return MNET_OK;
    MnetImageTarget target = target_of(session->model);
    MnetStatus status =
        mnet_image_converter_new(&target, preprocess, session->threads, &session->of_run, error);
    /* Of one thread: who prepares while another runs must not wait for a worker of the pool. */
    if (!status)
        status = mnet_image_converter_new(&target, preprocess, 1, &session->of_prepare, error);
    return status;
}

MnetStatus mnet_session_open(MnetModel *model, const MnetSessionOptions *options, MnetSession **out,
                             MnetError *error) {
    static const MnetSessionOptions defaults;
    if (!options)
        options = &defaults;
    if (options->threads < 0 || options->threads > MNET_MAX_THREADS)
        return mnet_fail(error, MNET_ERROR_ARGUMENT, "threads is %d; 0 (physical cores) to %d",
                         options->threads, MNET_MAX_THREADS);
    if (options->top_k < 0)
        return mnet_fail(error, MNET_ERROR_ARGUMENT, "top_k is %d; 0 (the default) or more",
                         options->top_k);
    const MnetModelInfo *info = mnet_model_info(model);
    int top_k = options->top_k ? options->top_k : 5;
    if (top_k > info->n_classes)
        top_k = info->n_classes;

    MnetStatus status;
    MnetSession *session = calloc(1, sizeof *session);
    if (!session)
        return mnet_fail(error, MNET_ERROR_MEMORY, "%s: out of memory", info->name);
    session->model = mnet_model_ref(model);
    session->threads = options->threads ? options->threads : mnet_threads_default();
    session->scores = calloc(info->n_classes, sizeof *session->scores);
    session->embedding = calloc(info->embedding_size + 1, sizeof *session->embedding);
    session->output = calloc(info->output_bytes, 1);
    session->classes = calloc(top_k, sizeof *session->classes);
    if (!session->scores || !session->embedding || !session->output || !session->classes) {
        status = mnet_fail(error, MNET_ERROR_MEMORY, "%s: out of memory", info->name);
        goto fail;
    }
    session->result = (MnetResult){
        .classes = session->classes,
        .n_classes = top_k,
        .scores = session->scores,
        .n_scores = info->n_classes,
        .embedding = info->embedding_size ? session->embedding : NULL,
        .n_embedding = info->embedding_size,
    };
    session->input = mnet_input_make(&model->graph);
    status = mnet_plan_memory_new(model->plan, session->threads, &session->memory, error);
    if (!status)
        status = open_converters(session, &options->preprocess, error);
    if (status)
        goto fail;
    *out = session;
    return MNET_OK;
fail:
    mnet_session_close(&session);
    return status;
}

void mnet_session_close(MnetSession **session) {
    if (!session || !*session)
        return;
    MnetSession *s = *session;
    mnet_image_converter_free(&s->of_run);
    mnet_image_converter_free(&s->of_prepare);
    mnet_plan_memory_free(&s->memory);
    free(s->scores);
    free(s->embedding);
    free(s->output);
    free(s->classes);
    mnet_model_unref(&s->model);
    free(s);
    *session = NULL;
}

int mnet_session_threads(const MnetSession *session) {
    return session->threads;
}

MnetStatus mnet_session_set_preprocess(MnetSession *session, const MnetPreprocess *preprocess,
                                       MnetError *error) {
    static const MnetPreprocess defaults;
    if (!session->of_run)
        return MNET_OK;
    preprocess = preprocess ? preprocess : &defaults;
    MnetStatus status = mnet_image_converter_set_preprocess(session->of_run, preprocess, error);
    return status ? status
                  : mnet_image_converter_set_preprocess(session->of_prepare, preprocess, error);
}

/* Steps from the canonical input on, and the result. */
static void run(MnetSession *session) {
    const MnetModel *model = session->model;
    const MnetGraph *graph = &model->graph;
    double start = now_ms();
    mnet_plan_run(model->plan, session->memory);

    const MnetTensor *output = &graph->tensors[graph->output];
    const void *values = mnet_plan_memory_tensor(session->memory, graph->output);
    MnetResult *result = &session->result;
    mnet_scores_raw(output, values, graph->output_dtype, session->output);
    mnet_scores_dequantize(output, values, session->scores);
    if (!model->output_is_probability)
        mnet_scores_softmax(session->scores, result->n_scores);
    mnet_scores_top(session->scores, result->n_scores, session->classes, result->n_classes);
    for (int i = 0; i < result->n_classes; i++)
        session->classes[i].label = mnet_model_label(model, session->classes[i].index);
    if (result->embedding)
        mnet_scores_dequantize(&graph->tensors[graph->embedding],
                               mnet_plan_memory_tensor(session->memory, graph->embedding),
                               session->embedding);
    result->inference_ms = now_ms() - start;
    session->has_run = true;
}

static MnetStatus not_an_image(const MnetSession *session, MnetError *error) {
    return mnet_fail(error, MNET_ERROR_UNSUPPORTED,
                     "%s: the input has %d channels; only models of 1 or 3 take a frame",
                     session->model->info.name, session->model->info.input_channels);
}

MnetStatus mnet_session_run_image(MnetSession *session, const MnetImage *image,
                                  const MnetResult **result, MnetError *error) {
    if (!session->of_run)
        return not_an_image(session, error);
    double start = now_ms();
    void *input = mnet_plan_memory_tensor(session->memory, session->model->graph.input);
    MnetStatus status = mnet_image_convert(session->of_run, image, input, error);
    if (status)
        return status;
    session->result.preprocess_ms = now_ms() - start;
    run(session);
    *result = &session->result;
    return MNET_OK;
}

MnetStatus mnet_session_prepare(MnetSession *session, const MnetImage *image, void *tensor,
                                MnetError *error) {
    if (!session->of_prepare)
        return not_an_image(session, error);
    return mnet_image_convert(session->of_prepare, image, tensor, error);
}

/* Inference on what has been written to the canonical input. */
static const MnetResult *run_written(MnetSession *session) {
    session->result.preprocess_ms = 0;
    run(session);
    return &session->result;
}

MnetStatus mnet_session_run_prepared(MnetSession *session, const void *tensor, size_t size,
                                     const MnetResult **result, MnetError *error) {
    const MnetModelInfo *info = &session->model->info;
    if (size != info->prepared_bytes)
        return mnet_fail(error, MNET_ERROR_ARGUMENT,
                         "%s: a prepared input takes %zu bytes, not %zu", info->name,
                         info->prepared_bytes, size);
    memcpy(mnet_plan_memory_tensor(session->memory, session->model->graph.input), tensor, size);
    *result = run_written(session);
    return MNET_OK;
}

MnetStatus mnet_session_run_tensor(MnetSession *session, const void *tensor, size_t size,
                                   const MnetResult **result, MnetError *error) {
    const MnetModelInfo *info = &session->model->info;
    if (size != info->input_bytes)
        return mnet_fail(error, MNET_ERROR_ARGUMENT,
                         "%s: the input tensor takes %zu bytes (%dx%dx%d %s), not %zu", info->name,
                         info->input_bytes, info->input_height, info->input_width,
                         info->input_channels, mnet_dtype_name(info->input_dtype), size);
    mnet_input_write(&session->input, session->threads, tensor,
                     mnet_plan_memory_tensor(session->memory, session->model->graph.input));
    *result = run_written(session);
    return MNET_OK;
}

const void *mnet_session_output(const MnetSession *session) {
    return session->has_run ? session->output : NULL;
}
