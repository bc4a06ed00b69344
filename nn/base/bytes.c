#include "nn/base/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

MnetStatus mnet_file_open(const char *path, MnetFile *file, MnetError *error) {
    MnetStatus status = MNET_OK;
    struct stat info;
    /* Not blocking, or opening a FIFO would wait for a writer. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return mnet_fail(error, MNET_ERROR_IO, "%s: can't be opened: %s", path, strerror(errno));
    if (fstat(fd, &info))
        status = mnet_fail(error, MNET_ERROR_IO, "%s: can't be read: %s", path, strerror(errno));
    else if (S_ISDIR(info.st_mode))
        status = mnet_fail(error, MNET_ERROR_IO, "%s: is a directory; name a file in it", path);
    else if (!S_ISREG(info.st_mode))
        status = mnet_fail(error, MNET_ERROR_IO, "%s: is not a regular file", path);
    else if (info.st_size == 0)
        status =
            mnet_fail(error, MNET_ERROR_FORMAT, "%s: is empty; fetch or export it again", path);
    else if ((uintmax_t)info.st_size > SIZE_MAX / 4)
        status = mnet_fail(error, MNET_ERROR_MEMORY, "%s: is too large for this machine", path);
    else {
        void *data = mmap(NULL, info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED)
            status =
                mnet_fail(error, MNET_ERROR_IO, "%s: can't be mapped: %s", path, strerror(errno));
        else
            *file = (MnetFile){.bytes = {data, info.st_size}, .mapping = data};
    }
    close(fd);
    return status;
}

void mnet_file_close(MnetFile *file) {
    if (file->mapping)
        munmap(file->mapping, file->bytes.size);
    *file = (MnetFile){0};
}

bool mnet_bytes_slice(MnetBytes bytes, size_t offset, size_t size, MnetBytes *out) {
    if (offset > bytes.size || size > bytes.size - offset)
        return false;
    *out = (MnetBytes){bytes.data + offset, size};
    return true;
}

static bool little_endian(MnetBytes bytes, size_t offset, int count, uint64_t *out) {
    MnetBytes part;
    if (!mnet_bytes_slice(bytes, offset, count, &part))
        return false;
    *out = 0;
    for (int i = 0; i < count; i++)
        *out |= (uint64_t)part.data[i] << 8 * i;
    return true;
}

bool mnet_bytes_u8(MnetBytes bytes, size_t offset, uint8_t *out) {
    uint64_t value;
    bool inside = little_endian(bytes, offset, 1, &value);
    if (inside)
        *out = (uint8_t)value;
    return inside;
}

bool mnet_bytes_u16(MnetBytes bytes, size_t offset, uint16_t *out) {
    uint64_t value;
    bool inside = little_endian(bytes, offset, 2, &value);
    if (inside)
        *out = (uint16_t)value;
    return inside;
}

bool mnet_bytes_u32(MnetBytes bytes, size_t offset, uint32_t *out) {
    uint64_t value;
    bool inside = little_endian(bytes, offset, 4, &value);
    if (inside)
        *out = (uint32_t)value;
    return inside;
}

bool mnet_bytes_u64(MnetBytes bytes, size_t offset, uint64_t *out) {
    return little_endian(bytes, offset, 8, out);
}
