#include "nn/image/store.h"

#include "nn/image/color.h"

#include <math.h>

MnetStore mnet_store_make(const MnetImageTarget *target, const MnetGeometry *geometry) {
    MnetStore store = {.target = *target, .area = geometry->area};
    ptrdiff_t pixel = target->channels;
    for (int c = 0; c < target->channels; c++) {
        store.channel[c] = target->order == MNET_CHANNEL_ORDER_BGR ? target->channels - 1 - c : c;
    }

    /* Steps of the frame's axes through the tensor; a reversed axis begins at its end. */
    ptrdiff_t line = pixel * target->width;
    store.column_step = geometry->swapped ? line : pixel;
    store.row_step = geometry->swapped ? pixel : line;
    store.first = geometry->area.y * line + geometry->area.x * pixel;
    if (geometry->x.reversed) {
        store.first += (geometry->x.n_outputs - 1) * store.column_step;
        store.column_step = -store.column_step;
    }
    if (geometry->y.reversed) {
        store.first += (geometry->y.n_outputs - 1) * store.row_step;
        store.row_step = -store.row_step;
    }
    return store;
}

/** Rounded to nearest even, saturated; NaN (of an odd scale) becomes lo. */
static inline int quantize(float t, float lo, float hi) {
    t = t > lo ? t : lo;
    return (int)lrintf(t < hi ? t : hi);
}

static void store_f32(float *out, ptrdiff_t step, const float *v, float mul, float add, int n) {
    for (int j = 0; j < n; j++)
        out[j * step] = v[j] * mul + add;
}

static void store_qu8(uint8_t *out, ptrdiff_t step, const float *v, float mul, float add, int n) {
    for (int j = 0; j < n; j++)
        out[j * step] = (uint8_t)quantize(v[j] * mul + add, 0, 255);
}

static void store_qs8(int8_t *out, ptrdiff_t step, const float *v, float mul, float add, int n) {
    for (int j = 0; j < n; j++)
        out[j * step] = (int8_t)quantize(v[j] * mul + add, -128, 127);
}

static void store_channels(const MnetStore *store, void *tensor, ptrdiff_t first, ptrdiff_t step,
                           float *const rows[3], int n) {
    const MnetImageTarget *target = &store->target;
    if (target->channels == 1)
        for (int j = 0; j < n; j++)
            rows[0][j] = mnet_color_luma(rows[0][j], rows[1][j], rows[2][j]);

    for (int c = 0; c < target->channels; c++) {
        ptrdiff_t at = first + store->channel[c];
        float mul = target->mul[c], add = target->add[c];
        if (target->dtype == MNET_DTYPE_F32)
            store_f32((float *)tensor + at, step, rows[c], mul, add, n);
        else if (target->dtype == MNET_DTYPE_QU8)
            store_qu8((uint8_t *)tensor + at, step, rows[c], mul, add, n);
        else
            store_qs8((int8_t *)tensor + at, step, rows[c], mul, add, n);
    }
}

/** The usual case: bytes of three channels side by side, left to right. */
static bool is_packed(const MnetStore *store) {
    return store->target.dtype != MNET_DTYPE_F32 && store->target.channels == 3 &&
           store->column_step == 3;
}

void mnet_store_row(const MnetStore *store, const MnetRowsKernels *kernels, void *tensor, int i,
                    float *const rows[3], int n) {
    ptrdiff_t first = store->first + i * store->row_step;
    if (!is_packed(store)) {
        store_channels(store, tensor, first, store->column_step, rows, n);
        return;
    }
    MnetRowsNormal normal = {.lo = store->target.dtype == MNET_DTYPE_QS8 ? -128 : 0};
    int order[3];
    for (int c = 0; c < 3; c++) {
        normal.mul[c] = store->target.mul[c];
        normal.add[c] = store->target.add[c];
        order[c] = (int)store->channel[c];
    }
    kernels->pack_u8((uint8_t *)tensor + first, (const float *const *)rows, &normal, order, n);
}

void mnet_store_bars(const MnetStore *store, void *tensor, const uint8_t rgb[3]) {
    const MnetImageTarget *target = &store->target;
    ptrdiff_t pixel = target->channels;
    const MnetRect *area = &store->area;
    for (int y = 0; y < target->height; y++)
        for (int x = 0; x < target->width; x++) {
            bool inside = y >= area->y && y < area->y + area->height;
            if (inside && x == area->x)
                x += area->width;
            if (x == target->width)
                break;
            float r = rgb[0], g = rgb[1], b = rgb[2];
            ptrdiff_t at = ((ptrdiff_t)y * target->width + x) * pixel;
            store_channels(store, tensor, at, pixel, (float *const[3]){&r, &g, &b}, 1);
        }
}
