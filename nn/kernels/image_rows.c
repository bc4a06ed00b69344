#include "nn/kernels/image_rows.h"

#include "nn/base/cpu.h"

#include <math.h>

/* Columns that are summed at a time. */
#define BLOCK 256

/* A kind must be a constant in the loops, for the compiler to vectorise them. */
#define INLINE static inline __attribute__((always_inline))

INLINE int mulh(int16_t a, int16_t b) {
    return (a * b + (1 << 14)) >> 15;
}

INLINE int16_t saturate(int v) {
    return (int16_t)(v < INT16_MIN ? INT16_MIN : v > INT16_MAX ? INT16_MAX : v);
}

INLINE uint16_t load(const uint8_t *row, int x, MnetRowsKind kind, int shift) {
    if (kind != MNET_ROWS_U16)
        return row[x];
    return (uint16_t)((row[2 * x] | row[2 * x + 1] << 8) >> shift & 1023);
}

/** The place of sample x in a row buffer. */
INLINE ptrdiff_t place(int x, MnetRowsKind kind, ptrdiff_t odd) {
    return kind == MNET_ROWS_U8_PAIRS ? x / 2 + (x & 1) * odd : x;
}

INLINE void sum_columns(uint16_t sum[BLOCK], uint16_t prefix[BLOCK], const uint8_t *row, int n,
                        MnetRowsKind kind, int shift) {
    for (int x = 0; x < n; x++) {
        sum[x] = (uint16_t)(sum[x] + load(row, x, kind, shift));
        prefix[x] = (uint16_t)(prefix[x] + sum[x]);
    }
}

INLINE void add_columns(int16_t *above, int16_t *below, int step, const uint16_t *sum,
                        const uint16_t *prefix, int n, const MnetRowsSegment s) {
    for (int i = 0; i < n; i++) {
        uint16_t p = prefix[step * i];
        int16_t mean = (int16_t)(uint16_t)(sum[step * i] * s.sum);
        int16_t slope = (int16_t)(uint16_t)(sum[step * i] * s.slope_sum - p * s.slope_prefix);
        int16_t up = saturate(mulh(mean, s.above_weight) + mulh(slope, s.above_slope));
        int16_t down = saturate(mulh(mean, s.below_weight) + mulh(slope, s.below_slope));
        above[i] = saturate(above[i] + up);
        below[i] = saturate((s.begins ? 0 : below[i]) + down);
    }
}

INLINE void segment(int16_t *above, int16_t *below, const MnetRowsSource *source,
                    const MnetRowsSegment *s, MnetRowsKind kind) {
    int bytes = kind == MNET_ROWS_U16 ? 2 : 1;
    for (int x = 0; x < source->n; x += BLOCK) {
        int n = source->n - x < BLOCK ? source->n - x : BLOCK;
        uint16_t sum[BLOCK] = {0}, prefix[BLOCK] = {0};
        for (int k = 0; k < s->n_rows; k++)
            sum_columns(sum, prefix, source->data + k * source->stride + x * bytes, n, kind,
                        source->shift);
        if (kind != MNET_ROWS_U8_PAIRS) {
            add_columns(above + x, below + x, 1, sum, prefix, n, *s);
            continue;
        }
        ptrdiff_t odd = x / 2 + source->odd;
        add_columns(above + x / 2, below + x / 2, 2, sum, prefix, (n + 1) / 2, *s);
        add_columns(above + odd, below + odd, 2, sum + 1, prefix + 1, n / 2, *s);
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

INLINE void blend(int16_t *row, const MnetRowsSource *source, int16_t weight, MnetRowsKind kind) {
    int up = kind == MNET_ROWS_U16 ? MNET_ROWS_FRACTION - 2 : MNET_ROWS_FRACTION;
    for (int x = 0; x < source->n; x++) {
        int a = load(source->data, x, kind, source->shift) << up;
        int b = load(source->data + source->stride, x, kind, source->shift) << up;
        row[place(x, kind, source->odd)] = (int16_t)(a + mulh((int16_t)(b - a), weight));
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

static void resample_c(int32_t *out, const int16_t *row, const MnetRowsTaps *taps) {
    for (int i = 0; i < taps->n_outputs; i++) {
        const int16_t *samples = row + taps->start[i];
        const int16_t *weights = taps->weights + (ptrdiff_t)i * taps->n_taps;
        int32_t sum[8] = {0};
        for (int k = 0; k < taps->n_taps; k += 8)
            for (int lane = 0; lane < 8; lane++)
                sum[lane] += weights[k + lane] * samples[k + lane];
        out[i] = sum[0] + sum[1] + sum[2] + sum[3] + sum[4] + sum[5] + sum[6] + sum[7];
    }
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

static void pack_u8_c(uint8_t *out, const float *const rgb[3], const MnetRowsNormal *normal,
                      const int order[3], int n) {
    float lo = (float)normal->lo, hi = lo + 255;
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < n; i++) {
            float t = rgb[c][i] * normal->mul[c] + normal->add[c];
            t = t > lo ? t : lo; /* NaN, of an odd scale, becomes lo */
            out[3 * i + order[c]] = (uint8_t)(int)lrintf(t < hi ? t : hi);
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
    if (cpu_features & MNET_CPU_AVX2)
        mnet_image_rows_kernels_init_avx2(kernels);
#endif
}
