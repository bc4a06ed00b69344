/**
 * Rows of a quantised matrix in the form that a tier's matrix product takes: exact 16-bit numbers,
 * or bytes. Where it takes the tensor's own bytes, rows that lie in it as they should needn't be
 * filled at all.
 */
#ifndef MNET_KERNELS_ROWS_QS8_H
#define MNET_KERNELS_ROWS_QS8_H

#include <stddef.h>
#include <stdint.h>

typedef enum MnetRowType {
    MNET_ROW_S16, /* x - zero_point */
    MNET_ROW_U8,  /* x + 128 */
    MNET_ROW_S8,  /* x */
    MNET_ROW_TYPES
} MnetRowType;

typedef struct MnetRowsQs8 {
    MnetRowType type;
    size_t element; /* bytes of an element of out */

    /**
     * Fills `count` elements each of some rows; strides are in elements. Rows made of pieces take a
     * call for the pieces of all rows that lie alike: with x in blocks [k / n][pixels][n], block i
     * goes by fill(pixels, n, x + i * pixels * n, n, zero_point, out + i * n elements, out_stride).
     */
    void (*fill)(size_t rows, size_t count, const int8_t *x, size_t x_stride, int32_t zero_point,
                 void *out, size_t out_stride);

    /**
     * Rows of 27: windows of 3x3 pixels of 3 channels, x_stride from one to the next, whose own
     * rows are x_row apart. out_stride is at most 32, and the elements behind the 27th are zeros.
     * Reads 16 elements of each of a window's rows.
     */
    void (*fill_3x3x3)(size_t rows, const int8_t *x, size_t x_stride, size_t x_row,
                       int32_t zero_point, void *out, size_t out_stride);

    /** sums[r] = sum over i < k of x[r][i] without its zero point; x are filled rows. */
    void (*sum)(size_t rows, size_t k, const void *x, size_t x_stride, int32_t zero_point,
                int32_t *sums);
} MnetRowsQs8;

/** What a zero is in such a row. */
static inline int mnet_row_zero(MnetRowType type, int32_t zero_point) {
    return type == MNET_ROW_S16 ? 0 : type == MNET_ROW_U8 ? zero_point + 128 : zero_point;
}

/** The best kernels for a CPU with these features (nn/base/cpu.h). */
void mnet_rows_qs8_init(MnetRowsQs8 *rows, MnetRowType type, uint32_t cpu_features);

/** Tiers: each overrides what it has. */
void mnet_rows_qs8_init_avx2(MnetRowsQs8 *rows);

#endif
