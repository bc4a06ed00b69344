/** Depthwise convolution: channel c of the output comes from channel c of the input alone. NHWC. */
#ifndef MNET_KERNELS_DEPTHWISE_F32_H
#define MNET_KERNELS_DEPTHWISE_F32_H

#include "nn/kernels/activation.h"

/**
 * One output row, or some of its channels: y[c] = finish(bias[c] + sum over taps of x * w), in
 * the order of the taps; taps left and right of the picture are left out. Tiers may fuse
 * multiply and add, and differ by that rounding. Strides are in elements.
 */
typedef struct MnetDepthwiseF32Args {
    size_t channels;
    int rows;                     /* of the window, those inside the picture */
    int kernel, stride, dilation; /* along the row */
    int pad;                      /* left of the picture */
    int width, out_width;
    const float *x;        /* column 0 of the first row inside the window */
    size_t x_row, x_pixel; /* from a row of the window to the next, from a pixel to the next */
    const float
        *weights; /* for each `lanes` channels: bias[lanes], then taps as [rows][kernel][lanes] */
    size_t first_tap, taps; /* of x's first row, and of the whole window */
    float *y;
    size_t y_pixel;
    MnetFinishF32 finish;
} MnetDepthwiseF32Args;

typedef void (*MnetDepthwiseF32)(const MnetDepthwiseF32Args *args);

typedef struct MnetDepthwiseF32Kernels {
    MnetDepthwiseF32 row;
    size_t lanes;
    const char *name;
} MnetDepthwiseF32Kernels;

/**
 * Taps [*begin, *end) of a row (or column) of a window whose cells lie inside, for a window that
 * starts at `from`.
 */
static inline void mnet_depthwise_f32_inside(int from, int size, int kernel, int dilation,
                                             int *begin, int *end) {
    int first = from < 0 ? (-from + dilation - 1) / dilation : 0;
    int last = from < size ? (size - from + dilation - 1) / dilation : 0;

    *end = last < kernel ? last : kernel;
    *begin = first < *end ? first : *end;
}

/** The best kernels for a CPU with these features (nn/base/cpu.h). */
void mnet_depthwise_f32_kernels_init(MnetDepthwiseF32Kernels *kernels, uint32_t cpu_features);

/** Tiers: each overrides what it has. */
void mnet_depthwise_f32_kernels_init_avx2(MnetDepthwiseF32Kernels *kernels);
void mnet_depthwise_f32_kernels_init_avx512(MnetDepthwiseF32Kernels *kernels);

#endif
