/** What the tests of float kernels share: operands with NaN around them, and outputs compared. */
#ifndef MNET_TESTS_KERNELS_F32_H
#define MNET_TESTS_KERNELS_F32_H

#include "nn/base/arena.h"
#include "nn/kernels/activation.h"
#include "tests/kernels/tier.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define GUARD 16

static inline float real(void) {
    return (float)tier_int(-1000, 1000) * 1e-3f;
}

/* `count` floats between NaN. */
static inline float *poisoned(size_t count, bool filled) {
    size_t bytes = (count + 2 * GUARD) * sizeof(float);
    float *block = aligned_alloc(MNET_ALIGN, (bytes + MNET_ALIGN - 1) / MNET_ALIGN * MNET_ALIGN);

    for (size_t i = 0; i < count + 2 * GUARD; i++)
        block[i] = filled && i >= GUARD && i < GUARD + count ? real() : NAN;
    return block + GUARD;
}

static inline void release(float *inner) {
    free(inner - GUARD);
}

static inline MnetFinishF32 random_finish(void) {
    MnetFinishF32 finish = {tier_int(0, 2) == 0, -INFINITY, INFINITY};

    if (tier_int(0, 1)) {
        finish.lo = 0;
        finish.hi = tier_int(0, 1) ? 6 : INFINITY;
    }
    return finish;
}

/* Outputs that ought to be equal, and places that ought to be as they were. */
static inline bool same(const float *want, const float *got, size_t count, float difference) {
    for (size_t i = 0; i < count; i++) {
        if (isnan(want[i]) ? !isnan(got[i]) : !(fabsf(want[i] - got[i]) <= difference))
            return false;
    }
    return true;
}

#endif
