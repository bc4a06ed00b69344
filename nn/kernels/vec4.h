/**
 * Four floats as a GNU vector, which every CPU has. Compilers don't keep plain arrays of sums in
 * registers; vectors they do.
 */
#ifndef MNET_KERNELS_VEC4_H
#define MNET_KERNELS_VEC4_H

#include "nn/kernels/activation.h"

typedef float Vec4 __attribute__((vector_size(16)));
typedef int32_t Vec4Mask __attribute__((vector_size(16)));

/** From any address of a float. */
static inline Vec4 mnet_vec4_load(const float *x) {
    Vec4 value;
    memcpy(&value, x, sizeof(value));
    return value;
}

static inline Vec4 mnet_vec4_splat(float x) {
    return (Vec4){x, x, x, x};
}

static inline Vec4 mnet_vec4_select(Vec4Mask mask, Vec4 yes, Vec4 no) {
    return (Vec4)((mask & (Vec4Mask)yes) | (~mask & (Vec4Mask)no));
}

/** mnet_clamp_f32() of each. */
static inline Vec4 mnet_vec4_clamp(Vec4 x, float lo, float hi) {
    Vec4 low = mnet_vec4_splat(lo), high = mnet_vec4_splat(hi);

    x = mnet_vec4_select(low > x, low, x);
    return mnet_vec4_select(high < x, high, x);
}

static inline Vec4 mnet_vec4_finish(const MnetFinishF32 *finish, Vec4 x) {
    if (finish->hard_swish)
        return x * mnet_vec4_clamp(x * (1.0f / 6.0f) + 0.5f, 0.0f, 1.0f);
    return mnet_vec4_clamp(x, finish->lo, finish->hi);
}

#endif
