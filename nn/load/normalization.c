/*
 * Where neither the model nor a file beside it says how pixels become its input, the exporter's
 * habit does:
 *
 *   quantised input    the real range that the quantisation spans is the range of the pixels, so
 * that each byte goes in as it is (int8: less 128): [-1, 1], [0, 1], [0, 255] all come out right. A
 * range that looks like ImageNet's mean and deviation is taken for those. bytes, ONNX        as
 * they are float, TFLite      (v - 127.5) / 127.5, as Keras and TF-Slim do for MobileNets float,
 * ONNX        channels last or from tf2onnx: the same; else ImageNet's mean and deviation, as
 * torchvision and timm do
 */
#include "nn/load/load.h"

#include <math.h>
#include <string.h>

/* torchvision's, times 255. */
static const float imagenet_mean[3] = {0.485f * 255, 0.456f * 255, 0.406f * 255};
static const float imagenet_deviation[3] = {0.229f * 255, 0.224f * 255, 0.225f * 255};

static MnetNormalization same(float mean, float scale) {
    return (MnetNormalization){
        {mean, mean, mean}, {scale, scale, scale}, MNET_CHANNEL_ORDER_DEFAULT};
}

static MnetNormalization imagenet(void) {
    MnetNormalization normalization = {.order = MNET_CHANNEL_ORDER_DEFAULT};

    for (int i = 0; i < 3; i++) {
        normalization.mean[i] = imagenet_mean[i];
        normalization.scale[i] = 1 / imagenet_deviation[i];
    }
    return normalization;
}

/* The normalisation by which byte v becomes q = v, or v - 128 of an int8 input. */
static MnetNormalization of_quantisation(const MnetGraph *graph) {
    float zero = graph->input_quant.count ? (float)graph->input_quant.zero_point[0] : 0;
    float scale = graph->input_quant.count ? graph->input_quant.scale[0] : 1;

    return same(graph->input_dtype == MNET_DTYPE_QS8 ? zero + 128 : zero, scale);
}

static bool near(float value, float wanted) {
    return fabsf(value - wanted) < 0.3f;
}

/* ImageNet's least and greatest numbers over the channels are -2.12 and 2.64. */
static bool spans_imagenet(const MnetNormalization *quantisation) {
    float lo = -quantisation->mean[0] * quantisation->scale[0];
    float hi = (255 - quantisation->mean[0]) * quantisation->scale[0];

    return near(lo, -2.12f) && near(hi, 2.64f);
}

/* Do the metadata give each byte the input that it would have as it is, but for one step of
 * rounding? */
static bool within_a_step(const MnetNormalization *metadata,
                          const MnetNormalization *quantisation) {
    float step = quantisation->scale[0] * 1.01f;

    for (int i = 0; i < 3; i++)
        for (int v = 0; v <= 255; v += 255)
            if (fabsf(((float)v - metadata->mean[i]) * metadata->scale[i] -
                      ((float)v - quantisation->mean[i]) * quantisation->scale[i]) > step)
                return false;
    return metadata->order != MNET_CHANNEL_ORDER_BGR;
}

static bool has_prefix(const char *text, const char *prefix) {
    return text && strncmp(text, prefix, strlen(prefix)) == 0;
}

static void of_float(const MnetGraph *graph, MnetNormalization *normalization,
                     const char **source) {
    if (strcmp(graph->format, "TFLite") == 0) {
        *normalization = same(127.5f, 1 / 127.5f);
        *source = "TensorFlow's habit for float models: -1 to 1";
    } else if (has_prefix(graph->metadata.producer, "tf2onnx") ||
               graph->input_layout == MNET_LAYOUT_NHWC) {
        *normalization = same(127.5f, 1 / 127.5f);
        *source = "TensorFlow's habit for float models (converted to ONNX): -1 to 1";
    } else {
        *normalization = imagenet();
        *source = "PyTorch's habit: ImageNet's mean and deviation";
    }
}

void mnet_load_normalization(const MnetGraph *graph, MnetNormalization *normalization,
                             const char **source) {
    const MnetMetadata *metadata = &graph->metadata;
    bool bytes = graph->input_dtype == MNET_DTYPE_QU8 || graph->input_dtype == MNET_DTYPE_QS8;
    MnetNormalization quantisation = of_quantisation(graph);

    if (metadata->has_normalization &&
        !(bytes && within_a_step(&metadata->normalization, &quantisation))) {
        *normalization = metadata->normalization;
        *source = metadata->normalization_source;
    } else if (!bytes) {
        of_float(graph, normalization, source);
    } else if (!metadata->has_normalization && spans_imagenet(&quantisation)) {
        *normalization = imagenet();
        *source = "the input's quantisation, which spans ImageNet's mean and deviation";
    } else {
        *normalization = quantisation;
        *source = "the input's quantisation: pixel bytes go in unchanged";
    }
}
