/**
 * The shape of a fused step. A unit is an output row of all channels where there is a project, else
 * all rows of a panel of the head. Neighbouring ones are done together, in bands of rows: what the
 * head reads, then head and depthwise convolution panel by panel, then the project. Rows of the
 * head's output that two bands of a unit share are kept.
 */
#ifndef MNET_OPS_FUSED_BANDS_H
#define MNET_OPS_FUSED_BANDS_H

#include "nn/ops/conv_gemm.h"

typedef struct MnetFusedKernels MnetFusedKernels;

/** In the plan's arena; MnetStep.params points to it. */
typedef struct MnetFused {
    const MnetConv *head, *depthwise, *project; /* head or project may be NULL */
    const MnetFusedKernels *kernels;
    int units;   /* of a picture: output rows with a project, panels without */
    int band;    /* output rows done together */
    int rows;    /* most input rows of the depthwise convolution under a band */
    int overlap; /* of them, those that the next band needs again */
    /* Scratch, in bytes: a panel of the head's output under a band; the rows kept, of each panel;
     * what the head reads, where that isn't the tensor; a panel of the depthwise convolution's
     * output, qs8; what the project reads; the rest is for the depthwise convolution's kernel. */
    size_t panel_at, kept_at, head_at, out_at, project_at, own_at;
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

/** What each type does for a band, in this order. */
struct MnetFusedKernels {
    const char *name[2]; /* without a project, and with one */
    /** What the head reads for all panels; not without a head. */
    void (*fill)(const MnetFused *fused, const MnetStepMemory *memory, const MnetBand *band);
    /** Head and depthwise convolution of a panel; without a head, panel 0 is all channels. The
     * result goes to the depthwise convolution's tensor or to what the project reads. */
    void (*panel)(const MnetFused *fused, const MnetStepMemory *memory, const MnetBand *band,
                  size_t panel);
    void (*project)(const MnetFused *fused, const MnetStepMemory *memory, const MnetBand *band);
    /** After all bands of a run. */
    void (*end)(const MnetFused *fused);
};

/** The window's geometry of a band, whose picture is rows [top, bottom) of `channels` channels
 * each. */
MnetPatches mnet_fused_geometry(const MnetFused *fused, const MnetBand *band, int channels);

/** Places `bytes` of scratch behind *end, which it moves on; returns where. */
size_t mnet_fused_place(size_t *end, size_t bytes);

/** Whether there is code for float parts; for integers there always is. */
bool mnet_fused_f32_fits(const MnetFused *fused);

/** The halves of mnet_op_fuse(), by type, once the shape is known: kernels, scratch and weights. */
MnetStatus mnet_fused_f32_prepare(const MnetGraph *graph, const MnetNode *const *parts,
                                  MnetFused *fused, MnetArena *memory, MnetStep *step,
                                  MnetError *error);
MnetStatus mnet_fused_qs8_prepare(const MnetGraph *graph, const MnetNode *const *parts,
                                  MnetFused *fused, MnetArena *memory, MnetStep *step,
                                  MnetError *error);

#endif
