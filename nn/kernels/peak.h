/** What a core can do at most: loops of multiply-adds that wait for nothing, as measures for the
 * other kernels. */
#ifndef MNET_KERNELS_PEAK_H
#define MNET_KERNELS_PEAK_H

#include <stddef.h>
#include <stdint.h>

typedef struct MnetPeakKernels {
    /** `rounds` of f32_macs, or qs8_macs, multiply-adds each; the sum makes compilers keep them. */
    float (*f32)(size_t rounds);
    int32_t (*qs8)(size_t rounds);
    int f32_macs, qs8_macs;
    const char *f32_name, *qs8_name;
} MnetPeakKernels;

/** The best kernels for a CPU with these features (nn/base/cpu.h). */
void mnet_peak_kernels_init(MnetPeakKernels *kernels, uint32_t cpu_features);

/** Tiers: each overrides what it has. */
void mnet_peak_kernels_init_avx2(MnetPeakKernels *kernels);

#endif
