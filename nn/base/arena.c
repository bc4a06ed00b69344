#include "nn/base/arena.h"

#include "nn/base/pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)64 << 10)

typedef struct MnetArenaBlock {
    struct MnetArenaBlock *previous;
    MnetPages pages;
    size_t used, size; /* of data */
    _Alignas(MNET_ALIGN) unsigned char data[];
} Block;

static Block *first_in(const MnetPages *pages, size_t size) {
    Block *block = pages->data;
    block->previous = NULL;
    block->pages = *pages;
    block->size = size;
    block->used = 0;
    return block;
}

/* Small allocations share blocks; a large one gets a block of its own, behind the current one,
 * which stays in use. */
void *mnet_arena_alloc(MnetArena *arena, size_t bytes) {
    if (bytes > SIZE_MAX / 8)
        return NULL;
    size_t need = (bytes + MNET_ALIGN + MNET_ALIGN - 1) / MNET_ALIGN * MNET_ALIGN;
    Block *block = arena->last;
    if (!block || block->size - block->used < need) {
        size_t size = need > BLOCK_BYTES / 4 ? need : BLOCK_BYTES;
        MnetPages pages;
        if (!mnet_pages_alloc(&pages, sizeof(Block) + size, size))
            return NULL;
        Block *fresh = first_in(&pages, size);
        if (block && size == need) {
            fresh->previous = block->previous;
            block->previous = fresh;
        } else {
            fresh->previous = block;
            arena->last = fresh;
        }
        block = fresh;
    }
    void *data = block->data + block->used;
    block->used += need;
    arena->total += need;
    memset(data, 0, need);
    return data;
}

void mnet_arena_expect(MnetArena *arena, size_t bytes) {
    MnetPages pages;
    if (bytes > SIZE_MAX / 16)
        return;
    /* Some more, so that the last allocations fit; what isn't used is never touched. */
    size_t size = bytes + bytes / 4;
    if (!mnet_pages_map(&pages, sizeof(Block) + size, bytes))
        return;
    Block *block = first_in(&pages, size);
    block->previous = arena->last;
    arena->last = block;
}

void *mnet_arena_array(MnetArena *arena, size_t count, size_t size) {
    if (size && count > SIZE_MAX / 4 / size)
        return NULL;
    return mnet_arena_alloc(arena, count * size);
}

char *mnet_arena_string(MnetArena *arena, const char *string) {
    size_t bytes = strlen(string) + 1;
    char *copy = mnet_arena_alloc(arena, bytes);
    return copy ? memcpy(copy, string, bytes) : NULL;
}

void mnet_arena_clear(MnetArena *arena) {
    for (Block *block = arena->last; block;) {
        Block *previous = block->previous;
        MnetPages pages = block->pages; /* in which the block itself is */
        mnet_pages_free(&pages);
        block = previous;
    }
    *arena = (MnetArena){0};
}
