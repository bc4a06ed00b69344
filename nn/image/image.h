/**
 * Frame -> input tensor in one pass: crop, orientation, resize, colour, normalise or quantise, with no RGB copy of the frame
 * between. Only the rows and columns that the result needs are read.
 */
#ifndef MNET_IMAGE_IMAGE_H
#define MNET_IMAGE_IMAGE_H

#include "nn/base/status.h"

/** The tensor to write. For value v (0 to 255, not rounded) of the channel c of R, G, B: t = v * mul[c] + add[c]. */
typedef struct MnetImageTarget {
    int width, height;
    int channels;      /* 3, or 1 for grey: BT.601 luma of the result */
    MnetDtype dtype;   /* F32: t; QU8 and QS8: t rounded to nearest even and saturated */
    MnetLayout layout; /* of the tensor in memory, batch 1 */
    MnetChannelOrder order;
    float mul[3], add[3]; /* by R, G, B whatever the order */
} MnetImageTarget;

typedef struct MnetImageConverter MnetImageConverter;

/** A converter keeps weights and row buffers for the last geometry; it allocates only when that changes. One thread at a time. */
MnetStatus mnet_image_converter_new(const MnetImageTarget *target, const MnetPreprocess *preprocess,
                                    int threads, MnetImageConverter **converter, MnetError *error);
void mnet_image_converter_free(MnetImageConverter **converter);
/** Checks the options and makes them those of the next frames. */
MnetStatus mnet_image_converter_set_preprocess(MnetImageConverter *converter,
                                               const MnetPreprocess *preprocess, MnetError *error);

/** Writes width * height * channels elements to `tensor`. Errors: an image that can't be (size, stride, plane, crop). */
MnetStatus mnet_image_convert(MnetImageConverter *converter, const MnetImage *image, void *tensor,
                              MnetError *error);

#endif
