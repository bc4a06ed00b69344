#include "nn/kernels/depthwise_qs8.h"

#include "nn/base/cpu.h"

#include <string.h>

/* Packed: bias, multiplier, then the weights as they come. Scratch: sums of a pixel, then the input
 * rows as s16. */

static uint64_t packed_bytes_c(const MnetPatches *p) {
    uint64_t taps = (uint64_t)p->kernel[0] * (uint64_t)p->kernel[1];
    return (uint64_t)p->channels * (8 + taps * sizeof(int16_t));
}

static uint64_t scratch_bytes_c(const MnetPatches *p) {
    uint64_t row = (uint64_t)p->size[1] * (uint64_t)p->channels * sizeof(int16_t);
    return (uint64_t)p->channels * sizeof(int32_t) + (uint64_t)p->kernel[0] * row;
}

static void pack_c(const MnetPatches *p, const int16_t *weights, const int32_t *bias,
                   const float *multiplier, void *packed) {
    size_t channels = (size_t)p->channels;
    size_t taps = (size_t)p->kernel[0] * (size_t)p->kernel[1];

    memcpy(packed, bias, channels * sizeof(*bias));
    memcpy((float *)packed + channels, multiplier, channels * sizeof(*multiplier));
    memcpy((uint8_t *)packed + channels * 8, weights, taps * channels * sizeof(*weights));
}

/* Three taps, a row of the usual kernel, for each load and store of the sums; then what is left. */
static void add_taps(size_t channels, size_t taps, const int16_t *x, size_t x_step,
                     const int16_t *w, int32_t *restrict sums) {
    for (; taps >= 3; taps -= 3) {
        const int16_t *x1 = x + x_step, *x2 = x + 2 * x_step;
        const int16_t *w1 = w + channels, *w2 = w + 2 * channels;

        for (size_t c = 0; c < channels; c++)
            sums[c] = sums[c] + x[c] * w[c] + x1[c] * w1[c] + x2[c] * w2[c];
        x += 3 * x_step;
        w += 3 * channels;
    }
    for (; taps; taps--) {
        for (size_t c = 0; c < channels; c++)
            sums[c] += x[c] * w[c];
        x += x_step;
        w += channels;
    }
}

/* Taps [begin, end) of a kernel's row (or column) whose cells lie inside, for a window that starts
 * at `from`. */
static void inside_taps(int from, int size, int kernel, int dilation, int *begin, int *end) {
    int first = from < 0 ? (-from + dilation - 1) / dilation : 0;
    int last = from < size ? (size - from + dilation - 1) / dilation : 0;

    *end = last < kernel ? last : kernel;
    *begin = first < *end ? first : *end;
}

static void output_row(const MnetPatches *p, const int8_t *picture, int32_t zero_point, int row,
                       const void *packed, const MnetEpilogueQs8 *epilogue, const int8_t *residual,
                       int8_t *y, void *scratch) {
    size_t channels = (size_t)p->channels, row_size = (size_t)p->size[1] * channels;
    const int32_t *bias = packed;
    const float *multiplier = (const float *)packed + channels;
    const int16_t *weights = (const int16_t *)(multiplier + channels);
    int32_t *sums = scratch;
    int16_t *rows = (int16_t *)(sums + channels);
    int top = row * p->stride[0] - p->pad[0], ky0, ky1;

    inside_taps(top, p->size[0], p->kernel[0], p->dilation[0], &ky0, &ky1);
    for (int ky = ky0; ky < ky1; ky++)
        mnet_widen_s16(picture + (size_t)(top + ky * p->dilation[0]) * row_size, zero_point,
                       rows + (size_t)ky * row_size, row_size);
    for (int ox = 0; ox < p->out_size[1]; ox++) {
        int left = ox * p->stride[1] - p->pad[1], kx0, kx1;
        size_t at = (size_t)ox * channels;

        memset(sums, 0, channels * sizeof(*sums));
        inside_taps(left, p->size[1], p->kernel[1], p->dilation[1], &kx0, &kx1);
        for (int ky = ky0; ky < ky1 && kx0 < kx1; ky++) {
            size_t cell = (size_t)(left + kx0 * p->dilation[1]);
            add_taps(channels, (size_t)(kx1 - kx0), rows + (size_t)ky * row_size + cell * channels,
                     (size_t)p->dilation[1] * channels,
                     weights + (size_t)(ky * p->kernel[1] + kx0) * channels, sums);
        }
        mnet_epilogue_qs8_c(epilogue, channels, sums, bias, multiplier,
                            residual ? residual + at : NULL, y + at);
    }
}

static void depthwise_qs8_c(const MnetPatches *p, const int8_t *picture, int32_t zero_point,
                            int begin, int end, const void *packed, const MnetEpilogueQs8 *epilogue,
                            const int8_t *residual, int8_t *y, void *scratch) {
    size_t row_size = (size_t)p->out_size[1] * (size_t)p->channels, at = 0;

    for (int row = begin; row < end; row++, at += row_size)
        output_row(p, picture, zero_point, row, packed, epilogue, residual ? residual + at : NULL,
                   y + at, scratch);
}

void mnet_depthwise_qs8_kernels_init(MnetDepthwiseQs8Kernels *kernels, uint32_t cpu_features) {
    *kernels = (MnetDepthwiseQs8Kernels){
        .packed_bytes = packed_bytes_c,
        .scratch_bytes = scratch_bytes_c,
        .pack = pack_c,
        .rows = depthwise_qs8_c,
        .name = "depthwise_qs8_c",
    };
#ifdef __x86_64__
    if (cpu_features & MNET_CPU_AVX2)
        mnet_depthwise_qs8_kernels_init_avx2(kernels);
    if (cpu_features & MNET_CPU_AVX_VNNI)
        mnet_depthwise_qs8_kernels_init_avx_vnni(kernels);
    if (cpu_features & MNET_CPU_AVX512_VNNI)
        mnet_depthwise_qs8_kernels_init_avx512_vnni(kernels);
#endif
}
