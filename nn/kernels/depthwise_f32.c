#include "nn/kernels/depthwise_f32.h"

#include "nn/base/cpu.h"

#define LANES 8

typedef float Vec4 __attribute__((vector_size(16)));

#define INLINE static inline __attribute__((always_inline))

INLINE Vec4 load(const float *x) {
    Vec4 value;
    memcpy(&value, x, sizeof(value));
    return value;
}

/* x may be read only for `channels`, which is a constant wherever there are 8. */
INLINE void pixel(size_t channels, const MnetDepthwiseF32Args *args, int ox, const float *weights,
                  size_t c) {
    int left = ox * args->stride - args->pad, begin, end;
    Vec4 low = load(weights), high = load(weights + 4);
    float row[LANES] = {0};

    mnet_depthwise_f32_inside(left, args->width, args->kernel, args->dilation, &begin, &end);
    for (int ky = 0; ky < args->rows; ky++) {
        for (int kx = begin; kx < end; kx++) {
            const float *x = args->x + (size_t)ky * args->x_row + c;
            size_t tap = args->first_tap + (size_t)(ky * args->kernel + kx);
            const float *w = weights + (1 + tap) * LANES;

            x += (size_t)(left + kx * args->dilation) * args->x_pixel;
            if (channels < LANES)
                x = memcpy(row, x, channels * sizeof(*x));
            low += load(x) * load(w);
            high += load(x + 4) * load(w + 4);
        }
    }
    memcpy(row, &low, sizeof(low));
    memcpy(row + 4, &high, sizeof(high));
    mnet_finish_f32(&args->finish, row, LANES);
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
