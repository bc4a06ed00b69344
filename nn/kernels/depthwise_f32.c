#include "nn/kernels/depthwise_f32.h"

#include "nn/base/cpu.h"
#include "nn/kernels/vec4.h"

#define LANES 8
#define PIXELS 4 /* at a time, where all of a window lies inside */

#define INLINE static inline __attribute__((always_inline))

/**
 * 8 channels from c on, or what is left of them, of the n pixels from ox on, with taps [begin, end)
 * of the window's rows. Several pixels share the loads of weights, and their sums don't wait for
 * one another. n and a number of 8 channels are constants; x may be read only for `channels`.
 */
INLINE void pixels(int n, size_t channels, const MnetDepthwiseF32Args *args, int ox, int begin,
                   int end, const float *weights, size_t c) {
    size_t next = (size_t)args->stride * args->x_pixel;
    size_t step = (size_t)args->dilation * args->x_pixel;
    int left = begin < end ? ox * args->stride - args->pad + begin * args->dilation : 0;
    const float *x_row = args->x + (size_t)left * args->x_pixel + c;
    const float *w_row = weights + (1 + args->first_tap + (size_t)begin) * LANES;
    Vec4 sums[PIXELS][2];
    float row[LANES] = {0};

    for (int i = 0; i < n; i++) {
        sums[i][0] = mnet_vec4_load(weights);
        sums[i][1] = mnet_vec4_load(weights + 4);
    }
    for (int ky = 0; ky < args->rows; ky++) {
        const float *x = x_row, *w = w_row;

        for (int kx = begin; kx < end; kx++) {
            Vec4 low = mnet_vec4_load(w), high = mnet_vec4_load(w + 4);

            for (int i = 0; i < n; i++) {
                const float *pixel = x + (size_t)i * next;

                if (channels < LANES)
                    pixel = memcpy(row, pixel, channels * sizeof(*pixel));
                sums[i][0] += mnet_vec4_load(pixel) * low;
                sums[i][1] += mnet_vec4_load(pixel + 4) * high;
            }
            x += step;
            w += LANES;
        }
        x_row += args->x_row;
        w_row += (size_t)args->kernel * LANES;
    }
    for (int i = 0; i < n; i++) {
        sums[i][0] = mnet_vec4_finish(&args->finish, sums[i][0]);
        sums[i][1] = mnet_vec4_finish(&args->finish, sums[i][1]);
        memcpy(args->y + (size_t)(ox + i) * args->y_pixel + c, sums[i], channels * sizeof(*row));
    }
}

INLINE void all_channels(int n, const MnetDepthwiseF32Args *args, int ox, int begin, int end) {
    size_t block = (1 + args->taps) * LANES, whole = args->channels / LANES * LANES;
    const float *weights = args->weights;

    for (size_t c = 0; c < whole; c += LANES, weights += block)
        pixels(n, LANES, args, ox, begin, end, weights, c);
    for (int i = 0; i < n && whole < args->channels; i++)
        pixels(1, args->channels - whole, args, ox + i, begin, end, weights, whole);
}

static void depthwise_f32_c(const MnetDepthwiseF32Args *args) {
    int reach = (args->kernel - 1) * args->dilation, ox = 0;

    while (ox < args->out_width) {
        int left = ox * args->stride - args->pad, begin, end;
        int last = left + (PIXELS - 1) * args->stride + reach;

        mnet_depthwise_f32_inside(left, args->width, args->kernel, args->dilation, &begin, &end);
        if (left >= 0 && last < args->width && ox + PIXELS <= args->out_width) {
            all_channels(PIXELS, args, ox, 0, args->kernel);
            ox += PIXELS;
        } else {
            all_channels(1, args, ox, begin, end);
            ox++;
        }
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
    if (cpu_features & MNET_CPU_AVX512)
        mnet_depthwise_f32_kernels_init_avx512(kernels);
#endif
}
