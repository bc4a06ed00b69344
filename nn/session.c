/* A session: raw frame or raw tensor -> canonical input -> run -> result. */
#include "nn/model.h"

#include "nn/base/cpu.h"
#include "nn/base/threads.h"
#include "nn/image/image.h"
#include "nn/kernels/move.h"
#include "nn/scores.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct MnetSession {
    MnetModel *model;
    int threads;
    MnetPlanMemory *memory;
    MnetImageConverter *to_input;  /* writes the canonical input; NULL where it isn't an image */
    MnetImageConverter *to_tensor; /* writes the raw input of mnet_session_prepare() */
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
static MnetImageTarget target_of(const MnetModel *model, MnetDtype dtype, MnetLayout layout,
                                 const MnetQuant *quant) {
    const MnetModelInfo *info = &model->info;
    const MnetNormalization *n = &info->normalization;
    MnetImageTarget target = {.width = info->input_width,
                              .height = info->input_height,
                              .channels = info->input_channels,
                              .dtype = dtype,
                              .layout = layout,
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
    const MnetGraph *graph = &session->model->graph;
    const MnetTensor *input = &graph->tensors[graph->input];
    if (input->dims[3] != 3 && input->dims[3] != 1)
        return MNET_OK;
    MnetImageTarget canonical =
        target_of(session->model, input->dtype, MNET_LAYOUT_NHWC, &input->quant);
    MnetImageTarget raw =
        target_of(session->model, graph->input_dtype, graph->input_layout, &graph->input_quant);
    MnetStatus status = mnet_image_converter_new(&canonical, preprocess, session->threads,
                                                 &session->to_input, error);
    /* Of one thread: who prepares while another runs must not wait for a worker of the pool. */
    if (!status)
        status = mnet_image_converter_new(&raw, preprocess, 1, &session->to_tensor, error);
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
    mnet_image_converter_free(&s->to_input);
    mnet_image_converter_free(&s->to_tensor);
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
    if (!session->to_input)
        return MNET_OK;
    preprocess = preprocess ? preprocess : &defaults;
    MnetStatus status = mnet_image_converter_set_preprocess(session->to_input, preprocess, error);
    return status ? status
                  : mnet_image_converter_set_preprocess(session->to_tensor, preprocess, error);
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
    if (!session->to_input)
        return not_an_image(session, error);
    double start = now_ms();
    void *input = mnet_plan_memory_tensor(session->memory, session->model->graph.input);
    MnetStatus status = mnet_image_convert(session->to_input, image, input, error);
    if (status)
        return status;
    session->result.preprocess_ms = now_ms() - start;
    run(session);
    *result = &session->result;
    return MNET_OK;
}

MnetStatus mnet_session_prepare(MnetSession *session, const MnetImage *image, void *tensor,
                                MnetError *error) {
    if (!session->to_tensor)
        return not_an_image(session, error);
    return mnet_image_convert(session->to_tensor, image, tensor, error);
}

/* The file's layout and type -> the canonical input: NHWC, f32 or qs8. */
static void write_input(const MnetGraph *graph, const void *tensor, void *input) {
    const MnetTensor *canonical = &graph->tensors[graph->input];
    size_t size = mnet_dtype_size(canonical->dtype);
    int pixels = canonical->dims[1] * canonical->dims[2], channels = canonical->dims[3];
    if (graph->input_layout == MNET_LAYOUT_NHWC) {
        memcpy(input, tensor, size * pixels * channels);
    } else {
        MnetMoveKernels move;
        mnet_move_kernels_init(&move, mnet_cpu_features());
        move.transpose[size == 4 ? 2 : 0](pixels, channels, tensor, pixels, input, channels);
    }
    if (graph->input_dtype == MNET_DTYPE_QU8)
        for (size_t i = 0; i < (size_t)pixels * channels; i++)
            ((uint8_t *)input)[i] ^= 0x80;
}

MnetStatus mnet_session_run_tensor(MnetSession *session, const void *tensor, size_t size,
                                   const MnetResult **result, MnetError *error) {
    const MnetGraph *graph = &session->model->graph;
    const MnetModelInfo *info = &session->model->info;
    if (size != info->input_bytes)
        return mnet_fail(error, MNET_ERROR_ARGUMENT,
                         "%s: the input tensor takes %zu bytes (%dx%dx%d %s), not %zu", info->name,
                         info->input_bytes, info->input_height, info->input_width,
                         info->input_channels, mnet_dtype_name(info->input_dtype), size);
    write_input(graph, tensor, mnet_plan_memory_tensor(session->memory, graph->input));
    session->result.preprocess_ms = 0;
    run(session);
    *result = &session->result;
    return MNET_OK;
}

const void *mnet_session_output(const MnetSession *session) {
    return session->has_run ? session->output : NULL;
}
