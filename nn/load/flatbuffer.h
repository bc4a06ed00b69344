/**
 * A reader of flatbuffers (https://flatbuffers.dev/internals) over bounded bytes, for files that
 * may be wrong anywhere.
 *
 * Every getter checks its own offsets. What is absent reads as the fallback, as an absent table, or
 * as an empty vector; what is broken reads the same and sets `broken`, so that a caller reads a
 * group of fields and then looks once. Nothing recurses: how deep a file's tables nest is how deep
 * the caller asks.
 */
#ifndef MNET_LOAD_FLATBUFFER_H
#define MNET_LOAD_FLATBUFFER_H

#include "nn/base/bytes.h"

typedef struct MnetFlatbuffer {
    MnetBytes bytes;
    bool broken; /* sticky: an offset or a size was outside the bytes */
} MnetFlatbuffer;

/** A table; `at` is 0 for an absent one. Fields are numbered from 0 in the order of the schema, a
 * union being two. */
typedef struct MnetTable {
    MnetFlatbuffer *buffer;
    size_t at, size;            /* of the fields, the table's first four bytes among them */
    size_t vtable, vtable_size; /* offsets of the fields */
} MnetTable;

/** A vector whose elements all lie inside the bytes; count 0 where it is absent. */
typedef struct MnetVector {
    MnetFlatbuffer *buffer;
    size_t at; /* first element */
    size_t count;
    size_t element; /* bytes */
} MnetVector;

MnetTable mnet_flatbuffer_root(MnetFlatbuffer *buffer);

/** Is there such a field? */
bool mnet_table_has(const MnetTable *table, int field);
uint8_t mnet_table_u8(const MnetTable *table, int field, uint8_t fallback);
int32_t mnet_table_i32(const MnetTable *table, int field, int32_t fallback);
uint32_t mnet_table_u32(const MnetTable *table, int field, uint32_t fallback);
uint64_t mnet_table_u64(const MnetTable *table, int field, uint64_t fallback);
float mnet_table_f32(const MnetTable *table, int field, float fallback);
MnetTable mnet_table_table(const MnetTable *table, int field);
/** Vector of scalars, or, with `element` 4, of tables. */
MnetVector mnet_table_vector(const MnetTable *table, int field, size_t element);
/** The bytes of a string, without the zero behind it. */
MnetBytes mnet_table_string(const MnetTable *table, int field);

/** Element i; 0 or an absent table where i is not below count. `element` must have been the size of
 * what is read. */
int32_t mnet_vector_i32(const MnetVector *vector, size_t i);
int64_t mnet_vector_i64(const MnetVector *vector, size_t i);
float mnet_vector_f32(const MnetVector *vector, size_t i);
MnetTable mnet_vector_table(const MnetVector *vector, size_t i);
/** All elements as they lie in the file. */
MnetBytes mnet_vector_bytes(const MnetVector *vector);

#endif
