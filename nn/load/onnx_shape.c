/* Operators that move or describe elements, and those of shape arithmetic. */
#include "nn/load/onnx_build.h"

#include <string.h>

/* A constant in another shape; false where its elements don't fit. */
static bool reshape_constant(const MnetTensor *constant, const int64_t *dims, int rank,
                             MnetTensor *out) {
    int64_t elements = mnet_tensor_elements(constant), known = 1;
    int open = -1;
    *out = *constant;
    out->rank = rank;
    for (int i = 0; i < rank; i++) {
        int64_t dim = dims[i] == 0 && i < constant->rank ? constant->dims[i] : dims[i];
        if (dim < -1 || dim > INT32_MAX || (dim == -1 && open >= 0))
            return false;
        if (dim == -1)
            open = i;
        else
            known *= dim;
        if (known > INT32_MAX)
            return false;
        out->dims[i] = (int32_t)dim;
    }
    if (open >= 0)
        out->dims[open] = known ? (int32_t)(elements / known) : 0;
    return mnet_tensor_elements(out) == elements;
}

/* RESHAPE to a shape known here (0 copies a dimension, -1 takes the rest). A constant stays one. */
static void reshape_to(MnetOnnx *onnx, const MnetOnnxNode *node, const int64_t *dims, int rank) {
    const MnetTensor *constant = mnet_onnx_constant(onnx, node, 0);
    MnetTensor moved;
    if (constant && reshape_constant(constant, dims, rank, &moved)) {
        mnet_onnx_define(onnx, node, &moved);
        return;
    }
    int inputs[2];
    inputs[0] = mnet_onnx_input(onnx, node, 0);
    inputs[1] =
        onnx->status ? MNET_NO_TENSOR : mnet_onnx_add_integers(onnx, node->name, dims, rank);
    mnet_onnx_emit(onnx, node, MNET_OP_RESHAPE, mnet_onnx_dtype(onnx, inputs[0]), inputs, 2, 1);
}

static void reshape(MnetOnnx *onnx, const MnetOnnxNode *node) {
    int64_t dims[MNET_MAX_RANK];
    if (!mnet_onnx_constant(onnx, node, 1)) {
        int inputs[2] = {MNET_NO_TENSOR, MNET_NO_TENSOR};
        for (int i = 0; i < 2; i++)
            inputs[i] = mnet_onnx_input(onnx, node, i);
        mnet_onnx_emit(onnx, node, MNET_OP_RESHAPE, mnet_onnx_dtype(onnx, inputs[0]), inputs, 2, 1);
        return;
    }
    int rank = mnet_onnx_input_ints(onnx, node, 1, "shape", dims, MNET_MAX_RANK);
    for (int i = 0; i < rank && mnet_onnx_int(node, "allowzero", 0); i++)
        if (dims[i] == 0)
            mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "to an empty tensor");
    if (!onnx->status)
        reshape_to(onnx, node, dims, rank);
}

/* To a matrix: the axes before `axis`, and those from it on. */
static void flatten(MnetOnnx *onnx, const MnetOnnxNode *node) {
    int64_t axis = mnet_onnx_int(node, "axis", 1), dims[2] = {axis == 0 ? 1 : 0, -1};
    if (axis != 0 && axis != 1) {
        int32_t x[MNET_MAX_RANK];
        int rank = mnet_onnx_shape(onnx, node, mnet_onnx_input(onnx, node, 0), x);
        int end = onnx->status || axis == rank ? rank : mnet_onnx_axis(onnx, node, axis, rank);
        dims[0] = 1;
        for (int i = 0; i < end && !onnx->status; i++)
            dims[0] *= x[i];
    }
    reshape_to(onnx, node, dims, 2);
}

/* The axes of Squeeze and Unsqueeze as a set, counted within `rank` dimensions. */
static uint32_t axes_of(MnetOnnx *onnx, const MnetOnnxNode *node, int rank, const int64_t *values,
                        int count) {
    uint32_t axes = 0;
    for (int i = 0; i < count && !onnx->status; i++) {
        uint32_t bit = 1u << mnet_onnx_axis(onnx, node, values[i], rank);
        if (axes & bit)
            mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "an axis is given twice");
        axes |= bit;
    }
    return axes;
}

static void squeeze(MnetOnnx *onnx, const MnetOnnxNode *node) {
    int64_t values[MNET_MAX_RANK], dims[MNET_MAX_RANK];
    int32_t x[MNET_MAX_RANK];
    int count = mnet_onnx_list(onnx, node, "axes", 13, 1, values, MNET_MAX_RANK);
    int rank = mnet_onnx_shape(onnx, node, mnet_onnx_input(onnx, node, 0), x), kept = 0;
    uint32_t axes = axes_of(onnx, node, rank, values, count);
    for (int i = 0; i < rank && !onnx->status; i++) {
        bool dropped = count < 0 ? x[i] == 1 : axes & 1u << i;
        if (dropped && x[i] != 1)
            mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "axis %d is %d long, not 1", i, x[i]);
        if (!dropped)
            dims[kept++] = x[i];
    }
    reshape_to(onnx, node, dims, kept);
}

static void unsqueeze(MnetOnnx *onnx, const MnetOnnxNode *node) {
    int64_t values[MNET_MAX_RANK], dims[MNET_MAX_RANK];
    int32_t x[MNET_MAX_RANK];
    int count = mnet_onnx_list(onnx, node, "axes", 13, 1, values, MNET_MAX_RANK);
    int rank = mnet_onnx_shape(onnx, node, mnet_onnx_input(onnx, node, 0), x);
    if (count < 0 || rank + count > MNET_MAX_RANK)
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "to more than %d dimensions, or no axes",
                       MNET_MAX_RANK);
    if (onnx->status)
        return;
    uint32_t axes = axes_of(onnx, node, rank + count, values, count);
    for (int i = 0, from = 0; i < rank + count; i++)
        dims[i] = axes & 1u << i ? 1 : x[from++];
    reshape_to(onnx, node, dims, rank + count);
}

static void transpose(MnetOnnx *onnx, const MnetOnnxNode *node) {
    int64_t perm[MNET_MAX_RANK];
    int32_t x[MNET_MAX_RANK];
    int input = mnet_onnx_input(onnx, node, 0);
    int count = mnet_onnx_ints(node, "perm", perm, MNET_MAX_RANK);
    if (count < 0) { /* the default is the reverse */
        count = mnet_onnx_shape(onnx, node, input, x);
        for (int i = 0; i < count; i++)
            perm[i] = count - 1 - i;
    }
    for (int i = 0; i < count; i++)
        if (perm[i] < 0 || perm[i] >= count)
            mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "perm holds %lld", (long long)perm[i]);
    MnetNode *out =
        mnet_onnx_emit(onnx, node, MNET_OP_TRANSPOSE, mnet_onnx_dtype(onnx, input), &input, 1, 1);
    for (int i = 0; out && i < count; i++)
        out->attrs.perm[i] = (int32_t)perm[i];
}

static void concat(MnetOnnx *onnx, const MnetOnnxNode *node) {
    int count = (int)node->proto->n_input;
    int *inputs = mnet_arena_array(&onnx->scratch, count, sizeof *inputs);
    int64_t axis = mnet_onnx_int(node, "axis", 0);
    if (!inputs) {
        mnet_onnx_fail_memory(onnx);
        return;
    }
    for (int i = 0; i < count; i++)
        inputs[i] = mnet_onnx_input(onnx, node, i);
    if (axis < -MNET_MAX_RANK || axis >= MNET_MAX_RANK)
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "axis is %lld", (long long)axis);
    MnetNode *out = mnet_onnx_emit(onnx, node, MNET_OP_CONCAT, mnet_onnx_dtype(onnx, inputs[0]),
                                   inputs, count, 1);
    if (out)
        out->attrs.along.axis = (int)axis;
}

/* Sizes wait in dims[0] of outputs whose rank is still unknown; without any, shape inference makes
 * equal parts. */
static void split(MnetOnnx *onnx, const MnetOnnxNode *node) {
    int n_outputs = (int)node->proto->n_output;
    int64_t axis = mnet_onnx_int(node, "axis", 0);
    int64_t *sizes = mnet_arena_array(&onnx->scratch, n_outputs, sizeof *sizes);
    if (!sizes) {
        mnet_onnx_fail_memory(onnx);
        return;
    }
    int count = mnet_onnx_list(onnx, node, "split", 13, 1, sizes, n_outputs);
    int input = mnet_onnx_input(onnx, node, 0);
    if (axis < -MNET_MAX_RANK || axis >= MNET_MAX_RANK || (count >= 0 && count != n_outputs))
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "axis or number of parts is wrong");
    for (int i = 0; i < count; i++)
        if (sizes[i] < 1 || sizes[i] > INT32_MAX)
            mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "a part of %lld", (long long)sizes[i]);
    MnetNode *out = mnet_onnx_emit(onnx, node, MNET_OP_SPLIT, mnet_onnx_dtype(onnx, input), &input,
                                   1, n_outputs);
    if (!out)
        return;
    out->attrs.along.axis = (int)axis;
    for (int i = 0; i < count; i++)
        onnx->graph->tensors[out->outputs[i]].dims[0] = (int32_t)sizes[i];
}

static int32_t narrow(int64_t value) {
    return value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : (int32_t)value;
}

/* Begin, end, axes and steps are attributes before opset 10, inputs 1 to 4 since. */
static void slice(MnetOnnx *onnx, const MnetOnnxNode *node) {
    int64_t begin[MNET_MAX_RANK], end[MNET_MAX_RANK], axes[MNET_MAX_RANK], steps[MNET_MAX_RANK];
    int input = mnet_onnx_input(onnx, node, 0);
    int count = mnet_onnx_list(onnx, node, "starts", 10, 1, begin, MNET_MAX_RANK);
    int n_ends = mnet_onnx_list(onnx, node, "ends", 10, 2, end, MNET_MAX_RANK);
    int n_axes = mnet_onnx_list(onnx, node, "axes", 10, 3, axes, MNET_MAX_RANK);
    int n_steps = mnet_onnx_list(onnx, node, "steps", 10, 4, steps, MNET_MAX_RANK);
    int32_t x[MNET_MAX_RANK];
    int rank = 0;
    if (count < 0 || n_ends != count || (n_axes >= 0 && n_axes != count) ||
        (n_steps >= 0 && n_steps != count))
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "starts, ends, axes, steps do not match");
    else
        rank = mnet_onnx_shape(onnx, node, input, x);
    MnetNode *out =
        mnet_onnx_emit(onnx, node, MNET_OP_SLICE, mnet_onnx_dtype(onnx, input), &input, 1, 1);
    if (!out)
        return;
    for (int i = 0; i < MNET_MAX_RANK; i++) {
        out->attrs.slice.end[i] = INT32_MAX;
        out->attrs.slice.stride[i] = 1;
    }
    for (int i = 0; i < count; i++) {
        int axis = mnet_onnx_axis(onnx, node, n_axes < 0 ? i : axes[i], rank);
        out->attrs.slice.begin[axis] = narrow(begin[i]);
        out->attrs.slice.end[axis] = narrow(end[i]);
        out->attrs.slice.stride[axis] = n_steps < 0 ? 1 : narrow(steps[i]);
    }
}

/* The real value of constant_value, which quantised tensors give as a raw number. */
static float pad_value(MnetOnnx *onnx, const MnetOnnxNode *node, int input) {
    const MnetTensor *x = &onnx->graph->tensors[input];
    const MnetTensor *constant = mnet_onnx_constant(onnx, node, 2);
    if (x->dtype == MNET_DTYPE_F32)
        return onnx->opset < 11 ? mnet_onnx_float(node, "value", 0)
                                : mnet_onnx_input_float(onnx, node, 2, "constant_value", 0);
    if (x->quant.count != 1 || (constant && mnet_tensor_elements(constant) != 1)) {
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED,
                       "of a quantised tensor whose scale isn't known here");
        return 0;
    }
    int raw = 0;
    if (constant)
        raw = constant->dtype == MNET_DTYPE_QS8 ? *(const int8_t *)constant->data
                                                : *(const uint8_t *)constant->data;
    return (float)(raw - x->quant.zero_point[0]) * x->quant.scale[0];
}

static void pad(MnetOnnx *onnx, const MnetOnnxNode *node) {
    int64_t pads[2 * MNET_MAX_RANK], axes[MNET_MAX_RANK];
    int32_t x[MNET_MAX_RANK];
    int input = mnet_onnx_input(onnx, node, 0);
    int rank = mnet_onnx_shape(onnx, node, input, x);
    int count = mnet_onnx_list(onnx, node, "pads", 11, 1, pads, 2 * MNET_MAX_RANK);
    int n_axes = mnet_onnx_input_ints(onnx, node, 3, "axes", axes, MNET_MAX_RANK);
    int n = n_axes < 0 ? rank : n_axes;
    if (!mnet_onnx_string_is(node, "mode", "constant", "constant"))
        mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "mode is not constant");
    if (count != 2 * n)
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "pads has %d elements for %d axes", count, n);
    for (int i = 0; i < count; i++)
        if (pads[i] < 0 || pads[i] > INT16_MAX)
            mnet_onnx_fail(onnx, node, MNET_ERROR_UNSUPPORTED, "pads holds %lld",
                           (long long)pads[i]);
    if (onnx->status)
        return;
    float value = pad_value(onnx, node, input);
    MnetNode *out =
        mnet_onnx_emit(onnx, node, MNET_OP_PAD, mnet_onnx_dtype(onnx, input), &input, 1, 1);
    if (!out)
        return;
    out->attrs.pad.value = value;
    for (int i = 0; i < n; i++) {
        int axis = mnet_onnx_axis(onnx, node, n_axes < 0 ? i : axes[i], rank);
        out->attrs.pad.before[axis] = (int32_t)pads[i];
        out->attrs.pad.after[axis] = (int32_t)pads[n + i];
    }
    /* Padding is no mere move, so shape inference does not pass the quantisation on. */
    onnx->graph->tensors[out->outputs[0]].quant = onnx->graph->tensors[input].quant;
}

static void gather(MnetOnnx *onnx, const MnetOnnxNode *node) {
    int inputs[2];
    int64_t axis = mnet_onnx_int(node, "axis", 0);
    for (int i = 0; i < 2; i++)
        inputs[i] = mnet_onnx_input(onnx, node, i);
    if (axis < -MNET_MAX_RANK || axis >= MNET_MAX_RANK)
        mnet_onnx_fail(onnx, node, MNET_ERROR_FORMAT, "axis is %lld", (long long)axis);
    MnetNode *out =
        mnet_onnx_emit(onnx, node, MNET_OP_GATHER, mnet_onnx_dtype(onnx, inputs[0]), inputs, 2, 1);
    if (out)
        out->attrs.along.axis = (int)axis;
}

const MnetOnnxOperator mnet_onnx_operators_shape[] = {
    {"Reshape", reshape, MNET_ONNX_ANY, 2},
    {"Flatten", flatten, MNET_ONNX_ANY, 1},
    {"Squeeze", squeeze, MNET_ONNX_ANY, 1},
    {"Unsqueeze", unsqueeze, MNET_ONNX_ANY, 1},
    {"Transpose", transpose, MNET_ONNX_ANY, 1},
    {"Concat", concat, MNET_ONNX_FLOAT | MNET_ONNX_INTEGER, 1},
    {"Split", split, MNET_ONNX_ANY, 1},
    {"Slice", slice, MNET_ONNX_ANY, 1},
    {"Pad", pad, MNET_ONNX_FLOAT | MNET_ONNX_QUANTIZED, 1},
    {"Gather", gather, MNET_ONNX_ANY, 2},
    {NULL, NULL, 0, 0}};
