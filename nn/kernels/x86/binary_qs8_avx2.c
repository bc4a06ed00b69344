#include "nn/kernels/binary.h"
#include "nn/kernels/x86/inline.h"

#include <string.h>

typedef struct Constants {
    __m256 ma, mb, lo, hi;
    __m256i a_zero_point, b_zero_point, zero_point; /* s32, s32, s16 */
} Constants;

/* Eight values as numbers counted from their zero point. */
MNET_INLINE __m256 load8(const int8_t *x, __m256i zero_point) {
    __m256i s32 = _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)x));
    return _mm256_cvtepi32_ps(_mm256_sub_epi32(s32, zero_point));
}

/* The formulas of MnetBinaryQuant; products of two such numbers are exact in float. */
MNET_INLINE __m256i apply(MnetBinaryKind kind, const Constants *k, __m256 a, __m256 b) {
    __m256 y;

    if (kind == MNET_BINARY_MUL)
        y = _mm256_mul_ps(_mm256_mul_ps(a, b), k->ma);
    else if (kind == MNET_BINARY_DIV)
        y = _mm256_div_ps(_mm256_mul_ps(a, k->ma), b);
    else
        y = _mm256_add_ps(_mm256_mul_ps(a, k->ma), _mm256_mul_ps(b, k->mb));
    /* in this order NaN gives the lower bound */
    return _mm256_cvtps_epi32(_mm256_min_ps(_mm256_max_ps(y, k->lo), k->hi));
}

/* Sixteen outputs; an operand whose step is 0 is given as eight equal numbers. */
MNET_INLINE void block(MnetBinaryKind kind, const Constants *k, const int8_t *a,
                       const __m256 *one_a, const int8_t *b, const __m256 *one_b, int8_t *y) {
    __m256i s32[2], s16;

    for (int i = 0; i < 2; i++)
        s32[i] = apply(kind, k, one_a ? *one_a : load8(a + 8 * i, k->a_zero_point),
                       one_b ? *one_b : load8(b + 8 * i, k->b_zero_point));
    s16 = _mm256_permute4x64_epi64(_mm256_packs_epi32(s32[0], s32[1]), 0xd8);
    s16 = _mm256_adds_epi16(s16, k->zero_point);
    _mm_storeu_si128((__m128i *)y, _mm_packs_epi16(_mm256_castsi256_si128(s16),
                                                   _mm256_extracti128_si256(s16, 1)));
}

MNET_INLINE void row(MnetBinaryKind kind, const Constants *k, size_t n, const int8_t *a,
                     const __m256 *one_a, const int8_t *b, const __m256 *one_b, int8_t *y) {
    int8_t parts[3][16] = {{0}};
    size_t i = 0;

    for (; i + 16 <= n; i += 16)
        block(kind, k, a + i, one_a, b + i, one_b, y + i);
    if (i == n)
        return;
    if (!one_a)
        memcpy(parts[0], a + i, n - i);
    if (!one_b)
        memcpy(parts[1], b + i, n - i);
    block(kind, k, parts[0], one_a, parts[1], one_b, parts[2]);
    memcpy(y + i, parts[2], n - i);
}

MNET_INLINE void binary(MnetBinaryKind kind, size_t n, const int8_t *a, size_t a_step,
                        const int8_t *b, size_t b_step, const MnetBinaryQuant *quant, int8_t *y) {
    const Constants k = {
        .ma = _mm256_set1_ps(quant->ma),
        .mb = _mm256_set1_ps(kind == MNET_BINARY_SUB ? -quant->mb : quant->mb),
        .lo = _mm256_set1_ps(quant->range.lo),
        .hi = _mm256_set1_ps(quant->range.hi),
        .a_zero_point = _mm256_set1_epi32(quant->a_zero_point),
        .b_zero_point = _mm256_set1_epi32(quant->b_zero_point),
        .zero_point = _mm256_set1_epi16((short)quant->range.zero_point),
    };
    const __m256 one_a = _mm256_set1_ps((float)(*a - quant->a_zero_point));
    const __m256 one_b = _mm256_set1_ps((float)(*b - quant->b_zero_point));

    if (a_step && b_step)
        row(kind, &k, n, a, NULL, b, NULL, y);
    else if (a_step)
        row(kind, &k, n, a, NULL, b, &one_b, y);
    else if (b_step)
        row(kind, &k, n, a, &one_a, b, NULL, y);
    else
        row(kind, &k, n, a, &one_a, b, &one_b, y);
}

#define KERNEL(name, kind)                                                                         \
    static void name##_qs8_avx2(size_t n, const int8_t *a, size_t a_step, const int8_t *b,         \
                                size_t b_step, const MnetBinaryQuant *quant, int8_t *y) {          \
        binary(kind, n, a, a_step, b, b_step, quant, y);                                           \
    }

KERNEL(add, MNET_BINARY_ADD)
KERNEL(sub, MNET_BINARY_SUB)
KERNEL(mul, MNET_BINARY_MUL)
KERNEL(div, MNET_BINARY_DIV)

void mnet_binary_qs8_kernels_init_avx2(MnetBinaryKernels *kernels) {
    const MnetBinaryQs8 qs8[] = {add_qs8_avx2, sub_qs8_avx2, mul_qs8_avx2, div_qs8_avx2};
    const char *const names[] = {"add_qs8_avx2", "sub_qs8_avx2", "mul_qs8_avx2", "div_qs8_avx2"};

    memcpy(kernels->qs8, qs8, sizeof(qs8));
    memcpy(kernels->qs8_names, names, sizeof(names));
}
