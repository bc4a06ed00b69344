/** Where a run's time goes, step by step. */
#ifndef MNET_PLAN_PROFILE_H
#define MNET_PLAN_PROFILE_H

#include "nn/plan/plan.h"

/** What the session's threads can do together at most with one instruction set. */
typedef struct MnetPlanPeak {
    bool is_float;
    const char *isa; /* as kernels' names have it: "avx2" of gemm_f32_6x16_avx2 */
    double gmacs;    /* GMAC/s */
} MnetPlanPeak;

typedef struct MnetPlanPeaks {
    const MnetPlanPeak *peaks;
    int n;
} MnetPlanPeaks;

/** The peak, in GMAC/s, of the instruction set that the kernel's name has, or the highest where it
 * has none of these; of float peaks or of the others. 0 where there are none. */
double mnet_plan_peak_of(MnetPlanPeaks peaks, const char *kernel, bool is_float);

/**
 * Text, malloc'ed, the caller frees: a line a step in the order of the run, with the median of its
 * times over `runs` runs, its share of the whole, GMAC/s, percent of its kernel's peak, kernel,
 * output shape and node; the total; a line a kernel, the longest first. The input's memory is
 * written before each run by `fill`. NULL when out of memory.
 */
char *mnet_plan_profile(const MnetPlan *plan, MnetPlanMemory *memory, int runs, MnetPlanPeaks peaks,
                        void (*fill)(void *input, const MnetTensor *tensor));

#endif
