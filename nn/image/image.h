/**
 * Frame -> input tensor in one pass: crop, orientation, resize, colour, normalise or quantise, with
 * no RGB copy of the frame between. Only the rows and columns that the result needs are read, once;
 * but those between the centres of two output rows that go to two threads by both.
 *
 * Resampling is in integers, with rounding of at most 0.6 of 255 against exact numbers (0.3 seen in
 * the tests), and colour in floats in a fixed order, so that every CPU and every number of threads
 * gives the same tensor bit for bit.
 */
#ifndef MNET_IMAGE_IMAGE_H
#define MNET_IMAGE_IMAGE_H

#include "nn/base/status.h"

/**
 * The tensor to write, [height][width][channels]. For value v (0 to 255, not rounded) of the
 * channel c of R, G, B: t = v * mul[c] + add[c]; a single channel takes mul[0] and add[0].
 */
typedef struct MnetImageTarget {
    int width, height; /* 1 to 8192 */
    int channels;      /* 3, or 1 for grey: BT.601 luma of the result */
    MnetDtype dtype;   /* F32: t; QU8 and QS8: t rounded to nearest even and saturated */
    MnetChannelOrder order;
    float mul[3], add[3]; /* finite; by R, G, B whatever the order */
} MnetImageTarget;

typedef struct MnetImageConverter MnetImageConverter;

/**
 * A converter keeps weights and row buffers for the last geometry (format, size, crop, orientation,
 * chroma site); it allocates only when that or the options change. One thread at a time. `threads`
 * is 1 to MNET_MAX_THREADS; the result is the same for any number. `preprocess` may be NULL. On
 * MNET_OK the caller owns *converter. Errors: ARGUMENT for a target, options or threads out of
 * range, MEMORY.
 */
MnetStatus mnet_image_converter_new(const MnetImageTarget *target, const MnetPreprocess *preprocess,
                                    int threads, MnetImageConverter **converter, MnetError *error);
/** Frees and sets *converter to NULL. NULL and *converter == NULL are fine. */
void mnet_image_converter_free(MnetImageConverter **converter);
/** Checks the options and makes them those of the next frames; on an error the old ones stay. */
MnetStatus mnet_image_converter_set_preprocess(MnetImageConverter *converter,
                                               const MnetPreprocess *preprocess, MnetError *error);

/**
 * Writes width * height * channels elements to `tensor`, aligned to its element. Planes that the
 * format doesn't have are ignored. Errors: ARGUMENT for an image that can't be (format, size,
 * plane, stride, crop, an enum out of range), before anything is written; MEMORY for a new
 * geometry.
 */
MnetStatus mnet_image_convert(MnetImageConverter *converter, const MnetImage *image, void *tensor,
                              MnetError *error);

#endif
