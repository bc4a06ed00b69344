/**
 * Copies that change the order of elements. Sizes are in elements of 1, 2, 4 or 8 bytes, of any
 * alignment; x and y don't overlap.
 */
#ifndef MNET_KERNELS_MOVE_H
#define MNET_KERNELS_MOVE_H

#include <stddef.h>
#include <stdint.h>

/** y[r * y_stride + c] = x[c * x_stride + r], r < rows, c < cols. */
typedef void (*MnetTranspose)(size_t rows, size_t cols, const void *x, ptrdiff_t x_stride, void *y,
                              ptrdiff_t y_stride);

typedef struct MnetMoveKernels {
    /** y[i] = x[i * stride], i < n; the stride may be negative or 0. By log2 of the element's size.
     */
    void (*gather[4])(size_t n, const void *x, ptrdiff_t stride, void *y);
    MnetTranspose transpose[4]; /* by log2 of the element's size, too */
} MnetMoveKernels;

/** The best kernels for a CPU with these features (nn/base/cpu.h). */
void mnet_move_kernels_init(MnetMoveKernels *kernels, uint32_t cpu_features);

/** In C, for what a tier has nothing better for; by log2 of the element's size. */
extern const MnetTranspose mnet_transpose_c[4];

/** Tiers: each overrides what it has. */
void mnet_move_kernels_init_avx2(MnetMoveKernels *kernels);

#endif
