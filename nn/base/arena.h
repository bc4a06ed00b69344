/**
 * Memory that grows by bumping and is freed as a whole: a graph's tensors and strings, a plan's
 * packed weights. Not thread-safe.
 */
#ifndef MNET_BASE_ARENA_H
#define MNET_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#define MNET_ALIGN 64 /* a cache line, and the widest vector */

typedef struct MnetArena {
    struct MnetArenaBlock *last;
    size_t total; /* bytes handed out */
} MnetArena;

/** Zeroed bytes aligned to MNET_ALIGN, with MNET_ALIGN readable bytes of slack behind them; NULL
 * when out of memory. */
void *mnet_arena_alloc(MnetArena *arena, size_t bytes);
/** The same for count elements of size bytes; NULL on overflow too. */
void *mnet_arena_array(MnetArena *arena, size_t count, size_t size);
/** Copy of a string; NULL when out of memory. */
char *mnet_arena_string(MnetArena *arena, const char *string);
/**
 * Says that at least so many bytes will be allocated, all of which will be used much: where they
 * are many, they lie together, on huge pages if there are any (nn/base/pages.h). Changes nothing
 * else.
 */
void mnet_arena_expect(MnetArena *arena, size_t bytes);
/** Frees everything; the arena is empty and usable again. */
void mnet_arena_clear(MnetArena *arena);

#endif
