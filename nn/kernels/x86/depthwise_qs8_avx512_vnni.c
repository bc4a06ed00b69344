/* See depthwise_qs8_quads.h. Blocks are of 64 channels, and those that are left over of 16. */
#include "nn/kernels/depthwise_qs8.h"
#include "nn/kernels/x86/epilogue_qs8_avx512.h"

#define LANES 16
#define BLOCK_VECTORS 4
#define REST_VECTORS 1

typedef __m512i Vector;

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

MNET_INLINE __m128i load_short_cell(bool whole, __mmask16 mask, const int8_t *x) {
    return whole ? _mm_loadu_si128((const __m128i *)x) : _mm_maskz_loadu_epi8(mask, x);
}

/* The rows' 16 channels side by side, then by fours of channels, then the rows' bytes together. */
MNET_INLINE void lay_out_short_block(bool whole, size_t n, const int8_t *rows[4],
                                     const size_t steps[4], size_t count, __m512i *out) {
    const __m512i fours = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i bytes =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    const int8_t *x0 = rows[0], *x1 = rows[1], *x2 = rows[2], *x3 = rows[3];
    const __mmask16 mask = (__mmask16)(0xffffu >> (16 - n));

    for (; count; count--, out++) {
        __m512i cell = _mm512_castsi128_si512(load_short_cell(whole, mask, x0));

        cell = _mm512_inserti32x4(cell, load_short_cell(whole, mask, x1), 1);
        cell = _mm512_inserti32x4(cell, load_short_cell(whole, mask, x2), 2);
        cell = _mm512_inserti32x4(cell, load_short_cell(whole, mask, x3), 3);
        cell = _mm512_xor_si512(cell, _mm512_set1_epi8(-128));
        *out = _mm512_shuffle_epi8(_mm512_permutexvar_epi32(fours, cell), bytes);
        x0 += steps[0];
        x1 += steps[1];
        x2 += steps[2];
        x3 += steps[3];
    }
}

static void lay_out_cells(size_t vectors, size_t n, const int8_t *rows[4], const size_t steps[4],
                          size_t count, __m512i *out) {
    if (n == 64)
        lay_out_block(true, n, rows, steps, count, out);
    else if (vectors == BLOCK_VECTORS)
        lay_out_block(false, n, rows, steps, count, out);
    else if (n == 16)
        lay_out_short_block(true, n, rows, steps, count, out);
    else
        lay_out_short_block(false, n, rows, steps, count, out);
}

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
