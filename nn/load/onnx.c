#include "nn/load/load.h"
#include "nn/load/onnx_build.h"
#include "nn/load/onnx_wire.h"

#include <stdio.h>
#include <string.h>

/* Field numbers of ModelProto and GraphProto. */
enum {
    MODEL_IR_VERSION = 1,
    MODEL_PRODUCER = 2,
    MODEL_GRAPH = 7,
    MODEL_OPSET = 8,
    MODEL_METADATA = 14,
    MODEL_LAST_OLD = 8, /* without a gap from 1 on */
    GRAPH_NODE = 1,
    GRAPH_INITIALIZER = 5,
    GRAPH_INPUT = 11,
    GRAPH_OUTPUT = 12
};

enum { OPSET_MIN = 7, OPSET_MAX = 24, IR_VERSION_MAX = 1000 };
enum { TYPE_FLOAT = 1, TYPE_UINT8 = 2, TYPE_INT8 = 3 };

static bool is_model_field(const MnetOnnxField *field) {
    static const uint32_t later[] = {14, 20, 25, 26};
    MnetOnnxWireType type =
        field->number == 1 || field->number == 5 ? MNET_ONNX_WIRE_VARINT : MNET_ONNX_WIRE_BYTES;
    bool known = field->number <= MODEL_LAST_OLD;
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        known |= field->number == later[i];
    return known && field->type == type;
}

/* By structure: ModelProto's fields of their types, an IR version that may be, and the graph. A
 * graph that the file's end cuts off counts too, so that the message is about that. */
static bool probe(MnetBytes bytes) {
    MnetOnnxWire wire = {.rest = bytes};
    MnetOnnxField field;
    bool version = false, graph = false;
    while (mnet_onnx_wire_next(&wire, &field)) {
        if (!is_model_field(&field))
            return false;
        if (field.number == MODEL_IR_VERSION)
            version = field.value >= 1 && field.value <= IR_VERSION_MAX;
        graph |= field.number == MODEL_GRAPH;
    }
    if (wire.broken)
        graph |= field.number == MODEL_GRAPH && field.type == MNET_ONNX_WIRE_BYTES;
    return version && graph;
}

/* Inputs and outputs */

static const Mnet__OnnxValueInfo *value_info(MnetOnnx *onnx, MnetBytes message) {
    const Mnet__OnnxValueInfo *info =
        mnet_onnx_unpack(&mnet__onnx_value_info__descriptor, message, &onnx->scratch);
    if (info && info->name)
        return info;
    mnet_onnx_fail(onnx, NULL, MNET_ERROR_FORMAT, "an input or output is broken");
    return NULL;
}

/* "[N, 3, 224, 224]", with what the file has: numbers, names, or '?'. */
static void shape_text(const Mnet__OnnxShape *shape, char *text, size_t size) {
    size_t at = (size_t)snprintf(text, size, "[");
    for (size_t i = 0; shape && i < shape->n_dim && at + 40 < size; i++) {
        const Mnet__OnnxDimension *dim = shape->dim[i];
        if (i)
            at += (size_t)snprintf(text + at, size - at, ", ");
        if (dim->has_dim_value)
            at += (size_t)snprintf(text + at, size - at, "%lld", (long long)dim->dim_value);
        else
            at += (size_t)snprintf(text + at, size - at, "%.20s",
                                   dim->dim_param && *dim->dim_param ? dim->dim_param : "?");
    }
    snprintf(text + at, size - at, "]");
}

static bool input_shape(MnetOnnx *onnx, const Mnet__OnnxValueInfo *info,
                        const Mnet__OnnxShape *shape, int32_t *dims) {
    char text[256];
    shape_text(shape, text, sizeof text);
    if (!shape || shape->n_dim != 4) {
        mnet_onnx_fail(onnx, NULL, MNET_ERROR_UNSUPPORTED,
                       "input '%.80s' is %s, not a picture of 4 dimensions", info->name, text);
        return false;
    }
    for (int i = 0; i < 4; i++) {
        const Mnet__OnnxDimension *dim = shape->dim[i];
        dims[i] = dim->has_dim_value && dim->dim_value > 0 && dim->dim_value <= 65536
                      ? (int32_t)dim->dim_value
                      : 0;
    }
    if (!dims[0])
        mnet_onnx_fail(onnx, NULL, MNET_ERROR_UNSUPPORTED,
                       "input '%.80s' is %s: a dynamic batch; export with a fixed batch of 1",
                       info->name, text);
    else if (dims[0] != 1)
        mnet_onnx_fail(onnx, NULL, MNET_ERROR_UNSUPPORTED,
                       "input '%.80s' is %s: a batch of %d; export with a batch of 1", info->name,
                       text, dims[0]);
    else if (!dims[1] || !dims[2] || !dims[3])
        mnet_onnx_fail(onnx, NULL, MNET_ERROR_UNSUPPORTED,
                       "input '%.80s' is %s: of dynamic size; export with a fixed height and width",
                       info->name, text);
    else if (dims[1] != 3 && dims[1] != 1 && dims[3] != 3 && dims[3] != 1)
        mnet_onnx_fail(onnx, NULL, MNET_ERROR_UNSUPPORTED,
                       "input '%.80s' is %s: neither 3 nor 1 channels, first or last", info->name,
                       text);
    return !onnx->status;
}

static void read_input(MnetOnnx *onnx, MnetBytes message) {
    MnetGraph *graph = onnx->graph;
    const Mnet__OnnxValueInfo *info = value_info(onnx, message);
    const MnetOnnxValue *known = info ? mnet_onnx_value(onnx, info->name) : NULL;
    if (!info || (known && known->constant.data))
        return; /* files of IR version 3 list initializers among the inputs */
    if (graph->input != MNET_NO_TENSOR) {
        mnet_onnx_fail(
            onnx, NULL, MNET_ERROR_UNSUPPORTED,
            "has more than one input: '%.80s' and '%.80s'; a classifier has one, the picture",
            graph->tensors[graph->input].name, info->name);
        return;
    }
    const Mnet__OnnxTensorType *type = info->type ? info->type->tensor_type : NULL;
    MnetDtype dtype = mnet_onnx_tensor_dtype(type ? type->elem_type : 0);
    if (!type || (type->elem_type != TYPE_FLOAT && type->elem_type != TYPE_UINT8 &&
                  type->elem_type != TYPE_INT8)) {
        mnet_onnx_fail(onnx, NULL, MNET_ERROR_UNSUPPORTED,
                       "input '%.80s' is %s; export with float32, uint8 or int8 input", info->name,
                       mnet_dtype_name(dtype));
        return;
    }
    int32_t dims[4];
    if (!input_shape(onnx, info, type->shape, dims))
        return;
    MnetOnnxValue *value = mnet_onnx_value_add(onnx, NULL, info->name);
    if (!value)
        return;
    graph->input = value->tensor = mnet_graph_add_tensor(graph, info->name, dtype, 4, dims);
    if (graph->input < 0)
        mnet_onnx_fail_memory(onnx);
    graph->input_dtype = dtype;
    graph->input_layout =
        dims[1] == 3 || (dims[1] == 1 && dims[3] != 3) ? MNET_LAYOUT_NCHW : MNET_LAYOUT_NHWC;
}

static void read_output(MnetOnnx *onnx, MnetBytes message) {
    MnetGraph *graph = onnx->graph;
    const Mnet__OnnxValueInfo *info =
        graph->output == MNET_NO_TENSOR ? value_info(onnx, message) : NULL;
    if (!info)
        return; /* of several outputs the first counts */
    const MnetOnnxValue *value = mnet_onnx_value(onnx, info->name);
    if (!value || value->tensor < 0 || mnet_graph_producer(graph, value->tensor) < 0)
        mnet_onnx_fail(onnx, NULL, MNET_ERROR_FORMAT, "output '%.80s' is made by no node",
                       info->name);
    else
        graph->output = value->tensor;
}

/* The file */

static void read_initializer(MnetOnnx *onnx, MnetBytes message) {
    MnetTensor tensor;
    if (!mnet_onnx_tensor_read(onnx, NULL, message, &tensor))
        return;
    MnetOnnxValue *value = mnet_onnx_value_add(onnx, NULL, tensor.name);
    if (!value)
        return;
    value->constant = tensor;
    value->constant.name = value->name;
}

/* Calls `read` for each field of that number. */
static void each(MnetOnnx *onnx, MnetBytes message, uint32_t number,
                 void (*read)(MnetOnnx *onnx, MnetBytes field)) {
    MnetOnnxWire wire = {.rest = message};
    MnetOnnxField field;
    while (!onnx->status && mnet_onnx_wire_next(&wire, &field))
        if (field.number == number && field.type == MNET_ONNX_WIRE_BYTES) {
            read(onnx, field.bytes);
            mnet_arena_clear(&onnx->scratch);
        }
    if (wire.broken)
        mnet_onnx_fail(onnx, NULL, MNET_ERROR_FORMAT,
                       "is broken or truncated; fetch or export it again");
}

static void read_node(MnetOnnx *onnx, MnetBytes message) {
    if (onnx->n_nodes == MNET_ONNX_MAX_NODES)
        mnet_onnx_fail(onnx, NULL, MNET_ERROR_UNSUPPORTED, "has more than %d nodes",
                       MNET_ONNX_MAX_NODES);
    else
        mnet_onnx_node_read(onnx, message, onnx->n_nodes++);
}

/* In the order of need, whatever the order in the file. */
static void read_graph(MnetOnnx *onnx, MnetBytes message) {
    each(onnx, message, GRAPH_INITIALIZER, read_initializer);
    each(onnx, message, GRAPH_INPUT, read_input);
    if (onnx->graph->input == MNET_NO_TENSOR)
        mnet_onnx_fail(onnx, NULL, MNET_ERROR_FORMAT, "has no input");
    each(onnx, message, GRAPH_NODE, read_node);
    each(onnx, message, GRAPH_OUTPUT, read_output);
    if (onnx->graph->output == MNET_NO_TENSOR)
        mnet_onnx_fail(onnx, NULL, MNET_ERROR_FORMAT, "has no output");
}

static void read_opset(MnetOnnx *onnx, MnetBytes message) {
    const Mnet__OnnxOpset *opset =
        mnet_onnx_unpack(&mnet__onnx_opset__descriptor, message, &onnx->scratch);
    if (!opset)
        mnet_onnx_fail(onnx, NULL, MNET_ERROR_FORMAT, "its operator set is broken");
    else if (!opset->domain || !*opset->domain || strcmp(opset->domain, "ai.onnx") == 0)
        onnx->opset = opset->version;
}

static void read_producer(MnetOnnx *onnx, MnetBytes text) {
    char name[64] = "";
    memcpy(name, text.data, text.size < sizeof name ? text.size : sizeof name - 1);
    const char *copy = mnet_arena_string(&onnx->graph->arena, name);
    onnx->graph->metadata.producer = copy ? copy : "";
}

static void read_metadata(MnetOnnx *onnx, MnetBytes message) {
    mnet_onnx_metadata_add(onnx, &onnx->metadata, message);
}

static void read_model(MnetOnnx *onnx, MnetBytes bytes) {
    each(onnx, bytes, MODEL_OPSET, read_opset);
    if (onnx->opset < OPSET_MIN || onnx->opset > OPSET_MAX)
        mnet_onnx_fail(onnx, NULL, MNET_ERROR_UNSUPPORTED,
                       "is of operator set %lld; export with opset 11 to 22",
                       (long long)onnx->opset);
    each(onnx, bytes, MODEL_PRODUCER, read_producer);
    each(onnx, bytes, MODEL_METADATA, read_metadata);
    each(onnx, bytes, MODEL_GRAPH, read_graph);
}

static MnetStatus load(MnetBytes bytes, MnetGraph *graph, MnetError *error) {
    MnetOnnx onnx = {.graph = graph, .error = error};
    onnx.memory_limit = bytes.size / 2 * 16 + ((size_t)32 << 20);
    graph->format = "ONNX";
    graph->layout = MNET_LAYOUT_NCHW;
    read_model(&onnx, bytes);
    if (!onnx.status) {
        mnet_onnx_metadata_finish(graph, &onnx.metadata);
        graph->input_quant = graph->tensors[graph->input].quant;
        graph->output_quant = graph->tensors[graph->output].quant;
        graph->output_dtype = graph->tensors[graph->output].dtype;
    }
    mnet_onnx_values_clear(&onnx);
    return onnx.status;
}

const MnetLoader mnet_loader_onnx = {"ONNX", probe, load};
