/*
 * Strips of up to 4 output pixels by 8 channels. A row of the window's weights stays in
 * registers while the pixels below the strip pass by, each loaded once and added to every output
 * that it belongs to: for 3x3 that is 27 loads for 36 multiply-adds, so the latter decide.
 * Strips at the ends of a row test each pixel for being inside, the others don't.
 */
#include "nn/kernels/depthwise_f32.h"

#include "nn/kernels/x86/float_avx2.h"

#define LANES 8
#define MOST_OUTPUTS 4
#define MOST_KERNEL 7

/* One row of the window; pixel `column` of the picture is the strip's first, at x. */
MNET_INLINE void add_row(int kernel, int stride, int outputs, bool edge,
                         const MnetDepthwiseF32Args *args, int column, const float *x,
                         const float *w, __m256 *sums) {
    __m256 weights[MOST_KERNEL];

    MNET_UNROLL
    for (int kx = 0; kx < kernel; kx++)
        weights[kx] = _mm256_load_ps(w + kx * LANES);
    MNET_UNROLL
    for (int j = 0; j < (outputs - 1) * stride + kernel; j++) {
        __m256 value;

        if (edge && (unsigned)(column + j) >= (unsigned)args->width)
            continue;
        value = _mm256_loadu_ps(x + (ptrdiff_t)j * (ptrdiff_t)args->x_pixel);
        MNET_UNROLL
        for (int p = 0; p < outputs; p++) {
            if (j - p * stride >= 0 && j - p * stride < kernel)
                sums[p] = _mm256_fmadd_ps(value, weights[j - p * stride], sums[p]);
        }
    }
}

/* `rows` of the window are known to be inside the picture, or 0 for args->rows. */
MNET_INLINE void strip(int kernel, int stride, int outputs, int rows, bool edge,
                       const MnetDepthwiseF32Args *args, int ox) {
    /* Stores of vectors may alias anything, so what the loop needs is copied. */
    const MnetDepthwiseF32Args a = *args;
    int column = ox * stride - a.pad;
    const float *x = a.x + (ptrdiff_t)column * (ptrdiff_t)a.x_pixel;
    const float *block = a.weights, *end = x + a.channels / LANES * LANES;
    float *y = a.y + (size_t)ox * a.y_pixel;
    __m256 lo = _mm256_set1_ps(a.finish.lo), hi = _mm256_set1_ps(a.finish.hi);

    for (; x < end; x += LANES, y += LANES, block += (1 + a.taps) * LANES) {
        const float *row = x, *w = block + (1 + a.first_tap) * LANES;
        __m256 sums[MOST_OUTPUTS];

        MNET_UNROLL
        for (int p = 0; p < outputs; p++)
            sums[p] = _mm256_load_ps(block);
        if (rows) {
            MNET_UNROLL
            for (int ky = 0; ky < rows; ky++, w += kernel * LANES, row += a.x_row)
                add_row(kernel, stride, outputs, edge, &a, column, row, w, sums);
        } else {
            for (int ky = 0; ky < a.rows; ky++, w += kernel * LANES, row += a.x_row)
                add_row(kernel, stride, outputs, edge, &a, column, row, w, sums);
        }
        MNET_UNROLL
        for (int p = 0; p < outputs; p++) {
            sums[p] = a.finish.hard_swish ? mnet_hard_swish_avx2(sums[p])
                                          : mnet_clamp_avx2(sums[p], lo, hi);
            _mm256_storeu_ps(y + (size_t)p * a.y_pixel, sums[p]);
        }
    }
}

typedef void (*Strip)(const MnetDepthwiseF32Args *args, int ox);

/* [0]: inside the picture, 4 outputs; [n]: n outputs anywhere. */
#define STRIPS(kernel, stride)                                                                     \
    static void strip_##kernel##_##stride(const MnetDepthwiseF32Args *args, int ox) {              \
        if (args->rows == kernel)                                                                  \
            strip(kernel, stride, MOST_OUTPUTS, kernel, false, args, ox);                          \
        else                                                                                       \
            strip(kernel, stride, MOST_OUTPUTS, 0, false, args, ox);                               \
    }                                                                                              \
    static void strip_##kernel##_##stride##_edge1(const MnetDepthwiseF32Args *args, int ox) {      \
        strip(kernel, stride, 1, 0, true, args, ox);                                               \
    }                                                                                              \
    static void strip_##kernel##_##stride##_edge2(const MnetDepthwiseF32Args *args, int ox) {      \
        strip(kernel, stride, 2, 0, true, args, ox);                                               \
    }                                                                                              \
    static void strip_##kernel##_##stride##_edge3(const MnetDepthwiseF32Args *args, int ox) {      \
        strip(kernel, stride, 3, 0, true, args, ox);                                               \
    }                                                                                              \
    static void strip_##kernel##_##stride##_edge4(const MnetDepthwiseF32Args *args, int ox) {      \
        strip(kernel, stride, 4, 0, true, args, ox);                                               \
    }                                                                                              \
    static const Strip strips_##kernel##_##stride[] = {                                            \
        strip_##kernel##_##stride, strip_##kernel##_##stride##_edge1,                              \
        strip_##kernel##_##stride##_edge2, strip_##kernel##_##stride##_edge3,                      \
        strip_##kernel##_##stride##_edge4};

STRIPS(3, 1)
STRIPS(3, 2)
STRIPS(5, 1)
STRIPS(5, 2)
STRIPS(7, 1)
STRIPS(7, 2)

static void run_strips(const Strip *strips, const MnetDepthwiseF32Args *args) {
    int span = (MOST_OUTPUTS - 1) * args->stride + args->kernel;

    for (int ox = 0; ox < args->out_width; ox += MOST_OUTPUTS) {
        int outputs = args->out_width - ox, column = ox * args->stride - args->pad;

        outputs = outputs < MOST_OUTPUTS ? outputs : MOST_OUTPUTS;
        if (outputs == MOST_OUTPUTS && column >= 0 && column + span <= args->width)
            strips[0](args, ox);
        else
            strips[outputs](args, ox);
    }
}

/* Any window, for channels [c, c + 8) as far as there are so many. */
static void run_block(const MnetDepthwiseF32Args *args, size_t c) {
    const float *block = args->weights + c * (1 + args->taps);
    __m256i mask = mnet_mask_avx2(args->channels - c < LANES ? args->channels - c : LANES);

    for (int ox = 0; ox < args->out_width; ox++) {
        int left = ox * args->stride - args->pad, begin, end;
        size_t at = (size_t)ox * args->y_pixel + c;
        const float *w = block + (1 + args->first_tap) * LANES;
        __m256 sum = _mm256_load_ps(block);

        mnet_depthwise_f32_inside(left, args->width, args->kernel, args->dilation, &begin, &end);
        for (int ky = 0; ky < args->rows; ky++, w += args->kernel * LANES) {
            const float *x = args->x + (size_t)ky * args->x_row + c;

            for (int kx = begin; kx < end; kx++) {
                size_t pixel = (size_t)(left + kx * args->dilation);
                __m256 value = _mm256_maskload_ps(x + pixel * args->x_pixel, mask);
                sum = _mm256_fmadd_ps(value, _mm256_load_ps(w + kx * LANES), sum);
            }
        }
        mnet_finish_avx2(1, &args->finish, &sum);
        _mm256_maskstore_ps(args->y + at, mask, sum);
    }
}

static void depthwise_f32_avx2(const MnetDepthwiseF32Args *args) {
    size_t whole = args->channels / LANES * LANES, c = 0;
    bool fits = args->dilation == 1 && args->stride <= 2;

    if (fits && args->kernel == 3) {
        run_strips(args->stride == 1 ? strips_3_1 : strips_3_2, args);
        c = whole;
    } else if (fits && args->kernel == 5) {
        run_strips(args->stride == 1 ? strips_5_1 : strips_5_2, args);
        c = whole;
    } else if (fits && args->kernel == 7) {
        run_strips(args->stride == 1 ? strips_7_1 : strips_7_2, args);
        c = whole;
    }
    for (; c < args->channels; c += LANES)
        run_block(args, c);
}

void mnet_depthwise_f32_kernels_init_avx2(MnetDepthwiseF32Kernels *kernels) {
    *kernels = (MnetDepthwiseF32Kernels){
        .row = depthwise_f32_avx2,
        .lanes = LANES,
        .name = "depthwise_f32_avx2",
    };
}
