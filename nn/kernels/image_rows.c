#include "nn/kernels/image_rows.h"

#include "nn/base/cpu.h"

#include <string.h>

/* Columns that are summed at a time, into arrays of a size that the compiler knows. */
#define BLOCK 256

/* Columns that are summed in registers, and that a row is filled up to. */
#define STEP 32

/* A kind must be a constant in the loops, for the compiler to vectorise them. */
#define INLINE static inline __attribute__((always_inline))

/* Compilers don't keep arrays of sums in registers, nor take bytes apart well; with GNU
 * vectors they do both, on every CPU. */
#define LANES 8
typedef uint16_t Vec8 __attribute__((vector_size(2 * LANES)));

/* 16 columns; of bytes, those of even index in `a` and those of odd index in `b`. */
typedef struct Columns {
    Vec8 a, b;
} Columns;

typedef struct Sums {
    Columns sum, prefix;
} Sums;

/* Sums of a block; of pairs, those of the columns of odd index are in the second half. */
typedef struct Block {
    uint16_t sum[BLOCK], prefix[BLOCK];
} Block;

INLINE int mulh(int16_t a, int16_t b) {
    return (a * b + (1 << 14)) >> 15;
}

/** a + b, saturated, in 16 bits and without branches, that compilers make more of. */
INLINE int16_t add_saturated(int16_t a, int16_t b) {
    int16_t negative = (int16_t)(a & a >> 15), positive = (int16_t)(a - negative);
    int16_t lo = (int16_t)(INT16_MIN - negative), hi = (int16_t)(INT16_MAX - positive);
    b = b < lo ? lo : b;
    b = b > hi ? hi : b;
    return (int16_t)(a + b);
}

/** Eight little-endian numbers. */
INLINE Vec8 load(const uint8_t *at) {
    Vec8 v;
    memcpy(&v, at, sizeof(v));
    if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
        v = v << 8 | v >> 8;
    return v;
}

INLINE Columns load_columns(const uint8_t *row, MnetRowsKind kind, uint16_t shift) {
    Vec8 v = load(row);
    if (kind == MNET_ROWS_U16)
        return (Columns){v >> shift & 1023, load(row + sizeof(v)) >> shift & 1023};
    return (Columns){v & 255, v >> 8};
}

INLINE void store_columns(uint16_t *out, Columns v, MnetRowsKind kind) {
    if (kind == MNET_ROWS_U8)
        v = (Columns){__builtin_shufflevector(v.a, v.b, 0, 8, 1, 9, 2, 10, 3, 11),
                      __builtin_shufflevector(v.a, v.b, 4, 12, 5, 13, 6, 14, 7, 15)};
    memcpy(out, &v.a, sizeof(v.a));
    memcpy(out + (kind == MNET_ROWS_U8_PAIRS ? BLOCK / 2 : LANES), &v.b, sizeof(v.b));
}

INLINE void add_row(Sums *s, Columns row) {
    s->sum.a += row.a;
    s->sum.b += row.b;
    s->prefix.a += s->sum.a;
    s->prefix.b += s->sum.b;
}

/** STEP columns. */
INLINE void sum_step(uint16_t *sum, uint16_t *prefix, const uint8_t *row, ptrdiff_t stride,
                     int n_rows, MnetRowsKind kind, uint16_t shift) {
    int half = kind == MNET_ROWS_U16 ? STEP : STEP / 2;
    int place = kind == MNET_ROWS_U8_PAIRS ? STEP / 4 : STEP / 2;
    Sums low = {0}, high = {0};
    for (int k = 0; k < n_rows; k++, row += stride) {
        add_row(&low, load_columns(row, kind, shift));
        add_row(&high, load_columns(row + half, kind, shift));
    }
    store_columns(sum, low.sum, kind);
    store_columns(prefix, low.prefix, kind);
    store_columns(sum + place, high.sum, kind);
    store_columns(prefix + place, high.prefix, kind);
}

/** Columns [x, x + n) of n_rows rows, and of garbage up to a whole STEP. */
INLINE void sum_block(Block *block, const MnetRowsSource *source, int x, int n, int n_rows,
                      MnetRowsKind kind) {
    int bytes = kind == MNET_ROWS_U16 ? 2 : 1, halves = kind == MNET_ROWS_U8_PAIRS ? 2 : 1, i = 0;
    const uint8_t *row = source->data + (ptrdiff_t)x * bytes;
    uint16_t shift = (uint16_t)source->shift;
    for (; i + STEP <= n; i += STEP, row += STEP * bytes)
        sum_step(block->sum + i / halves, block->prefix + i / halves, row, source->stride, n_rows,
                 kind, shift);
    if (i == n)
        return;
    uint8_t tail[MNET_ROWS_SEGMENT_U8][2 * STEP]; /* nothing behind a row is read */
    for (int k = 0; k < n_rows; k++) {
        memset(tail[k], 0, sizeof(tail[k]));
        memcpy(tail[k], row + k * source->stride, (size_t)((n - i) * bytes));
    }
    sum_step(block->sum + i / halves, block->prefix + i / halves, tail[0], sizeof(tail[0]), n_rows,
             kind, shift);
}

INLINE int16_t weigh(int16_t mean, int16_t weight, int16_t slope, int16_t slope_weight) {
    return add_saturated((int16_t)mulh(mean, weight), (int16_t)mulh(slope, slope_weight));
}

/** Up to STEP / 2 - 1 columns more than n are written. */
INLINE void add_columns(int16_t *restrict above, int16_t *restrict below, const uint16_t *sum,
                        const uint16_t *prefix, int n, const MnetRowsSegment s) {
    int16_t keep = s.begins ? 0 : -1;
    n = (n + STEP / 2 - 1) / (STEP / 2) * (STEP / 2); /* whole vectors */
    for (int i = 0; i < n; i++) {
        int16_t mean = (int16_t)(uint16_t)(sum[i] * s.sum);
        int16_t slope = (int16_t)(uint16_t)(sum[i] * s.slope_sum - prefix[i] * s.slope_prefix);
        int16_t up = weigh(mean, s.above_weight, slope, s.above_slope);
        int16_t down = weigh(mean, s.below_weight, slope, s.below_slope);
        above[i] = add_saturated(above[i], up);
        below[i] = add_saturated(below[i] & keep, down);
    }
}

INLINE void segment(int16_t *above, int16_t *below, const MnetRowsSource *source,
                    const MnetRowsSegment *s, MnetRowsKind kind) {
    Block block;
    for (int x = 0; x < source->n; x += BLOCK) {
        int n = source->n - x < BLOCK ? source->n - x : BLOCK;
        sum_block(&block, source, x, n, s->n_rows, kind);
        if (kind != MNET_ROWS_U8_PAIRS) {
            add_columns(above + x, below + x, block.sum, block.prefix, n, *s);
            continue;
        }
        ptrdiff_t odd = x / 2 + source->odd;
        add_columns(above + x / 2, below + x / 2, block.sum, block.prefix, (n + 1) / 2, *s);
        add_columns(above + odd, below + odd, block.sum + BLOCK / 2, block.prefix + BLOCK / 2,
                    n / 2, *s);
    }
}

static void segment_u8_c(int16_t *above, int16_t *below, const MnetRowsSource *source,
                         const MnetRowsSegment *s) {
    segment(above, below, source, s, MNET_ROWS_U8);
}

static void segment_u8_pairs_c(int16_t *above, int16_t *below, const MnetRowsSource *source,
                               const MnetRowsSegment *s) {
    segment(above, below, source, s, MNET_ROWS_U8_PAIRS);
}

static void segment_u16_c(int16_t *above, int16_t *below, const MnetRowsSource *source,
                          const MnetRowsSegment *s) {
    segment(above, below, source, s, MNET_ROWS_U16);
}

INLINE void blend_columns(int16_t *restrict out, const uint16_t *from, const uint16_t *to, int n,
                          int16_t weight, MnetRowsKind kind) {
    int up = kind == MNET_ROWS_U16 ? MNET_ROWS_FRACTION - 2 : MNET_ROWS_FRACTION;
    n = (n + STEP / 2 - 1) / (STEP / 2) * (STEP / 2);
    for (int i = 0; i < n; i++) {
        int16_t a = (int16_t)(from[i] << up), b = (int16_t)(to[i] << up);
        out[i] = (int16_t)(a + mulh((int16_t)(b - a), weight));
    }
}

/** A row is the sum of one row. */
INLINE void blend(int16_t *row, const MnetRowsSource *source, int16_t weight, MnetRowsKind kind) {
    MnetRowsSource other = *source;
    other.data += source->stride;
    Block from, to;
    for (int x = 0; x < source->n; x += BLOCK) {
        int n = source->n - x < BLOCK ? source->n - x : BLOCK;
        sum_block(&from, source, x, n, 1, kind);
        sum_block(&to, &other, x, n, 1, kind);
        if (kind != MNET_ROWS_U8_PAIRS) {
            blend_columns(row + x, from.sum, to.sum, n, weight, kind);
            continue;
        }
        blend_columns(row + x / 2, from.sum, to.sum, (n + 1) / 2, weight, kind);
        blend_columns(row + x / 2 + source->odd, from.sum + BLOCK / 2, to.sum + BLOCK / 2, n / 2,
                      weight, kind);
    }
}

static void blend_u8_c(int16_t *row, const MnetRowsSource *source, int16_t weight) {
    blend(row, source, weight, MNET_ROWS_U8);
}

static void blend_u8_pairs_c(int16_t *row, const MnetRowsSource *source, int16_t weight) {
    blend(row, source, weight, MNET_ROWS_U8_PAIRS);
}

static void blend_u16_c(int16_t *row, const MnetRowsSource *source, int16_t weight) {
    blend(row, source, weight, MNET_ROWS_U16);
}

static void split2_c(int16_t *const out[2], const int16_t *row, int n) {
    int16_t *restrict a = out[0], *restrict b = out[1];
    for (int i = 0; i < n; i++) {
        a[i] = row[2 * i];
        b[i] = row[2 * i + 1];
    }
}

static void split3_c(int16_t *const out[3], const int16_t *row, int n) {
    int16_t *restrict a = out[0], *restrict b = out[1], *restrict c = out[2];
    for (int i = 0; i < n; i++) {
        a[i] = row[3 * i];
        b[i] = row[3 * i + 1];
        c[i] = row[3 * i + 2];
    }
}

INLINE void resample_row(int32_t *out, const int16_t *row, const MnetRowsTaps *taps) {
    int n_taps = taps->n_taps / 8 * 8; /* so that the compiler knows it */
    const int16_t *weights = taps->weights;
    for (int i = 0; i < taps->n_outputs; i++, weights += n_taps) {
        const int16_t *samples = row + taps->start[i];
        int32_t sum = 0;
        for (int k = 0; k < n_taps; k++)
            sum += weights[k] * samples[k];
        out[i] = sum;
    }
}

static void resample_c(int32_t *const *out, const int16_t *const *rows, int n,
                       const MnetRowsTaps *taps) {
    for (int r = 0; r < n; r++)
        resample_row(out[r], rows[r], taps);
}

INLINE float clamp_255(float v) {
    v = v > 0 ? v : 0;
    return v < 255 ? v : 255;
}

static void color_c(float *const rgb[3], const int32_t *const component[3],
                    const MnetRowsColor *color, int n) {
    const int32_t *restrict c0 = component[0], *restrict c1 = component[1],
                            *restrict c2 = component[2];
    for (int channel = 0; channel < 3; channel++) {
        float *restrict out = rgb[channel];
        const float *gain = color->gain[channel];
        float g0 = gain[0], g1 = gain[1], g2 = gain[2], offset = color->offset[channel];
        for (int i = 0; i < n; i++)
            out[i] =
                clamp_255(((g0 * (float)c0[i] + g1 * (float)c1[i]) + g2 * (float)c2[i]) + offset);
    }
}

/**
 * Rounds to nearest even, for |v| < 2^22: a float of about 1.5 * 2^23 has no fraction bits, and the
 * low ones of its mantissa are the integer's. Vectorises everywhere, as lrintf() doesn't.
 */
INLINE uint8_t round_to_byte(float v) {
    uint32_t bits;
    v += 0x1.8p23f;
    memcpy(&bits, &v, sizeof(bits));
    return (uint8_t)bits;
}

static void pack_u8_c(uint8_t *out, const float *const rgb[3], const MnetRowsNormal *normal,
                      const int order[3], int n) {
    float lo = (float)normal->lo, hi = lo + 255;
    uint8_t bytes[3][BLOCK];
    for (int x = 0; x < n; x += BLOCK, out += (ptrdiff_t)3 * BLOCK) {
        int count = n - x < BLOCK ? n - x : BLOCK;
        for (int c = 0; c < 3; c++) {
            const float *v = rgb[c] + x;
            uint8_t *to = bytes[order[c]];
            float mul = normal->mul[c], add = normal->add[c];
            for (int i = 0; i < count; i++) {
                float t = v[i] * mul + add;
                t = t > lo ? t : lo; /* NaN, of an odd scale, becomes lo */
                to[i] = round_to_byte(t < hi ? t : hi);
            }
        }
        for (int i = 0; i < count; i++) {
            out[3 * i] = bytes[0][i];
            out[3 * i + 1] = bytes[1][i];
            out[3 * i + 2] = bytes[2][i];
        }
    }
}

void mnet_image_rows_kernels_init(MnetRowsKernels *kernels, uint32_t cpu_features) {
    *kernels = (MnetRowsKernels){
        .segment = {segment_u8_c, segment_u8_pairs_c, segment_u16_c},
        .blend = {blend_u8_c, blend_u8_pairs_c, blend_u16_c},
        .split2 = split2_c,
        .split3 = split3_c,
        .resample = resample_c,
        .color = color_c,
        .pack_u8 = pack_u8_c,
        .name = "c",
    };
#ifdef __x86_64__
    if (cpu_features & MNET_CPU_AVX2) {
        mnet_image_vertical_kernels_init_avx2(kernels);
        mnet_image_horizontal_kernels_init_avx2(kernels);
        mnet_image_color_kernels_init_avx2(kernels);
        kernels->name = "avx2";
    }
    if (cpu_features & MNET_CPU_AVX512) {
        mnet_image_vertical_kernels_init_avx512(kernels);
        mnet_image_horizontal_kernels_init_avx512(kernels);
        mnet_image_color_kernels_init_avx512(kernels);
        kernels->name = "avx512";
    }
#endif
}
