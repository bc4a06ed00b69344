#include "nn/load/onnx_wire.h"

static bool varint(MnetBytes *rest, uint64_t *out) {
    *out = 0;
    for (size_t i = 0; i < 10 && i < rest->size; i++) {
        *out |= (uint64_t)(rest->data[i] & 0x7f) << 7 * i;
        if (rest->data[i] < 0x80)
            return mnet_bytes_slice(*rest, i + 1, rest->size - i - 1, rest);
    }
    return false;
}

static bool take(MnetBytes *rest, uint64_t size, MnetBytes *out) {
    return size <= rest->size && mnet_bytes_slice(*rest, 0, size, out) &&
           mnet_bytes_slice(*rest, size, rest->size - size, rest);
}

static bool field_next(MnetBytes *rest, MnetOnnxField *field) {
    MnetBytes start = *rest;
    uint64_t tag, length;
    if (!varint(rest, &tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
        return false;
    field->number = (uint32_t)(tag >> 3);
    field->type = tag & 7;
    switch (field->type) {
    case MNET_ONNX_WIRE_VARINT:
        if (!varint(rest, &field->value))
            return false;
        break;
    case MNET_ONNX_WIRE_FIXED64:
        if (!take(rest, 8, &field->bytes))
            return false;
        break;
    case MNET_ONNX_WIRE_BYTES:
        if (!varint(rest, &length) || !take(rest, length, &field->bytes))
            return false;
        break;
    case MNET_ONNX_WIRE_FIXED32:
        if (!take(rest, 4, &field->bytes))
            return false;
        break;
    default: /* groups, which ONNX never had */
        return false;
    }
    field->whole = (MnetBytes){start.data, start.size - rest->size};
    return true;
}

bool mnet_onnx_wire_next(MnetOnnxWire *wire, MnetOnnxField *field) {
    *field = (MnetOnnxField){0};
    if (wire->broken || !wire->rest.size)
        return false;
    wire->broken = !field_next(&wire->rest, field);
    return !wire->broken;
}

typedef struct Budget {
    MnetArena *arena;
    size_t limit; /* of arena->total */
} Budget;

static void *budget_alloc(void *data, size_t size) {
    Budget *budget = data;
    if (budget->arena->total > budget->limit || size > budget->limit - budget->arena->total)
        return NULL;
    return mnet_arena_alloc(budget->arena, size);
}

static void budget_free(void *data, void *pointer) {
    (void)data, (void)pointer; /* the arena frees all at once */
}

void *mnet_onnx_unpack(const ProtobufCMessageDescriptor *type, MnetBytes message,
                       MnetArena *arena) {
    if (message.size > SIZE_MAX / 32)
        return NULL;
    Budget budget = {arena, arena->total + message.size * 16 + ((size_t)64 << 10)};
    ProtobufCAllocator allocator = {budget_alloc, budget_free, &budget};
    return protobuf_c_message_unpack(type, &allocator, message.size, message.data);
}
