/* What the readers add to the graph. */
#include "nn/load/onnx_build.h"

#include <string.h>

MnetDtype mnet_onnx_dtype(const MnetOnnx *onnx, int tensor) {
    return tensor < 0 ? MNET_DTYPE_NONE : onnx->graph->tensors[tensor].dtype;
}

void mnet_onnx_settle(MnetOnnx *onnx) {
    for (; !onnx->status && onnx->n_settled < onnx->graph->n_nodes; onnx->n_settled++)
        onnx->status = mnet_graph_infer_node(onnx->graph, onnx->n_settled, onnx->error);
}

int mnet_onnx_shape(MnetOnnx *onnx, const MnetOnnxNode *node, int tensor, int32_t *dims) {
    mnet_onnx_settle(onnx);
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
