#include "nn/kernels/pool.h"

/* Channels at a time: their sums stay in L1 or registers. */
#define BLOCK 64

static void avg_f32_c(const MnetPoolTaps *taps, const float *x, float divisor, float *y) {
    for (int c = 0; c < taps->channels; c++)
        y[c] = 0.0f;
    for (int r = 0; r < taps->rows; r++) {
        for (int t = 0; t < taps->cols; t++) {
            const float *tap = x + r * taps->row_stride + t * taps->col_stride;

            for (int c = 0; c < taps->channels; c++)
                y[c] += tap[c];
        }
    }
    for (int c = 0; c < taps->channels; c++)
        y[c] /= divisor;
}

static void avg_qs8_c(const MnetPoolTaps *taps, const int8_t *x, int32_t zero_point,
                      float multiplier, MnetQuantRange range, int8_t *y) {
    const int32_t offset = -taps->rows * taps->cols * zero_point;

    for (int begin = 0; begin < taps->channels; begin += BLOCK) {
        const int count = taps->channels - begin < BLOCK ? taps->channels - begin : BLOCK;
        int32_t sums[BLOCK];

        for (int c = 0; c < count; c++)
            sums[c] = offset;
        for (int r = 0; r < taps->rows; r++) {
            for (int t = 0; t < taps->cols; t++) {
                const int8_t *tap = x + r * taps->row_stride + t * taps->col_stride + begin;

                for (int c = 0; c < count; c++)
                    sums[c] += tap[c];
            }
        }
        for (int c = 0; c < count; c++)
            y[begin + c] = mnet_requantize_f32_qs8((float)sums[c] * multiplier, range);
    }
}

/* The copy of the taps tells the compiler that storing bytes doesn't change them. */
#define MAX_KERNEL(name, T, lowest)                                                                \
    static void max_##name##_c(const MnetPoolTaps *taps, const T *x, T *y) {                       \
        const MnetPoolTaps k = *taps;                                                              \
                                                                                                   \
        for (int c = 0; c < k.channels; c++)                                                       \
            y[c] = (lowest);                                                                       \
        for (int r = 0; r < k.rows; r++) {                                                         \
            for (int t = 0; t < k.cols; t++) {                                                     \
                const T *tap = x + r * k.row_stride + t * k.col_stride;                            \
                                                                                                   \
                for (int c = 0; c < k.channels; c++)                                               \
                    y[c] = tap[c] > y[c] ? tap[c] : y[c];                                          \
            }                                                                                      \
        }                                                                                          \
    }

MAX_KERNEL(f32, float, -INFINITY)
MAX_KERNEL(qs8, int8_t, INT8_MIN)

void mnet_pool_kernels_init(MnetPoolKernels *kernels, uint32_t cpu_features) {
    kernels->avg_f32 = avg_f32_c;
    kernels->avg_qs8 = avg_qs8_c;
    kernels->max_f32 = max_f32_c;
    kernels->max_qs8 = max_qs8_c;
}
