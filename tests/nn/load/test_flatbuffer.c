#include "nn/load/flatbuffer.h"

#include "tests/test.h"

/* Root table at 20: u8 field 0 = 7, vector field 1 of two int32, string field 2, table field 3 =
 * the root itself. */
static const uint8_t sample[] = {
    20, 0, 0,  0,                     /* 0: offset of the root */
    12, 0, 20, 0, 4,   0,   8,   0,   /* 4: vtable of 12 bytes, table of 20; fields 0 and 1 */
    12, 0, 16, 0, 0,   0,   0,   0,   /* 12: fields 2 and 3 */
    16, 0, 0,  0, 7,   0,   0,   0,   /* 20: the table: back to the vtable; field 0 */
    12, 0, 0,  0, 20,  0,   0,   0,   /* 28: fields 1 and 2 */
    0,  0, 0,  0,                     /* 36: field 3, set by a test */
    2,  0, 0,  0, 255, 255, 255, 255, /* 40: the vector: -1, 5 */
    5,  0, 0,  0,                     /* 48 */
    3,  0, 0,  0, 'a', 'b', 'c', 0,   /* 52: the string */
};

static MnetFlatbuffer copy_of(uint8_t *copy, size_t size) {
    memcpy(copy, sample, size);
    return (MnetFlatbuffer){.bytes = {copy, size}};
}

static void test_reads_fields(void) {
    uint8_t copy[sizeof sample];
    MnetFlatbuffer buffer = copy_of(copy, sizeof sample);
    MnetTable root = mnet_flatbuffer_root(&buffer);
    MnetVector vector = mnet_table_vector(&root, 1, 4);
    MnetBytes text = mnet_table_string(&root, 2);

    CHECK(mnet_table_u8(&root, 0, 1) == 7);
    CHECK(vector.count == 2 && mnet_vector_i32(&vector, 0) == -1 &&
          mnet_vector_i32(&vector, 1) == 5);
    CHECK(text.size == 3 && memcmp(text.data, "abc", 3) == 0);
    CHECK(!buffer.broken);
}

static void test_absent_reads_as_fallback(void) {
    uint8_t copy[sizeof sample];
    MnetFlatbuffer buffer = copy_of(copy, sizeof sample);
    MnetTable root = mnet_flatbuffer_root(&buffer);
    MnetTable none = mnet_table_table(&root, 9);
    MnetVector vector = mnet_table_vector(&root, 9, 4);

    CHECK(mnet_table_i32(&root, 9, -3) == -3 && mnet_table_f32(&root, 9, 0.5f) == 0.5f);
    CHECK(mnet_table_u64(&root, 9, 1) == 1 && !mnet_table_has(&root, 9));
    CHECK(none.at == 0 && mnet_table_u32(&none, 0, 4) == 4);
    CHECK(vector.count == 0 && mnet_vector_i32(&vector, 0) == 0 &&
          mnet_vector_table(&vector, 0).at == 0);
    CHECK(!buffer.broken);
}

static void test_offsets_outside_are_broken(void) {
    static const struct {
        size_t at;
        uint32_t value;
        const char *what;
    } wrongs[] = {
        {0, 0, "root at 0"},
        {0, 60, "root cut off"},
        {0, 0xfffffff0, "root far outside"},
        {20, 0x80000000, "vtable before the bytes"},
        {20, 0xffffff00, "vtable behind the bytes"},
        {4, 0x00140003, "vtable of 3 bytes"},
        {4, 0x7fff000c, "table longer than the bytes"},
        {8, 0x00080020, "field outside its table"},
        {28, 0xffffffff, "vector far outside"},
        {40, 0x40000001, "vector of 4 GiB"},
        {52, 6, "string cut off"},
    };

    for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
        uint8_t copy[sizeof sample];
        MnetFlatbuffer buffer = copy_of(copy, sizeof sample);
        memcpy(copy + wrongs[i].at, &wrongs[i].value, 4);
        MnetTable root = mnet_flatbuffer_root(&buffer);
        mnet_table_u8(&root, 0, 0);
        mnet_table_vector(&root, 1, 4);
        mnet_table_string(&root, 2);
        CHECK(buffer.broken, "%s", wrongs[i].what);
    }
}

static void test_every_length(void) {
    for (size_t size = 0; size < sizeof sample - 1; size++) {
        uint8_t *copy = malloc(size ? size : 1);
        MnetFlatbuffer buffer = copy_of(copy, size);
        MnetTable root = mnet_flatbuffer_root(&buffer);
        mnet_table_u8(&root, 0, 0);
        mnet_table_vector(&root, 1, 4);
        mnet_table_string(&root, 2);
        CHECK(buffer.broken, "%zu bytes", size);
        free(copy);
    }
}

/* A table that holds itself: each step is one that the caller takes. */
static void test_cycle(void) {
    uint8_t copy[sizeof sample];
    MnetFlatbuffer buffer = copy_of(copy, sizeof sample);
    uint32_t back = 0u - 16;
    memcpy(copy + 36, &back, 4);
    MnetTable root = mnet_flatbuffer_root(&buffer);
    CHECK(mnet_table_table(&root, 3).at == 0 && buffer.broken); /* offsets only go forward */
}

int main(void) {
    RUN(test_reads_fields);
    RUN(test_absent_reads_as_fallback);
    RUN(test_offsets_outside_are_broken);
    RUN(test_every_length);
    RUN(test_cycle);
    return test_end();
}
