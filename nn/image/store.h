/** Normalises rows of R, G, B and scatters them into the tensor, in its type, channel order and
 * direction. */
#ifndef MNET_IMAGE_STORE_H
#define MNET_IMAGE_STORE_H

#include "nn/image/geometry.h"
#include "nn/image/image.h"
#include "nn/kernels/image_rows.h"

/**
 * Where the pixels of the picture go, in elements of the tensor: pixel (i, j) of the stored frame's
 * grid (row i, column j) has its channel c at first + i * row_step + j * column_step + channel[c].
 */
typedef struct MnetStore {
    MnetImageTarget target;
    MnetRect area;
    ptrdiff_t first, row_step, column_step;
    ptrdiff_t channel[3];
} MnetStore;

MnetStore mnet_store_make(const MnetImageTarget *target, const MnetGeometry *geometry);

/** Writes row i: n pixels from rows R, G, B (0 to 255; changed by the call). */
void mnet_store_row(const MnetStore *store, const MnetRowsKernels *kernels, void *tensor, int i,
                    float *const rows[3], int n);

/** Fills everything outside the picture's area with a colour. */
void mnet_store_bars(const MnetStore *store, void *tensor, const uint8_t rgb[3]);

#endif
