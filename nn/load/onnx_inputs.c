/* What the readers ask of a node: attributes and inputs. */
#include "nn/load/onnx_build.h"

#include <string.h>

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

bool mnet_onnx_has_input(const MnetOnnxNode *node, int i) {
    return i < (int)node->proto->n_input && *node->proto->input[i];
}

MnetOnnxValue *mnet_onnx_input_value(MnetOnnx *onnx, const MnetOnnxNode *node, int i) {
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
    MnetOnnxValue *value = mnet_onnx_input_value(onnx, node, i);
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
    MnetOnnxValue *value = mnet_onnx_input_value(onnx, node, i);
    if (value && value->constant.data && value->constant.dtype == MNET_DTYPE_F16) {
        widen_f16(onnx, &value->constant);
        value->tensor = MNET_NO_TENSOR; /* what read it as weights keeps the narrow one */
    }
    return mnet_onnx_weights(onnx, node, i);
}

const MnetTensor *mnet_onnx_constant(MnetOnnx *onnx, const MnetOnnxNode *node, int i) {
    const MnetOnnxValue *value = mnet_onnx_input_value(onnx, node, i);
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
