#include "nn/load/onnx_build.h"
#include "nn/load/onnx_wire.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One or three numbers, between anything of " ,;[]()"; false where the text is something else. */
static bool three_numbers(const char *text, float *out) {
    int count = 0;
    for (;;) {
        char *end;
        text += strspn(text, " \t\r\n,;[]()");
        if (!*text)
            break;
        float value = strtof(text, &end);
        if (end == text || count == 3 || !isfinite(value))
            return false;
        out[count++] = value;
        text = end;
    }
    if (count == 1)
        out[1] = out[2] = out[0];
    return count == 1 || count == 3;
}

static bool all_positive(const float *values) {
    return values[0] > 0 && values[1] > 0 && values[2] > 0;
}

static void add_label_text(MnetOnnx *onnx, const char *text) {
    char *copy = mnet_arena_string(&onnx->graph->arena, text);
    if (copy)
        onnx->graph->metadata.labels = (MnetBytes){(const uint8_t *)copy, strlen(copy)};
    else
        mnet_onnx_fail_memory(onnx);
}

/* Keeps numbers under their key; false where it is another key or no such numbers. */
static bool keep(const char *key, const char *value, const char *wanted, MnetOnnxNumbers *numbers) {
    MnetOnnxNumbers found = {.given = true};
    if (strcmp(key, wanted) != 0 || !three_numbers(value, found.values))
        return false;
    *numbers = found;
    return true;
}

void mnet_onnx_metadata_add(MnetOnnx *onnx, MnetOnnxMetadata *metadata, MnetBytes message) {
    const Mnet__OnnxProperty *property =
        mnet_onnx_unpack(&mnet__onnx_property__descriptor, message, &onnx->scratch);
    if (!property) {
        mnet_onnx_fail(onnx, NULL, MNET_ERROR_FORMAT, "its metadata is broken");
        return;
    }
    const char *key = property->key ? property->key : "";
    const char *value = property->value ? property->value : "";
    MnetChannelOrder *order = &onnx->graph->metadata.normalization.order;
    if (strcmp(key, "mnet.labels") == 0)
        add_label_text(onnx, value);
    else if (strcmp(key, "mnet.order") == 0)
        *order = strcmp(value, "BGR") == 0   ? MNET_CHANNEL_ORDER_BGR
                 : strcmp(value, "RGB") == 0 ? MNET_CHANNEL_ORDER_RGB
                                             : *order;
    else if (!keep(key, value, "mnet.mean", &metadata->own_mean) &&
             !keep(key, value, "mnet.scale", &metadata->own_scale) &&
             !keep(key, value, "mean", &metadata->mean))
        keep(key, value, "std", &metadata->std);
}

static bool is_unit(const float *values) {
    return values[0] <= 1 && values[1] <= 1 && values[2] <= 1;
}

void mnet_onnx_metadata_finish(MnetGraph *graph, const MnetOnnxMetadata *metadata) {
    MnetMetadata *out = &graph->metadata;
    bool own = metadata->own_mean.given && metadata->own_scale.given &&
               all_positive(metadata->own_scale.values);
    bool common = metadata->mean.given && metadata->std.given && all_positive(metadata->std.values);
    bool unit = is_unit(metadata->mean.values) && is_unit(metadata->std.values);
    if (!own && !common)
        return;
    for (int i = 0; i < 3; i++) {
        float range = unit ? 255.0f : 1.0f;
        out->normalization.mean[i] =
            own ? metadata->own_mean.values[i] : metadata->mean.values[i] * range;
        out->normalization.scale[i] =
            own ? metadata->own_scale.values[i] : 1 / (metadata->std.values[i] * range);
    }
    out->has_normalization = true;
    out->normalization_source =
        own ? "ONNX metadata (mnet.mean, mnet.scale)" : "ONNX metadata (mean, std)";
}
