#include "nn/load/flatbuffer.h"

#include <assert.h>
#include <string.h>

static const MnetTable no_table;

static float float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static MnetTable table_at(MnetFlatbuffer *buffer, size_t at) {
    MnetTable table = {.buffer = buffer, .at = at};
    uint32_t back;
    uint16_t vtable_size, size;
    MnetBytes inside;

    if (!mnet_bytes_u32(buffer->bytes, at, &back))
        goto broken;
    /* A signed distance, subtracted: the vtable lies before its table or behind it. */
    int64_t vtable = (int64_t)at - (int32_t)back;
    if (vtable < 0 || (uint64_t)vtable > SIZE_MAX)
        goto broken;
    table.vtable = (size_t)vtable;
    if (!mnet_bytes_u16(buffer->bytes, table.vtable, &vtable_size) ||
        !mnet_bytes_u16(buffer->bytes, table.vtable + 2, &size) || vtable_size < 4 || size < 4 ||
        !mnet_bytes_slice(buffer->bytes, table.vtable, vtable_size, &inside) ||
        !mnet_bytes_slice(buffer->bytes, at, size, &inside))
        goto broken;
    table.vtable_size = vtable_size;
    table.size = size;
    return table;

broken:
    buffer->broken = true;
    return no_table;
}

/* Where a field of `size` bytes lies; 0 where it is absent or broken. */
static size_t field_at(const MnetTable *table, int field, size_t size) {
    size_t slot = 4 + 2 * (size_t)field;
    uint16_t offset;

    assert(field >= 0);
    if (!table->at || slot + 2 > table->vtable_size ||
        !mnet_bytes_u16(table->buffer->bytes, table->vtable + slot, &offset) || offset == 0)
        return 0;
    if (offset < 4 || offset + size > table->size) {
        table->buffer->broken = true;
        return 0;
    }
    return table->at + offset;
}

/* Where the offset at `at` leads; 0 where it leads outside. */
static size_t follow(MnetFlatbuffer *buffer, size_t at) {
    uint32_t offset;

    if (!mnet_bytes_u32(buffer->bytes, at, &offset) || offset == 0 ||
        offset >= buffer->bytes.size - at) {
        buffer->broken = true;
        return 0;
    }
    return at + offset;
}

MnetTable mnet_flatbuffer_root(MnetFlatbuffer *buffer) {
    size_t at = follow(buffer, 0);
    return at ? table_at(buffer, at) : no_table;
}

bool mnet_table_has(const MnetTable *table, int field) {
    return field_at(table, field, 1) != 0;
}

uint8_t mnet_table_u8(const MnetTable *table, int field, uint8_t fallback) {
    size_t at = field_at(table, field, sizeof fallback);
    if (at)
        mnet_bytes_u8(table->buffer->bytes, at, &fallback);
    return fallback;
}

uint32_t mnet_table_u32(const MnetTable *table, int field, uint32_t fallback) {
    size_t at = field_at(table, field, sizeof fallback);
    if (at)
        mnet_bytes_u32(table->buffer->bytes, at, &fallback);
    return fallback;
}

int32_t mnet_table_i32(const MnetTable *table, int field, int32_t fallback) {
    return (int32_t)mnet_table_u32(table, field, (uint32_t)fallback);
}

uint64_t mnet_table_u64(const MnetTable *table, int field, uint64_t fallback) {
    size_t at = field_at(table, field, sizeof fallback);
    if (at)
        mnet_bytes_u64(table->buffer->bytes, at, &fallback);
    return fallback;
}

float mnet_table_f32(const MnetTable *table, int field, float fallback) {
    uint32_t bits;
    size_t at = field_at(table, field, sizeof bits);
    return at && mnet_bytes_u32(table->buffer->bytes, at, &bits) ? float_of_bits(bits) : fallback;
}

MnetTable mnet_table_table(const MnetTable *table, int field) {
    size_t at = field_at(table, field, 4);
    at = at ? follow(table->buffer, at) : 0;
    return at ? table_at(table->buffer, at) : no_table;
}

MnetVector mnet_table_vector(const MnetTable *table, int field, size_t element) {
    MnetVector vector = {.buffer = table->buffer, .element = element};
    size_t at = field_at(table, field, 4);
    uint32_t count;
    MnetBytes inside;

    at = at ? follow(table->buffer, at) : 0;
    if (!at)
        return vector;
    if (!mnet_bytes_u32(table->buffer->bytes, at, &count) || count > SIZE_MAX / element ||
        !mnet_bytes_slice(table->buffer->bytes, at + 4, count * element, &inside)) {
        table->buffer->broken = true;
        return vector;
    }
    vector.at = at + 4;
    vector.count = count;
    return vector;
}

MnetBytes mnet_table_string(const MnetTable *table, int field) {
    MnetVector vector = mnet_table_vector(table, field, 1);
    return mnet_vector_bytes(&vector);
}

int32_t mnet_vector_i32(const MnetVector *vector, size_t i) {
    uint32_t value = 0;

    assert(vector->element == sizeof value);
    if (i < vector->count)
        mnet_bytes_u32(vector->buffer->bytes, vector->at + i * sizeof value, &value);
    return (int32_t)value;
}

int64_t mnet_vector_i64(const MnetVector *vector, size_t i) {
    uint64_t value = 0;

    assert(vector->element == sizeof value);
    if (i < vector->count)
        mnet_bytes_u64(vector->buffer->bytes, vector->at + i * sizeof value, &value);
    return (int64_t)value;
}

float mnet_vector_f32(const MnetVector *vector, size_t i) {
    return float_of_bits((uint32_t)mnet_vector_i32(vector, i));
}

MnetTable mnet_vector_table(const MnetVector *vector, size_t i) {
    size_t at;

    assert(vector->element == 4);
    if (i >= vector->count)
        return no_table;
    at = follow(vector->buffer, vector->at + i * 4);
    return at ? table_at(vector->buffer, at) : no_table;
}

MnetBytes mnet_vector_bytes(const MnetVector *vector) {
    MnetBytes bytes = {NULL, 0};
    if (vector->count)
        mnet_bytes_slice(vector->buffer->bytes, vector->at, vector->count * vector->element,
                         &bytes);
    return bytes;
}
