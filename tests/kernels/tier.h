/** For tests of every tier of a kernel that this CPU has: which there are, random numbers, timing.
 */
#ifndef MNET_TESTS_KERNELS_TIER_H
#define MNET_TESTS_KERNELS_TIER_H

#include "nn/base/cpu.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Tiers by what they may use, each with all that it builds on; C is first. */
static const uint32_t tier_masks[] = {
    0,
    MNET_CPU_AVX2 | MNET_CPU_FMA,
    MNET_CPU_AVX2 | MNET_CPU_FMA | MNET_CPU_AVX_VNNI,
    MNET_CPU_AVX2 | MNET_CPU_FMA | MNET_CPU_AVX512,
    MNET_CPU_AVX2 | MNET_CPU_FMA | MNET_CPU_AVX512 | MNET_CPU_AVX512_VNNI,
    ~0u,
};

/* Those that the CPU has and MNET_CPU leaves, without repetition, are the first tier_count() of
 * tier_features(). */
static inline uint32_t tier_features(int tier) {
    uint32_t found = 0;
    int n = 0;

    for (size_t i = 0; i < sizeof tier_masks / sizeof *tier_masks; i++) {
        uint32_t features = mnet_cpu_features() & tier_masks[i];

        if (i > 0 && (features <= found || (tier_masks[i] != ~0u && features != tier_masks[i])))
            continue;
        found = features;
        if (n++ == tier)
            return features;
    }
    return UINT32_MAX;
}

static inline int tier_count(void) {
    int n = 0;

    while (tier_features(n) != UINT32_MAX)
        n++;
    return n;
}

/* Skips where the CPU lacks what MNET_CPU asks for, as another mask leaves the same then. */
static inline void tier_need_mask(void) {
    const char *mask = getenv("MNET_CPU");
    char names[200];

    if (mask && strcmp(mask, mnet_cpu_names(mnet_cpu_features(), names, sizeof names)))
        SKIP("the CPU has %s of %s", names, mask);
}

static uint64_t tier_state;

static inline void tier_seed(int argc, char **argv) {
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);
    char names[200];

    printf("seed %llu, cpu %s\n", (unsigned long long)seed,
           mnet_cpu_names(mnet_cpu_features(), names, sizeof names));
    tier_state = seed * 0x9e3779b97f4a7c15u + 1;
}

/* lo to hi, both included. */
static inline int tier_int(int lo, int hi) {
    tier_state = tier_state * 6364136223846793005u + 1442695040888963407u;
    return lo + (int)((uint32_t)(tier_state >> 33) % (uint32_t)(hi - lo + 1));
}

/* while (tier_again(&timer)) work(): the fastest of all in a fifth of a second. */
typedef struct TierTimer {
    double begin, last, best; /* seconds */
} TierTimer;

static inline int tier_again(TierTimer *timer) {
    struct timespec now;
    double at;

    clock_gettime(CLOCK_MONOTONIC, &now);
    at = (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
    if (timer->begin == 0)
        timer->begin = at;
    else if (timer->best == 0 || at - timer->last < timer->best)
        timer->best = at - timer->last;
    clock_gettime(CLOCK_MONOTONIC, &now);
    timer->last = (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
    return at - timer->begin < 0.2;
}

static inline void tier_print(const TierTimer *timer, double macs) {
    printf("  %9.1f us  %7.1f GMAC/s\n", timer->best * 1e6, macs / timer->best * 1e-9);
}

#endif
