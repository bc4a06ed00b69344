/*
 * Strips of up to 7 output pixels by 16 channels: the widths of most pictures are multiples of 7.
 * A row of the window's weights stays in registers while the pixels below the strip pass by, each
 * loaded once and added to every output that it belongs to: for 3x3 that is 36 loads for 63
 * multiply-adds, so the latter decide. Strips at the ends of a row test each pixel for being
 * inside, full ones elsewhere don't. A masked load takes the port of a multiply-add, so only
 * channels that don't fill a vector have them.
 */
#include "nn/kernels/depthwise_f32.h"

#include "nn/kernels/x86/float_avx512.h"

#define LANES 16
#define MOST_OUTPUTS 7
#define MOST_KERNEL 7

/* An address is a pointer and up to twice the distance of pixels. */
#define GROUP 3

typedef enum StripKind { INSIDE, EDGE, EDGE_LAST_LANES } StripKind;

/* One row of the window; pixel `column` of the picture is the strip's first, at x. */
MNET_INLINE void add_row(int kernel, int stride, int outputs, StripKind kind,
                         const MnetDepthwiseF32Args *args, int column, const float *x,
                         const float *w, __mmask16 lanes, __m512 *sums) {
    __m512 weights[MOST_KERNEL], value;

    MNET_KEEP(column); /* no copy of the loops for each test's outcome */
    MNET_UNROLL
    for (int kx = 0; kx < kernel; kx++)
        weights[kx] = _mm512_load_ps(w + kx * LANES);
    MNET_UNROLL
    for (int j = 0; j < (outputs - 1) * stride + kernel; j++) {
        const float *pixel = x + (size_t)(j % GROUP) * args->x_pixel;

        if (j % GROUP == GROUP - 1) {
            x += GROUP * args->x_pixel;
            MNET_KEEP(x);
        }
        if (kind != INSIDE && (unsigned)(column + j) >= (unsigned)args->width)
            continue;
        if (kind == EDGE_LAST_LANES)
            value = _mm512_maskz_loadu_ps(lanes, pixel);
        else
            value = _mm512_loadu_ps(pixel);
        __asm__("" : "+v"(value)); /* gcc would load it anew for each use */
        MNET_UNROLL
        for (int p = 0; p < outputs; p++) {
            if (j - p * stride >= 0 && j - p * stride < kernel)
                sums[p] = _mm512_fmadd_ps(value, weights[j - p * stride], sums[p]);
        }
    }
}

MNET_INLINE void finish(int outputs, const MnetFinishF32 *finish, __m512 *sums) {
    if (finish->hard_swish) {
        MNET_UNROLL
        for (int p = 0; p < outputs; p++)
            sums[p] = mnet_hard_swish_avx512(sums[p]);
    } else {
        __m512 lo = _mm512_set1_ps(finish->lo), hi = _mm512_set1_ps(finish->hi);

        MNET_UNROLL
        for (int p = 0; p < outputs; p++)
            sums[p] = mnet_clamp_avx512(sums[p], lo, hi);
    }
}

/* All whole vectors of channels, or the last lanes. `rows` of the window are known to be inside
 * the picture, or 0 for args->rows. */
MNET_INLINE void strip(int kernel, int stride, int outputs, int rows, StripKind kind,
                       const MnetDepthwiseF32Args *args, int ox) {
    /* Stores of vectors may alias anything, so what the loop needs is copied. */
    const MnetDepthwiseF32Args a = *args;
    int column = ox * stride - a.pad;
    size_t whole = a.channels / LANES * LANES, c = kind == EDGE_LAST_LANES ? whole : 0;
    __mmask16 lanes = mnet_mask_avx512(a.channels - whole);
    const float *x = a.x + (ptrdiff_t)column * (ptrdiff_t)a.x_pixel;
    const float *block = a.weights + c * (1 + a.taps);

    for (; c < (kind == EDGE_LAST_LANES ? a.channels : whole); c += LANES) {
        const float *row = x + c, *w = block + (1 + a.first_tap) * LANES;
        float *y = a.y + (size_t)ox * a.y_pixel + c;
        __m512 sums[MOST_OUTPUTS];

        MNET_UNROLL
        for (int p = 0; p < outputs; p++)
            sums[p] = _mm512_load_ps(block);
        if (rows) {
            MNET_UNROLL
            for (int ky = 0; ky < rows; ky++, w += kernel * LANES, row += a.x_row)
                add_row(kernel, stride, outputs, kind, &a, column, row, w, lanes, sums);
        } else {
            for (int ky = 0; ky < a.rows; ky++, w += kernel * LANES, row += a.x_row)
                add_row(kernel, stride, outputs, kind, &a, column, row, w, lanes, sums);
        }
        finish(outputs, &a.finish, sums);
        MNET_UNROLL
        for (int p = 0; p < outputs; p++, y += a.y_pixel) {
            if (kind == EDGE_LAST_LANES)
                _mm512_mask_storeu_ps(y, lanes, sums[p]);
            else
                _mm512_storeu_ps(y, sums[p]);
        }
        block += (1 + a.taps) * LANES;
    }
}

typedef void (*Strip)(const MnetDepthwiseF32Args *args, int ox);

typedef struct Strips {
    Strip inside; /* MOST_OUTPUTS whose pixels are all inside the picture */
    Strip edge[MOST_OUTPUTS], last_lanes[MOST_OUTPUTS];
} Strips;

#define EDGES(kernel, stride, outputs)                                                             \
    static void edge_##kernel##_##stride##_##outputs(const MnetDepthwiseF32Args *args, int ox) {   \
        strip(kernel, stride, outputs, 0, EDGE, args, ox);                                         \
    }                                                                                              \
    static void last_##kernel##_##stride##_##outputs(const MnetDepthwiseF32Args *args, int ox) {   \
        strip(kernel, stride, outputs, 0, EDGE_LAST_LANES, args, ox);                              \
    }
#define NAMES(kind, kernel, stride)                                                                \
    {                                                                                              \
        kind##_##kernel##_##stride##_1, kind##_##kernel##_##stride##_2,                            \
            kind##_##kernel##_##stride##_3, kind##_##kernel##_##stride##_4,                        \
            kind##_##kernel##_##stride##_5, kind##_##kernel##_##stride##_6,                        \
            kind##_##kernel##_##stride##_7                                                         \
    }
/* Where the window is small enough, all of its rows are known to be inside in one more form. */
#define STRIPS(kernel, stride)                                                                     \
    EDGES(kernel, stride, 1)                                                                       \
    EDGES(kernel, stride, 2)                                                                       \
    EDGES(kernel, stride, 3)                                                                       \
    EDGES(kernel, stride, 4)                                                                       \
    EDGES(kernel, stride, 5)                                                                       \
    EDGES(kernel, stride, 6)                                                                       \
    EDGES(kernel, stride, 7)                                                                       \
    static void inside_##kernel##_##stride(const MnetDepthwiseF32Args *args, int ox) {             \
        if (kernel == 3 && args->rows == 3)                                                        \
            strip(kernel, stride, MOST_OUTPUTS, 3, INSIDE, args, ox);                              \
        else                                                                                       \
            strip(kernel, stride, MOST_OUTPUTS, 0, INSIDE, args, ox);                              \
    }                                                                                              \
    static const Strips strips_##kernel##_##stride = {                                             \
        inside_##kernel##_##stride, NAMES(edge, kernel, stride), NAMES(last, kernel, stride)};

STRIPS(3, 1)
STRIPS(3, 2)
STRIPS(5, 1)
STRIPS(5, 2)
STRIPS(7, 1)
STRIPS(7, 2)

static const Strips *find_strips(const MnetDepthwiseF32Args *args) {
    static const Strips *const strips[][2] = {
        {&strips_3_1, &strips_3_2}, {&strips_5_1, &strips_5_2}, {&strips_7_1, &strips_7_2}};
    bool odd = args->kernel == 3 || args->kernel == 5 || args->kernel == 7;

    return odd && args->dilation == 1 && args->stride <= 2
               ? strips[args->kernel / 2 - 1][args->stride - 1]
               : NULL;
}

/* Strips of about the same number of outputs: few of them depend on too few sums. */
static void run_strips(const Strips *strips, const MnetDepthwiseF32Args *args) {
    int count = (args->out_width + MOST_OUTPUTS - 1) / MOST_OUTPUTS;
    int span = (MOST_OUTPUTS - 1) * args->stride + args->kernel;

    for (int ox = 0, i = 0, outputs; i < count; i++, ox += outputs) {
        int column = ox * args->stride - args->pad;

        outputs = (args->out_width - ox + count - i - 1) / (count - i);
        if (outputs == MOST_OUTPUTS && column >= 0 && column + span <= args->width)
            strips->inside(args, ox);
        else
            strips->edge[outputs - 1](args, ox);
        if (args->channels % LANES)
            strips->last_lanes[outputs - 1](args, ox);
    }
}

/* Any window, for channels [c, c + 16) as far as there are so many. */
static void run_block(const MnetDepthwiseF32Args *args, size_t c) {
    const float *block = args->weights + c * (1 + args->taps);
    __mmask16 lanes = mnet_mask_avx512(args->channels - c < LANES ? args->channels - c : LANES);

    for (int ox = 0; ox < args->out_width; ox++) {
        int left = ox * args->stride - args->pad, begin, end;
        const float *w = block + (1 + args->first_tap) * LANES;
        __m512 sum = _mm512_load_ps(block);

        mnet_depthwise_f32_inside(left, args->width, args->kernel, args->dilation, &begin, &end);
        for (int ky = 0; ky < args->rows; ky++, w += args->kernel * LANES) {
            const float *x = args->x + (size_t)ky * args->x_row + c;

            for (int kx = begin; kx < end; kx++) {
                size_t pixel = (size_t)(left + kx * args->dilation);
                __m512 value = _mm512_maskz_loadu_ps(lanes, x + pixel * args->x_pixel);
                sum = _mm512_fmadd_ps(value, _mm512_load_ps(w + kx * LANES), sum);
            }
        }
        finish(1, &args->finish, &sum);
        _mm512_mask_storeu_ps(args->y + (size_t)ox * args->y_pixel + c, lanes, sum);
    }
}

static void depthwise_f32_avx512(const MnetDepthwiseF32Args *args) {
    const Strips *strips = find_strips(args);

    if (strips) {
        run_strips(strips, args);
        return;
    }
    for (size_t c = 0; c < args->channels; c += LANES)
        run_block(args, c);
}

void mnet_depthwise_f32_kernels_init_avx512(MnetDepthwiseF32Kernels *kernels) {
    *kernels = (MnetDepthwiseF32Kernels){
        .row = depthwise_f32_avx512,
        .lanes = LANES,
        .name = "depthwise_f32_avx512",
    };
}
