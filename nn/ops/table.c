#include "nn/ops/table.h"

#include <math.h>

int8_t mnet_quant_value(const MnetQuant *quant, double real) {
    double q = nearbyint(real / (double)quant->scale[0]) + quant->zero_point[0];

    if (isnan(q))
        return (int8_t)quant->zero_point[0];
    return (int8_t)fmin(fmax(q, INT8_MIN), INT8_MAX);
}

static double clamp(double x, double lo, double hi) {
    return fmin(fmax(x, lo), hi);
}

double mnet_activation_value(const MnetActivation *activation, double x) {
    switch (activation->kind) {
    case MNET_ACTIVATION_NONE:
        return x;
    case MNET_ACTIVATION_CLAMP:
        return clamp(x, activation->lo, activation->hi);
    case MNET_ACTIVATION_HARD_SIGMOID:
        return clamp((double)activation->alpha * x + (double)activation->beta, 0, 1);
    case MNET_ACTIVATION_HARD_SWISH:
        return x * clamp(x / 6 + 0.5, 0, 1);
    case MNET_ACTIVATION_SIGMOID:
        return 1 / (1 + exp(-x));
    case MNET_ACTIVATION_SWISH:
        return x / (1 + exp(-x));
    case MNET_ACTIVATION_TANH:
        return tanh(x);
    }
    return x;
}

int8_t *mnet_table_new(MnetArena *memory, const MnetQuant *x, const MnetActivation *activation,
                       const MnetQuant *y) {
    int8_t *table = mnet_arena_alloc(memory, MNET_TABLE_SIZE);

    if (!table)
        return NULL;
    for (int q = INT8_MIN; q <= INT8_MAX; q++) {
        double real = (q - x->zero_point[0]) * (double)x->scale[0];

        if (activation)
            real = mnet_activation_value(activation, real);
        table[(uint8_t)q] = mnet_quant_value(y, real);
    }
    return table;
}
