#include "nn/kernels/depthwise_f32.h"

#include "nn/base/cpu.h"

#define LANES 8

typedef float Vec4 __attribute__((vector_size(16)));

/* Eight channels of a pixel; x may be read only for `channels` of them. */
static inline __attribute__((always_inline)) void add_tap(const float *x, const float *w,
                                                          size_t channels, Vec4 sums[2]) {
    Vec4 value[2] = {{0}}, weight[2];

    if (channels >= LANES)
        memcpy(value, x, sizeof(value));
    else
        memcpy(value, x, channels * sizeof(*x));
    memcpy(weight, w, sizeof(weight));
    sums[0] += value[0] * weight[0];
    sums[1] += value[1] * weight[1];
}

static void pixel(const MnetDepthwiseF32Args *args, int ox, const float *weights, size_t c) {
    size_t channels = args->channels - c < LANES ? args->channels - c : LANES;
    int left = ox * args->stride - args->pad, begin, end;
    size_t at = (size_t)ox * args->y_pixel + c, step = (size_t)args->dilation * args->x_pixel;
    Vec4 sums[2];
    float row[LANES];

    memcpy(sums, weights, sizeof(sums));
    weights += (1 + args->first_tap) * LANES;
    mnet_depthwise_f32_inside(left, args->width, args->kernel, args->dilation, &begin, &end);
    for (int ky = 0; ky < args->rows; ky++, weights += args->kernel * LANES) {
        const float *x = args->x + (size_t)ky * args->x_row + c;

        x += (size_t)(left + begin * args->dilation) * args->x_pixel;
        for (int kx = begin; kx < end; kx++, x += step)
            add_tap(x, weights + kx * LANES, channels, sums);
    }
    memcpy(row, sums, sizeof(row));
    for (size_t i = 0; i < LANES; i++)
        row[i] = mnet_finish_f32(row[i], &args->finish);
    memcpy(args->y + at, row, channels * sizeof(*row));
}

static void depthwise_f32_c(const MnetDepthwiseF32Args *args) {
    size_t block = (1 + args->taps) * LANES;

    for (int ox = 0; ox < args->out_width; ox++) {
        for (size_t c = 0; c < args->channels; c += LANES)
            pixel(args, ox, args->weights + c / LANES * block, c);
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
