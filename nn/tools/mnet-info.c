/* Prints what a model is and what the engine makes of it. */
#include "nn/model.h"
#include "nn/tools/tool.h"

#include "nn/base/cpu.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static void usage(FILE *out) {
    fputs(
        "usage: mnet-info [--no-optimization] MODEL\n"
        "Prints inputs, quantisation, normalisation, layers, MACs, parameters, memory and passes.\n"
        "MODEL is a .tflite or .onnx file, or 'builtin'.\n",
        out);
}

static void print_quantisation(const char *what, float scale, int zero_point) {
    if (scale != 0)
        printf("  %s = (q - %d) * %.9g\n", what, zero_point, scale);
}

static void print_summary(const MnetModelInfo *info) {
    const MnetNormalization *n = &info->normalization;
    printf("model          %s (%s)\n", info->name, info->format);
    printf("input          %dx%d, %d channels, %s, %s\n", info->input_width, info->input_height,
           info->input_channels, mnet_dtype_name(info->input_dtype),
           info->input_layout == MNET_LAYOUT_NHWC ? "NHWC" : "NCHW");
    print_quantisation("real", info->input_scale, info->input_zero_point);
    printf("normalisation  mean %g %g %g, scale %g %g %g, %s; from %s\n", n->mean[0], n->mean[1],
           n->mean[2], n->scale[0], n->scale[1], n->scale[2],
           n->order == MNET_CHANNEL_ORDER_BGR ? "BGR" : "RGB", info->normalization_source);
    printf("output         %d classes, %s\n", info->n_classes, mnet_dtype_name(info->output_dtype));
    print_quantisation("real", info->output_scale, info->output_zero_point);
    printf("embedding      %d\n", info->embedding_size);
    printf("labels         %s\n", info->labels_source);
    printf("parameters     %.3f M\n", info->n_parameters * 1e-6);
    printf("MACs           %.1f M\n", info->n_macs * 1e-6);
    printf("arena          %.0f KiB a session\n", info->arena_bytes / 1024.0);
    printf("weights        %.0f KiB, shared\n", info->weight_bytes / 1024.0);
}

int main(int argc, char **argv) {
    static const struct option options[] = {
        {"no-optimization", no_argument, NULL, 'n'}, {"help", no_argument, NULL, 'h'}, {0}};
    MnetModelOptions model_options = {0};
    char names[256];
    int option;

    tool_set_name("mnet-info");
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
        if (option == 'n') {
            model_options.no_optimization = 1;
        } else {
            usage(option == 'h' ? stdout : stderr);
            return option == 'h' ? 0 : 2;
        }
    if (optind + 1 != argc) {
        usage(stderr);
        return 2;
    }

    MnetModel *model = tool_open_model(argv[optind], &model_options);
    char *steps = mnet_plan_print(model->plan);
    print_summary(mnet_model_info(model));
    printf("cpu            %s\n", mnet_cpu_names(mnet_cpu_features(), names, sizeof names));
    printf("\npasses\n%s\nsteps\n%s", model->graph.log ? model->graph.log : "",
           steps ? steps : "out of memory\n");
    free(steps);
    mnet_model_unref(&model);
    tool_flush();
    return 0;
}
