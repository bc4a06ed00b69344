/* See depthwise_qs8_quads.h. Blocks are of 16 channels. */
#include "nn/kernels/depthwise_qs8.h"
#include "nn/kernels/x86/epilogue_qs8_avx2.h"

#define LANES 8
#define BLOCK_VECTORS 2
#define WIDTHS(X) X(2)

typedef __m256i Vector;

static size_t vectors_of(size_t left) {
    (void)left;
    return BLOCK_VECTORS;
}

static size_t lane(size_t vectors, size_t c) {
    (void)vectors;
    return mnet_lane_avx2(c);
}

/* The instruction itself: given the intrinsic, gcc 12 keeps the sums in memory. */
MNET_INLINE void dot(__m256i *sums, __m256i u8, __m256i s8) {
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(*sums) : "x"(u8), "x"(s8));
}

MNET_INLINE __m256i fill(int8_t byte) {
    return _mm256_set1_epi8(byte);
}

MNET_INLINE __m256i less_product(const int32_t *b, const int32_t *s, int32_t n) {
    return _mm256_sub_epi32(
        _mm256_load_si256((const __m256i *)b),
        _mm256_mullo_epi32(_mm256_load_si256((const __m256i *)s), _mm256_set1_epi32(n)));
}

MNET_INLINE __m256i twice_plus(__m256i a, __m256i b) {
    return _mm256_add_epi32(_mm256_slli_epi32(a, 1), b);
}

/* Sixteen channels, of which only n are there. */
MNET_INLINE __m128i load_cell(size_t n, const int8_t *x) {
    int8_t part[16] = {0};

    if (n < 16) {
        memcpy(part, x, n);
        x = part;
    }
    return _mm_xor_si128(_mm_loadu_si128((const __m128i *)x), _mm_set1_epi8(-128));
}

/* Two rows' bytes side by side: eight channels, and eight. */
MNET_INLINE __m256i load_cells(size_t n, const int8_t *x0, const int8_t *x1) {
    __m128i a = load_cell(n, x0), b = load_cell(n, x1);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_unpacklo_epi8(a, b)),
                                   _mm_unpackhi_epi8(a, b), 1);
}

MNET_INLINE void lay_out_block(size_t n, const int8_t *rows[4], const size_t steps[4], size_t count,
                               __m256i *out) {
    const int8_t *x0 = rows[0], *x1 = rows[1], *x2 = rows[2], *x3 = rows[3];

    for (; count; count--, out += 2) {
        __m256i ab = load_cells(n, x0, x1), cd = load_cells(n, x2, x3);

        out[0] = _mm256_unpacklo_epi16(ab, cd);
        out[1] = _mm256_unpackhi_epi16(ab, cd);
        x0 += steps[0];
        x1 += steps[1];
        x2 += steps[2];
        x3 += steps[3];
    }
}

static void lay_out_cells(size_t vectors, size_t n, const int8_t *rows[4], const size_t steps[4],
                          size_t count, __m256i *out) {
    (void)vectors;
    if (n == 16)
        lay_out_block(16, rows, steps, count, out);
    else
        lay_out_block(n, rows, steps, count, out);
}

static void finish(const MnetEpilogueQs8 *epilogue, size_t pixels, size_t columns,
                   const __m256i *sums, const float *multiplier, const int8_t *residual, int8_t *y,
                   size_t y_stride) {
    mnet_finish_pixels_avx2(epilogue, pixels, columns, (const __m256i(*)[2])sums, multiplier,
                            residual, y, y_stride);
}

#include "nn/kernels/x86/depthwise_qs8_quads.h"

void mnet_depthwise_qs8_kernels_init_avx_vnni(MnetDepthwiseQs8Kernels *kernels) {
    *kernels = (MnetDepthwiseQs8Kernels){
        .packed_bytes = packed_bytes,
        .scratch_bytes = scratch_bytes,
        .pack = pack,
        .rows = run_rows,
        .name = "depthwise_qs8_16_avx_vnni",
    };
}
