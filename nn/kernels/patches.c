#include "nn/kernels/patches.h"

#include <stdbool.h>
#include <string.h>

/* Walks one patch as runs of bytes that lie together in the picture, or outside of it. */
typedef struct Run {
    ptrdiff_t offset; /* in elements from the picture's start; negative: outside */
    size_t count;
} Run;

static bool inside(int at, int size) {
    return at >= 0 && at < size;
}

/* How many taps from kx on are either all inside (and adjoining) or all outside. */
static int run_taps(const MnetPatches *p, bool row_inside, int left, int kx) {
    bool first = row_inside && inside(left + kx * p->dilation[1], p->size[1]);
    bool adjoining = p->dilation[1] == 1 && p->n_channels == p->channels;
    int taps = 1;

    if (first && !adjoining)
        return 1;
    while (kx + taps < p->kernel[1] &&
           (row_inside && inside(left + (kx + taps) * p->dilation[1], p->size[1])) == first)
        taps++;
    return taps;
}

/* The run at tap (ky, *kx) of output pixel `pixel`; moves *kx past it. */
static Run next_run(const MnetPatches *p, size_t pixel, int ky, int *kx) {
    size_t image = pixel / ((size_t)p->out_size[0] * (size_t)p->out_size[1]);
    size_t place = pixel % ((size_t)p->out_size[0] * (size_t)p->out_size[1]);
    int y = (int)(place / (size_t)p->out_size[1]) * p->stride[0] - p->pad[0] + ky * p->dilation[0];
    int left = (int)(place % (size_t)p->out_size[1]) * p->stride[1] - p->pad[1];
    int x = left + *kx * p->dilation[1];
    bool row_inside = inside(y, p->size[0]);
    int taps = run_taps(p, row_inside, left, *kx);
    Run run = {-1, (size_t)taps * (size_t)p->n_channels};

    if (row_inside && inside(x, p->size[1]))
        run.offset =
            (((ptrdiff_t)image * p->size[0] + y) * p->size[1] + x) * p->channels + p->channel;
    *kx += taps;
    return run;
}

void mnet_patches_f32(const MnetPatches *patches, const float *x, size_t first, size_t rows,
                      float *out, size_t out_stride) {
    for (size_t r = 0; r < rows; r++) {
        float *to = out + r * out_stride;

        for (int ky = 0; ky < patches->kernel[0]; ky++) {
            for (int kx = 0; kx < patches->kernel[1];) {
                Run run = next_run(patches, first + r, ky, &kx);

                if (run.offset < 0)
                    memset(to, 0, run.count * sizeof(*to));
                else
                    memcpy(to, x + run.offset, run.count * sizeof(*to));
                to += run.count;
            }
        }
    }
}

void mnet_widen_s16(const int8_t *x, int32_t zero_point, int16_t *out, size_t count) {
    int16_t zero = (int16_t)zero_point;

    for (size_t i = 0; i < count; i++)
        out[i] = (int16_t)(x[i] - zero);
}

void mnet_patches_s16(const MnetPatches *patches, const int8_t *x, int32_t zero_point, size_t first,
                      size_t rows, int16_t *out, size_t out_stride) {
    for (size_t r = 0; r < rows; r++) {
        int16_t *to = out + r * out_stride, *end = to + out_stride;

        for (int ky = 0; ky < patches->kernel[0]; ky++) {
            for (int kx = 0; kx < patches->kernel[1];) {
                Run run = next_run(patches, first + r, ky, &kx);

                if (run.offset < 0)
                    memset(to, 0, run.count * sizeof(*to));
                else
                    mnet_widen_s16(x + run.offset, zero_point, to, run.count);
                to += run.count;
            }
        }
        memset(to, 0, (size_t)(end - to) * sizeof(*to));
    }
}
