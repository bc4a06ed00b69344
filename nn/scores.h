/** From a run's output tensor to what a result shows. Nothing here allocates. */
#ifndef MNET_SCORES_H
#define MNET_SCORES_H

#include "nn/graph/graph.h"

/** Canonical output (f32 or qs8) -> the file's type: qu8 gets its 128 back, the rest is copied. */
void mnet_scores_raw(const MnetTensor *tensor, const void *values, MnetDtype dtype, void *raw);
/** f32 or qs8 -> f32. */
void mnet_scores_dequantize(const MnetTensor *tensor, const void *values, float *scores);
/** Logits -> probabilities, in place: softmax, or sigmoid where there is but one. NaN counts as
 * minus infinity. */
void mnet_scores_softmax(float *scores, int count);
/** Index and probability of the k best, best first; of equals, the lower index first. Probabilities
 * are cut to 0..1. */
void mnet_scores_top(const float *scores, int count, MnetClass *classes, int k);

#endif
