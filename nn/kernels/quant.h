/**
 * Arithmetic that every quantised kernel shares, so that the same numbers give the same bytes
 * everywhere: convert the exact int32 to float, one f32 multiply, clamp, round to nearest even, add
 * the zero point. All of it vectorises; lrintf() and fmaf() would not, or not on every CPU.
 */
#ifndef MNET_KERNELS_QUANT_H
#define MNET_KERNELS_QUANT_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/**
 * What a quantised output may become. lo and hi are integers, counted from the zero point, so that
 * clamping before rounding equals clamping after it. Copy it to a local before a loop that stores
 * int8_t: those stores alias everything.
 */
typedef struct MnetQuantRange {
    float lo, hi; /* -255 to 255 */
    int32_t zero_point;
} MnetQuantRange;

/** Nearest integer, ties to even, for |x| < 2^22: the addition leaves the integer in the low bits
 * of the mantissa. */
static inline int32_t mnet_round_f32(float x) {
    float shifted = x + 12582912.0f; /* 1.5 * 2^23 */
    int32_t bits;
    memcpy(&bits, &shifted, sizeof(bits));
    return bits - 0x4b400000;
}

/** x in steps of the output's scale, not counting its zero point. Infinities saturate, NaN gives
 * the lower bound. */
static inline int8_t mnet_requantize_f32_qs8(float x, MnetQuantRange range) {
    x = x > range.lo ? x : range.lo;
    x = x < range.hi ? x : range.hi;
    return (int8_t)(mnet_round_f32(x) + range.zero_point);
}

/** The sum of two quantised numbers in steps of the output's scale; ma is a's scale by the
 * output's, mb is b's. */
static inline float mnet_quant_add(int32_t a, int32_t a_zero_point, float ma, int32_t b,
                                   int32_t b_zero_point, float mb) {
    return (float)(a - a_zero_point) * ma + (float)(b - b_zero_point) * mb;
}

/** x * y / out, rounded once; y is 1 where only two scales meet. */
static inline float mnet_quant_multiplier(float x, float y, float out) {
    return (float)((double)x * (double)y / (double)out);
}

/** Range of a QS8 output whose real values are held in [lo, hi], which may be infinite. */
static inline MnetQuantRange mnet_quant_range(float scale, int32_t zero_point, float lo, float hi) {
    float least = (float)(-128 - zero_point), most = (float)(127 - zero_point);
    MnetQuantRange range = {nearbyintf(lo / scale), nearbyintf(hi / scale), zero_point};
    range.lo = fminf(fmaxf(range.lo, least), most);
    range.hi = fminf(fmaxf(range.hi, least), most);
    return range;
}

#endif
