/*
 * Sixteen channels at a time over bands of output rows. The input rows under them, counted from the
 * top of the padding, are laid out in scratch two by two: for each column the s16 of both rows
 * alternate, borders being zeros, so that one vpmaddwd does two taps of a column. The pairs stay
 * the same whether a window begins with a pair's first row or its second, as there are weights for
 * either; so each row is laid out once, in a ring of pairs that stays in the first-level cache.
 */
#include "nn/kernels/depthwise_qs8.h"
#include "nn/kernels/x86/epilogue_qs8_avx2.h"

#define NR 16
#define PIXELS 4
#define PIXELS_5X5 7 /* the usual widths are its multiples */
#define SUMS 28      /* wait for the epilogue */
#define BAND_BYTES                                                                                 \
    (128 * 1024) /* of input: is read by all blocks of channels from the second-level cache */

/*
 * Of NR channels; weights as [window begins in the first or second row of a pair][pair][kernel
 * w][NR channels][2], the channels in the epilogue's order.
 */
typedef struct Block {
    int32_t bias[NR];
    float multiplier[NR];
    int16_t weights[];
} Block;

/* Pairs that a window can touch. */
static size_t row_pairs(const MnetPatches *p) {
    return (size_t)p->kernel[0] / 2 + 1;
}

/* Columns of the padded picture that a row of output pixels sees. */
static size_t columns(const MnetPatches *p) {
    return ((size_t)p->out_size[1] - 1) * (size_t)p->stride[1] +
           ((size_t)p->kernel[1] - 1) * (size_t)p->dilation[1] + 1;
}

/* Weights for windows that begin alike. */
static size_t set_size(const MnetPatches *p) {
    return row_pairs(p) * (size_t)p->kernel[1] * NR * 2;
}

static size_t block_bytes(const MnetPatches *p) {
    return sizeof(Block) + 2 * set_size(p) * sizeof(int16_t);
}

static uint64_t packed_bytes(const MnetPatches *p) {
    return ((uint64_t)p->channels + NR - 1) / NR * block_bytes(p);
}

static uint64_t scratch_bytes(const MnetPatches *p) {
    return (uint64_t)row_pairs(p) * columns(p) * 2 * sizeof(__m256i);
}

/* The last block starts early rather than being narrow: what overlaps is computed twice. */
static size_t first_channel(const MnetPatches *p, size_t block) {
    size_t channels = (size_t)p->channels, first = block * NR;
    return first + NR <= channels || channels < NR ? first : channels - NR;
}

static void pack(const MnetPatches *p, const int16_t *weights, const int32_t *bias,
                 const float *multiplier, void *packed) {
    size_t channels = (size_t)p->channels, kw = (size_t)p->kernel[1];

    for (size_t b = 0; b * NR < channels; b++) {
        Block *block = (Block *)((uint8_t *)packed + b * block_bytes(p));
        size_t first = first_channel(p, b);

        for (size_t c = 0; c < NR && first + c < channels; c++) {
            size_t lane = mnet_lane_avx2(c);

            block->bias[lane] = bias[first + c];
            block->multiplier[lane] = multiplier[first + c];
            for (size_t i = 0; i < (size_t)p->kernel[0] * kw; i++) {
                size_t ky = i / kw, kx = i % kw;
                int16_t weight = weights[i * channels + first + c];

                for (size_t set = 0; set < 2; set++, ky++)
                    block->weights[set * set_size(p) + ((ky / 2 * kw + kx) * NR + lane) * 2 +
                                   ky % 2] = weight;
            }
        }
    }
}

/* Sixteen channels of a cell without the zero point; only n of them are there. */
MNET_INLINE __m256i load_cell(const int8_t *x, size_t n, __m256i zero_point) {
    int8_t part[NR] = {0};

    if (n < NR) {
        memcpy(part, x, n);
        x = part;
    }
    return _mm256_sub_epi16(_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)x)), zero_point);
}

/* Lays out two input rows, either of which may be NULL: outside of the picture, or of the kernel.
 */
MNET_INLINE void widen_pair(const MnetPatches *p, const int8_t *row0, const int8_t *row1, size_t n,
                            __m256i zero_point, __m256i *out) {
    const __m256i zero = _mm256_setzero_si256();
    int count = (int)columns(p), left = p->pad[1] < count ? p->pad[1] : count;
    int right = p->pad[1] + p->size[1] < count ? p->pad[1] + p->size[1] : count;

    for (int i = 0; i < left; i++, out += 2)
        out[0] = out[1] = zero;
    for (int i = left; i < right; i++, out += 2) {
        size_t at = (size_t)(i - left) * (size_t)p->channels;
        __m256i a = row0 ? load_cell(row0 + at, n, zero_point) : zero;
        __m256i b = row1 ? load_cell(row1 + at, n, zero_point) : zero;

        out[0] = _mm256_unpacklo_epi16(a, b);
        out[1] = _mm256_unpackhi_epi16(a, b);
    }
    for (int i = right; i < count; i++, out += 2)
        out[0] = out[1] = zero;
}

/* The pairs under an output row: [first, end), of which others than those of dilated kernels are
 * shared by rows. */
typedef struct Pairs {
    size_t first, end, set;
    int top, step; /* first row of pair 0, and rows from one to the next */
} Pairs;

static bool is_inside(const MnetPatches *p, const Pairs *pairs, size_t pair) {
    int row = pairs->top + 2 * (int)pair * pairs->step;
    return row + pairs->step >= 0 && row < p->size[0];
}

static Pairs pairs_under(const MnetPatches *p, int row) {
    int begin = row * p->stride[0];
    Pairs pairs = {.top = -p->pad[0], .step = p->dilation[0]};

    if (pairs.step > 1) {
        pairs.top += begin;
        begin = 0;
    }
    pairs.set = (size_t)begin % 2;
    pairs.first = (size_t)begin / 2;
    pairs.end = pairs.first + (pairs.set + (size_t)p->kernel[0] + 1) / 2;
    return pairs;
}

/* Without the pairs at either end that don't touch the picture; how many go in front. */
static size_t trim(const MnetPatches *p, Pairs *pairs) {
    size_t first = pairs->first;

    while (pairs->first < pairs->end && !is_inside(p, pairs, pairs->first))
        pairs->first++;
    while (pairs->first < pairs->end && !is_inside(p, pairs, pairs->end - 1))
        pairs->end--;
    return pairs->first - first;
}

static void lay_out_pair(const MnetPatches *p, const Pairs *pairs, size_t pair,
                         const int8_t *picture, int32_t zero_point, size_t n, __m256i *ring) {
    const __m256i zero = _mm256_set1_epi16((short)zero_point);
    const int8_t *rows[2] = {NULL, NULL};
    __m256i *out = ring + pair % row_pairs(p) * 2 * columns(p);

    for (int i = 0; i < 2; i++) {
        int at = pairs->top + (2 * (int)pair + i) * pairs->step;

        if (at >= 0 && at < p->size[0])
            rows[i] = picture + (size_t)at * (size_t)p->size[1] * (size_t)p->channels;
    }
    if (n < NR)
        widen_pair(p, rows[0], rows[1], n, zero, out);
    else
        widen_pair(p, rows[0], rows[1], NR, zero, out);
}

/* A row's place in a block of channels. */
typedef struct Row {
    const __m256i *ring, *w;
    size_t ring_size, first; /* pairs; the first one's place */
    size_t pairs, kw;
    size_t x_row, x_pixel, x_tap; /* vectors from one pair, pixel and tap to the next */
} Row;

MNET_INLINE const __m256i *pair_at(const Row *row, size_t i) {
    size_t place = row->first + i;
    return row->ring + (place < row->ring_size ? place : place - row->ring_size) * row->x_row;
}

MNET_INLINE void tile(size_t pixels, const Row *row, const Block *block, size_t x,
                      __m256i (*sums)[2]) {
    const __m256i *bias = (const __m256i *)block->bias, *w = row->w;
    __m256i acc[PIXELS][2];

#pragma GCC unroll 4
    for (size_t i = 0; i < pixels; i++) {
        acc[i][0] = bias[0];
        acc[i][1] = bias[1];
    }
    for (size_t pair = 0; pair < row->pairs; pair++) {
        const __m256i *tap = pair_at(row, pair) + x;

        for (size_t kx = 0; kx < row->kw; kx++, tap += row->x_tap, w += 2) {
            const __m256i w0 = w[0], w1 = w[1]; /* clang would load them for each pixel */

#pragma GCC unroll 4
            for (size_t i = 0; i < pixels; i++) {
                const __m256i *cell = tap + i * row->x_pixel;
                mnet_add_avx2(&acc[i][0], _mm256_madd_epi16(w0, cell[0]));
                mnet_add_avx2(&acc[i][1], _mm256_madd_epi16(w1, cell[1]));
            }
        }
    }
#pragma GCC unroll 4
    for (size_t i = 0; i < pixels; i++) {
        sums[i][0] = acc[i][0];
        sums[i][1] = acc[i][1];
    }
}

/*
 * The usual 3x3 kernels, undilated and with both row pairs there: the weights of eight channels
 * stay in registers, and all distances but that of the two row pairs are known.
 */
MNET_INLINE void sum_pixels_3x3(size_t stride, const Row *row, const Block *block, size_t pixels,
                                size_t x, __m256i (*sums)[2]) {
    for (size_t half = 0; half < 2; half++, x++) {
        const __m256i *w = row->w + half, bias = ((const __m256i *)block->bias)[half];
        const __m256i w0 = w[0], w1 = w[2], w2 = w[4], w3 = w[6], w4 = w[8], w5 = w[10];
        const __m256i *top = pair_at(row, 0) + x, *bottom = pair_at(row, 1) + x;

        for (size_t i = 0; i < pixels; i++, top += 2 * stride, bottom += 2 * stride) {
            __m256i a = _mm256_add_epi32(bias, _mm256_madd_epi16(w0, top[0]));
            __m256i b = _mm256_madd_epi16(w3, bottom[0]);

            a = _mm256_add_epi32(a, _mm256_madd_epi16(w1, top[2]));
            b = _mm256_add_epi32(b, _mm256_madd_epi16(w4, bottom[2]));
            a = _mm256_add_epi32(a, _mm256_madd_epi16(w2, top[4]));
            b = _mm256_add_epi32(b, _mm256_madd_epi16(w5, bottom[4]));
            sums[i][half] = _mm256_add_epi32(a, b);
        }
    }
}

/* Eight channels of a few pixels, by a row pair of a 5x5 kernel: each column is loaded once for all
 * pixels that see it. clang 14 unrolls by exactly what the pragmas say, or not at all, so the
 * conditions are inside. */
MNET_INLINE void add_columns(size_t stride, size_t pixels, const __m256i *x, const __m256i *w,
                             __m256i *sums) {
    const __m256i taps[5] = {w[0], w[2], w[4], w[6], w[8]};

#pragma GCC unroll 17
    for (size_t i = 0; i < 17; i++) {
        if (i < (pixels - 1) * stride + 5) {
            const __m256i column = x[2 * i];

#pragma GCC unroll 5
            for (size_t kx = 0; kx < 5; kx++)
                if (kx <= i && (i - kx) % stride == 0 && (i - kx) / stride < pixels)
                    mnet_add_avx2(&sums[(i - kx) / stride], _mm256_madd_epi16(column, taps[kx]));
        }
    }
}

MNET_INLINE void tile_5x5(size_t stride, size_t pixels, const Row *row, const Block *block,
                          size_t half, size_t x, __m256i (*out)[2]) {
    const __m256i bias = ((const __m256i *)block->bias)[half];
    __m256i sums[PIXELS_5X5];

#pragma GCC unroll 7
    for (size_t i = 0; i < PIXELS_5X5; i++)
        if (i < pixels)
            sums[i] = bias;
    for (size_t pair = 0; pair < row->pairs; pair++)
        add_columns(stride, pixels, pair_at(row, pair) + x + half, row->w + pair * 10 + half, sums);
#pragma GCC unroll 7
    for (size_t i = 0; i < PIXELS_5X5; i++)
        if (i < pixels)
            out[i][half] = sums[i];
}

/* The usual 5x5 kernels, undilated. */
MNET_INLINE void sum_pixels_5x5(size_t stride, const Row *row, const Block *block, size_t pixels,
                                size_t x, __m256i (*sums)[2]) {
    for (size_t half = 0; half < 2; half++) {
        size_t i = 0;

        for (; i + PIXELS_5X5 <= pixels; i += PIXELS_5X5)
            tile_5x5(stride, PIXELS_5X5, row, block, half, x + i * stride * 2, sums + i);
        for (; i < pixels; i++)
            tile_5x5(stride, 1, row, block, half, x + i * stride * 2, sums + i);
    }
}

static void sum_pixels(const Row *row, const Block *block, size_t pixels, size_t x,
                       __m256i (*sums)[2]) {
    bool is_3x3 = row->kw == 3 && row->pairs == 2 && row->x_tap == 2;
    bool is_5x5 = row->kw == 5 && row->x_tap == 2;

    if (is_3x3 && row->x_pixel == 2) {
        sum_pixels_3x3(1, row, block, pixels, x, sums);
    } else if (is_3x3 && row->x_pixel == 4) {
        sum_pixels_3x3(2, row, block, pixels, x, sums);
    } else if (is_5x5 && row->x_pixel == 2) {
        sum_pixels_5x5(1, row, block, pixels, x, sums);
    } else if (is_5x5 && row->x_pixel == 4) {
        sum_pixels_5x5(2, row, block, pixels, x, sums);
    } else {
        for (; pixels >= PIXELS; pixels -= PIXELS, x += PIXELS * row->x_pixel, sums += PIXELS)
            tile(PIXELS, row, block, x, sums);
        for (; pixels; pixels--, x += row->x_pixel, sums++)
            tile(1, row, block, x, sums);
    }
}

/* One output row of a block of at most NR channels, its pairs being laid out. */
static void finish_row(const MnetPatches *p, const Row *row, const Block *block, size_t n,
                       const MnetEpilogueQs8 *epilogue, const int8_t *residual, int8_t *y) {
    size_t pixels = (size_t)p->out_size[1], channels = (size_t)p->channels, at = 0;
    __m256i sums[SUMS][2];

    for (size_t i = 0, count; i < pixels; i += count, at += count * channels) {
        count = pixels - i < SUMS ? pixels - i : SUMS;
        sum_pixels(row, block, count, i * row->x_pixel, sums);
        mnet_finish_pixels_avx2(epilogue, count, n, sums, block->multiplier,
                                residual ? residual + at : NULL, y + at, channels);
    }
}

/* Output rows [begin, end) of a block; y and residual are those of the first. */
static void run_block(const MnetPatches *p, const int8_t *picture, int32_t zero_point, int begin,
                      int end, const Block *block, const MnetEpilogueQs8 *epilogue,
                      const int8_t *residual, int8_t *y, __m256i *ring) {
    size_t channels = (size_t)p->channels, n = channels < NR ? channels : NR;
    size_t row_size = (size_t)p->out_size[1] * channels, laid_out = 0;
    Row row = {
        .ring = ring,
        .ring_size = row_pairs(p),
        .kw = (size_t)p->kernel[1],
        .x_row = 2 * columns(p),
        .x_pixel = 2 * (size_t)p->stride[1],
        .x_tap = 2 * (size_t)p->dilation[1],
    };

    for (int i = begin; i < end; i++, y += row_size) {
        Pairs pairs = pairs_under(p, i);
        size_t set = pairs.set, skipped = trim(p, &pairs);

        if (p->dilation[0] > 1)
            laid_out = 0;
        for (size_t pair = pairs.first; pair < pairs.end; pair++) {
            if (pair < laid_out)
                continue;
            lay_out_pair(p, &pairs, pair, picture, zero_point, n, ring);
            laid_out = pair + 1;
        }
        row.first = pairs.first % row.ring_size;
        row.pairs = pairs.end - pairs.first;
        row.w = (const __m256i *)(block->weights + set * set_size(p)) + skipped * row.kw * 2;
        finish_row(p, &row, block, n, epilogue, residual, y);
        if (residual)
            residual += row_size;
    }
}

static int band_rows(const MnetPatches *p) {
    size_t bytes = (size_t)p->stride[0] * (size_t)p->size[1] * (size_t)p->channels;
    return bytes < BAND_BYTES / 4 ? (int)(BAND_BYTES / bytes) : 4;
}

static void depthwise_qs8_16_avx2(const MnetPatches *p, const int8_t *picture, int32_t zero_point,
                                  int begin, int end, const void *packed,
                                  const MnetEpilogueQs8 *epilogue, const int8_t *residual,
                                  int8_t *y, void *scratch) {
    size_t channels = (size_t)p->channels, row_size = (size_t)p->out_size[1] * channels;
    int band = band_rows(p);

    for (int last; begin < end; begin = last) {
        last = end - begin < band ? end : begin + band;
        for (size_t b = 0; b * NR < channels; b++) {
            const uint8_t *block = (const uint8_t *)packed + b * block_bytes(p);
            size_t at = first_channel(p, b);

            run_block(p, picture + at, zero_point, begin, last, (const Block *)block, epilogue,
                      residual ? residual + at : NULL, y + at, scratch);
        }
        y += (size_t)(last - begin) * row_size;
        if (residual)
            residual += (size_t)(last - begin) * row_size;
    }
}

void mnet_depthwise_qs8_kernels_init_avx2(MnetDepthwiseQs8Kernels *kernels) {
    *kernels = (MnetDepthwiseQs8Kernels){
        .packed_bytes = packed_bytes,
        .scratch_bytes = scratch_bytes,
        .pack = pack,
        .rows = depthwise_qs8_16_avx2,
        .name = "depthwise_qs8_16_avx2",
    };
}
