/**
 * The shape of a fused step. With a project, a unit is a strip of output rows, done in bands of a
 * few rows: all panels of the head and the depthwise convolution, then the project. Without, a unit
 * is a panel of the head, over all rows. Rows of the head's output that two bands share are kept.
 */
#ifndef MNET_OPS_FUSED_BANDS_H
#define MNET_OPS_FUSED_BANDS_H

#include "nn/ops/conv_gemm.h"

/** In the plan's arena; MnetStep.params points to it. */
typedef struct MnetFused {
    const MnetConv *head, *depthwise, *project; /* head or project may be NULL */
    int strip, strips;  /* output rows of a unit, units of a picture; with a project */
    int band;           /* output rows done together */
    int rows;           /* most input rows of the depthwise convolution under a band */
    int overlap;        /* of them, those that the next band needs again */
    size_t panel_width; /* most channels of a panel, rounded up for the kernels */
    /* Scratch, in bytes: the head's output under a band, a panel's; the rows kept, of each panel;
     * the depthwise convolution's output of a band; the rest is the parts' own. */
    size_t panel_at, kept_at, band_at, own_at;
    const void *const *weights; /* qs8: the depthwise convolution's, packed panel by panel */
} MnetFused;

/** Some output rows of the depthwise convolution, and what they need. */
typedef struct MnetBand {
    int image;
    int begin, end;  /* output rows */
    int top, bottom; /* input rows under them, those inside the picture */
    int kept;        /* of them, how many the band before left, from top on */
    int next_top;    /* from where on the next band wants rows; bottom where there is none */
} MnetBand;

/** The band that starts at output row `begin` of rows [first, last); `first` has no band before
 * it. */
MnetBand mnet_fused_band(const MnetFused *fused, int image, int first, int begin, int last);

/** The window's geometry of a band, whose picture is rows [top, bottom) of `channels` channels
 * each. */
MnetPatches mnet_fused_geometry(const MnetFused *fused, const MnetBand *band, int channels);

/** The halves of mnet_op_fuse(), by type: whether there is code for the parts, and, once the
 * shape is known, run, scratch and weights. */
bool mnet_fused_f32_fits(const MnetFused *fused);
MnetStatus mnet_fused_f32_prepare(const MnetGraph *graph, MnetFused *fused, MnetArena *memory,
                                  MnetStep *step, MnetError *error);

#endif
