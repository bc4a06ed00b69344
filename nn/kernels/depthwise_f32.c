#include "nn/kernels/depthwise_f32.h"

#include "nn/base/cpu.h"

#define LANES 8

typedef float Vec4 __attribute__((vector_size(16)));

#define INLINE static inline __attribute__((always_inline))

/* x may be read only for `channels`, which is a constant wherever there are 8. */
INLINE void add_tap(size_t channels, const float *x, const float *w, Vec4 *sums) {
    Vec4 value[2] = {{0}}, weight[2];

    memcpy(value, x, channels * sizeof(*x));
    memcpy(weight, w, sizeof(weight));
    sums[0] += value[0] * weight[0];
    sums[1] += value[1] * weight[1];
}

INLINE void pixel(size_t channels, const MnetDepthwiseF32Args *args, int ox, const float *weights,
                  size_t c) {
    int left = ox * args->stride - args->pad, begin, end;
    size_t step = (size_t)args->dilation * args->x_pixel;
    Vec4 sums[2];
    float row[LANES];

    memcpy(sums, weights, sizeof(sums));
    weights += (1 + args->first_tap) * LANES;
    mnet_depthwise_f32_inside(left, args->width, args->kernel, args->dilation, &begin, &end);
    for (int ky = 0; ky < args->rows && begin < end; ky++, weights += args->kernel * LANES) {
        const float *x = args->x + (size_t)ky * args->x_row + c;

        x += (size_t)(left + begin * args->dilation) * args->x_pixel;
        for (int kx = begin; kx < end; kx++, x += step)
            add_tap(channels, x, weights + kx * LANES, sums);
    }
    memcpy(row, sums, sizeof(row));
    for (size_t i = 0; i < LANES; i++)
        row[i] = mnet_finish_f32(row[i], &args->finish);
    memcpy(args->y + (size_t)ox * args->y_pixel + c, row, channels * sizeof(*row));
}

static void depthwise_f32_c(const MnetDepthwiseF32Args *args) {
    size_t block = (1 + args->taps) * LANES, whole = args->channels / LANES * LANES;

    for (int ox = 0; ox < args->out_width; ox++) {
        const float *weights = args->weights;

        for (size_t c = 0; c < whole; c += LANES, weights += block)
            pixel(LANES, args, ox, weights, c);
        if (whole < args->channels)
            pixel(args->channels - whole, args, ox, weights, whole);
    }
}

void mnet_depthwise_f32_kernels_init(MnetDepthwiseF32Kernels *kernels, uint32_t cpu_features) {
    *kernels = (MnetDepthwiseF32Kernels){
        .row = depthwise_f32_c,
        .lanes = LANES,
        .name = "depthwise_f32_c",
    };
#ifdef __x86_64__
    if (cpu_features & MNET_CPU_AVX2 && cpu_features & MNET_CPU_FMA)
        mnet_depthwise_f32_kernels_init_avx2(kernels);
#endif
}
