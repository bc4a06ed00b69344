/* See depthwise_qs8_quads.h. Blocks are of 64 channels, and of 32 or 16 where fewer are left. */
#include "nn/kernels/depthwise_qs8.h"
#include "nn/kernels/x86/epilogue_qs8_avx512.h"

#define LANES 16
#define BLOCK_VECTORS 4
#define WIDTHS(X) X(1) X(2) X(4)

typedef __m512i Vector;

/* The epilogue takes channels by vectors as they are, so a block of 4 must need them all. */
static size_t vectors_of(size_t left) {
    return left > 3 * LANES ? 4 : left > LANES ? 2 : 1;
}

static size_t lane(size_t vectors, size_t c) {
    return mnet_lane_avx512(vectors, c);
}

/* The instruction itself: given the intrinsic, gcc 12 keeps the sums in memory. */
MNET_INLINE void dot(__m512i *sums, __m512i u8, __m512i s8) {
    __asm__("vpdpbusd %2, %1, %0" : "+v"(*sums) : "v"(u8), "v"(s8));
}

MNET_INLINE __m512i fill(int8_t byte) {
    return _mm512_set1_epi8(byte);
}

MNET_INLINE __m512i less_product(const int32_t *b, const int32_t *s, int32_t n) {
    return _mm512_sub_epi32(_mm512_load_si512(b),
                            _mm512_mullo_epi32(_mm512_load_si512(s), _mm512_set1_epi32(n)));
}

MNET_INLINE __m512i twice_plus(__m512i a, __m512i b) {
    return _mm512_add_epi32(_mm512_slli_epi32(a, 1), b);
}

/* 64 channels, of which only those of the mask are there. */
MNET_INLINE __m512i load_cell(bool whole, __mmask64 mask, const int8_t *x) {
    __m512i cell = whole ? _mm512_loadu_si512(x) : _mm512_maskz_loadu_epi8(mask, x);
    return _mm512_xor_si512(cell, _mm512_set1_epi8(-128));
}

MNET_INLINE void lay_out_block(bool whole, size_t n, const int8_t *rows[4], const size_t steps[4],
                               size_t count, __m512i *out) {
    const int8_t *x0 = rows[0], *x1 = rows[1], *x2 = rows[2], *x3 = rows[3];
    const __mmask64 mask = ~(__mmask64)0 >> (64 - n);

    for (; count; count--, out += 4) {
        __m512i a = load_cell(whole, mask, x0), b = load_cell(whole, mask, x1);
        __m512i c = load_cell(whole, mask, x2), d = load_cell(whole, mask, x3);
        __m512i ab_lo = _mm512_unpacklo_epi8(a, b), ab_hi = _mm512_unpackhi_epi8(a, b);
        __m512i cd_lo = _mm512_unpacklo_epi8(c, d), cd_hi = _mm512_unpackhi_epi8(c, d);

        out[0] = _mm512_unpacklo_epi16(ab_lo, cd_lo);
        out[1] = _mm512_unpackhi_epi16(ab_lo, cd_lo);
        out[2] = _mm512_unpacklo_epi16(ab_hi, cd_hi);
        out[3] = _mm512_unpackhi_epi16(ab_hi, cd_hi);
        x0 += steps[0];
        x1 += steps[1];
        x2 += steps[2];
        x3 += steps[3];
    }
}

/* A dword of four channels from each of four rows: byte by byte, so that the rows' stand together.
 */
MNET_INLINE __m512i rows_together(__m512i cell) {
    return _mm512_shuffle_epi8(cell, _mm512_broadcast_i32x4(_mm_setr_epi8(
                                         0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)));
}

MNET_INLINE __m256i load_half_cell(bool whole, __mmask32 mask, const int8_t *x) {
    return whole ? _mm256_loadu_si256((const __m256i *)x) : _mm256_maskz_loadu_epi8(mask, x);
}

/* Two rows' 32 channels side by side, then each second four of all rows. */
MNET_INLINE void lay_out_half_block(bool whole, size_t n, const int8_t *rows[4],
                                    const size_t steps[4], size_t count, __m512i *out) {
    const __m512i even =
        _mm512_setr_epi32(0, 8, 16, 24, 2, 10, 18, 26, 4, 12, 20, 28, 6, 14, 22, 30);
    const __m512i odd = _mm512_add_epi32(even, _mm512_set1_epi32(1));
    const __m512i flip = _mm512_set1_epi8(-128);
    const int8_t *x0 = rows[0], *x1 = rows[1], *x2 = rows[2], *x3 = rows[3];
    const __mmask32 mask = (__mmask32)(0xffffffffu >> (32 - n));

    for (; count; count--, out += 2) {
        __m512i ab = _mm512_castsi256_si512(load_half_cell(whole, mask, x0));
        __m512i cd = _mm512_castsi256_si512(load_half_cell(whole, mask, x2));

        ab = _mm512_inserti64x4(ab, load_half_cell(whole, mask, x1), 1);
        cd = _mm512_inserti64x4(cd, load_half_cell(whole, mask, x3), 1);
        ab = _mm512_xor_si512(ab, flip);
        cd = _mm512_xor_si512(cd, flip);
        out[0] = rows_together(_mm512_permutex2var_epi32(ab, even, cd));
        out[1] = rows_together(_mm512_permutex2var_epi32(ab, odd, cd));
        x0 += steps[0];
        x1 += steps[1];
        x2 += steps[2];
        x3 += steps[3];
    }
}

MNET_INLINE __m128i load_short_cell(bool whole, __mmask16 mask, const int8_t *x) {
    return whole ? _mm_loadu_si128((const __m128i *)x) : _mm_maskz_loadu_epi8(mask, x);
}

/* The rows' 16 channels side by side, then by fours of channels. */
MNET_INLINE void lay_out_short_block(bool whole, size_t n, const int8_t *rows[4],
                                     const size_t steps[4], size_t count, __m512i *out) {
    const __m512i fours = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const int8_t *x0 = rows[0], *x1 = rows[1], *x2 = rows[2], *x3 = rows[3];
    const __mmask16 mask = (__mmask16)(0xffffu >> (16 - n));

    for (; count; count--, out++) {
        __m512i cell = _mm512_castsi128_si512(load_short_cell(whole, mask, x0));

        cell = _mm512_inserti32x4(cell, load_short_cell(whole, mask, x1), 1);
        cell = _mm512_inserti32x4(cell, load_short_cell(whole, mask, x2), 2);
        cell = _mm512_inserti32x4(cell, load_short_cell(whole, mask, x3), 3);
        cell = _mm512_xor_si512(cell, _mm512_set1_epi8(-128));
        *out = rows_together(_mm512_permutexvar_epi32(fours, cell));
        x0 += steps[0];
        x1 += steps[1];
        x2 += steps[2];
        x3 += steps[3];
    }
}

#define LAY_OUT(block)                                                                             \
    if (n == vectors * LANES)                                                                      \
        block(true, n, rows, steps, count, out);                                                   \
    else                                                                                           \
        block(false, n, rows, steps, count, out);                                                  \
    break;

static void lay_out_cells(size_t vectors, size_t n, const int8_t *rows[4], const size_t steps[4],
                          size_t count, __m512i *out) {
    switch (vectors) {
    case 4:
        LAY_OUT(lay_out_block)
    case 2:
        LAY_OUT(lay_out_half_block)
    case 1:
        LAY_OUT(lay_out_short_block)
    }
}

#undef LAY_OUT

#define finish mnet_finish_pixels_avx512

#include "nn/kernels/x86/depthwise_qs8_quads.h"

void mnet_depthwise_qs8_kernels_init_avx512_vnni(MnetDepthwiseQs8Kernels *kernels) {
    *kernels = (MnetDepthwiseQs8Kernels){
        .packed_bytes = packed_bytes,
        .scratch_bytes = scratch_bytes,
        .pack = pack,
        .rows = run_rows,
        .name = "depthwise_qs8_64_avx512_vnni",
    };
}
