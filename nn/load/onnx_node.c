#include "nn/load/onnx_build.h"
#include "nn/load/onnx_wire.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *domain_of(const MnetOnnxNode *node) {
    return node->proto->domain && *node->proto->domain ? node->proto->domain : "ai.onnx";
}

void mnet_onnx_fail(MnetOnnx *onnx, const MnetOnnxNode *node, MnetStatus status, const char *format,
                    ...) {
    char text[384];
    va_list args;
    if (onnx->status)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (node)
        onnx->status = mnet_fail(onnx->error, status, "%s: node %d '%.80s' (%.60s of %.60s): %s",
                                 onnx->graph->file, node->index, node->name, node->proto->op_type,
                                 domain_of(node), text);
    else
        onnx->status = mnet_fail(onnx->error, status, "%s: %s", onnx->graph->file, text);
}

void mnet_onnx_fail_memory(MnetOnnx *onnx) {
    mnet_onnx_fail(onnx, NULL, MNET_ERROR_MEMORY, "out of memory");
}

enum { FIELD_ATTRIBUTE = 5, FIELD_ATTRIBUTE_NAME = 1, FIELD_ATTRIBUTE_TENSOR = 5 };

/* The tensor of an attribute message that holds one and is called "value". */
static bool tensor_attribute(MnetBytes message, MnetBytes *tensor) {
    MnetOnnxWire wire = {.rest = message};
    MnetOnnxField field;
    bool named = false, found = false;
    while (mnet_onnx_wire_next(&wire, &field)) {
        if (field.type != MNET_ONNX_WIRE_BYTES)
            continue;
        if (field.number == FIELD_ATTRIBUTE_NAME)
            named = field.bytes.size == 5 && memcmp(field.bytes.data, "value", 5) == 0;
        if (field.number == FIELD_ATTRIBUTE_TENSOR) {
            *tensor = field.bytes;
            found = true;
        }
    }
    return named && found && !wire.broken;
}

/* The node without its tensor attribute, which stays where it is. */
static const Mnet__OnnxNode *unpack(MnetOnnx *onnx, MnetBytes message, MnetBytes *tensor) {
    MnetOnnxWire wire = {.rest = message};
    MnetOnnxField field;
    uint8_t *copy = NULL;
    size_t kept = 0;
    *tensor = (MnetBytes){0};
    while (mnet_onnx_wire_next(&wire, &field)) {
        if (field.number != FIELD_ATTRIBUTE || field.type != MNET_ONNX_WIRE_BYTES ||
            !tensor_attribute(field.bytes, tensor))
            continue;
        size_t before = field.whole.data - message.data;
        kept = message.size - field.whole.size;
        copy = mnet_arena_alloc(&onnx->scratch, kept);
        if (!copy)
            return NULL;
        memcpy(copy, message.data, before);
        memcpy(copy + before, wire.rest.data, wire.rest.size);
        break;
    }
    return mnet_onnx_unpack(&mnet__onnx_node__descriptor, copy ? (MnetBytes){copy, kept} : message,
                            &onnx->scratch);
}

static const MnetOnnxOperator *find(const MnetOnnxOperator *table, const char *name) {
    for (; table->name; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

/* ONNX Runtime's tools put QLinear* into both domains, and Q and DQ too where the opset is old. */
static const MnetOnnxOperator *operator_of(const Mnet__OnnxNode *proto) {
    static const MnetOnnxOperator *const standard[] = {
        mnet_onnx_operators_layers, mnet_onnx_operators_math,  mnet_onnx_operators_shape,
        mnet_onnx_operators_values, mnet_onnx_operators_quant, mnet_onnx_operators_qlinear};
    static const MnetOnnxOperator *const microsoft[] = {
        mnet_onnx_operators_fused, mnet_onnx_operators_quant, mnet_onnx_operators_qlinear};
    const char *domain = proto->domain ? proto->domain : "";
    bool is_microsoft = strcmp(domain, "com.microsoft") == 0;
    if (*domain && !is_microsoft && strcmp(domain, "ai.onnx") != 0)
        return NULL;
    int n_tables = is_microsoft ? 3 : 6;
    for (int i = 0; i < n_tables; i++) {
        const MnetOnnxOperator *found =
            find((is_microsoft ? microsoft : standard)[i], proto->op_type);
        if (found)
            return found;
    }
    return NULL;
}

static int types_of(MnetDtype dtype) {
    switch (dtype) {
    case MNET_DTYPE_F32:
    case MNET_DTYPE_F16:
        return MNET_ONNX_FLOAT;
    case MNET_DTYPE_QU8:
    case MNET_DTYPE_QS8:
        return MNET_ONNX_QUANTIZED;
    case MNET_DTYPE_NONE:
        return 0;
    default:
        return MNET_ONNX_INTEGER;
    }
}

static void check_inputs(MnetOnnx *onnx, const MnetOnnxNode *node, const MnetOnnxOperator *op) {
    for (int i = 0; i < op->min_inputs; i++)
        if (!mnet_onnx_has_input(node, i))
            mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "input %d is missing", i);
    const MnetOnnxValue *value = op->min_inputs ? mnet_onnx_input_value(onnx, node, 0) : NULL;
    if (!value)
        return;
    MnetDtype dtype =
        value->constant.data ? value->constant.dtype : mnet_onnx_dtype(onnx, value->tensor);
    if (!(types_of(dtype) & op->types))
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "on %s tensors", mnet_dtype_name(dtype));
}

void mnet_onnx_node_read(MnetOnnx *onnx, MnetBytes message, int index) {
    MnetOnnxNode node = {.index = index, .name = ""};
    node.proto = unpack(onnx, message, &node.tensor);
    if (!node.proto || !node.proto->op_type) {
        mnet_onnx_fail(onnx, NULL, MNET_ERROR_FORMAT,
                       "node %d is broken; fetch or export the file again", index);
        return;
    }
    if (node.proto->name && *node.proto->name)
        node.name = node.proto->name;
    else if (node.proto->n_output)
        node.name = node.proto->output[0];
    if (strlen(node.name) > MNET_ONNX_MAX_NAME || node.proto->n_input > MNET_ONNX_MAX_NODES ||
        node.proto->n_output > MNET_ONNX_MAX_NODES) {
        mnet_onnx_fail(onnx, &node, MNET_ERROR_UNSUPPORTED, "its name or lists are too long");
        return;
    }
    if (mnet_onnx_fold(onnx, &node))
        return;
    const MnetOnnxOperator *op = operator_of(node.proto);
    if (!op)
        mnet_onnx_fail(onnx, &node, MNET_ERROR_UNSUPPORTED,
                       "this operator is outside of what mnet runs");
    else
        check_inputs(onnx, &node, op);
    if (!onnx->status)
        op->read(onnx, &node);
    mnet_onnx_settle(onnx);
    if (onnx->graph->arena.total > onnx->memory_limit)
        mnet_onnx_fail(onnx, &node, MNET_ERROR_MEMORY,
                       "the model needs far more memory than its size lets expect");
}
