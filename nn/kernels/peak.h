/** What a core can do at most: loops of multiply-adds that wait for nothing, as measures for the
 * other kernels. */
#ifndef MNET_KERNELS_PEAK_H
#define MNET_KERNELS_PEAK_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum { MNET_PEAK_MOST = 12 };

typedef struct MnetPeakKernel {
    /** `rounds` of `macs` multiply-adds each; what it returns makes compilers keep them. */
    float (*run)(size_t rounds);
    int macs;
    const char *type; /* f32, qs8 (8-bit numbers and 32-bit sums) or bf16 (with f32 sums) */
    const char *isa;  /* as it ends the names of kernels */
} MnetPeakKernel;

typedef struct MnetPeakKernels {
    MnetPeakKernel kernels[MNET_PEAK_MOST];
    int n;
} MnetPeakKernels;

/** Those of every tier of a CPU with these features (nn/base/cpu.h); C's first. */
void mnet_peak_kernels_init(MnetPeakKernels *kernels, uint32_t cpu_features);

/** Tiers: each adds what it has. */
void mnet_peak_kernels_init_avx2(MnetPeakKernels *kernels);
void mnet_peak_kernels_init_avx_vnni(MnetPeakKernels *kernels);
void mnet_peak_kernels_init_avx512(MnetPeakKernels *kernels);
void mnet_peak_kernels_init_avx512_vnni(MnetPeakKernels *kernels);
void mnet_peak_kernels_init_amx_int8(MnetPeakKernels *kernels);
void mnet_peak_kernels_init_amx_bf16(MnetPeakKernels *kernels);

static inline void mnet_peak_add(MnetPeakKernels *kernels, MnetPeakKernel kernel) {
    assert(kernels->n < MNET_PEAK_MOST);
    kernels->kernels[kernels->n++] = kernel;
}

#endif
