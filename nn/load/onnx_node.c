#include "nn/load/onnx_build.h"
#include "nn/load/onnx_wire.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- Failure ---- */

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

/* ---- Attributes ---- */

static const Mnet__OnnxAttribute *attribute(const MnetOnnxNode *node, const char *name) {
    for (size_t i = 0; i < node->proto->n_attribute; i++) {
        const Mnet__OnnxAttribute *found = node->proto->attribute[i];
        if (found->name && strcmp(found->name, name) == 0)
            return found;
    }
    return NULL;
}

bool mnet_onnx_has_attribute(const MnetOnnxNode *node, const char *name) {
    return attribute(node, name) != NULL;
}

int64_t mnet_onnx_int(const MnetOnnxNode *node, const char *name, int64_t otherwise) {
    const Mnet__OnnxAttribute *found = attribute(node, name);
    return found && found->has_i ? found->i : otherwise;
}

float mnet_onnx_float(const MnetOnnxNode *node, const char *name, float otherwise) {
    const Mnet__OnnxAttribute *found = attribute(node, name);
    return found && found->has_f ? found->f : otherwise;
}

bool mnet_onnx_string_is(const MnetOnnxNode *node, const char *name, const char *otherwise,
                         const char *text) {
    const Mnet__OnnxAttribute *found = attribute(node, name);
    if (!found || !found->has_s)
        return strcmp(otherwise, text) == 0;
    return found->s.len == strlen(text) && memcmp(found->s.data, text, found->s.len) == 0;
}

int mnet_onnx_ints(const MnetOnnxNode *node, const char *name, int64_t *values, int max) {
    const Mnet__OnnxAttribute *found = attribute(node, name);
    if (!found || found->n_ints > (size_t)max)
        return -1;
    if (found->n_ints)
        memcpy(values, found->ints, found->n_ints * sizeof *values);
    return (int)found->n_ints;
}

int mnet_onnx_floats(const MnetOnnxNode *node, const char *name, float *values, int max) {
    const Mnet__OnnxAttribute *found = attribute(node, name);
    if (!found || found->n_floats > (size_t)max)
        return -1;
    if (found->n_floats)
        memcpy(values, found->floats, found->n_floats * sizeof *values);
    return (int)found->n_floats;
}

/* ---- Inputs ---- */

bool mnet_onnx_has_input(const MnetOnnxNode *node, int i) {
    return i < (int)node->proto->n_input && *node->proto->input[i];
}

static MnetOnnxValue *input_value(MnetOnnx *onnx, const MnetOnnxNode *node, int i) {
    if (onnx->status || !mnet_onnx_has_input(node, i))
        return NULL;
    MnetOnnxValue *value = mnet_onnx_value(onnx, node->proto->input[i]);
    if (!value)
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT,
                       "input '%.80s' is made by no node before this one", node->proto->input[i]);
    return value;
}

static void widen_f16(MnetOnnx *onnx, MnetTensor *tensor) {
    int64_t count = mnet_tensor_elements(tensor);
    float *wide = mnet_arena_array(&onnx->graph->arena, count, sizeof *wide);
    if (!wide) {
        mnet_onnx_fail_memory(onnx);
        return;
    }
    for (int64_t i = 0; i < count; i++)
        wide[i] = mnet_tensor_float(tensor, i);
    tensor->dtype = MNET_DTYPE_F32;
    tensor->data = wide;
    tensor->bytes = count * sizeof *wide;
}

void mnet_onnx_define(MnetOnnx *onnx, const MnetOnnxNode *node, const MnetTensor *constant) {
    if (!onnx->status && !node->proto->n_output)
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "has no outputs");
    MnetOnnxValue *value =
        onnx->status ? NULL : mnet_onnx_value_add(onnx, node, node->proto->output[0]);
    if (value) {
        value->constant = *constant;
        value->constant.name = value->name;
    }
}

int mnet_onnx_weights(MnetOnnx *onnx, const MnetOnnxNode *node, int i) {
    MnetOnnxValue *value = input_value(onnx, node, i);
    if (!value)
        return MNET_NO_TENSOR;
    if (value->tensor == MNET_NO_TENSOR) {
        const MnetTensor *constant = &value->constant;
        int id = mnet_graph_add_tensor(onnx->graph, value->name, constant->dtype, constant->rank,
                                       constant->dims);
        if (id < 0) {
            mnet_onnx_fail_memory(onnx);
            return MNET_NO_TENSOR;
        }
        onnx->graph->tensors[id].data = constant->data;
        onnx->graph->tensors[id].bytes = constant->bytes;
        value->tensor = id;
    }
    return value->tensor;
}

int mnet_onnx_input(MnetOnnx *onnx, const MnetOnnxNode *node, int i) {
    MnetOnnxValue *value = input_value(onnx, node, i);
    if (value && value->constant.data && value->constant.dtype == MNET_DTYPE_F16) {
        widen_f16(onnx, &value->constant);
        value->tensor = MNET_NO_TENSOR; /* what read it as weights keeps the narrow one */
    }
    return mnet_onnx_weights(onnx, node, i);
}

const MnetTensor *mnet_onnx_constant(MnetOnnx *onnx, const MnetOnnxNode *node, int i) {
    const MnetOnnxValue *value = input_value(onnx, node, i);
    return value && value->constant.data ? &value->constant : NULL;
}

static const MnetTensor *parameter(MnetOnnx *onnx, const MnetOnnxNode *node, int i,
                                   const char *what) {
    const MnetTensor *constant = mnet_onnx_constant(onnx, node, i);
    if (!constant && mnet_onnx_has_input(node, i))
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED,
                       "%s ('%.80s') is computed, not constant; simplify the model with onnxsim",
                       what, node->proto->input[i]);
    return constant;
}

int mnet_onnx_input_ints(MnetOnnx *onnx, const MnetOnnxNode *node, int i, const char *what,
                         int64_t *values, int max) {
    const MnetTensor *constant = parameter(onnx, node, i, what);
    if (!constant)
        return -1;
    int count = mnet_tensor_integers(constant, values, max);
    if (count < 0)
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "%s is not a list of at most %d integers",
                       what, max);
    return count;
}

float mnet_onnx_input_float(MnetOnnx *onnx, const MnetOnnxNode *node, int i, const char *what,
                            float otherwise) {
    const MnetTensor *constant = parameter(onnx, node, i, what);
    if (!constant)
        return otherwise;
    if ((constant->dtype != MNET_DTYPE_F32 && constant->dtype != MNET_DTYPE_F16) ||
        mnet_tensor_elements(constant) != 1) {
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "%s is not one float", what);
        return otherwise;
    }
    return mnet_tensor_float(constant, 0);
}

int mnet_onnx_list(MnetOnnx *onnx, const MnetOnnxNode *node, const char *name, int64_t since, int i,
                   int64_t *values, int max) {
    if (onnx->opset >= since)
        return mnet_onnx_input_ints(onnx, node, i, name, values, max);
    int count = mnet_onnx_ints(node, name, values, max);
    if (count < 0 && mnet_onnx_has_attribute(node, name))
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "%s has more than %d elements", name, max);
    return count;
}

/* ---- Tensors and nodes of the graph ---- */

MnetDtype mnet_onnx_dtype(const MnetOnnx *onnx, int tensor) {
    return tensor < 0 ? MNET_DTYPE_NONE : onnx->graph->tensors[tensor].dtype;
}

static void settle(MnetOnnx *onnx) {
    for (; !onnx->status && onnx->n_settled < onnx->graph->n_nodes; onnx->n_settled++)
        onnx->status = mnet_graph_infer_node(onnx->graph, onnx->n_settled, onnx->error);
}

int mnet_onnx_shape(MnetOnnx *onnx, const MnetOnnxNode *node, int tensor, int32_t *dims) {
    settle(onnx);
    if (onnx->status || tensor < 0)
        return -1;
    const MnetTensor *known = &onnx->graph->tensors[tensor];
    if (known->rank < 0)
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED,
                       "the shape of '%.80s' depends on computed numbers; simplify the model with "
                       "onnxsim",
                       known->name);
    else
        memcpy(dims, known->dims, sizeof known->dims);
    return known->rank;
}

bool mnet_onnx_is_constant(const MnetOnnx *onnx, int tensor) {
    const MnetGraph *graph = onnx->graph;
    for (int depth = 0; depth < 8 && tensor >= 0; depth++) {
        if (graph->tensors[tensor].data)
            return true;
        int producer = mnet_graph_producer(graph, tensor);
        if (producer < 0)
            return false;
        const MnetNode *node = &graph->nodes[producer];
        switch (node->kind) {
        case MNET_OP_QUANTIZE:
        case MNET_OP_DEQUANTIZE:
        case MNET_OP_RESHAPE:
        case MNET_OP_TRANSPOSE:
        case MNET_OP_CAST:
        case MNET_OP_IDENTITY:
            tensor = node->inputs[0];
            break;
        default:
            return false;
        }
    }
    return false;
}

int mnet_onnx_axis(MnetOnnx *onnx, const MnetOnnxNode *node, int64_t axis, int rank) {
    if (axis >= -rank && axis < rank)
        return (int)(axis < 0 ? axis + rank : axis);
    mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "axis %lld is outside of rank %d",
                   (long long)axis, rank);
    return 0;
}

static MnetNode *add_node(MnetOnnx *onnx, const MnetOnnxNode *node, MnetOpKind kind,
                          const int *inputs, int n_inputs, const int *outputs, int n_outputs) {
    if (onnx->status)
        return NULL;
    MnetNode *out = mnet_graph_add_node(onnx->graph, kind, node->name, node->proto->op_type,
                                        n_inputs, n_outputs);
    if (!out) {
        mnet_onnx_fail_memory(onnx);
        return NULL;
    }
    memcpy(out->inputs, inputs, n_inputs * sizeof *inputs);
    memcpy(out->outputs, outputs, n_outputs * sizeof *outputs);
    out->index = node->index;
    return out;
}

static int add_output(MnetOnnx *onnx, const MnetOnnxNode *node, const char *name, MnetDtype dtype) {
    int id =
        onnx->status ? MNET_NO_TENSOR : mnet_graph_add_tensor(onnx->graph, name, dtype, -1, NULL);
    if (id < 0)
        mnet_onnx_fail_memory(onnx);
    return id;
}

MnetNode *mnet_onnx_emit(MnetOnnx *onnx, const MnetOnnxNode *node, MnetOpKind kind, MnetDtype dtype,
                         const int *inputs, int n_inputs, int n_outputs) {
    if (onnx->status)
        return NULL;
    if (n_outputs < 1 || n_outputs > (int)node->proto->n_output) {
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "has %zu outputs", node->proto->n_output);
        return NULL;
    }
    int *outputs = mnet_arena_array(&onnx->scratch, n_outputs, sizeof *outputs);
    if (!outputs) {
        mnet_onnx_fail_memory(onnx);
        return NULL;
    }
    for (int i = 0; i < n_outputs; i++) {
        const char *name = node->proto->output[i];
        outputs[i] = add_output(onnx, node, name, dtype);
        if (*name) {
            MnetOnnxValue *value = mnet_onnx_value_add(onnx, node, name);
            if (value)
                value->tensor = outputs[i];
        }
    }
    return add_node(onnx, node, kind, inputs, n_inputs, outputs, n_outputs);
}

MnetNode *mnet_onnx_emit_hidden(MnetOnnx *onnx, const MnetOnnxNode *node, MnetOpKind kind,
                                MnetDtype dtype, const int *inputs, int n_inputs, int *output) {
    *output = add_output(onnx, node, node->name, dtype);
    return add_node(onnx, node, kind, inputs, n_inputs, output, 1);
}

MnetNode *mnet_onnx_emit_to(MnetOnnx *onnx, const MnetOnnxNode *node, MnetOpKind kind, int input,
                            int output) {
    return add_node(onnx, node, kind, &input, 1, &output, 1);
}

/* ---- Reading ---- */

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
    const MnetOnnxValue *value = op->min_inputs ? input_value(onnx, node, 0) : NULL;
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
    const MnetOnnxOperator *op = operator_of(node.proto);
    if (!op)
        mnet_onnx_fail(onnx, &node, MNET_ERROR_UNSUPPORTED,
                       "this operator is outside of what mnet runs");
    else
        check_inputs(onnx, &node, op);
    if (!onnx->status)
        op->read(onnx, &node);
    settle(onnx);
    if (onnx->graph->arena.total > onnx->memory_limit)
        mnet_onnx_fail(onnx, &node, MNET_ERROR_MEMORY,
                       "the model needs far more memory than its size lets expect");
}
