/** How large the caches of a core are. */
#ifndef MNET_BASE_CACHE_H
#define MNET_BASE_CACHE_H

#include <stddef.h>

/**
 * Bytes of the data cache of a level, 1 or 2, that a core has to itself: what the first CPU's
 * description by the kernel says, its share where several cores have one cache, or 32 KiB and 256
 * KiB where it says nothing.
 */
size_t mnet_cache_bytes(int level);

#endif
