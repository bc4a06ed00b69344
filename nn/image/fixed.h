/** Filters as the integers that the row kernels take. */
#ifndef MNET_IMAGE_FIXED_H
#define MNET_IMAGE_FIXED_H

#include "nn/image/weights.h"
#include "nn/kernels/image_rows.h"

/**
 * How source rows make output rows. `blended`: output i is a blend of rows start[i] and start[i] +
 * 1 with the weight blend[i] of the second; that one is not read where the weight is 0. Otherwise
 * output i is complete after the segments below[i] to below[i + 2], of which those before below[i +
 * 1] make it the lower row, the others the upper.
 */
typedef struct MnetVertical {
    int n_outputs;
    bool blended;
    const int *start;
    int16_t *blend;
    MnetRowsSegment *segments;
    int *below; /* n_outputs + 2 */
} MnetVertical;

/** `filter` must outlive the result. `depth` of the samples: 8 or 10. False when out of memory. */
bool mnet_vertical_build(MnetVertical *vertical, MnetArena *arena, const MnetFilter *filter,
                         int depth);

/**
 * For row buffers that begin with sample `first`. Weights of an output sum to exactly 1, each
 * rounded so that the sum so far is at most half a step off.
 */
bool mnet_taps_build(MnetRowsTaps *taps, MnetArena *arena, const MnetFilter *filter, int first);

#endif
