/** Resampling weights along one axis of one plane: positions, taps, chroma phase. */
#ifndef MNET_IMAGE_WEIGHTS_H
#define MNET_IMAGE_WEIGHTS_H

#include "nn/base/arena.h"
#include "nn/image/geometry.h"

/**
 * Output i is the sum over k < taps[i] of weights[i * pitch + k] * sample[start[i] + k], taps[i] <=
 * pitch. Samples are counted from the plane's first; outputs are in the order of the samples, also
 * where the axis is reversed. The weights of an output sum to 1. All samples that are needed lie in
 * [first, end). Output i falls on center[i], where sample k is at k + 0.5.
 */
typedef struct MnetFilter {
    int n_outputs;
    int pitch;
    int first, end;
    int *start, *taps;
    float *weights;
    double *center;
} MnetFilter;

/**
 * Builds the filter in `arena`; false when out of memory. `shift` is the subsampling (log2),
 * `cosited` says that a subsampled sample lies on the first of its pixels and not between them.
 *
 * Antialias is Pillow's BILINEAR: a triangle of half-width max(scale, 1), cut at the edge and
 * normalised. Nearest takes the pixel in which the output's centre lies, and that pixel's own
 * chroma sample whatever the siting.
 */
bool mnet_filter_build(MnetFilter *filter, MnetArena *arena, const MnetAxis *axis,
                       MnetResize resize, int shift, bool cosited);

#endif
