/** Where a run's time goes, step by step. */
#ifndef MNET_PLAN_PROFILE_H
#define MNET_PLAN_PROFILE_H

#include "nn/plan/plan.h"

/** What the session's threads can do together at most, in GMAC/s; 0 where unknown. */
typedef struct MnetPlanPeak {
    double f32, qs8;
} MnetPlanPeak;

/**
 * Text, malloc'ed, the caller frees: a line a step in the order of the run, with the median of its
 * times over `runs` runs, its share of the whole, GMAC/s, percent of the peak of its type, kernel,
 * output shape and node; the total; a line a kernel, the longest first. The input's memory is
 * written before each run by `fill`. NULL when out of memory.
 */
char *mnet_plan_profile(const MnetPlan *plan, MnetPlanMemory *memory, int runs, MnetPlanPeak peak,
                        void (*fill)(void *input, const MnetTensor *tensor));

#endif
