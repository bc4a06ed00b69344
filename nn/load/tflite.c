#include "nn/load/tflite.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nn/load/load.h"

enum { MAX_TENSORS = 65536, MAX_OPERATORS = 65536, MAX_NAME = 255, MAX_ELEMENTS = 1 << 28 };

static bool probe(MnetBytes bytes) {
    return bytes.size >= 8 && memcmp(bytes.data + 4, "TFL3", 4) == 0;
}

static MnetStatus broken(const MnetTflite *file, const char *what, MnetError *error) {
    return mnet_fail(error, MNET_ERROR_FORMAT,
                     "%s: broken or truncated TFLite file: %s; fetch or export it again",
                     file->graph->file, what);
}

static MnetStatus no_memory(const MnetTflite *file, MnetError *error) {
    return mnet_fail(error, MNET_ERROR_MEMORY, "%s: out of memory", file->graph->file);
}

bool mnet_tflite_buffer(const MnetTflite *file, uint32_t index, MnetBytes *content) {
    MnetTable buffer = mnet_vector_table(&file->buffers, index);
    MnetVector data = mnet_table_vector(&buffer, 0, 1);
    uint64_t offset = mnet_table_u64(&buffer, 1, 0), size = mnet_table_u64(&buffer, 2, 0);

    if (offset >
        1) /* 1 stands for "to be written behind the flatbuffer" while a file is being made */
        return offset <= SIZE_MAX && size <= SIZE_MAX &&
               mnet_bytes_slice(file->buffer.bytes, (size_t)offset, (size_t)size, content);
    *content = mnet_vector_bytes(&data);
    return index < file->buffers.count && !file->buffer.broken;
}

static MnetDtype dtype_of(int type) {
    switch (type) {
    case 0:
        return MNET_DTYPE_F32;
    case 1:
        return MNET_DTYPE_F16;
    case 2:
        return MNET_DTYPE_S32;
    case 3:
        return MNET_DTYPE_QU8;
    case 4:
        return MNET_DTYPE_S64;
    case 6:
        return MNET_DTYPE_BOOL;
    case 9:
        return MNET_DTYPE_QS8;
    default:
        return MNET_DTYPE_NONE; /* an error only where an operator reads it */
    }
}

/* QuantizationParameters: 2 scale, 3 zero_point, 6 quantized_dimension. */
static MnetStatus read_quant(MnetTflite *file, const MnetTable *table, MnetTensor *tensor,
                             MnetError *error) {
    MnetVector scales = mnet_table_vector(table, 2, 4);
    MnetVector zero_points = mnet_table_vector(table, 3, 8);
    int axis = mnet_table_i32(table, 6, 0);
    int lo = tensor->dtype == MNET_DTYPE_QU8 ? 0 : -128;

    /* int32 biases carry scales too; what a convolution uses follows from its input and weights. */
    if (!scales.count || (tensor->dtype != MNET_DTYPE_QU8 && tensor->dtype != MNET_DTYPE_QS8))
        return MNET_OK;
    if (scales.count > 1 &&
        (axis < 0 || axis >= tensor->rank || scales.count != (size_t)tensor->dims[axis]))
        return mnet_fail(error, MNET_ERROR_FORMAT,
                         "%s: tensor '%s' has %zu scales, which fit no dimension of it; export the "
                         "model again",
                         file->graph->file, tensor->name, scales.count);
    float *scale = mnet_arena_array(&file->graph->arena, scales.count, sizeof *scale);
    int32_t *zero_point = mnet_arena_array(&file->graph->arena, scales.count, sizeof *zero_point);
    if (!scale || !zero_point)
        return no_memory(file, error);
    for (size_t i = 0; i < scales.count; i++) {
        int64_t zero = mnet_vector_i64(&zero_points, zero_points.count == 1 ? 0 : i);
        scale[i] = mnet_vector_f32(&scales, i);
        if (!(scale[i] > 0 && isfinite(scale[i])) || zero < lo || zero > lo + 255)
            return mnet_fail(error, MNET_ERROR_FORMAT,
                             "%s: tensor '%s' has scale %g and zero point %" PRId64
                             ", outside its type's range; export the model again",
                             file->graph->file, tensor->name, scale[i], zero);
        zero_point[i] = (int32_t)zero;
    }
    tensor->quant = (MnetQuant){(int)scales.count, scales.count > 1 ? axis : 0, scale, zero_point};
    return MNET_OK;
}

/* Dimensions of 0 and below stand for unknown ones. */
static bool is_too_large(const MnetTensor *tensor) {
    int64_t elements = 1;
    for (int i = 0; i < tensor->rank && elements <= MAX_ELEMENTS; i++)
        elements *= tensor->dims[i] > 0 ? tensor->dims[i] : 1;
    return elements > MAX_ELEMENTS;
}

/* Tensor: 0 shape, 1 type, 2 buffer, 3 name, 4 quantization, 6 sparsity. */
static MnetStatus read_tensor(MnetTflite *file, size_t index, MnetError *error) {
    MnetGraph *graph = file->graph;
    MnetTable table = mnet_vector_table(&file->tensors, index);
    MnetVector shape = mnet_table_vector(&table, 0, 4);
    MnetBytes label = mnet_table_string(&table, 3), content = {0};
    MnetTable quant = mnet_table_table(&table, 4);
    int32_t dims[MNET_MAX_RANK] = {0};
    char name[MAX_NAME + 1];

    snprintf(name, sizeof name, "%.*s", (int)(label.size < MAX_NAME ? label.size : MAX_NAME),
             label.size ? (const char *)label.data : "");
    if (shape.count > MNET_MAX_RANK)
        return mnet_fail(error, MNET_ERROR_UNSUPPORTED,
                         "%s: tensor '%s' has %zu dimensions; at most %d are supported",
                         graph->file, name, shape.count, MNET_MAX_RANK);
    for (size_t i = 0; i < shape.count; i++)
        dims[i] = mnet_vector_i32(&shape, i);
    int id = mnet_graph_add_tensor(graph, name, dtype_of(mnet_table_u8(&table, 1, 0)),
                                   (int)shape.count, dims);
    if (id == MNET_NO_TENSOR)
        return no_memory(file, error);
    MnetTensor *tensor = &graph->tensors[id];
    if (!mnet_tflite_buffer(file, mnet_table_u32(&table, 2, 0), &content) || file->buffer.broken)
        return broken(file, "a tensor or its data lie outside it", error);
    MnetStatus status = read_quant(file, &quant, tensor, error);
    if (status)
        return status;
    int64_t elements = mnet_tensor_elements(tensor);
    if (is_too_large(tensor))
        return mnet_fail(error, MNET_ERROR_MEMORY,
                         "%s: tensor '%s' is too large; at most %d elements are supported",
                         graph->file, name, MAX_ELEMENTS);
    file->made[id] = content.size > 0;
    if (!content.size || tensor->dtype == MNET_DTYPE_NONE)
        return MNET_OK;
    if (mnet_table_has(&table, 6))
        return mnet_fail(error, MNET_ERROR_UNSUPPORTED,
                         "%s: tensor '%s' is stored sparse; export the model without sparsity",
                         graph->file, name);
    if (elements < 0 || (uint64_t)elements * mnet_dtype_size(tensor->dtype) != content.size)
        return mnet_fail(error, MNET_ERROR_FORMAT,
                         "%s: constant '%s' has %zu bytes, which isn't what its shape needs; fetch "
                         "or export the file again",
                         graph->file, name, content.size);
    tensor->data = content.data;
    tensor->bytes = content.size;
    return MNET_OK;
}

static MnetStatus read_tensors(MnetTflite *file, MnetError *error) {
    size_t count = file->tensors.count;

    if (count == 0 || count > MAX_TENSORS)
        return broken(file, "it has no tensors, or too many", error);
    file->made = mnet_arena_array(&file->graph->arena, count, sizeof *file->made);
    file->depthwise = mnet_arena_array(&file->graph->arena, count, sizeof *file->depthwise);
    if (!file->made || !file->depthwise)
        return no_memory(file, error);
    for (size_t i = 0; i < count; i++) {
        file->depthwise[i] = MNET_NO_TENSOR;
        MnetStatus status = read_tensor(file, i, error);
        if (status)
            return status;
        if (file->graph->arena.total > file->memory_limit)
            return broken(file, "its tensors need more memory than a file of its size can", error);
    }
    return MNET_OK;
}

/* The shape signature (Tensor field 7) holds -1 where the exporter left a size open; the shape then
 * says 1 there, which is right for the batch and for nothing else. */
static MnetStatus check_input_shape(const MnetTflite *file, int id, MnetError *error) {
    const MnetTensor *tensor = &file->graph->tensors[id];
    MnetTable table = mnet_vector_table(&file->tensors, id);
    MnetVector signature = mnet_table_vector(&table, 7, 4);
    const char *name = file->graph->file;

    if (tensor->rank != 4)
        return mnet_fail(error, MNET_ERROR_UNSUPPORTED,
                         "%s: input '%s' has %d dimensions; a picture has 4 (1, height, width, "
                         "channels)",
                         name, tensor->name, tensor->rank);
    if (tensor->dims[0] < 1)
        return mnet_fail(error, MNET_ERROR_UNSUPPORTED,
                         "%s: input '%s' has a dynamic batch size; export the model with batch "
                         "size 1",
                         name, tensor->name);
    if (tensor->dims[0] != 1)
        return mnet_fail(error, MNET_ERROR_UNSUPPORTED,
                         "%s: input '%s' has batch size %d; export the model with batch size 1",
                         name, tensor->name, (int)tensor->dims[0]);
    for (int i = 1; i < 4; i++)
        if (tensor->dims[i] < 1 || (signature.count == 4 && mnet_vector_i32(&signature, i) < 1))
            return mnet_fail(error, MNET_ERROR_UNSUPPORTED,
                             "%s: input '%s' has a dynamic height, width or channel count; export "
                             "the model with a fixed input shape such as (1, 224, 224, 3)",
                             name, tensor->name);
    return MNET_OK;
}

/* The one tensor of a picture: 1 subgraph inputs, 2 outputs. */
static MnetStatus read_ends(MnetTflite *file, MnetError *error) {
    MnetGraph *graph = file->graph;
    MnetVector inputs = mnet_table_vector(&file->subgraph, 1, 4);
    MnetVector outputs = mnet_table_vector(&file->subgraph, 2, 4);
    int ids[2] = {mnet_vector_i32(&inputs, 0), mnet_vector_i32(&inputs, 1)};

    if (!inputs.count || !outputs.count)
        return broken(file, "it has no input or no output", error);
    for (size_t i = 0; i < inputs.count && i < 2; i++)
        if (ids[i] < 0 || ids[i] >= graph->n_tensors)
            return broken(file, "an input is no tensor of it", error);
    if (inputs.count > 1)
        return mnet_fail(error, MNET_ERROR_UNSUPPORTED,
                         "%s: has %zu inputs ('%s', '%s'%s); only models with one input, the "
                         "picture, are supported",
                         graph->file, inputs.count, graph->tensors[ids[0]].name,
                         graph->tensors[ids[1]].name, inputs.count > 2 ? ", ..." : "");
    graph->input = ids[0];
    graph->output = mnet_vector_i32(&outputs, 0);
    if (graph->output < 0 || graph->output >= graph->n_tensors)
        return broken(file, "its output is no tensor of it", error);
    if (file->made[graph->input])
        return broken(file, "its input is a constant", error);
    file->made[graph->input] = true;
    return check_input_shape(file, graph->input, error);
}

/* Bytes without quantisation are numbers as they are: the input of models that rescale inside. */
static MnetStatus read_edge(MnetTflite *file, int id, const char *what, MnetDtype *dtype,
                            MnetQuant *quant, MnetError *error) {
    MnetGraph *graph = file->graph;
    MnetTensor *tensor = &graph->tensors[id];
    MnetTable table = mnet_vector_table(&file->tensors, id);
    bool bytes = tensor->dtype == MNET_DTYPE_QU8 || tensor->dtype == MNET_DTYPE_QS8;

    if (!bytes && tensor->dtype != MNET_DTYPE_F32) {
        const char *type = mnet_tflite_type_name(mnet_table_u8(&table, 1, 0));
        return mnet_fail(error, MNET_ERROR_UNSUPPORTED,
                         "%s: %s '%s' is of type %s; FLOAT32, UINT8 and INT8 are supported",
                         graph->file, what, tensor->name, type ? type : "unknown");
    }
    if (bytes && !tensor->quant.count && !mnet_graph_set_quant(graph, &tensor->quant, 1, 0))
        return no_memory(file, error);
    if (tensor->quant.count > 1)
        return mnet_fail(error, MNET_ERROR_UNSUPPORTED,
                         "%s: %s '%s' is quantised per channel; per tensor is supported",
                         graph->file, what, tensor->name);
    *dtype = tensor->dtype;
    *quant = tensor->quant;
    return MNET_OK;
}

static MnetStatus read_operators(MnetTflite *file, MnetError *error) {
    MnetVector operators = mnet_table_vector(&file->subgraph, 3, 4);

    if (file->buffer.broken || operators.count > MAX_OPERATORS)
        return broken(file, "its list of operators", error);
    for (size_t i = 0; i < operators.count; i++) {
        MnetTable table = mnet_vector_table(&operators, i);
        MnetStatus status = mnet_tflite_op(file, &table, (int)i, error);
        if (status)
            return status;
        if (file->graph->arena.total > file->memory_limit)
            return broken(file, "its operators need more memory than a file of its size can",
                          error);
    }
    if (!file->made[file->graph->output])
        return broken(file, "no operator makes its output", error);
    return MNET_OK;
}

/* Model: 1 operator_codes, 2 subgraphs, 3 description, 4 buffers. SubGraph: 0 tensors. */
static MnetStatus load(MnetBytes bytes, MnetGraph *graph, MnetError *error) {
    MnetTflite file = {.buffer = {.bytes = bytes},
                       .graph = graph,
                       .memory_limit =
                           bytes.size < SIZE_MAX / 16 ? bytes.size * 8 + (16 << 20) : SIZE_MAX};
    MnetStatus status;

    file.model = mnet_flatbuffer_root(&file.buffer);
    MnetVector subgraphs = mnet_table_vector(&file.model, 2, 4);
    file.codes = mnet_table_vector(&file.model, 1, 4);
    file.buffers = mnet_table_vector(&file.model, 4, 4);
    file.subgraph = mnet_vector_table(&subgraphs, 0);
    file.tensors = mnet_table_vector(&file.subgraph, 0, 4);
    if (file.buffer.broken || !subgraphs.count)
        return broken(&file, "its tables lie outside it", error);

    graph->layout = graph->input_layout = MNET_LAYOUT_NHWC;
    if ((status = read_tensors(&file, error)) || (status = read_ends(&file, error)) ||
        (status = read_edge(&file, graph->input, "input", &graph->input_dtype, &graph->input_quant,
                            error)) ||
        (status = read_edge(&file, graph->output, "output", &graph->output_dtype,
                            &graph->output_quant, error)) ||
        (status = read_operators(&file, error)))
        return status;
    mnet_tflite_metadata(&file);
    return MNET_OK;
}

const MnetLoader mnet_loader_tflite = {"TFLite", probe, load};
