#include "nn/scores.h"

#include <math.h>
#include <string.h>

void mnet_scores_raw(const MnetTensor *tensor, const void *values, MnetDtype dtype, void *raw) {
    int64_t count = mnet_tensor_elements(tensor);
    memcpy(raw, values, count * mnet_dtype_size(tensor->dtype));
    if (dtype == MNET_DTYPE_QU8)
        for (int64_t i = 0; i < count; i++)
            ((uint8_t *)raw)[i] ^= 0x80;
}

void mnet_scores_dequantize(const MnetTensor *tensor, const void *values, float *scores) {
    int64_t count = mnet_tensor_elements(tensor);
    if (tensor->dtype == MNET_DTYPE_F32) {
        memcpy(scores, values, count * sizeof *scores);
        return;
    }
    const int8_t *q = values;
    for (int64_t i = 0; i < count; i++)
        scores[i] = (float)(q[i] - tensor->quant.zero_point[0]) * tensor->quant.scale[0];
}

void mnet_scores_softmax(float *scores, int count) {
    if (count == 1) {
        scores[0] = isnan(scores[0]) ? 0 : 1 / (1 + expf(-scores[0]));
        return;
    }
    float most = -INFINITY, sum = 0;
    for (int i = 0; i < count; i++) {
        if (isnan(scores[i]))
            scores[i] = -INFINITY;
        most = scores[i] > most ? scores[i] : most;
    }
    for (int i = 0; i < count; i++) {
        scores[i] = scores[i] == most ? 1 : expf(scores[i] - most);
        sum += scores[i];
    }
    for (int i = 0; i < count; i++)
        scores[i] /= sum;
}

void mnet_scores_top(const float *scores, int count, MnetClass *classes, int k) {
    int n = 0;
    for (int i = 0; i < count; i++) {
        float p = scores[i] >= 0 ? scores[i] > 1 ? 1 : scores[i] : 0;
        if (n == k && p <= classes[n - 1].probability)
            continue;
        int at = n < k ? n++ : k - 1;
        for (; at > 0 && classes[at - 1].probability < p; at--)
            classes[at] = classes[at - 1];
        classes[at] = (MnetClass){.index = i, .probability = p};
    }
}
