#include "nn/opt/qdq_weights.h"
#include "nn/opt/rewrite.h"

#include <math.h>
#include <stdlib.h>

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

/*
 * Scales are stored as floats, so their product is a rounding or two away from what the exporter
 * stored.
 */
static bool has_scale(const MnetTensor *bias, const MnetQuant *quant, int32_t channel) {
    double wanted = scale_at(quant, channel), scale = scale_at(&bias->quant, channel);
    return fabs(scale - wanted) <= 1e-6 * wanted &&
           bias->quant.zero_point[bias->quant.count > 1 ? channel : 0] == 0;
}

static bool product_quant(MnetGraph *graph, const MnetQdqOperands *operands, MnetQuant *quant) {
    const MnetQuant *w = &graph->tensors[operands->weights].quant;
    float *scale = mnet_arena_array(&graph->arena, w->count, sizeof *scale);
    int32_t *zero_point = mnet_arena_array(&graph->arena, w->count, sizeof *zero_point);
    if (!scale || !zero_point)
        return false;
    for (int i = 0; i < w->count; i++)
        scale[i] = (float)((double)graph->tensors[operands->x].quant.scale[0] * w->scale[i]);
    *quant = (MnetQuant){.count = w->count, .scale = scale, .zero_point = zero_point};
    return true;
}

/*
 * The most that a sum of x * w over channel o can reach: each factor may have its zero point taken
 * off or not.
 */
static double reach(const MnetTensor *weights, int32_t channel) {
    int64_t filter = mnet_tensor_elements(weights) / weights->dims[0];
    const int8_t *w = (const int8_t *)weights->data + channel * filter;
    int32_t zero = weights->quant.zero_point[weights->quant.count > 1 ? channel : 0];
    int64_t sum = filter * abs(zero);
    for (int64_t i = 0; i < filter; i++)
        sum += abs(w[i]);
    return (double)sum * 256;
}

/*
 * The integer for `bias` with room for the sum on top; false where there is none near enough, or
 * for NaN.
 */
static bool fit(double bias, double room, double y_scale, int32_t *q) {
    double exact = nearbyint(bias), fitting = fmin(fmax(exact, -room), room);
    if (!(room >= 0 && fabs(exact - fitting) * y_scale <= 1. / 16))
        return false;
    *q = (int32_t)fitting;
    return true;
}

MnetStatus mnet_qdq_bias(MnetGraph *graph, MnetQdqOperands *operands, bool *fits,
                         MnetError *error) {
    int32_t channels = graph->tensors[operands->weights].dims[0];
    *fits = true;
    if (operands->bias == MNET_NO_TENSOR)
        return MNET_OK;
    int source = mnet_rewrite_real_constant(graph, operands->bias);
    *fits = source != MNET_NO_TENSOR && mnet_tensor_elements(&graph->tensors[source]) == channels;
    if (!*fits)
        return MNET_OK;

    MnetQuant quant;
    int32_t *data;
    const MnetTensor from = graph->tensors[source];
    int tensor = mnet_rewrite_constant(graph, from.name, MNET_DTYPE_S32, 1, &channels, &data);
    if (tensor == MNET_NO_TENSOR || !product_quant(graph, operands, &quant))
        return mnet_rewrite_no_memory(graph, error);
    graph->tensors[tensor].quant = quant;
    double y_scale = graph->tensors[operands->y].quant.scale[0];
    for (int32_t c = 0; c < channels && *fits; c++) {
        double scale = scale_at(&quant, c);
        bool integer = from.dtype == MNET_DTYPE_S32 && has_scale(&from, &quant, c);
        double bias =
            mnet_rewrite_real_value(&from, c) / (integer ? scale_at(&from.quant, c) : scale);
        double room = INT32_MAX - reach(&graph->tensors[operands->weights], c);
        *fits = fit(bias, room, scale / y_scale, &data[c]);
    }
    if (*fits)
        operands->bias = tensor;
    return MNET_OK;
}
