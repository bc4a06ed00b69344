/**
 * Row kernels of the frame-to-tensor pass. All sums are of integers, and what is float is done in a
 * fixed order without fused multiply-adds, so that every CPU gives the same bytes.
 *
 * Between the two passes a value is an int16_t with MNET_ROWS_FRACTION fraction bits of an 8-bit
 * code (255 is 32640; a 10-bit code has two fraction bits less). mulh(a, b) below is (a * b + 2^14)
 * >> 15, as x86's pmulhrsw has it.
 */
#ifndef MNET_KERNELS_IMAGE_ROWS_H
#define MNET_KERNELS_IMAGE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MNET_ROWS_FRACTION 7
#define MNET_ROWS_TAP_BITS 14
/** Samples behind the last of a row buffer that kernels may write (and read, with any content). */
#define MNET_ROWS_PAD 64
/** The most rows of a segment: its sums fit 16 bits. */
#define MNET_ROWS_SEGMENT_U8 22
#define MNET_ROWS_SEGMENT_U16 11

typedef enum MnetRowsKind {
    MNET_ROWS_U8,
    MNET_ROWS_U8_PAIRS, /* samples of even index go to the row, those of odd index to row + odd */
    MNET_ROWS_U16, /* little endian, at any alignment; (stored >> shift) & 1023 is a 10-bit code */
    MNET_ROWS_KINDS
} MnetRowsKind;

/** Rows of a plane: n samples from `data` on, and the same `stride` bytes on. Nothing else is read.
 */
typedef struct MnetRowsSource {
    const uint8_t *data;
    ptrdiff_t stride;
    int n;
    int shift;     /* of MNET_ROWS_U16 */
    ptrdiff_t odd; /* of MNET_ROWS_U8_PAIRS, in samples */
} MnetRowsSource;

/**
 * Rows that lie between the centres of two output rows, where the weights of both are linear: sums
 * with equal and with linear weights are enough. With S the sum of the n samples of a column and P
 * the sum of the sums of its first 1, 2, .. n, modulo 2^16, s = S * sum        q = S * slope_sum -
 * P * slope_prefix above = saturate(above + saturate(mulh(s, above_weight) + mulh(q, above_slope)))
 *     below = the same of below, counted from 0 where `begins`.
 * q is the sum of (2 k - (n - 1)) times row k, times slope_prefix / 2.
 */
typedef struct MnetRowsSegment {
    int first, n_rows;
    int16_t sum, slope_sum, slope_prefix;
    int16_t above_weight, above_slope;
    int16_t below_weight, below_slope;
    int16_t begins;
} MnetRowsSegment;

/**
 * The horizontal filter: output i of a row is the sum over k < n_taps of weights[i * n_taps + k] *
 * row[start[i] + k]. Where outputs go `by_pairs`, start[2 i] and start[2 i + 1] are the same.
 * n_taps is 8 or a multiple of 16; both arrays are filled up with zeros to a multiple of 8 outputs,
 * and weights are aligned to 64 bytes.
 */
typedef struct MnetRowsTaps {
    int n_outputs, n_taps;
    bool by_pairs;
    int *start;
    int16_t *weights; /* of MNET_ROWS_TAP_BITS fraction bits */
} MnetRowsTaps;

/** rgb[i] = clamp(((gain[i][0] * c0 + gain[i][1] * c1) + gain[i][2] * c2) + offset[i], 0, 255). */
typedef struct MnetRowsColor {
    float gain[3][3];
    float offset[3];
} MnetRowsColor;

/** t = v * mul + add; bytes are t rounded to nearest even and saturated to lo..lo + 255. */
typedef struct MnetRowsNormal {
    float mul[3], add[3];
    int lo; /* 0 or -128 */
} MnetRowsNormal;

typedef struct MnetRowsKernels {
    /** One segment of rows, of which `source` is the first. `above` and `below` are row buffers. */
    void (*segment[MNET_ROWS_KINDS])(int16_t *above, int16_t *below, const MnetRowsSource *source,
                                     const MnetRowsSegment *segment);
    /** row = a + mulh(b - a, weight) of two rows, a at source->data and b at source->data + stride.
     */
    void (*blend[MNET_ROWS_KINDS])(int16_t *row, const MnetRowsSource *source, int16_t weight);
    /** out[c][i] = row[step * i + c], c < step, i < n; step is 2 or 3. */
    void (*split2)(int16_t *const out[2], const int16_t *row, int n);
    void (*split3)(int16_t *const out[3], const int16_t *row, int n);
    /** Applies `taps` to n row buffers, 1 to 3; out[0] to out[n - 1] have room for n_outputs + 7
     * each. */
    void (*resample)(int32_t *const *out, const int16_t *const *rows, int n,
                     const MnetRowsTaps *taps);
    void (*color)(float *const rgb[3], const int32_t *const component[3],
                  const MnetRowsColor *color, int n);
    /** out[3 i + order[c]] = channel c of pixel i. */
    void (*pack_u8)(uint8_t *out, const float *const rgb[3], const MnetRowsNormal *normal,
                    const int order[3], int n);
    const char *name;
} MnetRowsKernels;

/** The best kernels for a CPU with these features (nn/base/cpu.h). */
void mnet_image_rows_kernels_init(MnetRowsKernels *kernels, uint32_t cpu_features);

/** Tiers, by topic: segments and blends; splits and resampling; colour and bytes. */
void mnet_image_vertical_kernels_init_avx2(MnetRowsKernels *kernels);
void mnet_image_horizontal_kernels_init_avx2(MnetRowsKernels *kernels);
void mnet_image_color_kernels_init_avx2(MnetRowsKernels *kernels);
void mnet_image_vertical_kernels_init_avx512(MnetRowsKernels *kernels);
void mnet_image_horizontal_kernels_init_avx512(MnetRowsKernels *kernels);
void mnet_image_color_kernels_init_avx512(MnetRowsKernels *kernels);

#endif
