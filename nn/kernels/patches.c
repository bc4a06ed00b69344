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

/* Where a patch lies: its picture, and the window's first cell, which may be outside. */
typedef struct Place {
    const int8_t *picture;
    int top, left;
} Place;

static void window_row_s16(const MnetPatches *p, const Place *at, int32_t zero_point, int ky,
                           MnetWidenS16 widen, int16_t *out) {
    size_t n = (size_t)p->n_channels;
    bool adjoining = p->dilation[1] == 1 && p->n_channels == p->channels;
    int y = at->top + ky * p->dilation[0], step;
    const int8_t *row;

    if (!inside(y, p->size[0])) {
        memset(out, 0, (size_t)p->kernel[1] * n * sizeof(*out));
        return;
    }
    row = at->picture + (size_t)y * (size_t)p->size[1] * (size_t)p->channels + p->channel;
    for (int kx = 0; kx < p->kernel[1]; kx += step, out += (size_t)step * n) {
        int x = at->left + kx * p->dilation[1];

        step = 1;
        if (!inside(x, p->size[1])) {
            memset(out, 0, n * sizeof(*out));
            continue;
        }
        if (adjoining) {
            step = p->kernel[1] - kx;
            step = step < p->size[1] - x ? step : p->size[1] - x;
        }
        widen(row + (size_t)x * (size_t)p->channels, zero_point, out, (size_t)step * n);
    }
}

void mnet_patches_s16(const MnetPatches *p, const int8_t *x, int32_t zero_point, size_t first,
                      size_t rows, MnetWidenS16 widen, int16_t *out, size_t out_stride) {
    size_t picture_size = (size_t)p->size[0] * (size_t)p->size[1] * (size_t)p->channels;
    size_t row_size = (size_t)p->kernel[1] * (size_t)p->n_channels;
    size_t fill = out_stride - (size_t)p->kernel[0] * row_size;
    int ox = (int)(first % (size_t)p->out_size[1]);
    int oy = (int)(first / (size_t)p->out_size[1] % (size_t)p->out_size[0]);
    Place at = {.picture =
                    x + first / (size_t)p->out_size[1] / (size_t)p->out_size[0] * picture_size};

    for (; rows; rows--) {
        at.top = oy * p->stride[0] - p->pad[0];
        at.left = ox * p->stride[1] - p->pad[1];
        for (int ky = 0; ky < p->kernel[0]; ky++, out += row_size)
            window_row_s16(p, &at, zero_point, ky, widen, out);
        memset(out, 0, fill * sizeof(*out));
        out += fill;
        if (++ox == p->out_size[1]) {
            ox = 0;
            if (++oy == p->out_size[0]) {
                oy = 0;
                at.picture += picture_size;
            }
        }
    }
}
