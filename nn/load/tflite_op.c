#include "nn/load/tflite.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

MnetStatus mnet_tflite_op_fail(const MnetTfliteOp *op, MnetStatus status, const char *format, ...) {
    char text[512], subgraph[64];
    MnetBytes name = mnet_table_string(&op->file->subgraph, 4);
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(subgraph, sizeof subgraph, "%.*s", (int)(name.size < 60 ? name.size : 60),
             name.size ? (const char *)name.data : "main");
    return mnet_fail(op->error, status, "%s: operator %d (%s) of subgraph '%s': %s",
                     op->file->graph->file, op->index, op->name, subgraph, text);
}

MnetStatus mnet_tflite_op_no_memory(const MnetTfliteOp *op) {
    return mnet_tflite_op_fail(op, MNET_ERROR_MEMORY, "out of memory");
}

MnetTensor *mnet_tflite_input(const MnetTfliteOp *op, int i) {
    return &op->file->graph->tensors[op->inputs[i]];
}

MnetTensor *mnet_tflite_output(const MnetTfliteOp *op, int i) {
    return &op->file->graph->tensors[op->outputs[i]];
}

MnetStatus mnet_tflite_integers(const MnetTfliteOp *op, int i, const char *what, int count,
                                int64_t *values) {
    if (i >= op->n_inputs || op->inputs[i] == MNET_NO_TENSOR || !mnet_tflite_input(op, i)->data)
        return mnet_tflite_op_fail(op, MNET_ERROR_UNSUPPORTED,
                                   "its %s aren't a constant; export the model with fixed shapes",
                                   what);
    if (mnet_tensor_integers(mnet_tflite_input(op, i), values, count) != count)
        return mnet_tflite_op_fail(op, MNET_ERROR_FORMAT,
                                   "its %s aren't %d integers; export the model again", what,
                                   count);
    return MNET_OK;
}

MnetStatus mnet_tflite_axis(const MnetTfliteOp *op, int64_t axis, int rank, int *out) {
    if (axis < -rank || axis >= rank)
        return mnet_tflite_op_fail(op, MNET_ERROR_FORMAT,
                                   "axis %" PRId64 " of %d dimensions; export the model again",
                                   axis, rank);
    *out = (int)(axis < 0 ? axis + rank : axis);
    return MNET_OK;
}

MnetActivation mnet_tflite_clamp(float lo, float hi) {
    return (MnetActivation){.kind = MNET_ACTIVATION_CLAMP, .lo = lo, .hi = hi};
}

MnetStatus mnet_tflite_fused(const MnetTfliteOp *op, int field, MnetActivation *activation) {
    int type = mnet_table_u8(&op->options, field, 0);

    switch (type) {
    case 0:
        *activation = (MnetActivation){.kind = MNET_ACTIVATION_NONE};
        return MNET_OK;
    case 1:
        *activation = mnet_tflite_clamp(0, INFINITY);
        return MNET_OK;
    case 2:
        *activation = mnet_tflite_clamp(-1, 1);
        return MNET_OK;
    case 3:
        *activation = mnet_tflite_clamp(0, 6);
        return MNET_OK;
    case 4:
        *activation = (MnetActivation){.kind = MNET_ACTIVATION_TANH};
        return MNET_OK;
    default:
        return mnet_tflite_op_fail(op, MNET_ERROR_UNSUPPORTED,
                                   "its fused activation (type %d) is not supported", type);
    }
}

/* Of a quantised tensor that is per channel: which channel element i belongs to. */
static int channel_of(const MnetTensor *tensor, int64_t i) {
    int64_t inner = 1;

    if (tensor->quant.count == 1)
        return 0;
    for (int d = tensor->quant.axis + 1; d < tensor->rank; d++)
        inner *= tensor->dims[d];
    return (int)(i / inner % tensor->dims[tensor->quant.axis]);
}

MnetStatus mnet_tflite_make_float(const MnetTfliteOp *op, int id) {
    MnetTensor *tensor = &op->file->graph->tensors[id];
    int64_t elements = mnet_tensor_elements(tensor);
    bool half = tensor->dtype == MNET_DTYPE_F16;

    if (tensor->dtype == MNET_DTYPE_F32 || !tensor->data)
        return MNET_OK;
    if (!half && !tensor->quant.count)
        return mnet_tflite_op_fail(op, MNET_ERROR_UNSUPPORTED,
                                   "constant '%s' of type %s where float is needed", tensor->name,
                                   mnet_dtype_name(tensor->dtype));
    float *values = mnet_arena_array(&op->file->graph->arena, (size_t)elements, sizeof *values);
    if (!values)
        return mnet_tflite_op_no_memory(op);
    for (int64_t i = 0; i < elements; i++) {
        if (half) {
            values[i] = mnet_tensor_float(tensor, i);
        } else {
            int q = tensor->dtype == MNET_DTYPE_QU8 ? ((const uint8_t *)tensor->data)[i]
                                                    : ((const int8_t *)tensor->data)[i];
            int channel = channel_of(tensor, i);
            values[i] =
                (float)(q - tensor->quant.zero_point[channel]) * tensor->quant.scale[channel];
        }
    }
    tensor->dtype = MNET_DTYPE_F32;
    tensor->quant = (MnetQuant){0};
    tensor->data = values;
    tensor->bytes = (size_t)elements * sizeof *values;
    return MNET_OK;
}

MnetNode *mnet_tflite_node(const MnetTfliteOp *op, MnetOpKind kind, int n_inputs) {
    MnetNode *node = mnet_graph_add_node(op->file->graph, kind, mnet_tflite_output(op, 0)->name,
                                         op->name, n_inputs, op->n_outputs);
    if (!node)
        return NULL;
    node->index = op->index;
    memcpy(node->inputs, op->inputs, n_inputs * sizeof *node->inputs);
    memcpy(node->outputs, op->outputs, op->n_outputs * sizeof *node->outputs);
    return node;
}

int mnet_tflite_tensor_like(const MnetTfliteOp *op, int like, int rank, const int32_t *dims) {
    MnetGraph *graph = op->file->graph;
    int id = mnet_graph_add_tensor(graph, graph->tensors[like].name, graph->tensors[like].dtype,
                                   rank, dims);
    if (id != MNET_NO_TENSOR && graph->tensors[like].quant.count == 1)
        graph->tensors[id].quant = graph->tensors[like].quant;
    return id;
}

MnetStatus mnet_tflite_reshape_to(const MnetTfliteOp *op, int from, int to) {
    MnetGraph *graph = op->file->graph;
    int32_t rank = graph->tensors[to].rank;
    int32_t *dims = mnet_arena_array(&graph->arena, MNET_MAX_RANK, sizeof *dims);
    int shape = mnet_graph_add_tensor(graph, "shape", MNET_DTYPE_S32, 1, &rank);
    MnetNode *node =
        mnet_graph_add_node(graph, MNET_OP_RESHAPE, graph->tensors[to].name, op->name, 2, 1);

    if (!dims || shape == MNET_NO_TENSOR || !node)
        return mnet_tflite_op_no_memory(op);
    memcpy(dims, graph->tensors[to].dims, rank * sizeof *dims);
    graph->tensors[shape].data = dims;
    graph->tensors[shape].bytes = rank * sizeof *dims;
    node->index = op->index;
    node->inputs[0] = from;
    node->inputs[1] = shape;
    node->outputs[0] = to;
    return MNET_OK;
}

/* Every tensor that is read has a value by then, and every tensor is made once: the order of the
 * file is one that runs. */
static MnetStatus read_arguments(MnetTfliteOp *op, const MnetTable *table) {
    MnetVector inputs = mnet_table_vector(table, 1, 4), outputs = mnet_table_vector(table, 2, 4);
    MnetTflite *file = op->file;
    int n_tensors = (int)file->tensors.count;

    if (inputs.count > MNET_TFLITE_MAX_ARGS || outputs.count > MNET_TFLITE_MAX_ARGS)
        return mnet_tflite_op_fail(op, MNET_ERROR_UNSUPPORTED,
                                   "%zu inputs and %zu outputs; at most %d are supported",
                                   inputs.count, outputs.count, MNET_TFLITE_MAX_ARGS);
    op->n_inputs = (int)inputs.count;
    op->n_outputs = (int)outputs.count;
    for (int i = 0; i < op->n_inputs; i++) {
        int id = op->inputs[i] = mnet_vector_i32(&inputs, i);
        if (id < MNET_NO_TENSOR || id >= n_tensors || (id >= 0 && !file->made[id]))
            return mnet_tflite_op_fail(
                op, MNET_ERROR_FORMAT, "nothing makes its input %d ('%s'); export the model again",
                i, id >= 0 && id < n_tensors ? file->graph->tensors[id].name : "no such tensor");
    }
    for (int i = 0; i < op->n_outputs; i++) {
        int id = op->outputs[i] = mnet_vector_i32(&outputs, i);
        if (id < 0 || id >= n_tensors || file->made[id])
            return mnet_tflite_op_fail(op, MNET_ERROR_FORMAT,
                                       "its output %d is no tensor that is still to be made; "
                                       "export the model again",
                                       i);
        file->made[id] = true;
    }
    return MNET_OK;
}

static MnetStatus check_types(const MnetTfliteOp *op) {
    for (int i = 0; i < op->n_inputs + op->n_outputs; i++) {
        int id = i < op->n_inputs ? op->inputs[i] : op->outputs[i - op->n_inputs];
        if (id == MNET_NO_TENSOR || op->file->graph->tensors[id].dtype != MNET_DTYPE_NONE)
            continue;
        MnetTable tensor = mnet_vector_table(&op->file->tensors, id);
        const char *type = mnet_tflite_type_name(mnet_table_u8(&tensor, 1, 0));
        return mnet_tflite_op_fail(
            op, MNET_ERROR_UNSUPPORTED,
            "tensor '%s' is of type %s, which is not supported; export the model in float32, "
            "float16 or 8-bit integers",
            op->file->graph->tensors[id].name, type ? type : "unknown");
    }
    return MNET_OK;
}

/* Only convolutions and fully connected layers take float16, in their weights. */
static MnetStatus make_constants_float(const MnetTfliteOp *op) {
    for (int i = 0; i < op->n_inputs; i++) {
        int id = op->inputs[i];
        bool weights = i == 1 && (op->builder->code == TFLITE_CONV_2D ||
                                  op->builder->code == TFLITE_DEPTHWISE_CONV_2D ||
                                  op->builder->code == TFLITE_FULLY_CONNECTED);
        if (id != MNET_NO_TENSOR && op->file->graph->tensors[id].dtype == MNET_DTYPE_F16 &&
            !weights && op->builder->code != TFLITE_DEQUANTIZE) {
            MnetStatus status = mnet_tflite_make_float(op, id);
            if (status)
                return status;
        }
    }
    return MNET_OK;
}

static const MnetTfliteBuilder *builder_of(int code) {
    for (int i = 0; i < mnet_tflite_n_compute_builders; i++)
        if (mnet_tflite_compute_builders[i].code == code)
            return &mnet_tflite_compute_builders[i];
    for (int i = 0; i < mnet_tflite_n_shape_builders; i++)
        if (mnet_tflite_shape_builders[i].code == code)
            return &mnet_tflite_shape_builders[i];
    return NULL;
}

static MnetStatus unsupported(const MnetTfliteOp *op, const MnetTable *code) {
    MnetBytes custom = mnet_table_string(code, 1);

    if (custom.size)
        return mnet_tflite_op_fail(
            op, MNET_ERROR_UNSUPPORTED, "the custom operator '%.*s' is not supported",
            (int)(custom.size < 100 ? custom.size : 100), (const char *)custom.data);
    return mnet_tflite_op_fail(op, MNET_ERROR_UNSUPPORTED, "this operator is not supported");
}

/* Operator: 0 opcode_index, 3 builtin_options_type, 4 builtin_options.
 * OperatorCode: 0 deprecated_builtin_code, 1 custom_code, 3 builtin_code; old files have only the
 * first, a byte. */
MnetStatus mnet_tflite_op(MnetTflite *file, const MnetTable *table, int index, MnetError *error) {
    MnetTfliteOp op = {.file = file, .error = error, .index = index, .name = "?"};
    uint32_t opcode = mnet_table_u32(table, 0, 0);
    MnetTable code = mnet_vector_table(&file->codes, opcode);
    int old = (int8_t)mnet_table_u8(&code, 0, 0), fresh = mnet_table_i32(&code, 3, 0);
    int builtin = old > fresh ? old : fresh;
    int options = mnet_table_u8(table, 3, 0);
    MnetStatus status;

    if (mnet_tflite_op_name(builtin))
        op.name = mnet_tflite_op_name(builtin);
    op.options = mnet_table_table(table, 4);
    if (file->buffer.broken || opcode >= file->codes.count)
        return mnet_tflite_op_fail(&op, MNET_ERROR_FORMAT,
                                   "its tables lie outside the file, which is broken or "
                                   "truncated; fetch or export it again");
    op.builder = builder_of(builtin);
    if (!op.builder)
        return unsupported(&op, &code);
    if (options && op.builder->options != options)
        return mnet_tflite_op_fail(&op, MNET_ERROR_FORMAT,
                                   "it has the options of another operator; export the model "
                                   "again");
    if ((status = read_arguments(&op, table)) || (status = check_types(&op)))
        return status;
    if (op.n_inputs < op.builder->min_inputs || op.n_inputs > op.builder->max_inputs ||
        op.n_outputs < 1 || op.inputs[0] == MNET_NO_TENSOR)
        return mnet_tflite_op_fail(&op, MNET_ERROR_FORMAT,
                                   "%d inputs and %d outputs are not what it takes; export the "
                                   "model again",
                                   op.n_inputs, op.n_outputs);
    if ((status = make_constants_float(&op)) || (status = op.builder->build(&op)))
        return status;
    if (file->buffer.broken)
        return mnet_tflite_op_fail(&op, MNET_ERROR_FORMAT,
                                   "its options lie outside the file, which is broken or "
                                   "truncated; fetch or export it again");
    return MNET_OK;
}
