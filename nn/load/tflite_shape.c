/* Operators that move elements, and those that reckon with shapes. Fields of the options are
 * numbered as in the schema. */
#include "nn/load/tflite.h"

#include <string.h>

enum { MAX_PADDING = 1 << 16 };

static MnetStatus check_arguments(const MnetTfliteOp *op, int n_outputs) {
    for (int i = 0; i < op->n_inputs; i++)
        if (op->inputs[i] == MNET_NO_TENSOR)
            return mnet_tflite_op_fail(op, MNET_ERROR_FORMAT,
                                       "its input %d is left out; export the model again", i);
    if (op->n_outputs != n_outputs)
        return mnet_tflite_op_fail(op, MNET_ERROR_FORMAT,
                                   "it has %d outputs; export the model again", op->n_outputs);
    return MNET_OK;
}

static MnetStatus check_shape(const MnetTfliteOp *op, const MnetTensor *tensor) {
    if (mnet_tensor_elements(tensor) > 0)
        return MNET_OK;
    return mnet_tflite_op_fail(op, MNET_ERROR_UNSUPPORTED,
                               "the shape of tensor '%s' is dynamic or empty; export the model "
                               "with a fixed input shape",
                               tensor->name);
}

/* PAD and PADV2: input 1 is [rank][2], before and after; input 2 of the latter is the value. */
static MnetStatus build_pad(MnetTfliteOp *op) {
    int64_t padding[2 * MNET_MAX_RANK];
    float value = 0;
    MnetStatus status = check_arguments(op, 1);
    if (status)
        return status;
    int rank = mnet_tflite_input(op, 0)->rank;
    if ((status = mnet_tflite_integers(op, 1, "paddings", 2 * rank, padding)))
        return status;
    if (op->n_inputs > 2) {
        if (!mnet_tflite_input(op, 2)->data || mnet_tensor_elements(mnet_tflite_input(op, 2)) != 1)
            return mnet_tflite_op_fail(op, MNET_ERROR_UNSUPPORTED,
                                       "the value it pads with isn't one constant number");
        if ((status = mnet_tflite_make_float(op, op->inputs[2])))
            return status;
        value = mnet_tensor_float(mnet_tflite_input(op, 2), 0);
    }
    MnetNode *node = mnet_tflite_node(op, MNET_OP_PAD, 1);
    if (!node)
        return mnet_tflite_op_no_memory(op);
    for (int i = 0; i < 2 * rank; i++) {
        if (padding[i] < 0 || padding[i] > MAX_PADDING)
            return mnet_tflite_op_fail(op, MNET_ERROR_FORMAT,
                                       "its padding is out of range; export the model again");
        int32_t *side = i % 2 ? node->attrs.pad.after : node->attrs.pad.before;
        side[i / 2] = (int32_t)padding[i];
    }
    node->attrs.pad.value = value;
    return MNET_OK;
}

/* ConcatenationOptions: 0 axis, 1 activation, which TFLite itself refuses. */
static MnetStatus build_concat(MnetTfliteOp *op) {
    int axis;
    MnetStatus status = check_arguments(op, 1);
    if (status || (status = mnet_tflite_axis(op, mnet_table_i32(&op->options, 0, 0),
                                             mnet_tflite_input(op, 0)->rank, &axis)))
        return status;
    if (mnet_table_u8(&op->options, 1, 0))
        return mnet_tflite_op_fail(op, MNET_ERROR_UNSUPPORTED,
                                   "with a fused activation it is not supported");
    MnetNode *node = mnet_tflite_node(op, MNET_OP_CONCAT, op->n_inputs);
    if (!node)
        return mnet_tflite_op_no_memory(op);
    node->attrs.along.axis = axis;
    return MNET_OK;
}

/* SPLIT takes axis, x; SPLIT_V takes x, sizes, axis. The sizes are those of the outputs. */
static MnetStatus build_split(MnetTfliteOp *op) {
    bool has_sizes = op->builder->variant;
    int x = has_sizes ? 0 : 1, axis;
    int64_t number, sizes[MNET_TFLITE_MAX_ARGS];
    MnetStatus status = check_arguments(op, op->n_outputs);

    if (status || (status = mnet_tflite_integers(op, has_sizes ? 2 : 0, "axis", 1, &number)) ||
        (status = mnet_tflite_axis(op, number, mnet_tflite_input(op, x)->rank, &axis)) ||
        (has_sizes && (status = mnet_tflite_integers(op, 1, "sizes", op->n_outputs, sizes))))
        return status;
    for (int i = 0; i < op->n_outputs; i++)
        if ((status = check_shape(op, mnet_tflite_output(op, i))))
            return status;
    op->inputs[0] = op->inputs[x];
    MnetNode *node = mnet_tflite_node(op, MNET_OP_SPLIT, 1);
    if (!node)
        return mnet_tflite_op_no_memory(op);
    node->attrs.along.axis = axis;
    return MNET_OK;
}

/* Inputs x, begin, size; a size of -1 goes to the end. */
static MnetStatus build_slice(MnetTfliteOp *op) {
    int64_t begin[MNET_MAX_RANK], size[MNET_MAX_RANK];
    MnetStatus status = check_arguments(op, 1);
    if (status)
        return status;
    int rank = mnet_tflite_input(op, 0)->rank;
    if ((status = mnet_tflite_integers(op, 1, "begins", rank, begin)) ||
        (status = mnet_tflite_integers(op, 2, "sizes", rank, size)))
        return status;
    MnetNode *node = mnet_tflite_node(op, MNET_OP_SLICE, 1);
    if (!node)
        return mnet_tflite_op_no_memory(op);
    for (int i = 0; i < rank; i++) {
        if (begin[i] < 0 || begin[i] > INT32_MAX || size[i] < -1 || size[i] > INT32_MAX - begin[i])
            return mnet_tflite_op_fail(op, MNET_ERROR_FORMAT,
                                       "it begins or ends outside its input; export the model "
                                       "again");
        node->attrs.slice.begin[i] = (int32_t)begin[i];
        node->attrs.slice.end[i] = size[i] < 0 ? INT32_MAX : (int32_t)(begin[i] + size[i]);
        node->attrs.slice.stride[i] = 1;
    }
    return MNET_OK;
}

typedef struct Strided {
    int64_t begin[2 * MNET_MAX_RANK], end[2 * MNET_MAX_RANK], stride[2 * MNET_MAX_RANK];
    int count; /* of the entries above; an entry is a dimension, a new axis, or the ellipsis */
    uint32_t begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_mask;
} Strided;

static int64_t clamped(int64_t at, int32_t length) {
    at = at < 0 ? at + length : at;
    return at < 0 ? 0 : at > length ? length : at;
}

/* One entry on a dimension of `length`; false where nothing is left. */
static bool stride_dimension(const Strided *strided, int entry, int32_t length, MnetAttrs *attrs,
                             int d) {
    uint32_t bit = 1u << entry;
    int64_t stride = strided->stride[entry];
    int64_t begin = strided->begin_mask & bit ? 0 : clamped(strided->begin[entry], length);
    int64_t end = strided->end_mask & bit ? length : clamped(strided->end[entry], length);

    if (strided->shrink_mask & bit) {
        begin = clamped(strided->begin[entry], length);
        end = begin + 1;
        stride = 1;
    }
    if (stride < 1 || stride > length || begin >= end || end > length)
        return false;
    attrs->slice.begin[d] = (int32_t)begin;
    attrs->slice.end[d] = (int32_t)end;
    attrs->slice.stride[d] = (int32_t)stride;
    return true;
}

/* Brings the entries to one slice a dimension of x, as TensorFlow does. */
static bool stride_dimensions(const Strided *strided, const MnetTensor *x, MnetAttrs *attrs) {
    int d = 0, named = 0;

    for (int i = 0; i < x->rank; i++) {
        attrs->slice.begin[i] = 0;
        attrs->slice.end[i] = x->dims[i];
        attrs->slice.stride[i] = 1;
    }
    for (int i = 0; i < strided->count; i++)
        named += !((strided->new_axis_mask | strided->ellipsis_mask) >> i & 1);
    for (int i = 0; i < strided->count; i++) {
        if (strided->ellipsis_mask >> i & 1) {
            d += x->rank - named;
        } else if (!(strided->new_axis_mask >> i & 1)) {
            if (d < 0 || d >= x->rank || !stride_dimension(strided, i, x->dims[d], attrs, d))
                return false;
            d++;
        }
    }
    return true;
}

/* Inputs x, begin, end, stride. Options: 0 begin_mask, 1 end_mask, 2 ellipsis_mask, 3
 * new_axis_mask, 4 shrink_axis_mask, 5 offset (the end counts from the beginning). Dropped and new
 * axes are a reshape of what was cut out. */
static MnetStatus build_strided_slice(MnetTfliteOp *op) {
    uint32_t masks[5];
    MnetAttrs attrs;
    Strided strided = {0};
    MnetStatus status = check_arguments(op, 1);
    if (status || (status = check_shape(op, mnet_tflite_input(op, 0))) ||
        (status = check_shape(op, mnet_tflite_output(op, 0))))
        return status;
    for (int i = 0; i < 5; i++)
        masks[i] = mnet_table_u32(&op->options, i, 0);
    int64_t count = mnet_tensor_elements(mnet_tflite_input(op, 1));
    if (count < 0 || count > 2 * MNET_MAX_RANK || mnet_table_u8(&op->options, 5, 0))
        return mnet_tflite_op_fail(op, MNET_ERROR_UNSUPPORTED,
                                   "this form of it is not supported; export the model anew");
    strided.count = (int)count;
    if ((status = mnet_tflite_integers(op, 1, "begins", strided.count, strided.begin)) ||
        (status = mnet_tflite_integers(op, 2, "ends", strided.count, strided.end)) ||
        (status = mnet_tflite_integers(op, 3, "strides", strided.count, strided.stride)))
        return status;
    strided.begin_mask = masks[0];
    strided.end_mask = masks[1];
    strided.ellipsis_mask = masks[2];
    strided.new_axis_mask = masks[3];
    strided.shrink_mask = masks[4];
    memset(&attrs, 0, sizeof attrs);
    const MnetTensor *x = mnet_tflite_input(op, 0);
    if (!stride_dimensions(&strided, x, &attrs))
        return mnet_tflite_op_fail(op, MNET_ERROR_UNSUPPORTED,
                                   "it cuts nothing, or goes backwards, which is not supported");

    int output = op->outputs[0];
    if (strided.new_axis_mask || strided.shrink_mask) {
        int32_t dims[MNET_MAX_RANK];
        for (int i = 0; i < x->rank; i++)
            dims[i] = (attrs.slice.end[i] - attrs.slice.begin[i] + attrs.slice.stride[i] - 1) /
                      attrs.slice.stride[i];
        op->outputs[0] = mnet_tflite_tensor_like(op, op->inputs[0], x->rank, dims);
        if (op->outputs[0] == MNET_NO_TENSOR)
            return mnet_tflite_op_no_memory(op);
    }
    MnetNode *node = mnet_tflite_node(op, MNET_OP_SLICE, 1);
    if (!node)
        return mnet_tflite_op_no_memory(op);
    node->attrs = attrs;
    return op->outputs[0] == output ? MNET_OK : mnet_tflite_reshape_to(op, op->outputs[0], output);
}

static MnetStatus build_transpose(MnetTfliteOp *op) {
    int64_t numbers[MNET_MAX_RANK];
    int32_t perm[MNET_MAX_RANK];
    uint32_t seen = 0;
    MnetStatus status = check_arguments(op, 1);
    if (status)
        return status;
    int rank = mnet_tflite_input(op, 0)->rank;
    if ((status = mnet_tflite_integers(op, 1, "axes", rank, numbers)))
        return status;
    for (int i = 0, axis; i < rank; i++) {
        if ((status = mnet_tflite_axis(op, numbers[i], rank, &axis)))
            return status;
        perm[i] = axis;
        seen |= 1u << axis;
    }
    if (seen != (1u << rank) - 1)
        return mnet_tflite_op_fail(op, MNET_ERROR_FORMAT,
                                   "its axes are no permutation; export the model again");
    MnetNode *node = mnet_tflite_node(op, MNET_OP_TRANSPOSE, 1);
    if (!node)
        return mnet_tflite_op_no_memory(op);
    memcpy(node->attrs.perm, perm, rank * sizeof *perm);
    return MNET_OK;
}

/* RESHAPE, SQUEEZE and EXPAND_DIMS: to the output's shape. The file has it resolved for its batch
 * size, so that what computes it at run time need not be followed. */
static MnetStatus build_reshape(MnetTfliteOp *op) {
    MnetStatus status;

    if (op->n_outputs != 1)
        return check_arguments(op, 1);
    status = check_shape(op, mnet_tflite_output(op, 0));
    return status ? status : mnet_tflite_reshape_to(op, op->inputs[0], op->outputs[0]);
}

/* A constant, for the same reason. */
static MnetStatus build_shape(MnetTfliteOp *op) {
    MnetStatus status = check_arguments(op, 1);
    if (status || (status = check_shape(op, mnet_tflite_input(op, 0))))
        return status;
    const MnetTensor *x = mnet_tflite_input(op, 0);
    MnetTensor *to = mnet_tflite_output(op, 0);
    size_t size = mnet_dtype_size(to->dtype);
    if (to->dtype != MNET_DTYPE_S32 && to->dtype != MNET_DTYPE_S64)
        return mnet_tflite_op_fail(op, MNET_ERROR_FORMAT, "its output is of type %s",
                                   mnet_dtype_name(to->dtype));
    uint8_t *data = mnet_arena_array(&op->file->graph->arena, MNET_MAX_RANK, size);
    if (!data)
        return mnet_tflite_op_no_memory(op);
    for (int i = 0; i < x->rank; i++) {
        int64_t wide = x->dims[i];
        int32_t narrow = x->dims[i];
        memcpy(data + i * size, size == 8 ? (void *)&wide : (void *)&narrow, size);
    }
    to->rank = 1;
    to->dims[0] = x->rank;
    to->data = data;
    to->bytes = x->rank * size;
    return MNET_OK;
}

/* PackOptions: 1 axis, of the output. Each input gets a dimension of 1 there, then they are put in
 * a row. */
static MnetStatus build_pack(MnetTfliteOp *op) {
    int axis;
    MnetStatus status = check_arguments(op, 1);
    if (status)
        return status;
    int rank = mnet_tflite_input(op, 0)->rank;
    if (rank < 0 || rank >= MNET_MAX_RANK)
        return mnet_tflite_op_fail(op, MNET_ERROR_UNSUPPORTED, "of %d dimensions", rank);
    if ((status = mnet_tflite_axis(op, mnet_table_i32(&op->options, 1, 0), rank + 1, &axis)))
        return status;
    for (int i = 0; i < op->n_inputs; i++) {
        const MnetTensor *x = mnet_tflite_input(op, i);
        int32_t dims[MNET_MAX_RANK] = {0};
        if ((status = check_shape(op, x)))
            return status;
        if (x->rank != rank)
            return mnet_tflite_op_fail(op, MNET_ERROR_FORMAT, "its inputs differ in shape");
        memcpy(dims, x->dims, axis * sizeof *dims);
        dims[axis] = 1;
        memcpy(dims + axis + 1, x->dims + axis, (rank - axis) * sizeof *dims);
        int wider = mnet_tflite_tensor_like(op, op->inputs[i], rank + 1, dims);
        if (wider == MNET_NO_TENSOR)
            return mnet_tflite_op_no_memory(op);
        if ((status = mnet_tflite_reshape_to(op, op->inputs[i], wider)))
            return status;
        op->inputs[i] = wider;
    }
    MnetNode *node = mnet_tflite_node(op, MNET_OP_CONCAT, op->n_inputs);
    if (!node)
        return mnet_tflite_op_no_memory(op);
    node->attrs.along.axis = axis;
    return MNET_OK;
}

/* GatherOptions: 0 axis, 1 batch_dims. */
static MnetStatus build_gather(MnetTfliteOp *op) {
    int axis;
    MnetStatus status = check_arguments(op, 1);
    if (status || (status = mnet_tflite_axis(op, mnet_table_i32(&op->options, 0, 0),
                                             mnet_tflite_input(op, 0)->rank, &axis)))
        return status;
    if (mnet_table_i32(&op->options, 1, 0))
        return mnet_tflite_op_fail(op, MNET_ERROR_UNSUPPORTED, "batch dimensions");
    MnetNode *node = mnet_tflite_node(op, MNET_OP_GATHER, 2);
    if (!node)
        return mnet_tflite_op_no_memory(op);
    node->attrs.along.axis = axis;
    return MNET_OK;
}

const MnetTfliteBuilder mnet_tflite_shape_builders[] = {
    {TFLITE_CONCATENATION, 10, 1, MNET_TFLITE_MAX_ARGS, build_concat, 0},
    {TFLITE_RESHAPE, 17, 1, 2, build_reshape, 0},
    {TFLITE_PAD, 22, 2, 2, build_pad, 0},
    {TFLITE_GATHER, 23, 2, 2, build_gather, 0},
    {TFLITE_TRANSPOSE, 26, 2, 2, build_transpose, 0},
    {TFLITE_SQUEEZE, 30, 1, 1, build_reshape, 0},
    {TFLITE_STRIDED_SLICE, 32, 4, 4, build_strided_slice, 0},
    {TFLITE_SPLIT, 35, 2, 2, build_split, false},
    {TFLITE_PADV2, 43, 3, 3, build_pad, 0},
    {TFLITE_SLICE, 48, 3, 3, build_slice, 0},
    {TFLITE_EXPAND_DIMS, 52, 2, 2, build_reshape, 0},
    {TFLITE_SHAPE, 55, 1, 1, build_shape, 0},
    {TFLITE_PACK, 59, 1, MNET_TFLITE_MAX_ARGS, build_pack, 0},
    {TFLITE_SPLIT_V, 79, 3, 3, build_split, true},
};
const int mnet_tflite_n_shape_builders =
    sizeof mnet_tflite_shape_builders / sizeof *mnet_tflite_shape_builders;
