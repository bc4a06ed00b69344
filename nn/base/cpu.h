/**
 * What the CPU can do. The environment variable MNET_CPU takes features away: a list such as
 * "avx2,fma" keeps only those (and what C needs), "c" keeps none. Read once, at the first call;
 * thread-safe.
 */
#ifndef MNET_BASE_CPU_H
#define MNET_BASE_CPU_H

#include <stddef.h>
#include <stdint.h>

typedef enum MnetCpuFeature {
    MNET_CPU_AVX2 = 1 << 0, /* with F16C */
    MNET_CPU_FMA = 1 << 1,
    MNET_CPU_AVX_VNNI = 1 << 2,
    MNET_CPU_AVX512 = 1 << 3, /* F, BW, DQ, VL */
    MNET_CPU_AVX512_VNNI = 1 << 4,
    MNET_CPU_AMX_INT8 = 1 << 5,
    MNET_CPU_AMX_BF16 = 1 << 6,
    MNET_CPU_NEON = 1 << 8,
    MNET_CPU_DOTPROD = 1 << 9,
    MNET_CPU_I8MM = 1 << 10,
    MNET_CPU_FP16 = 1 << 11
} MnetCpuFeature;

/** Features, a set of MnetCpuFeature, after the mask. */
uint32_t mnet_cpu_features(void);
/** Their names, comma separated, or "c"; writes at most `size` bytes with the terminator and
 * returns `text`. */
char *mnet_cpu_names(uint32_t features, char *text, size_t size);

#endif
