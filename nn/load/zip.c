/* Layout: APPNOTE.TXT of PKWARE, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16
 * (its end). */
#include "nn/load/zip.h"

#include <string.h>

enum { END_SIZE = 22, ENTRY_SIZE = 46, LOCAL_SIZE = 30, MAX_COMMENT = 65535 };

static uint16_t u16(MnetBytes bytes, size_t at) {
    uint16_t value = 0;
    mnet_bytes_u16(bytes, at, &value);
    return value;
}

static uint32_t u32(MnetBytes bytes, size_t at) {
    uint32_t value = 0;
    mnet_bytes_u32(bytes, at, &value);
    return value;
}

/* The end record lies at the very end, but for a comment of unknown length. */
static bool find_end(MnetBytes bytes, size_t *end) {
    if (bytes.size < END_SIZE)
        return false;
    for (size_t comment = 0; comment <= MAX_COMMENT && comment <= bytes.size - END_SIZE;
         comment++) {
        size_t at = bytes.size - END_SIZE - comment;
        if (bytes.data[at] == 'P' && u32(bytes, at) == 0x06054b50 &&
            u16(bytes, at + 20) == comment) {
            *end = at;
            return true;
        }
    }
    return false;
}

MnetZipEntry mnet_zip_find(MnetBytes bytes, MnetBytes name, MnetBytes *content) {
    MnetBytes directory, part;
    size_t end;

    if (!name.size || !find_end(bytes, &end))
        return MNET_ZIP_ABSENT;
    size_t size = u32(bytes, end + 12), offset = u32(bytes, end + 16);
    /* Offsets count from the archive's beginning, which some writers take to be that of the whole
     * file. */
    if (size > end || offset > end - size || !mnet_bytes_slice(bytes, end - size, size, &directory))
        return MNET_ZIP_ABSENT;
    size_t begin = end - size - offset;

    for (size_t at = 0; u32(directory, at) == 0x02014b50;) {
        size_t name_size = u16(directory, at + 28);
        size_t next =
            at + ENTRY_SIZE + name_size + u16(directory, at + 30) + u16(directory, at + 32);
        if (mnet_bytes_slice(directory, at + ENTRY_SIZE, name_size, &part) &&
            part.size == name.size && memcmp(part.data, name.data, name.size) == 0) {
            size_t local = u32(directory, at + 42), stored = u32(directory, at + 20);
            if (u16(directory, at + 10) != 0)
                return MNET_ZIP_COMPRESSED;
            if (local > bytes.size - begin || u32(bytes, begin + local) != 0x04034b50)
                return MNET_ZIP_ABSENT;
            local += begin;
            size_t data = local + LOCAL_SIZE + u16(bytes, local + 26) + u16(bytes, local + 28);
            return mnet_bytes_slice(bytes, data, stored, content) ? MNET_ZIP_STORED
                                                                  : MNET_ZIP_ABSENT;
        }
        at = next;
    }
    return MNET_ZIP_ABSENT;
}
