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

/* Where patches come from and go to. */
typedef struct Filling {
    const MnetPatches *p;
    const MnetRowsQs8 *kernels;
    const int8_t *picture;
    int32_t zero_point;
    size_t row_size, tail; /* elements of a patch's row; behind the last row */
} Filling;

static uint8_t *put_zeros(const Filling *f, uint8_t *out, size_t count) {
    size_t bytes = count * f->kernels->element;

    memset(out, mnet_row_zero(f->kernels->type, f->zero_point), bytes);
    return out + bytes;
}

static uint8_t *put_window_row(const Filling *f, int y, int left, uint8_t *out) {
    const MnetPatches *p = f->p;
    size_t n = (size_t)p->n_channels;
    bool adjoining = p->dilation[1] == 1 && p->n_channels == p->channels;
    const int8_t *row;
    int taps;

    if (!inside(y, p->size[0]))
        return put_zeros(f, out, f->row_size);
    row = f->picture + (size_t)y * (size_t)p->size[1] * (size_t)p->channels + p->channel;
    for (int kx = 0; kx < p->kernel[1]; kx += taps) {
        int x = left + kx * p->dilation[1];

        taps = 1;
        if (!inside(x, p->size[1])) {
            out = put_zeros(f, out, n);
            continue;
        }
        if (adjoining) {
            taps = p->kernel[1] - kx;
            taps = taps < p->size[1] - x ? taps : p->size[1] - x;
        }
        f->kernels->fill(1, (size_t)taps * n, row + (size_t)x * (size_t)p->channels, 0,
                         f->zero_point, out, 0);
        out += (size_t)taps * n * f->kernels->element;
    }
    return out;
}

static uint8_t *put_patch(const Filling *f, int oy, int ox, uint8_t *out) {
    int top = oy * f->p->stride[0] - f->p->pad[0], left = ox * f->p->stride[1] - f->p->pad[1];

    for (int ky = 0; ky < f->p->kernel[0]; ky++)
        out = put_window_row(f, top + ky * f->p->dilation[0], left, out);
    memset(out, 0, f->tail * f->kernels->element);
    return out + f->tail * f->kernels->element;
}

/* How many patches from ox on are what fill_3x3x3() makes, and may be read as far as it does. */
static size_t count_3x3x3(const Filling *f, int oy, int ox, size_t most) {
    const MnetPatches *p = f->p;
    int top = oy * p->stride[0] - p->pad[0], left = ox * p->stride[1] - p->pad[1];
    int room, by_width, by_end;

    if (p->kernel[0] != 3 || p->kernel[1] != 3 || p->dilation[0] != 1 || p->dilation[1] != 1 ||
        p->channels != 3 || p->n_channels != 3 || f->tail > 5 || top < 0 || left < 0 ||
        top + 3 > p->size[0] || left + 3 > p->size[1])
        return 0;
    /* elements from the last row's first one to the picture's end */
    room = (p->size[1] - left) * 3 + (p->size[0] - top - 3) * p->size[1] * 3;
    if (room < 16)
        return 0;
    by_width = (p->size[1] - left - 3) / p->stride[1] + 1;
    by_end = (room - 16) / (3 * p->stride[1]) + 1;
    by_width = by_width < by_end ? by_width : by_end;
    return (size_t)by_width < most ? (size_t)by_width : most;
}

void mnet_patches_qs8(const MnetPatches *p, const int8_t *x, int32_t zero_point, size_t first,
                      size_t rows, const MnetRowsQs8 *kernels, void *out, size_t out_stride) {
    size_t picture_size = (size_t)p->size[0] * (size_t)p->size[1] * (size_t)p->channels;
    size_t width = (size_t)p->out_size[1], height = (size_t)p->out_size[0], row = first / width;
    int ox = (int)(first % width), oy = (int)(row % height);
    Filling f = {.p = p, .kernels = kernels, .zero_point = zero_point};
    uint8_t *to = out;

    f.picture = x + row / height * picture_size;
    f.row_size = (size_t)p->kernel[1] * (size_t)p->n_channels;
    f.tail = out_stride - (size_t)p->kernel[0] * f.row_size;
    while (rows) {
        size_t left = width - (size_t)ox, n = count_3x3x3(&f, oy, ox, rows < left ? rows : left);

        if (n) {
            size_t y = (size_t)(oy * p->stride[0] - p->pad[0]);
            size_t at = y * (size_t)p->size[1] + (size_t)(ox * p->stride[1] - p->pad[1]);

            kernels->fill_3x3x3(n, f.picture + 3 * at, 3 * (size_t)p->stride[1],
                                3 * (size_t)p->size[1], zero_point, to, out_stride);
            to += n * out_stride * kernels->element;
        } else {
            to = put_patch(&f, oy, ox, to);
            n = 1;
        }
        rows -= n;
        ox += (int)n;
        if (ox == p->out_size[1]) {
            ox = 0;
            if (++oy == p->out_size[0]) {
                oy = 0;
                f.picture += picture_size;
            }
        }
    }
}
