#include "nn/kernels/binary.h"
#include "nn/kernels/x86/inline.h"

#include <stdbool.h>
#include <string.h>

#define VECTORS 4 /* of sixteen numbers, that become one of bytes */

typedef struct Constants {
    __m512 ma, mb, lo, hi;
    __m512i a_zero_point, b_zero_point, zero_point; /* s32, s32, s16 */
} Constants;

/* An operand: values side by side, or one for all. */
typedef struct Operand {
    const int8_t *x;
    __m512 one;
    bool is_one;
} Operand;

/* Sixteen values, less where the mask says so, as numbers counted from their zero point. */
MNET_INLINE __m512 load16(const Operand *operand, size_t i, bool whole, __mmask16 mask,
                          __m512i zero_point) {
    const int8_t *x = operand->x + i;
    __m128i bytes;

    if (operand->is_one)
        return operand->one;
    bytes = whole ? _mm_loadu_si128((const __m128i *)x) : _mm_maskz_loadu_epi8(mask, x);
    return _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_cvtepi8_epi32(bytes), zero_point));
}

/* The formulas of MnetBinaryQuant; products of two such numbers are exact in float. */
MNET_INLINE __m512i apply(MnetBinaryKind kind, const Constants *k, __m512 a, __m512 b) {
    __m512 y;

    if (kind == MNET_BINARY_MUL)
        y = _mm512_mul_ps(_mm512_mul_ps(a, b), k->ma);
    else if (kind == MNET_BINARY_DIV)
        y = _mm512_div_ps(_mm512_mul_ps(a, k->ma), b);
    else
        y = _mm512_add_ps(_mm512_mul_ps(a, k->ma), _mm512_mul_ps(b, k->mb));
    /* in this order NaN gives the lower bound */
    return _mm512_cvtps_epi32(_mm512_min_ps(_mm512_max_ps(y, k->lo), k->hi));
}

MNET_INLINE __m512i apply_at(MnetBinaryKind kind, const Constants *k, const Operand *a,
                             const Operand *b, size_t i, bool whole, __mmask16 mask) {
    return apply(kind, k, load16(a, i, whole, mask, k->a_zero_point),
                 load16(b, i, whole, mask, k->b_zero_point));
}

MNET_INLINE void row(MnetBinaryKind kind, const Constants *k, size_t n, Operand a, Operand b,
                     int8_t *y) {
    /* packs work in quarters of 128 bits: four bytes of each vector */
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    size_t i = 0;

    for (; i + 16 * VECTORS <= n; i += 16 * VECTORS) {
        __m512i s32[VECTORS], lo, hi;

#pragma GCC unroll 4
        for (size_t v = 0; v < VECTORS; v++)
            s32[v] = apply_at(kind, k, &a, &b, i + 16 * v, true, 0);
        lo = _mm512_adds_epi16(_mm512_packs_epi32(s32[0], s32[1]), k->zero_point);
        hi = _mm512_adds_epi16(_mm512_packs_epi32(s32[2], s32[3]), k->zero_point);
        _mm512_storeu_si512(y + i, _mm512_permutexvar_epi32(order, _mm512_packs_epi16(lo, hi)));
    }
    for (; i < n; i += 16) {
        __mmask16 mask = (__mmask16)(n - i < 16 ? 0xffffu >> (16 - (n - i)) : 0xffffu);
        __m512i s32 = apply_at(kind, k, &a, &b, i, false, mask);
        __m256i s16 =
            _mm256_adds_epi16(_mm512_cvtepi32_epi16(s32), _mm512_castsi512_si256(k->zero_point));
        _mm_mask_storeu_epi8(y + i, mask, _mm256_cvtsepi16_epi8(s16));
    }
}

MNET_INLINE void binary(MnetBinaryKind kind, size_t n, const int8_t *a, size_t a_step,
                        const int8_t *b, size_t b_step, const MnetBinaryQuant *quant, int8_t *y) {
    const Constants k = {
        .ma = _mm512_set1_ps(quant->ma),
        .mb = _mm512_set1_ps(kind == MNET_BINARY_SUB ? -quant->mb : quant->mb),
        .lo = _mm512_set1_ps(quant->range.lo),
        .hi = _mm512_set1_ps(quant->range.hi),
        .a_zero_point = _mm512_set1_epi32(quant->a_zero_point),
        .b_zero_point = _mm512_set1_epi32(quant->b_zero_point),
        .zero_point = _mm512_set1_epi16((short)quant->range.zero_point),
    };
    const Operand all_a = {.x = a}, all_b = {.x = b};
    const Operand one_a = {.one = _mm512_set1_ps((float)(*a - quant->a_zero_point)),
                           .is_one = true};
    const Operand one_b = {.one = _mm512_set1_ps((float)(*b - quant->b_zero_point)),
                           .is_one = true};

    if (a_step && b_step)
        row(kind, &k, n, all_a, all_b, y);
    else if (a_step)
        row(kind, &k, n, all_a, one_b, y);
    else if (b_step)
        row(kind, &k, n, one_a, all_b, y);
    else
        row(kind, &k, n, one_a, one_b, y);
}

#define KERNEL(name, kind)                                                                         \
    static void name##_qs8_avx512(size_t n, const int8_t *a, size_t a_step, const int8_t *b,       \
                                  size_t b_step, const MnetBinaryQuant *quant, int8_t *y) {        \
        binary(kind, n, a, a_step, b, b_step, quant, y);                                           \
    }

KERNEL(add, MNET_BINARY_ADD)
KERNEL(sub, MNET_BINARY_SUB)
KERNEL(mul, MNET_BINARY_MUL)
KERNEL(div, MNET_BINARY_DIV)

void mnet_binary_qs8_kernels_init_avx512(MnetBinaryKernels *kernels) {
    const MnetBinaryQs8 qs8[] = {add_qs8_avx512, sub_qs8_avx512, mul_qs8_avx512, div_qs8_avx512};
    const char *const names[] = {"add_qs8_avx512", "sub_qs8_avx512", "mul_qs8_avx512",
                                 "div_qs8_avx512"};

    memcpy(kernels->qs8, qs8, sizeof(qs8));
    memcpy(kernels->qs8_names, names, sizeof(names));
}
