#include "nn/base/bytes.h"

#include "tests/test.h"

#include <sys/stat.h>
#include <unistd.h>

static void test_slice(void) {
    static const uint8_t data[10];
    MnetBytes bytes = {data, sizeof data}, out;
    for (size_t offset = 0; offset <= 12; offset++)
        for (size_t size = 0; size <= 12; size++) {
            bool inside = offset + size <= sizeof data;
            CHECK(mnet_bytes_slice(bytes, offset, size, &out) == inside, "%zu %zu", offset, size);
            CHECK(!inside || (out.data == data + offset && out.size == size));
        }
    CHECK(!mnet_bytes_slice(bytes, SIZE_MAX, 2, &out));
    CHECK(!mnet_bytes_slice(bytes, 2, SIZE_MAX, &out));
    CHECK(!mnet_bytes_slice(bytes, SIZE_MAX, SIZE_MAX, &out));
}

static void test_numbers(void) {
    static const uint8_t data[] = {0x01, 0x82, 0x03, 0x84, 0x05, 0x86, 0x07, 0x88, 0x09};
    MnetBytes bytes = {data, sizeof data};
    uint8_t u8 = 0;
    uint16_t u16 = 0;
    uint32_t u32 = 0;
    uint64_t u64 = 0;
    CHECK(mnet_bytes_u8(bytes, 1, &u8) && u8 == 0x82);
    CHECK(mnet_bytes_u16(bytes, 1, &u16) && u16 == 0x0382);
    CHECK(mnet_bytes_u32(bytes, 1, &u32) && u32 == 0x05840382);
    CHECK(mnet_bytes_u64(bytes, 1, &u64) && u64 == 0x0988078605840382);
    CHECK(!mnet_bytes_u8(bytes, 9, &u8) && !mnet_bytes_u16(bytes, 8, &u16));
    CHECK(!mnet_bytes_u32(bytes, 6, &u32) && !mnet_bytes_u64(bytes, 2, &u64));
    CHECK(!mnet_bytes_u64(bytes, SIZE_MAX - 3, &u64) && !mnet_bytes_u32((MnetBytes){0}, 0, &u32));
    CHECK(u8 == 0x82 && u16 == 0x0382 && u32 == 0x05840382, "left alone on failure");
}

static char folder[] = "/tmp/mnet-test-bytes-XXXXXX";

static const char *in_folder(const char *name) {
    static char path[sizeof folder + 32];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    CHECK(file && fputs(text, file) >= 0);
    if (file)
        fclose(file);
}

static void check_refused(const char *path, MnetStatus status, const char *part) {
    MnetError error = {0};
    MnetFile file = {.bytes.size = 12345};
    CHECK(mnet_file_open(path, &file, &error) == status, "%s", path);
    CHECK(!strncmp(error.message, path, strlen(path)) && strstr(error.message, part), "%s",
          error.message);
    CHECK(file.bytes.size == 12345, "left alone on failure");
}

static void test_files(void) {
    const char *path = in_folder("file");
    MnetError error;
    MnetFile file = {0};
    write_file(path, "12345");
    CHECK(!mnet_file_open(path, &file, &error) && file.bytes.size == 5 &&
          !memcmp(file.bytes.data, "12345", 5));
    unlink(path);
    CHECK(file.bytes.data && file.bytes.data[4] == '5', "mapped after the name is gone");
    mnet_file_close(&file);
    CHECK(!file.bytes.data && !file.mapping);
    mnet_file_close(&file);

    check_refused(in_folder("missing"), MNET_ERROR_IO, "No such file");
    check_refused(folder, MNET_ERROR_IO, "is a directory");
    check_refused("/dev/null", MNET_ERROR_IO, "not a regular file");
    write_file(in_folder("empty"), "");
    check_refused(in_folder("empty"), MNET_ERROR_FORMAT, "is empty");
    unlink(in_folder("empty"));
    CHECK(!mkfifo(in_folder("pipe"), 0600));
    check_refused(in_folder("pipe"), MNET_ERROR_IO, "not a regular file");
    unlink(in_folder("pipe"));
}

int main(void) {
    if (!mkdtemp(folder))
        return 1;
    RUN(test_slice);
    RUN(test_numbers);
    RUN(test_files);
    CHECK(!rmdir(folder));
    return test_end();
}
