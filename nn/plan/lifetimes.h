/** Places blocks of memory so that no two that live at the same time overlap. */
#ifndef MNET_PLAN_LIFETIMES_H
#define MNET_PLAN_LIFETIMES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct MnetLifetime {
    int first, last; /* steps, both inclusive */
    size_t bytes;    /* 0: needs no place */
    size_t offset; /* out: a multiple of MNET_ALIGN, with at least MNET_ALIGN bytes of slack behind
                      the block */
} MnetLifetime;

/** Fills the offsets; *total is the size of the whole. False when out of memory, or when the sizes
 * overflow. */
bool mnet_lifetimes_place(MnetLifetime *blocks, int count, size_t *total);

#endif
