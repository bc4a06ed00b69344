/**
 * Element-wise functions on floats: scalars to put into a kernel's epilogue or a table, and kernels
 * over rows. They use no function of libm but tanhf(), vectorise, and give the same bits on every
 * CPU.
 */
#ifndef MNET_KERNELS_ACTIVATION_H
#define MNET_KERNELS_ACTIVATION_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** min(max(x, lo), hi); NaN stays NaN. */
static inline float mnet_clamp_f32(float x, float lo, float hi) {
    x = lo > x ? lo : x;
    return hi < x ? hi : x;
}

/** min(max(alpha * x + beta, 0), 1) */
static inline float mnet_hard_sigmoid_f32(float x, float alpha, float beta) {
    return mnet_clamp_f32(alpha * x + beta, 0.0f, 1.0f);
}

/** x * min(max(x / 6 + 0.5, 0), 1) */
static inline float mnet_hard_swish_f32(float x) {
    return x * mnet_clamp_f32(x * (1.0f / 6.0f) + 0.5f, 0.0f, 1.0f);
}

/**
 * e^x within 2 units in the last place for -87 <= x <= 88, held at the ends beyond them. x = n ln 2
 * + r with |r| <= ln 2 / 2, e^r by the polynomial of Cephes' expf, 2^n put into the exponent.
 */
static inline float mnet_exp_f32(float x) {
    x = mnet_clamp_f32(x, -87.0f, 88.0f);
    float shifted = x * 1.44269504088896341f + 12582912.0f; /* rounds; see mnet_round_f32() */
    float n = shifted - 12582912.0f;
    float r = x - n * 0.693359375f;
    r -= n * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof(bits));
    bits = (bits + 127u) << 23;
    float power;
    memcpy(&power, &bits, sizeof(power));
    return p * power;
}

/** 1 / (1 + e^-x) */
static inline float mnet_sigmoid_f32(float x) {
    return 1.0f / (1.0f + mnet_exp_f32(-x));
}

/** x * sigmoid(x) */
static inline float mnet_swish_f32(float x) {
    return x / (1.0f + mnet_exp_f32(-x));
}

typedef struct MnetActivationF32 MnetActivationF32;

/** An activation ready to run. nn/ops/epilogue.h makes one from a graph's. */
struct MnetActivationF32 {
    /** y[i] = f(x[i]); x may be y. NULL for none: then nothing needs to be done, or a copy. */
    void (*run)(const MnetActivationF32 *self, const float *x, float *y, size_t count);
    float lo, hi;      /* clamp */
    float alpha, beta; /* hard sigmoid */
};

/** The activations that kernels apply to sums in registers: hard swish, or a clamp, with infinite
 * bounds for none. */
typedef struct MnetFinishF32 {
    bool hard_swish;
    float lo, hi;
} MnetFinishF32;

typedef struct MnetActivationKernels {
    void (*clamp)(const MnetActivationF32 *self, const float *x, float *y, size_t count);
    void (*hard_sigmoid)(const MnetActivationF32 *self, const float *x, float *y, size_t count);
    void (*hard_swish)(const MnetActivationF32 *self, const float *x, float *y, size_t count);
    void (*sigmoid)(const MnetActivationF32 *self, const float *x, float *y, size_t count);
    void (*swish)(const MnetActivationF32 *self, const float *x, float *y, size_t count);
    void (*tanh)(const MnetActivationF32 *self, const float *x, float *y, size_t count);
} MnetActivationKernels;

/** The best kernels for a CPU with these features (nn/base/cpu.h). */
void mnet_activation_kernels_init(MnetActivationKernels *kernels, uint32_t cpu_features);

#endif
