/**
 * What the CPU can do. The environment variable MNET_CPU takes features away: a list such as
 * "avx2,fma" keeps only those (and what C needs), "c" keeps none. Names that the CPU lacks are no
 * error; names of no feature are reported on stderr. Read once, at the first call; thread-safe.
 *
 * A feature is there only with all that it needs, so a kernel that asks for one may use those too.
 */
#ifndef MNET_BASE_CPU_H
#define MNET_BASE_CPU_H

#include <stddef.h>
#include <stdint.h>

typedef enum MnetCpuFeature {
    MNET_CPU_AVX2 = 1 << 0,        /* with F16C */
    MNET_CPU_FMA = 1 << 1,         /* needs AVX2 */
    MNET_CPU_AVX_VNNI = 1 << 2,    /* needs AVX2, FMA; there are CPUs with it and no AVX512 */
    MNET_CPU_AVX512 = 1 << 3,      /* F, BW, DQ, VL; needs AVX2, FMA */
    MNET_CPU_AVX512_VNNI = 1 << 4, /* needs AVX512 */
    MNET_CPU_AMX_INT8 = 1 << 5,    /* needs AVX512_VNNI; the kernel gave leave to use tiles */
    MNET_CPU_AMX_BF16 = 1 << 6,    /* needs AVX512; likewise */
    MNET_CPU_NEON = 1 << 8,
    MNET_CPU_DOTPROD = 1 << 9, /* needs NEON */
    MNET_CPU_I8MM = 1 << 10,   /* needs NEON, DOTPROD */
    MNET_CPU_FP16 = 1 << 11    /* needs NEON */
} MnetCpuFeature;

/** Features, a set of MnetCpuFeature, after the mask. */
uint32_t mnet_cpu_features(void);
/** What a mask such as MNET_CPU's leaves of `features`: those that it names, but for those that
 * need one that is not left. *unknown, unless NULL, is the mask from its first name of no feature
 * on, or NULL. */
uint32_t mnet_cpu_masked(uint32_t features, const char *mask, const char **unknown);
/** Their names, comma separated, or "c"; writes at most `size` bytes with the terminator and
 * returns `text`. */
char *mnet_cpu_names(uint32_t features, char *text, size_t size);

#endif
