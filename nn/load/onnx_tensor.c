#include "nn/load/onnx_build.h"
#include "nn/load/onnx_wire.h"

#include <string.h>

/* TensorProto.DataType */
enum {
    TYPE_FLOAT = 1,
    TYPE_UINT8 = 2,
    TYPE_INT8 = 3,
    TYPE_INT32 = 6,
    TYPE_INT64 = 7,
    TYPE_BOOL = 9,
    TYPE_FLOAT16 = 10,
    TYPE_DOUBLE = 11
};

enum { FIELD_RAW_DATA = 9, FIELD_EXTERNAL_DATA = 13, LOCATION_EXTERNAL = 1 };

static const char *type_name(int type) {
    static const char *const names[] = {"UNDEFINED",  "FLOAT",   "UINT8",  "INT8",   "UINT16",
                                        "INT16",      "INT32",   "INT64",  "STRING", "BOOL",
                                        "FLOAT16",    "DOUBLE",  "UINT32", "UINT64", "COMPLEX64",
                                        "COMPLEX128", "BFLOAT16"};
    return type >= 0 && type < (int)(sizeof names / sizeof *names) ? names[type]
                                                                   : "of a newer type";
}

MnetDtype mnet_onnx_tensor_dtype(int64_t type) {
    switch (type) {
    case TYPE_FLOAT:
    case TYPE_DOUBLE: /* converted */
        return MNET_DTYPE_F32;
    case TYPE_UINT8:
        return MNET_DTYPE_QU8;
    case TYPE_INT8:
        return MNET_DTYPE_QS8;
    case TYPE_INT32:
        return MNET_DTYPE_S32;
    case TYPE_INT64:
        return MNET_DTYPE_S64;
    case TYPE_BOOL:
        return MNET_DTYPE_BOOL;
    case TYPE_FLOAT16:
        return MNET_DTYPE_F16;
    default:
        return MNET_DTYPE_NONE;
    }
}

/* The message without its raw_data, which is returned in *raw, and what is left unpacked. */
static Mnet__OnnxTensor *unpack(MnetOnnx *onnx, MnetBytes message, MnetBytes *raw, bool *external) {
    MnetOnnxWire wire = {.rest = message};
    MnetOnnxField field;
    size_t kept = 0;
    *raw = (MnetBytes){0};
    *external = false;
    while (mnet_onnx_wire_next(&wire, &field)) {
        if (field.number == FIELD_RAW_DATA && field.type == MNET_ONNX_WIRE_BYTES)
            *raw = field.bytes;
        else if (field.number == FIELD_EXTERNAL_DATA)
            *external = true;
        else
            kept += field.whole.size;
    }
    uint8_t *copy = wire.broken ? NULL : mnet_arena_alloc(&onnx->scratch, kept);
    if (!copy)
        return NULL;
    wire = (MnetOnnxWire){.rest = message};
    for (size_t at = 0; mnet_onnx_wire_next(&wire, &field);) {
        if ((field.number == FIELD_RAW_DATA && field.type == MNET_ONNX_WIRE_BYTES) ||
            field.number == FIELD_EXTERNAL_DATA)
            continue;
        memcpy(copy + at, field.whole.data, field.whole.size);
        at += field.whole.size;
    }
    return mnet_onnx_unpack(&mnet__onnx_tensor__descriptor, (MnetBytes){copy, kept},
                            &onnx->scratch);
}

/* Typed arrays: as wide as the dtype in the arena. False where there are not `count` of them. */
static bool convert_typed(const Mnet__OnnxTensor *proto, int64_t count, MnetDtype dtype,
                          void *data) {
    size_t n = (size_t)count;
    if (proto->data_type == TYPE_DOUBLE && proto->n_double_data == n) {
        for (size_t i = 0; i < n; i++)
            ((float *)data)[i] = (float)proto->double_data[i];
    } else if (proto->data_type == TYPE_FLOAT && proto->n_float_data == n) {
        if (n)
            memcpy(data, proto->float_data, n * sizeof(float));
    } else if (dtype == MNET_DTYPE_S64 && proto->n_int64_data == n) {
        if (n)
            memcpy(data, proto->int64_data, n * sizeof(int64_t));
    } else if (dtype == MNET_DTYPE_S32 && proto->n_int32_data == n) {
        if (n)
            memcpy(data, proto->int32_data, n * sizeof(int32_t));
    } else if (dtype == MNET_DTYPE_F16 && proto->n_int32_data == n) {
        for (size_t i = 0; i < n; i++)
            ((uint16_t *)data)[i] = (uint16_t)proto->int32_data[i];
    } else if (mnet_dtype_size(dtype) == 1 && proto->n_int32_data == n) {
        for (size_t i = 0; i < n; i++)
            ((uint8_t *)data)[i] = (uint8_t)proto->int32_data[i];
    } else {
        return false;
    }
    return true;
}

static bool read_shape(const Mnet__OnnxTensor *proto, MnetTensor *tensor) {
    if (proto->n_dims > MNET_MAX_RANK)
        return false;
    tensor->rank = (int)proto->n_dims;
    for (int i = 0; i < tensor->rank; i++) {
        if (proto->dims[i] < 0 || proto->dims[i] > INT32_MAX)
            return false;
        tensor->dims[i] = (int32_t)proto->dims[i];
    }
    return mnet_tensor_elements(tensor) >= 0;
}

/* From doubles, which may lie unaligned. */
static void convert_doubles(MnetBytes raw, float *out) {
    for (size_t i = 0; i < raw.size / sizeof(double); i++) {
        double value;
        memcpy(&value, raw.data + i * sizeof value, sizeof value);
        out[i] = (float)value;
    }
}

static bool read_data(MnetOnnx *onnx, const MnetOnnxNode *node, const Mnet__OnnxTensor *proto,
                      MnetBytes raw, MnetTensor *tensor) {
    int64_t count = mnet_tensor_elements(tensor);
    size_t in_file =
        count * (proto->data_type == TYPE_DOUBLE ? sizeof(double) : mnet_dtype_size(tensor->dtype));
    bool typed =
        proto->n_float_data || proto->n_int32_data || proto->n_int64_data || proto->n_double_data;
    tensor->bytes = count * mnet_dtype_size(tensor->dtype);
    if (!typed && raw.size == in_file && raw.size && proto->data_type != TYPE_DOUBLE) {
        tensor->data = raw.data;
        return true;
    }
    bool fits = typed ? (size_t)count <= proto->n_float_data + proto->n_int32_data +
                                             proto->n_int64_data + proto->n_double_data
                      : raw.size == in_file;
    void *data = fits ? mnet_arena_alloc(&onnx->graph->arena, tensor->bytes) : NULL;
    tensor->data = data;
    if (fits && !data) {
        mnet_onnx_fail_memory(onnx);
        return false;
    }
    if (fits && typed)
        fits = convert_typed(proto, count, tensor->dtype, data);
    else if (fits)
        convert_doubles(raw, data);
    if (!fits)
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT,
                       "tensor '%s' has not the %lld elements of its shape", tensor->name,
                       (long long)count);
    return fits;
}

bool mnet_onnx_tensor_read(MnetOnnx *onnx, const MnetOnnxNode *node, MnetBytes message,
                           MnetTensor *tensor) {
    MnetBytes raw;
    bool external;
    const Mnet__OnnxTensor *proto = unpack(onnx, message, &raw, &external);
    if (!proto) {
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT,
                       "a tensor is broken; fetch or export the file again");
        return false;
    }
    *tensor = (MnetTensor){.name = proto->name ? proto->name : ""};
    tensor->dtype = mnet_onnx_tensor_dtype(proto->data_type);
    if (external || proto->data_location == LOCATION_EXTERNAL)
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED,
                       "tensor '%s' lies in another file (external data); save the model as one "
                       "file (onnx.save with save_as_external_data=False)",
                       tensor->name);
    else if (tensor->dtype == MNET_DTYPE_NONE)
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "tensor '%s' is %s", tensor->name,
                       type_name(proto->data_type));
    else if (!read_shape(proto, tensor))
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT,
                       "tensor '%s' has a shape outside of rank %d and 2^31 elements", tensor->name,
                       MNET_MAX_RANK);
    else
        return read_data(onnx, node, proto, raw, tensor);
    return false;
}

int mnet_onnx_add_integers(MnetOnnx *onnx, const char *name, const int64_t *values, int count) {
    int32_t dims[] = {count};
    int id = mnet_graph_add_tensor(onnx->graph, name, MNET_DTYPE_S64, 1, dims);
    int64_t *data = mnet_arena_array(&onnx->graph->arena, count, sizeof *data);
    if (id < 0 || !data) {
        mnet_onnx_fail_memory(onnx);
        return MNET_NO_TENSOR;
    }
    if (count)
        memcpy(data, values, count * sizeof *data);
    onnx->graph->tensors[id].data = data;
    onnx->graph->tensors[id].bytes = count * sizeof *data;
    return id;
}
