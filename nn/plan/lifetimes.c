#include "nn/plan/lifetimes.h"

#include "nn/base/arena.h"

#include <stdint.h>
#include <stdlib.h>

static size_t room(const MnetLifetime *block) {
    return (block->bytes + MNET_ALIGN - 1) / MNET_ALIGN * MNET_ALIGN + MNET_ALIGN;
}

static int compare_sizes(const void *a, const void *b) {
    const MnetLifetime *x = *(MnetLifetime *const *)a, *y = *(MnetLifetime *const *)b;

    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x > y) - (x < y);
}

static bool overlap(const MnetLifetime *a, const MnetLifetime *b) {
    return a->first <= b->last && b->first <= a->last;
}

/* Start of the smallest gap that the block fits, among those already placed, which stand in the
 * order of their offsets. */
static size_t best_gap(MnetLifetime *const *placed, int count, const MnetLifetime *block) {
    size_t end = 0, best = 0, best_size = SIZE_MAX;

    for (int i = 0; i < count; i++) {
        if (!overlap(placed[i], block))
            continue;
        if (placed[i]->offset > end) {
            size_t size = placed[i]->offset - end;

            if (size >= room(block) && size < best_size) {
                best = end;
                best_size = size;
            }
        }
        if (placed[i]->offset + room(placed[i]) > end)
            end = placed[i]->offset + room(placed[i]);
    }
    return best_size == SIZE_MAX ? end : best;
}

bool mnet_lifetimes_place(MnetLifetime *blocks, int count, size_t *total) {
    MnetLifetime **by_size = malloc(((size_t)count + 1) * 2 * sizeof(*by_size));
    MnetLifetime **placed = by_size + count;
    size_t sum = 0;
    int n = 0, done = 0;

    if (!by_size)
        return false;
    *total = 0;
    for (int i = 0; i < count; i++) {
        if (!blocks[i].bytes)
            continue;
        /* No offset can pass the sum of all, so this is the only check of overflow. */
        if (blocks[i].bytes > SIZE_MAX / 2 - sum - 2 * MNET_ALIGN) {
            free(by_size);
            return false;
        }
        sum += room(&blocks[i]);
        by_size[n++] = &blocks[i];
    }
    qsort(by_size, (size_t)n, sizeof(MnetLifetime *), compare_sizes);
    for (int i = 0; i < n; i++) {
        MnetLifetime *block = by_size[i];
        int at = done++;

        block->offset = best_gap(placed, at, block);
        for (; at > 0 && placed[at - 1]->offset > block->offset; at--)
            placed[at] = placed[at - 1];
        placed[at] = block;
        if (block->offset + room(block) > *total)
            *total = block->offset + room(block);
    }
    free(by_size);
    return true;
}
