/**
 * Memory for much data that is read over and over: on huge pages where the system gives them
 * (transparent_hugepage is "madvise" or "always"), as a CPU remembers few addresses of small ones.
 * Elsewhere it is memory like any other.
 */
#ifndef MNET_BASE_PAGES_H
#define MNET_BASE_PAGES_H

#include <stdbool.h>
#include <stddef.h>

#define MNET_HUGE_PAGE ((size_t)2 << 20)

typedef struct MnetPages {
    void *data;    /* aligned to MNET_ALIGN of nn/base/arena.h; of any content */
    size_t mapped; /* 0: from malloc's heap */
} MnetPages;

/**
 * `bytes` of memory, of which the caller will use the first `dense` without gaps: only huge pages
 * that lie within those are asked for, so that no more memory becomes resident than with small
 * ones. False when out of memory.
 */
bool mnet_pages_alloc(MnetPages *pages, size_t bytes, size_t dense);
/** The same, but false where it would be memory like any other too. */
bool mnet_pages_map(MnetPages *pages, size_t bytes, size_t dense);
void mnet_pages_free(MnetPages *pages);

#endif
