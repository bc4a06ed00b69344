/**
 * Random frames for the tests of image/. Each plane lies between two pages that can't be touched,
 * its last byte (or its first) at the border, so that a read outside the rows crashes. What lies
 * between and beside the pixels is random.
 */
#ifndef TESTS_NN_IMAGE_FRAME_H
#define TESTS_NN_IMAGE_FRAME_H

#include "nn/mnet.h"

#include <stdbool.h>

uint32_t frame_random(void);
/** lo to hi, both included. */
int frame_range(int lo, int hi);
void frame_seed(uint32_t seed);

typedef struct FramePlane {
    uint8_t *mapping;
    size_t bytes; /* without the two guard pages */
} FramePlane;

typedef struct Frame {
    MnetImage image;
    FramePlane planes[3];
} Frame;

/** Makes or remakes a frame; the rest of frame->image is zero. `padding`: the most bytes between
 * two rows. */
void frame_make(Frame *frame, MnetPixelFormat format, int width, int height, int padding,
                bool negative_strides);
void frame_free(Frame *frame);

#endif
