/**
 * Protobuf's wire format, field by field, without copies: what finds the large parts of an ONNX
 * file (initializers' bytes) in the mapping. Only the small parts go to protobuf-c: it copies every
 * bytes field to the heap, unknown ones too, so that unpacking the file as a whole would hold all
 * weights twice.
 */
#ifndef MNET_LOAD_ONNX_WIRE_H
#define MNET_LOAD_ONNX_WIRE_H

#include "nn/base/arena.h"
#include "nn/base/bytes.h"

#include <protobuf-c/protobuf-c.h>

typedef enum MnetOnnxWireType {
    MNET_ONNX_WIRE_VARINT = 0,
    MNET_ONNX_WIRE_FIXED64 = 1,
    MNET_ONNX_WIRE_BYTES = 2,
    MNET_ONNX_WIRE_FIXED32 = 5
} MnetOnnxWireType;

typedef struct MnetOnnxField {
    uint32_t number;
    MnetOnnxWireType type;
    uint64_t value;  /* of a VARINT */
    MnetBytes bytes; /* of BYTES: what the length covers */
    MnetBytes whole; /* with the tag and the length */
} MnetOnnxField;

/** What is left of a message. `broken` once a field is malformed or leaves the message. */
typedef struct MnetOnnxWire {
    MnetBytes rest;
    bool broken;
} MnetOnnxWire;

/** The next field; false at the message's end and where it is broken. field->number and type are
 * set before a broken length is noticed. */
bool mnet_onnx_wire_next(MnetOnnxWire *wire, MnetOnnxField *field);

/**
 * Unpacks a message with protobuf-c into `arena`; NULL where it is broken, or claims much more
 * memory than it has bytes (2 bytes of an empty sub-message would take over 100). Not to be freed
 * by itself.
 */
void *mnet_onnx_unpack(const ProtobufCMessageDescriptor *type, MnetBytes message, MnetArena *arena);

#endif
