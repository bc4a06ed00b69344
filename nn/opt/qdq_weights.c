#include "nn/opt/qdq_weights.h"
#include "nn/opt/rewrite.h"

#include <math.h>

int mnet_qdq_weights(const MnetGraph *graph, int tensor) {
    int constant = mnet_rewrite_dequantized_constant(graph, tensor);
    if (constant == MNET_NO_TENSOR)
        return MNET_NO_TENSOR;
    const MnetTensor *weights = &graph->tensors[constant];
    const MnetQuant *quant = &weights->quant;
    bool per_channel = quant->count > 1 && quant->axis == 0 && quant->count == weights->dims[0];
    bool fits = weights->dtype == MNET_DTYPE_QS8 && weights->rank >= 2 &&
                (quant->count == 1 || per_channel);
    return fits ? constant : MNET_NO_TENSOR;
}

static float scale_at(const MnetQuant *quant, int32_t channel) {
    return quant->scale[quant->count > 1 ? channel : 0];
}

/* What the bias is, in real values: a float constant, or integers with a scale. */
static double real_bias(const MnetTensor *bias, int32_t channel) {
    if (bias->dtype != MNET_DTYPE_S32)
        return mnet_tensor_float(bias, channel);
    MnetTensor one = *bias; /* one element, so that the bounds stay checked */
    int64_t q = 0;
    one.rank = 0;
    one.data = (const uint8_t *)bias->data + channel * sizeof(int32_t);
    one.bytes = sizeof(int32_t);
    mnet_tensor_integers(&one, &q, 1);
    int32_t zero = bias->quant.zero_point[bias->quant.count > 1 ? channel : 0];
    return (double)(q - zero) * scale_at(&bias->quant, channel);
}

/* The constant that holds the bias: itself, or dequantised S32; of one value a channel. */
static int bias_source(const MnetGraph *graph, int bias, int32_t channels) {
    int source = mnet_rewrite_dequantized_constant(graph, bias);
    if (source == MNET_NO_TENSOR)
        source = mnet_rewrite_is_float_constant(graph, bias) ? bias : MNET_NO_TENSOR;
    if (source == MNET_NO_TENSOR)
        return MNET_NO_TENSOR;
    const MnetTensor *tensor = &graph->tensors[source];
    bool integer = tensor->dtype == MNET_DTYPE_S32 &&
                   (tensor->quant.count == 1 || tensor->quant.count == channels);
    bool real = tensor->dtype == MNET_DTYPE_F32 || tensor->dtype == MNET_DTYPE_F16;
    return (integer || real) && mnet_tensor_elements(tensor) == channels ? source : MNET_NO_TENSOR;
}

/* Scales are stored as floats, so their product is a rounding or two away from what the exporter stored. */
static bool has_scale(const MnetTensor *bias, const MnetQuant *quant, int32_t channels) {
    if (bias->dtype != MNET_DTYPE_S32 || bias->rank != 1)
        return false;
    for (int32_t c = 0; c < channels; c++) {
        double wanted = scale_at(quant, c), scale = scale_at(&bias->quant, c);
        if (fabs(scale - wanted) > 1e-6 * wanted ||
            bias->quant.zero_point[bias->quant.count > 1 ? c : 0] != 0)
            return false;
    }
    return true;
}

static bool product_quant(MnetGraph *graph, int x, int weights, MnetQuant *quant) {
    const MnetQuant *w = &graph->tensors[weights].quant;
    float *scale = mnet_arena_array(&graph->arena, w->count, sizeof *scale);
    int32_t *zero_point = mnet_arena_array(&graph->arena, w->count, sizeof *zero_point);
    if (!scale || !zero_point)
        return false;
    for (int i = 0; i < w->count; i++)
        scale[i] = (float)((double)graph->tensors[x].quant.scale[0] * w->scale[i]);
    *quant = (MnetQuant){.count = w->count, .scale = scale, .zero_point = zero_point};
    return true;
}

MnetStatus mnet_qdq_bias(MnetGraph *graph, int bias, int x, int weights, int *result, bool *fits,
                         MnetError *error) {
    int32_t channels = graph->tensors[weights].dims[0];
    int source = bias == MNET_NO_TENSOR ? MNET_NO_TENSOR : bias_source(graph, bias, channels);
    *fits = bias == MNET_NO_TENSOR || source != MNET_NO_TENSOR;
    if (source == MNET_NO_TENSOR) {
        if (*fits)
            *result = MNET_NO_TENSOR;
        return MNET_OK;
    }
    MnetQuant quant;
    int32_t *data;
    MnetTensor from = graph->tensors[source];
    int tensor = mnet_rewrite_constant(graph, from.name, MNET_DTYPE_S32, 1, &channels, &data);
    if (tensor == MNET_NO_TENSOR || !product_quant(graph, x, weights, &quant))
        return mnet_rewrite_no_memory(graph, error);
    for (int32_t c = 0; c < channels && *fits; c++) {
        double q = nearbyint(real_bias(&from, c) / scale_at(&quant, c));
        *fits = fabs(q) <= 1 << 30; /* false for NaN too */
        data[c] = *fits ? (int32_t)q : 0;
    }
    graph->tensors[tensor].quant = quant;
    if (*fits)
        *result = has_scale(&from, &quant, channels) ? source : tensor;
    return MNET_OK;
}
