/* Runs a model once, on a raw tensor or on a picture. */
#include "nn/tools/tool.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void usage(FILE *out) {
    fputs("usage: mnet-run [OPTIONS] MODEL PICTURE.ppm        prints the labels of a picture\n"
          "       mnet-run MODEL --input IN.bin --output OUT.bin\n"
          "                 raw tensors in the model's own layout and type\n"
          "MODEL is a .tflite or .onnx file, or 'builtin'.\n"
          "  --labels FILE       one label a line\n"
          "  --top K             classes to print (5)\n"
          "  --threads N         0: physical cores\n"
          "  --fit FIT           stretch, crop or letterbox (stretch)\n"
          "  --resize METHOD     antialias, bilinear or nearest (antialias)\n"
          "  --no-optimization   without the passes that can be left out\n"
          "  -h, --help\n",
          out);
}

static void run_tensor(MnetSession *session, const char *input, const char *output, size_t bytes) {
    MnetError error;
    const MnetResult *result;
    size_t size;
    unsigned char *tensor = tool_read(input, &size);
    if (mnet_session_run_tensor(session, tensor, size, &result, &error))
        tool_fail("%s: %s", input, error.message);
    tool_write(output, mnet_session_output(session), bytes);
    free(tensor);
}

static void run_picture(MnetSession *session, const char *path) {
    MnetError error;
    MnetImage image;
    const MnetResult *result;
    unsigned char *pixels;
    tool_read_picture(path, &image, &pixels);
    if (mnet_session_run_image(session, &image, &result, &error))
        tool_fail("%s: %s", path, error.message);
    for (int i = 0; i < result->n_classes; i++)
        printf("%.4f %4d %s\n", result->classes[i].probability, result->classes[i].index,
               result->classes[i].label);
    free(pixels);
}

int main(int argc, char **argv) {
    static const struct option options[] = {
        {"input", required_argument, NULL, 'i'},   {"output", required_argument, NULL, 'o'},
        {"labels", required_argument, NULL, 'l'},  {"top", required_argument, NULL, 'k'},
        {"threads", required_argument, NULL, 't'}, {"fit", required_argument, NULL, 'f'},
        {"resize", required_argument, NULL, 'r'},  {"no-optimization", no_argument, NULL, 'n'},
        {"help", no_argument, NULL, 'h'},          {0}};
    MnetModelOptions model_options = {0};
    MnetSessionOptions session_options = {0};
    const char *input = NULL, *output = NULL;
    MnetError error;
    int option;

    tool_set_name("mnet-run");
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
        switch (option) {
        case 'i':
            input = optarg;
            break;
        case 'o':
            output = optarg;
            break;
        case 'l':
            model_options.labels = optarg;
            break;
        case 'k':
            session_options.top_k = tool_integer("--top", optarg, 1, 1 << 20);
            break;
        case 't':
            session_options.threads = tool_integer("--threads", optarg, 0, 64);
            break;
        case 'f':
            session_options.preprocess.fit = tool_fit(optarg);
            break;
        case 'r':
            session_options.preprocess.resize = tool_resize(optarg);
            break;
        case 'n':
            model_options.no_optimization = 1;
            break;
        case 'h':
            usage(stdout);
            return 0;
        default:
            usage(stderr);
            return 2;
        }
    int tensors = input && output && optind + 1 == argc;
    int picture = !input && !output && optind + 2 == argc;
    if (!tensors && !picture) {
        usage(stderr);
        return 2;
    }

    MnetModel *model = tool_open_model(argv[optind], &model_options);
    MnetSession *session = NULL;
    if (mnet_session_open(model, &session_options, &session, &error))
        tool_fail("%s", error.message);
    if (tensors)
        run_tensor(session, input, output, mnet_model_info(model)->output_bytes);
    else
        run_picture(session, argv[optind + 1]);
    mnet_session_close(&session);
    mnet_model_unref(&model);
    tool_flush();
    return 0;
}
