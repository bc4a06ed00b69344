/* A model: file -> graph -> passes -> plan, and what is known of it. */
#include "nn/model.h"

#include "nn/base/cache.h"
#include "nn/load/load.h"
#include "nn/models/builtin.h"
#include "nn/opt/opt.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static const char *string_in(MnetModel *model, const char *string) {
    const char *copy = mnet_arena_string(&model->arena, string);
    return copy ? copy : "";
}

/* Whether scores are made by the graph itself, by a softmax or a sigmoid at its end. */
static bool ends_in_probability(const MnetGraph *graph) {
    int tensor = graph->output;
    for (int hops = 0; hops < graph->n_nodes; hops++) {
        int at = mnet_graph_producer(graph, tensor);
        if (at < 0)
            return false;
        const MnetNode *node = &graph->nodes[at];
        if (node->kind == MNET_OP_SOFTMAX || node->activation.kind == MNET_ACTIVATION_SIGMOID)
            return true;
        if (node->kind != MNET_OP_RESHAPE && node->kind != MNET_OP_QUANTIZE &&
            node->kind != MNET_OP_DEQUANTIZE && node->kind != MNET_OP_REQUANTIZE)
            return false;
        tensor = node->inputs[0];
    }
    return false;
}

static MnetStatus set_normalization(MnetModel *model, const MnetNormalization *wanted,
                                    MnetError *error) {
    MnetModelInfo *info = &model->info;
    mnet_load_normalization(&model->graph, &info->normalization, &info->normalization_source);
    MnetNormalization *n = &info->normalization;
    if (wanted->scale[0] != 0) {
        for (int c = 0; c < 3; c++) {
            n->mean[c] = wanted->mean[c];
            n->scale[c] = wanted->scale[c] != 0 ? wanted->scale[c] : wanted->scale[0];
        }
        info->normalization_source = "the options";
    }
    if (wanted->order)
        n->order = wanted->order;
    if (!n->order)
        n->order = MNET_CHANNEL_ORDER_RGB;
    if (n->order != MNET_CHANNEL_ORDER_RGB && n->order != MNET_CHANNEL_ORDER_BGR)
        return mnet_fail(error, MNET_ERROR_ARGUMENT, "channel order %d is neither RGB nor BGR",
                         (int)n->order);
    for (int c = 0; c < 3; c++)
        if (!isfinite(n->mean[c]) || !isfinite(n->scale[c]) || n->scale[c] == 0)
            return mnet_fail(error, MNET_ERROR_ARGUMENT,
                             "%s: normalisation from %s has mean %g and scale %g for channel %d; "
                             "set a finite mean and scale",
                             info->name, info->normalization_source, n->mean[c], n->scale[c], c);
    return MNET_OK;
}

static MnetStatus read_labels(MnetModel *model, const char *path, bool builtin, MnetError *error) {
    MnetModelInfo *info = &model->info;
    MnetBytes text = model->graph.metadata.labels;
    char source[600] = "none";
    const char *file = info->name;
    MnetStatus status;
    if (path) {
        status = mnet_file_open(path, &model->labels_file, error);
        if (status)
            return status;
        text = model->labels_file.bytes;
        file = path;
        snprintf(source, sizeof source, "%s", path);
    } else if (text.size) {
        snprintf(source, sizeof source, "the model file");
    } else if (model->graph.metadata.labels_problem) {
        return mnet_fail(error, MNET_ERROR_UNSUPPORTED, "%s: %s", info->name,
                         model->graph.metadata.labels_problem);
    } else if (builtin) {
        text = mnet_builtin_labels();
        snprintf(source, sizeof source, "built-in");
    }
    info->labels_source = string_in(model, source);
    if (!text.size)
        return MNET_OK;
    status = mnet_labels_parse(text, file, info->n_classes, &model->arena, &model->labels, error);
    mnet_file_close(&model->labels_file);
    return status;
}

/* "class 17" for each class without a label, so that mnet_model_label() only looks up. */
static MnetStatus complete_labels(MnetModel *model, MnetError *error) {
    int count = model->info.n_classes;
    const char **names = mnet_arena_array(&model->arena, count, sizeof *names);
    if (!names)
        return mnet_fail(error, MNET_ERROR_MEMORY, "%s: out of memory", model->info.name);
    for (int i = 0; i < count; i++) {
        char text[32];
        snprintf(text, sizeof text, "class %d", i);
        names[i] = i < model->labels.count && model->labels.names[i] ? model->labels.names[i]
                                                                     : string_in(model, text);
    }
    model->labels = (MnetLabels){.count = count, .names = names};
    return MNET_OK;
}

static MnetStatus describe(MnetModel *model, MnetError *error) {
    const MnetGraph *graph = &model->graph;
    const MnetTensor *input = &graph->tensors[graph->input];
    const MnetTensor *output = &graph->tensors[graph->output];
    MnetModelInfo *info = &model->info;
    int64_t inputs = mnet_tensor_elements(input), outputs = mnet_tensor_elements(output);
    if (input->rank != 4 || input->dims[0] != 1)
        return mnet_fail(error, MNET_ERROR_UNSUPPORTED,
                         "%s: input '%s' has rank %d and batch %d; a classifier's input is one "
                         "image: 1 x height x width x channels",
                         info->name, input->name, input->rank, input->rank ? input->dims[0] : 0);
    if (outputs < 1 || outputs > 1 << 20)
        return mnet_fail(error, MNET_ERROR_UNSUPPORTED,
                         "%s: output '%s' has %lld elements; a classifier has one a class",
                         info->name, output->name, (long long)outputs);
    info->format = graph->format;
    info->input_layout = graph->input_layout;
    info->input_dtype = graph->input_dtype;
    info->input_height = input->dims[1];
    info->input_width = input->dims[2];
    info->input_channels = input->dims[3];
    info->input_bytes = inputs * mnet_dtype_size(graph->input_dtype);
    if (graph->input_quant.count) {
        info->input_scale = graph->input_quant.scale[0];
        info->input_zero_point = graph->input_quant.zero_point[0];
    }
    info->prepared_dtype = input->dtype;
    info->prepared_bytes = inputs * mnet_dtype_size(input->dtype);
    if (input->quant.count) {
        info->prepared_scale = input->quant.scale[0];
        info->prepared_zero_point = input->quant.zero_point[0];
    }
    info->output_dtype = graph->output_dtype;
    info->output_bytes = outputs * mnet_dtype_size(graph->output_dtype);
    if (graph->output_quant.count) {
        info->output_scale = graph->output_quant.scale[0];
        info->output_zero_point = graph->output_quant.zero_point[0];
    }
    info->n_classes = (int)outputs;
    if (graph->embedding != MNET_NO_TENSOR)
        info->embedding_size = (int)mnet_tensor_elements(&graph->tensors[graph->embedding]);
    mnet_graph_count(graph, &info->n_macs, &info->n_parameters);
    info->arena_bytes = mnet_plan_arena_bytes(model->plan);
    info->weight_bytes = mnet_plan_weight_bytes(model->plan);
    model->output_is_probability = ends_in_probability(graph);
    return MNET_OK;
}

static void free_model(MnetModel *model) {
    mnet_plan_free(&model->plan);
    mnet_graph_clear(&model->graph);
    mnet_arena_clear(&model->arena);
    mnet_file_close(&model->labels_file);
    mnet_file_close(&model->file);
    free(model);
}

/* Takes over *file, whatever the outcome. */
static MnetStatus open_file(MnetFile *file, const char *name, const char *path, bool builtin,
                            const MnetModelOptions *options, MnetModel **out, MnetError *error) {
    static const MnetModelOptions defaults;
    if (!options)
        options = &defaults;
    MnetModel *model = calloc(1, sizeof *model);
    if (!model) {
        mnet_file_close(file);
        return mnet_fail(error, MNET_ERROR_MEMORY, "%s: out of memory", name);
    }
    model->file = *file;
    atomic_init(&model->references, 1);
    model->info.name = string_in(model, base_name(name));
    MnetOptOptions passes = {.minimal = options->no_optimization};
    MnetStatus status = mnet_load(model->file.bytes, name, path, &model->graph, error);
    if (!status)
        status = mnet_opt_run(&model->graph, &passes, error);
    model->graph.bf16 = options->bf16;
    if (!status)
        status = mnet_plan_new(&model->graph, options->no_fusion ? 0 : mnet_cache_bytes(2),
                               &model->plan, error);
    if (!status)
        status = describe(model, error);
    if (!status)
        status = set_normalization(model, &options->normalization, error);
    if (!status)
        status = read_labels(model, options->labels, builtin, error);
    if (!status)
        status = complete_labels(model, error);
    if (status)
        free_model(model);
    else
        *out = model;
    return status;
}

MnetStatus mnet_model_open(const char *path, const MnetModelOptions *options, MnetModel **model,
                           MnetError *error) {
    MnetFile file = {0};
    if (!path || !strcmp(path, "builtin")) {
        file.bytes = mnet_builtin_model();
        return open_file(&file, "builtin", NULL, true, options, model, error);
    }
    MnetStatus status = mnet_file_open(path, &file, error);
    return status ? status : open_file(&file, path, path, false, options, model, error);
}

MnetStatus mnet_model_open_memory(const void *data, size_t size, const char *name,
                                  const MnetModelOptions *options, MnetModel **model,
                                  MnetError *error) {
    MnetFile file = {.bytes = {data, size}};
    name = name ? name : "memory";
    if (!data || !size)
        return mnet_fail(error, MNET_ERROR_FORMAT, "%s: is empty", name);
    return open_file(&file, name, NULL, false, options, model, error);
}

MnetModel *mnet_model_ref(MnetModel *model) {
    atomic_fetch_add_explicit(&model->references, 1, memory_order_relaxed);
    return model;
}

void mnet_model_unref(MnetModel **model) {
    if (!model || !*model)
        return;
    if (atomic_fetch_sub_explicit(&(*model)->references, 1, memory_order_acq_rel) == 1)
        free_model(*model);
    *model = NULL;
}

const MnetModelInfo *mnet_model_info(const MnetModel *model) {
    return &model->info;
}

const char *mnet_model_label(const MnetModel *model, int index) {
    return index >= 0 && index < model->labels.count ? model->labels.names[index] : "no class";
}
