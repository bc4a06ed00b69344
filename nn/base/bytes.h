/**
 * Bounded bytes: the only way to read what came from a file. A reader never leaves [data, data +
 * size), however wrong the offsets in the file are.
 */
#ifndef MNET_BASE_BYTES_H
#define MNET_BASE_BYTES_H

#include "nn/base/status.h"

#include <stdbool.h>

typedef struct MnetBytes {
    const uint8_t *data;
    size_t size;
} MnetBytes;

/** A file's bytes, mapped privately and read-only. `path` is borrowed for the length of the calls.
 */
typedef struct MnetFile {
    MnetBytes bytes;
    void *mapping; /* NULL for memory that is the caller's */
} MnetFile;

/**
 * Maps a regular file. Errors say which path, and what it is instead ("is a directory", "is empty",
 * "No such file").
 */
MnetStatus mnet_file_open(const char *path, MnetFile *file, MnetError *error);
void mnet_file_close(MnetFile *file);

/** The bytes [offset, offset + size), or false where they are not all inside. */
bool mnet_bytes_slice(MnetBytes bytes, size_t offset, size_t size, MnetBytes *out);
/** Little-endian numbers at an offset; false where they are not all inside. */
bool mnet_bytes_u8(MnetBytes bytes, size_t offset, uint8_t *out);
bool mnet_bytes_u16(MnetBytes bytes, size_t offset, uint16_t *out);
bool mnet_bytes_u32(MnetBytes bytes, size_t offset, uint32_t *out);
bool mnet_bytes_u64(MnetBytes bytes, size_t offset, uint64_t *out);

#endif
