/** Which part of the frame goes where in the tensor: crop, orientation and fit, with no pixel
 * looked at. */
#ifndef MNET_IMAGE_GEOMETRY_H
#define MNET_IMAGE_GEOMETRY_H

#include "nn/mnet.h"

#include <stdbool.h>

/**
 * One axis of the frame as it is stored. The samples [origin, origin + size) are visible; the box
 * (in pixels from the visible part's upright start, which is its far end where `reversed`) becomes
 * n_outputs pixels.
 */
typedef struct MnetAxis {
    int origin, size;
    double box_start, box_size;
    int n_outputs;
    bool reversed;
} MnetAxis;

typedef struct MnetGeometry {
    MnetAxis x, y; /* of the stored frame */
    bool swapped;  /* the frame's x axis is the tensor's y axis */
    MnetRect area; /* of the tensor that the picture covers; the rest is bars */
} MnetGeometry;

/** `image` and `preprocess` are valid already. */
MnetGeometry mnet_geometry_plan(const MnetImage *image, const MnetPreprocess *preprocess, int width,
                                int height);

#endif
