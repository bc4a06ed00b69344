/** What the tests of int8 kernels share: operands with poison around them, epilogues of any kind.
 */
#ifndef MNET_TESTS_KERNELS_QS8_H
#define MNET_TESTS_KERNELS_QS8_H

#include "nn/base/arena.h"
#include "nn/kernels/requantize.h"
#include "tests/kernels/tier.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define GUARD 64

/* Values in [-limit, limit], mostly its ends where extreme. */
static inline int value(int limit, bool extreme) {
    if (extreme && tier_int(0, 3))
        return tier_int(0, 1) ? limit : -limit;
    return tier_int(-limit, limit);
}

/* An epilogue of any kind. */
static inline void random_epilogue(MnetEpilogueQs8 *epilogue, MnetQuantAdd *add, bool with_add) {
    MnetQuantRange *range = &epilogue->range;

    *range = mnet_quant_range(0.05f, tier_int(-128, 127), tier_int(0, 1) ? -INFINITY : 0.0f,
                              tier_int(0, 1) ? INFINITY : 6.0f);
    *add = (MnetQuantAdd){
        .a_multiplier = (float)tier_int(1, 300) / 100,
        .b_multiplier = (float)tier_int(1, 300) / 100,
        .a_zero_point = range->zero_point,
        .b_zero_point = tier_int(-128, 127),
        .range = mnet_quant_range(0.05f, tier_int(-128, 127), -INFINITY, INFINITY),
    };
    epilogue->add = with_add ? add : NULL;
}

static inline void *poisoned(size_t bytes) {
    uint8_t *block = aligned_alloc(MNET_ALIGN, (bytes + 2 * GUARD + 63) / 64 * 64);
    memset(block, 0xa5, bytes + 2 * GUARD);
    return block + GUARD;
}

static inline void release(void *inner) {
    free((uint8_t *)inner - GUARD);
}

static inline bool guards_intact(const void *inner, size_t bytes) {
    const uint8_t *p = inner;

    for (size_t i = 0; i < GUARD; i++) {
        if (p[-1 - (ptrdiff_t)i] != 0xa5 || p[bytes + i] != 0xa5)
            return false;
    }
    return true;
}

static inline void *zeroed(size_t bytes) {
    size_t size = (bytes + 63) / 64 * 64 + 64;
    return memset(aligned_alloc(MNET_ALIGN, size), 0, size);
}

#endif
