/**
 * Row kernels of the frame-to-tensor pass: vertical sum of source rows, component split, horizontal sum. Plain C, sums
 * in float in a fixed order, so that the result does not depend on how rows are given to threads.
 */
#ifndef MNET_IMAGE_ROWS_H
#define MNET_IMAGE_ROWS_H

#include "nn/image/weights.h"

/**
 * sum[x] = sum over k < n_rows of weights[k] * sample x of row k, x < n_samples. Row k begins at src + k * stride. Reads
 * exactly the n_samples of each row. `sum` overlaps nothing.
 */
typedef void (*MnetRowsSum)(float *sum, const uint8_t *src, ptrdiff_t stride, const float *weights,
                            int n_rows, int n_samples);
void mnet_rows_sum_u8(float *sum, const uint8_t *src, ptrdiff_t stride, const float *weights,
                      int n_rows, int n_samples);
/** 16-bit little-endian samples, at any alignment. */
void mnet_rows_sum_u16(float *sum, const uint8_t *src, ptrdiff_t stride, const float *weights,
                       int n_rows, int n_samples);

/** out[i] = row[i * step], i < n. */
void mnet_rows_split(float *out, const float *row, int step, int n);

/**
 * Applies `filter` to a row that begins with the sample filter->first; out has n_outputs. Up to MNET_FILTER_PAD - 1
 * floats behind the row's last are read and must be finite.
 */
void mnet_rows_resample(float *out, const float *row, const MnetFilter *filter);

#endif
