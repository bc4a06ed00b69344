/**
 * The frame-to-tensor pass, one output row after the other: vertical sums of each plane, split into
 * components, horizontal sums, colour, store. All of a geometry is laid out once; then nothing is
 * allocated.
 */
#ifndef MNET_IMAGE_PASS_H
#define MNET_IMAGE_PASS_H

#include "nn/base/threads.h"
#include "nn/image/fixed.h"
#include "nn/image/format.h"
#include "nn/image/store.h"

/**
 * A plane's row is a sequence of `group` interleaved samples; [first, first + n) of them are taken.
 * A row buffer has them in order, or, of an even number of bytes, those of even index first and the
 * others from `odd` on.
 */
typedef struct MnetPlaneRows {
    MnetRowsKind kind;
    int group;
    int first, n;
    ptrdiff_t odd, pitch; /* in int16_t */
    MnetVertical vertical;
} MnetPlaneRows;

/** What one thread writes to: a row each. */
typedef struct MnetPassScratch {
    int16_t *planes[3]; /* two row buffers: of the current row i the one at i modulo 2 */
    int16_t *lanes[4];  /* of one component, where the plane's row buffers are not that */
    int32_t *components[3];
    float *rgb[3];
} MnetPassScratch;

typedef struct MnetPass {
    const MnetFormatInfo *info;
    MnetRowsKernels kernels;
    MnetPlaneRows planes[3];
    MnetRowsTaps taps[2]; /* by subsampling (log2) */
    MnetStore store;
    MnetPassScratch scratch[MNET_MAX_THREADS];
} MnetPass;

/** `x` and `y`, by subsampling (log2), must outlive the pass, as `arena`. False when out of memory.
 */
bool mnet_pass_build(MnetPass *pass, MnetArena *arena, const MnetFormatInfo *info,
                     const MnetFilter x[2], const MnetFilter y[2], int threads);

/** Writes rows [begin, end) of the result; `worker` picks the scratch. */
void mnet_pass_run(const MnetPass *pass, const MnetImage *image, const MnetRowsColor *color,
                   void *tensor, int begin, int end, int worker);

#endif
