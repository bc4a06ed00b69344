/**
 * Depthwise convolution by dot products of four unsigned with four signed bytes: what the tiers
 * that have them share. The including file says before how:
 *
 * - Vector: one of its registers; LANES sums fit in it
 * - BLOCK_VECTORS: of the sums of a block of channels; vectors_of(left): of the next block, where
 * so many channels are left; WIDTHS(X): X(n) for each n of vectors that there may be
 * - lane(vectors, c): where channel c of a block lies
 * - dot(&sums, u8, s8): sums[i] += u8[4 i] * s8[4 i] + ... + u8[4 i + 3] * s8[4 i + 3]
 * - fill(byte), less_product(b, s, n): b[i] - s[i] * n, twice_plus(a, b): 2 a[i] + b[i]
 * - lay_out_cells() of a row of columns and finish(), the epilogue of pixels, as called below
 *
 * Four input rows, a quad, are laid out in scratch as vectors for each column and block: a
 * channel's four bytes side by side, less -128, so that they are unsigned, and in the order that
 * the epilogue wants; borders are zero points, and bias less 128 + zero point times the sum of the
 * weights makes up for both. A dot product then does four rows of a tap's column. Quads begin in
 * every second row, counted from the top of the padding, and there are weights for windows that
 * begin in a quad's first row and in its second; so two output rows of a 3x3 kernel share a quad.
 * Taller kernels go on two quads further; the ring keeps those that a later row needs again. Strips
 * of columns are so narrow that the ring stays in the first-level cache.
 *
 * Weights beyond a byte (uint8 models have them) are split into twice their half and the last bit.
 */
#ifndef MNET_KERNELS_X86_DEPTHWISE_QS8_QUADS_H
#define MNET_KERNELS_X86_DEPTHWISE_QS8_QUADS_H

#include "nn/kernels/x86/depthwise_qs8_sums.h"

#include <string.h>

#define SUM_VECTORS (4 * TILE * BLOCK_VECTORS) /* wait for the epilogue */
#define WAITING_VECTORS (SUM_VECTORS + (REST_TILE - 1) * BLOCK_VECTORS)
#define RING_BYTES (24 * 1024)
#define BAND_BYTES                                                                                 \
    (128 * 1024) /* of input: is read by all blocks of channels from the second-level cache */

/* By lane. Weights as [part][window begins in a quad's first or second row][quad][kernel w]
 * [lane][4 rows]; part 1 are last bits, where the block is wide. */
typedef struct Block {
    int32_t bias[BLOCK_VECTORS * LANES], weight_sum[BLOCK_VECTORS * LANES];
    float multiplier[BLOCK_VECTORS * LANES];
    _Alignas(64) int32_t is_wide;
    _Alignas(64) int8_t weights[];
} Block;

/* Channels [first, first + n). */
typedef struct Span {
    size_t first, n, vectors;
} Span;

static Span span_at(const MnetPatches *p, size_t first) {
    size_t left = (size_t)p->channels - first, vectors = vectors_of(left);

    return (Span){first, left < vectors * LANES ? left : vectors * LANES, vectors};
}

/* Quads that a window can touch, and those from its first row to its last. */
static size_t window_quads(const MnetPatches *p) {
    return (size_t)p->kernel[0] / 4 + 1;
}

static size_t ring_size(const MnetPatches *p) {
    return 2 * window_quads(p) - 1;
}

/* Vectors of weights for windows that begin alike. */
static size_t set_size(const MnetPatches *p, size_t vectors) {
    return window_quads(p) * (size_t)p->kernel[1] * vectors;
}

static size_t block_bytes(const MnetPatches *p, size_t vectors) {
    return sizeof(Block) + 4 * set_size(p, vectors) * sizeof(Vector);
}

static uint64_t packed_bytes(const MnetPatches *p) {
    uint64_t bytes = 0;

    for (Span span = span_at(p, 0); span.n; span = span_at(p, span.first + span.n))
        bytes += block_bytes(p, span.vectors);
    return bytes;
}

/* Columns of the padded picture under so many output pixels. */
static size_t columns_under(const MnetPatches *p, size_t pixels) {
    return (pixels - 1) * (size_t)p->stride[1] +
           ((size_t)p->kernel[1] - 1) * (size_t)p->dilation[1] + 1;
}

/* Output pixels of a strip. */
static size_t strip_pixels(const MnetPatches *p) {
    size_t width = (size_t)p->out_size[1], reach = columns_under(p, 1);
    size_t fit = RING_BYTES / (ring_size(p) * BLOCK_VECTORS * sizeof(Vector));
    size_t pixels = fit > reach ? (fit - reach) / (size_t)p->stride[1] + 1 : 1, strips;

    pixels = pixels > TILE ? pixels : TILE;
    strips = (width + pixels - 1) / pixels;
    return (width + strips - 1) / strips;
}

/* Columns of a quad in the ring: tiles may go beyond the last pixel, for nothing. */
static size_t quad_columns(const MnetPatches *p) {
    return columns_under(p, strip_pixels(p) + REST_TILE - 1);
}

static uint64_t scratch_bytes(const MnetPatches *p) {
    return (uint64_t)ring_size(p) * quad_columns(p) * BLOCK_VECTORS * sizeof(Vector);
}

static void pack_block(const MnetPatches *p, Span span, const int16_t *weights, Block *block) {
    size_t channels = (size_t)p->channels, kw = (size_t)p->kernel[1];
    size_t taps = (size_t)p->kernel[0] * kw, set = set_size(p, span.vectors) * LANES * 4;

    for (size_t i = 0; i < taps * span.n; i++) {
        int16_t weight = weights[i / span.n * channels + i % span.n];
        block->is_wide |= weight < INT8_MIN || weight > INT8_MAX;
    }
    for (size_t i = 0; i < taps; i++, weights += channels) {
        for (size_t c = 0; c < span.n; c++) {
            size_t at = lane(span.vectors, c), ky = i / kw, kx = i % kw;
            int bit = block->is_wide ? weights[c] & 1 : 0;
            int rest = block->is_wide ? (weights[c] - bit) / 2 : weights[c];

            block->weight_sum[at] += weights[c];
            for (size_t s = 0; s < 2; s++, ky++) {
                size_t row =
                    s * set + ((ky / 4 * kw + kx) * span.vectors * LANES + at) * 4 + ky % 4;

                block->weights[row] = (int8_t)rest;
                block->weights[2 * set + row] = (int8_t)bit;
            }
        }
    }
}

static void pack(const MnetPatches *p, const int16_t *weights, const int32_t *bias,
                 const float *multiplier, void *packed) {
    uint8_t *at = packed;

    for (Span span = span_at(p, 0); span.n; span = span_at(p, span.first + span.n)) {
        Block *block = (Block *)at;

        for (size_t c = 0; c < span.n; c++) {
            block->bias[lane(span.vectors, c)] = bias[span.first + c];
            block->multiplier[lane(span.vectors, c)] = multiplier[span.first + c];
        }
        pack_block(p, span, weights + span.first, block);
        at += block_bytes(p, span.vectors);
    }
}

/* The quads under an output row: `first`, then every second one. */
typedef struct Quads {
    size_t first, count, set;
    int top, step; /* first row of quad 0, and rows from one to the next */
} Quads;

static Quads quads_under(const MnetPatches *p, int row) {
    int begin = row * p->stride[0];
    Quads quads = {.top = -p->pad[0], .step = p->dilation[0]};

    if (quads.step > 1) { /* rows don't share them */
        quads.top += begin;
        begin = 0;
    }
    quads.set = (size_t)begin % 2;
    quads.first = (size_t)begin / 2;
    quads.count = (quads.set + (size_t)p->kernel[0] + 3) / 4;
    return quads;
}

/* A block of a picture, strip by strip. */
typedef struct Work {
    const MnetPatches *p;
    const int8_t *picture; /* from the block's first channel on */
    Span span;
    Vector *ring;
    size_t ring_size, quad_size; /* quads, and vectors from one to the next */
    size_t pixels;               /* of the strip, of output */
    /* The padded columns under it, in order; those inside begin at `first` of a row. */
    size_t left, inside, right, first;
    Vector outside; /* zero points, unsigned */
    int8_t outside_cell[BLOCK_VECTORS * LANES];
    Vector bias[BLOCK_VECTORS], no_bias[BLOCK_VECTORS];
} Work;

/* A quad's place in the ring; most have room for one, and need no division. */
MNET_INLINE size_t place_of(const Work *work, size_t quad) {
    return work->ring_size == 1 ? 0 : (uint32_t)quad % (uint32_t)work->ring_size;
}

static Vector *fill_columns(const Work *work, size_t columns, Vector *out) {
    for (size_t i = 0; i < columns * work->span.vectors; i++)
        *out++ = work->outside;
    return out;
}

static void begin_strip(Work *work, size_t x, size_t pixels) {
    const MnetPatches *p = work->p;
    int first = (int)x * p->stride[1] - p->pad[1], columns = (int)columns_under(p, pixels);
    int left = first < 0 ? (-first < columns ? -first : columns) : 0;
    int right = first + columns > p->size[1] ? first + columns - p->size[1] : 0;

    right = right < columns - left ? right : columns - left;
    work->pixels = pixels;
    work->left = (size_t)left;
    work->right = (size_t)right;
    work->inside = (size_t)(columns - left - right);
    work->first = work->inside ? (size_t)(first + left) * (size_t)p->channels : 0;
}

static void lay_out_quad(const Work *work, const Quads *quads, size_t quad) {
    const MnetPatches *p = work->p;
    size_t channels = (size_t)p->channels, row_size = (size_t)p->size[1] * channels;
    Vector *out =
        fill_columns(work, work->left, work->ring + place_of(work, quad) * work->quad_size);
    int y = quads->top + 2 * (int)quad * quads->step;
    const int8_t *rows[4];
    size_t steps[4];

    for (int i = 0; i < 4; i++, y += quads->step) {
        bool is_inside = y >= 0 && y < p->size[0];

        rows[i] =
            is_inside ? work->picture + (size_t)y * row_size + work->first : work->outside_cell;
        steps[i] = is_inside ? channels : 0;
    }
    if (work->inside)
        lay_out_cells(work->span.vectors, work->span.n, rows, steps, work->inside, out);
    fill_columns(work, work->right, out + work->inside * work->span.vectors);
}

/* The epilogue's next pixels, which lie side by side. */
typedef struct Waiting {
    size_t pixels;
    const int8_t *residual;
    int8_t *y;
    Vector sums[WAITING_VECTORS];
} Waiting;

static void finish_waiting(const Work *work, const Block *block, const MnetEpilogueQs8 *epilogue,
                           Waiting *waiting) {
    size_t channels = (size_t)work->p->channels;

    finish(epilogue, waiting->pixels, work->span.n, waiting->sums, block->multiplier,
           waiting->residual, waiting->y, channels);
    waiting->y += waiting->pixels * channels;
    if (waiting->residual)
        waiting->residual += waiting->pixels * channels;
    waiting->pixels = 0;
}

/* Halves of weights and last bits are summed apart. */
static void sum_wide(const Work *work, const Row *row, SumPixels sum, size_t pixels, size_t x,
                     Vector *sums) {
    Vector bits[WAITING_VECTORS];
    Row last = *row;

    last.w += 2 * set_size(work->p, work->span.vectors);
    sum(row, pixels, x, work->no_bias, sums);
    sum(&last, pixels, x, work->bias, bits);
    for (size_t i = 0; i < pixels * work->span.vectors; i++)
        sums[i] = twice_plus(sums[i], bits[i]);
}

/* An output row of a strip. */
static void finish_row(const Work *work, const Row *row, SumPixels sum, const Block *block,
                       const MnetEpilogueQs8 *epilogue, Waiting *waiting) {
    size_t vectors = work->span.vectors, room = SUM_VECTORS / vectors;

    for (size_t x = 0, count; x < work->pixels; x += count) {
        Vector *sums;

        count = work->pixels - x < room ? work->pixels - x : room;
        if (waiting->pixels + count > room)
            finish_waiting(work, block, epilogue, waiting);
        sums = waiting->sums + waiting->pixels * vectors;
        if (block->is_wide)
            sum_wide(work, row, sum, count, x, sums);
        else
            sum(row, count, x, work->bias, sums);
        waiting->pixels += count;
    }
}

/* Output rows [begin, end) of a strip; y and residual are the first one's pixels. Where the strip
 * is the whole picture, rows follow one another without a gap, and few pixels wait for more. */
static void run_strip(const Work *work, int begin, int end, const Block *block,
                      const MnetEpilogueQs8 *epilogue, const int8_t *residual, int8_t *y) {
    const MnetPatches *p = work->p;
    size_t gap = ((size_t)p->out_size[1] - work->pixels) * (size_t)p->channels;
    size_t next[2] = {0, 0}; /* even, odd: the quad to be laid out next */
    SumPixels sum;
    Waiting waiting; /* not all cleared: it is large */
    Row row = {
        .x = work->ring,
        .ring_size = work->ring_size,
        .quad_size = work->quad_size,
        .kw = (size_t)p->kernel[1],
        .stride = (size_t)p->stride[1],
        .dilation = (size_t)p->dilation[1],
    };

    sum = sums_of(work->span.vectors, (size_t)p->kernel[0], &row);
    waiting.pixels = 0;
    waiting.residual = residual;
    waiting.y = y;
    for (int i = begin; i < end; i++) {
        Quads quads = quads_under(p, i);

        if (p->dilation[0] > 1)
            next[0] = 0;
        for (size_t j = 0, quad = quads.first; j < quads.count; j++, quad += 2) {
            if (quad < next[quad % 2])
                continue;
            lay_out_quad(work, &quads, quad);
            next[quad % 2] = quad + 2;
        }
        row.first = place_of(work, quads.first);
        row.quads = quads.count;
        row.w = (const Vector *)block->weights + quads.set * set_size(p, work->span.vectors);
        finish_row(work, &row, sum, block, epilogue, &waiting);
        if (!gap && i + 1 < end)
            continue;
        finish_waiting(work, block, epilogue, &waiting);
        waiting.y += gap;
        if (residual)
            waiting.residual += gap;
    }
}

/* The same of a whole block; picture, residual and y are at its first channel. */
static void run_block(const MnetPatches *p, Span span, const int8_t *picture, int32_t zero_point,
                      int begin, int end, const Block *block, const MnetEpilogueQs8 *epilogue,
                      const int8_t *residual, int8_t *y, void *scratch) {
    size_t width = (size_t)p->out_size[1], strip = strip_pixels(p);
    Work work = {
        .p = p,
        .picture = picture,
        .span = span,
        .ring = scratch,
        .ring_size = ring_size(p),
        .quad_size = quad_columns(p) * span.vectors,
        .outside = fill((int8_t)(zero_point ^ -128)),
    };

    memset(work.outside_cell, zero_point, sizeof(work.outside_cell));
    for (size_t v = 0; v < span.vectors; v++) {
        work.no_bias[v] = fill(0);
        work.bias[v] =
            less_product(block->bias + v * LANES, block->weight_sum + v * LANES, zero_point + 128);
    }
    for (size_t x = 0; x < width; x += strip) {
        size_t at = x * (size_t)p->channels;

        begin_strip(&work, x, width - x < strip ? width - x : strip);
        run_strip(&work, begin, end, block, epilogue, residual ? residual + at : NULL, y + at);
    }
}

/* An even number, as pairs of rows share their quads. */
static int band_rows(const MnetPatches *p) {
    size_t bytes = (size_t)p->stride[0] * (size_t)p->size[1] * (size_t)p->channels;
    return bytes < BAND_BYTES / 4 ? (int)(BAND_BYTES / bytes) & ~1 : 4;
}

static void run_rows(const MnetPatches *p, const int8_t *picture, int32_t zero_point, int begin,
                     int end, const void *packed, const MnetEpilogueQs8 *epilogue,
                     const int8_t *residual, int8_t *y, void *scratch) {
    size_t row_size = (size_t)p->out_size[1] * (size_t)p->channels;
    int band = band_rows(p);

    for (int last; begin < end; begin = last) {
        const uint8_t *block = packed;

        last = end - begin < band ? end : begin + band;
        for (Span span = span_at(p, 0); span.n; span = span_at(p, span.first + span.n)) {
            run_block(p, span, picture + span.first, zero_point, begin, last, (const Block *)block,
                      epilogue, residual ? residual + span.first : NULL, y + span.first, scratch);
            block += block_bytes(p, span.vectors);
        }
        y += (size_t)(last - begin) * row_size;
        if (residual)
            residual += (size_t)(last - begin) * row_size;
    }
}

#endif
