#include "nn/base/pages.h"

#include "nn/base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Sanitizers know the bounds of what malloc gave, and not those of mappings. */
#if defined(__SANITIZE_ADDRESS__)
#define MAPS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define MAPS 0
#endif
#endif
#ifndef MAPS
#define MAPS 1
#endif

/* A multiple of the size of pages, whichever the kernel has. */
#define SMALL_PAGES ((size_t)64 << 10)

#define MOST (SIZE_MAX / 8)

static size_t round_up(size_t bytes, size_t unit) {
    return (bytes + unit - 1) / unit * unit;
}

/* What a mapping has too much before the first and behind the last of its pages is given back. */
static bool map_aligned(MnetPages *pages, size_t bytes) {
    size_t size = round_up(bytes, SMALL_PAGES), room = size + MNET_HUGE_PAGE;
    unsigned char *at =
        mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED)
        return false;
    size_t before = round_up((uintptr_t)at, MNET_HUGE_PAGE) - (uintptr_t)at;
    if (before)
        munmap(at, before);
    if (room - before - size)
        munmap(at + before + size, room - before - size);
    *pages = (MnetPages){at + before, size};
    return true;
}

bool mnet_pages_map(MnetPages *pages, size_t bytes, size_t dense) {
    if (!MAPS || dense < MNET_HUGE_PAGE || bytes > MOST || !map_aligned(pages, bytes))
        return false;
    madvise(pages->data, dense / MNET_HUGE_PAGE * MNET_HUGE_PAGE, MADV_HUGEPAGE);
    return true;
}

bool mnet_pages_alloc(MnetPages *pages, size_t bytes, size_t dense) {
    if (mnet_pages_map(pages, bytes, dense))
        return true;
    *pages = (MnetPages){0};
    if (bytes <= MOST)
        pages->data = aligned_alloc(MNET_ALIGN, round_up(bytes, MNET_ALIGN));
    return pages->data != NULL;
}

void mnet_pages_free(MnetPages *pages) {
    if (pages->mapped)
        munmap(pages->data, pages->mapped);
    else
        free(pages->data);
    *pages = (MnetPages){0};
}
