/*
 * Arithmetic on small constants, done while loading: the sizes, pads and slices that exporters
 * trace (a view's shape, TensorFlow's SAME padding in timm's models) must be known before the nodes
 * that they are parameters of can be read.
 */
#include "nn/load/onnx_build.h"

#include <math.h>
#include <string.h>

enum { MAX_ELEMENTS = 64 };

/* All numbers as doubles: sizes and positions are far below 2^53. */
typedef struct Small {
    MnetTensor tensor; /* type and shape */
    int count;
    double values[MAX_ELEMENTS];
} Small;

static bool set_count(Small *small) {
    int64_t count = mnet_tensor_elements(&small->tensor);
    small->count = (int)count;
    return count >= 0 && count <= MAX_ELEMENTS;
}

static bool read_small(const MnetTensor *constant, Small *out) {
    int64_t integers[MAX_ELEMENTS];
    out->tensor = *constant;
    if (!set_count(out))
        return false;
    if (constant->dtype == MNET_DTYPE_F32) {
        for (int i = 0; i < out->count; i++)
            out->values[i] = mnet_tensor_float(constant, i);
        return true;
    }
    if ((constant->dtype != MNET_DTYPE_S32 && constant->dtype != MNET_DTYPE_S64) ||
        mnet_tensor_integers(constant, integers, MAX_ELEMENTS) != out->count)
        return false;
    for (int i = 0; i < out->count; i++)
        out->values[i] = (double)integers[i];
    return true;
}

static double bounded(double value, double limit) {
    return isnan(value) ? 0 : fmin(fmax(value, -limit), limit);
}

static void define_small(MnetOnnx *onnx, const MnetOnnxNode *node, const Small *small) {
    MnetTensor constant = small->tensor;
    constant.bytes = small->count * mnet_dtype_size(constant.dtype);
    void *data = mnet_arena_alloc(&onnx->graph->arena, constant.bytes);
    if (!data) {
        mnet_onnx_fail_memory(onnx);
        return;
    }
    for (int i = 0; i < small->count; i++)
        if (constant.dtype == MNET_DTYPE_F32)
            ((float *)data)[i] = (float)small->values[i];
        else if (constant.dtype == MNET_DTYPE_S32)
            ((int32_t *)data)[i] = (int32_t)bounded(small->values[i], INT32_MAX);
        else
            ((int64_t *)data)[i] = (int64_t)bounded(small->values[i], 0x1p62);
    constant.data = data;
    mnet_onnx_define(onnx, node, &constant);
}

static bool is_op(const MnetOnnxNode *node, const char *name) {
    return strcmp(node->proto->op_type, name) == 0;
}

static bool rounding(const MnetOnnxNode *node, Small *x) {
    bool up = is_op(node, "Ceil");
    for (int i = 0; i < x->count; i++)
        x->values[i] = up ? ceil(x->values[i]) : floor(x->values[i]);
    return true;
}

/* Of equal shapes, or one of them a single number; false where it needs more. */
static bool arithmetic(const MnetOnnxNode *node, Small *x, const Small *y) {
    bool integer = x->tensor.dtype != MNET_DTYPE_F32, scalar = y->count == 1;
    char kind = node->proto->op_type[0]; /* Add, Sub, Mul, Div */
    Small a = *x;
    if (y->tensor.dtype != x->tensor.dtype)
        return false;
    if (x->count == 1 && (y->count != 1 || y->tensor.rank > x->tensor.rank)) {
        x->tensor = y->tensor;
        x->count = y->count;
        for (int i = 0; i < x->count; i++)
            a.values[i] = a.values[0];
    } else if (!scalar && (x->tensor.rank != y->tensor.rank ||
                           memcmp(x->tensor.dims, y->tensor.dims, sizeof x->tensor.dims))) {
        return false;
    }
    for (int i = 0; i < x->count; i++) {
        double p = a.values[i], q = y->values[scalar ? 0 : i];
        if (kind == 'D' && integer && q == 0)
            return false;
        double r = kind == 'A' ? p + q : kind == 'S' ? p - q : kind == 'M' ? p * q : p / q;
        x->values[i] = kind == 'D' && integer ? trunc(r) : integer ? r : (float)r;
    }
    return true;
}

static bool clip(MnetOnnx *onnx, const MnetOnnxNode *node, Small *x) {
    if (onnx->opset < 11 || x->tensor.dtype != MNET_DTYPE_F32)
        return false;
    float lo = mnet_onnx_input_float(onnx, node, 1, "min", -INFINITY);
    float hi = mnet_onnx_input_float(onnx, node, 2, "max", INFINITY);
    for (int i = 0; i < x->count; i++)
        x->values[i] = fmin(fmax(x->values[i], lo), hi);
    return true;
}

static bool cast(const MnetOnnxNode *node, Small *x) {
    MnetDtype to = mnet_onnx_tensor_dtype(mnet_onnx_int(node, "to", 0));
    if (to != MNET_DTYPE_F32 && to != MNET_DTYPE_S32 && to != MNET_DTYPE_S64)
        return false;
    x->tensor.dtype = to;
    for (int i = 0; i < x->count && to != MNET_DTYPE_F32; i++)
        x->values[i] = trunc(x->values[i]);
    return true;
}

/* Elements of x at `begin` plus a step for each output axis; the output's shape is in y. */
static void pick(const Small *x, int64_t begin, const int64_t *steps, Small *y) {
    for (int i = 0; i < y->count; i++) {
        int64_t from = begin;
        for (int axis = y->tensor.rank - 1, rest = i; axis >= 0; axis--) {
            from += rest % y->tensor.dims[axis] * steps[axis];
            rest /= y->tensor.dims[axis];
        }
        y->values[i] = x->values[from];
    }
}

static void strides_of(const MnetTensor *tensor, int64_t *strides) {
    int64_t stride = 1;
    for (int axis = tensor->rank - 1; axis >= 0; axis--) {
        strides[axis] = stride;
        stride *= tensor->dims[axis];
    }
}

static bool transpose(const MnetOnnxNode *node, Small *x) {
    int64_t perm[MNET_MAX_RANK], strides[MNET_MAX_RANK], steps[MNET_MAX_RANK];
    Small y = *x;
    uint32_t seen = 0;
    strides_of(&x->tensor, strides);
    if (mnet_onnx_ints(node, "perm", perm, MNET_MAX_RANK) != x->tensor.rank)
        return false;
    for (int i = 0; i < x->tensor.rank; i++) {
        if (perm[i] < 0 || perm[i] >= x->tensor.rank || seen & 1u << perm[i])
            return false;
        seen |= 1u << perm[i];
        y.tensor.dims[i] = x->tensor.dims[perm[i]];
        steps[i] = strides[perm[i]];
    }
    pick(x, 0, steps, &y);
    *x = y;
    return true;
}

/* One axis at a time; unlike the graph's, steps may be negative. */
static bool slice_axis(Small *x, int axis, int64_t begin, int64_t end, int64_t step) {
    int64_t dim = x->tensor.dims[axis], steps[MNET_MAX_RANK];
    int64_t least = step < 0 ? -1 : 0, most = step < 0 ? dim - 1 : dim;
    if (dim == 0 || step == 0 || step < -MAX_ELEMENTS || step > MAX_ELEMENTS)
        return false;
    begin = begin < 0 ? begin + dim : begin;
    end = end < 0 ? end + dim : end;
    begin = begin < 0 ? 0 : begin > most ? most : begin;
    end = end < least ? least : end > most ? most : end;
    int64_t count = step > 0 ? (end - begin + step - 1) / step : (begin - end - step - 1) / -step;
    Small y = *x;
    strides_of(&x->tensor, steps);
    int64_t start = begin * steps[axis];
    steps[axis] *= step;
    y.tensor.dims[axis] = count < 0 ? 0 : (int32_t)count;
    set_count(&y);
    pick(x, start, steps, &y);
    *x = y;
    return true;
}

static bool slice(MnetOnnx *onnx, const MnetOnnxNode *node, Small *x) {
    int64_t lists[4][MNET_MAX_RANK];
    int counts[4];
    static const char *const names[4] = {"starts", "ends", "axes", "steps"};
    if (onnx->opset < 10)
        return false;
    for (int i = 0; i < 4; i++)
        counts[i] = mnet_onnx_input_ints(onnx, node, i + 1, names[i], lists[i], MNET_MAX_RANK);
    if (counts[0] < 1 || counts[1] != counts[0] || (counts[2] >= 0 && counts[2] != counts[0]) ||
        (counts[3] >= 0 && counts[3] != counts[0]))
        return false;
    for (int i = 0; i < counts[0]; i++) {
        int64_t axis = counts[2] < 0 ? i : lists[2][i];
        axis = axis < 0 ? axis + x->tensor.rank : axis;
        if (axis < 0 || axis >= x->tensor.rank ||
            !slice_axis(x, (int)axis, lists[0][i], lists[1][i], counts[3] < 0 ? 1 : lists[3][i]))
            return false;
    }
    return true;
}

/* From a list; where the index is a scalar, so is the result. */
static bool gather(const MnetOnnxNode *node, Small *x, const Small *at) {
    Small y = {.tensor = at->tensor, .count = at->count};
    if (x->tensor.rank != 1 || mnet_onnx_int(node, "axis", 0))
        return false;
    y.tensor.dtype = x->tensor.dtype;
    for (int i = 0; i < y.count; i++) {
        double index = at->values[i] < 0 ? at->values[i] + x->count : at->values[i];
        if (!(index >= 0 && index < x->count))
            return false;
        y.values[i] = x->values[(int)index];
    }
    *x = y;
    return true;
}

static bool concat(MnetOnnx *onnx, const MnetOnnxNode *node, Small *x) {
    Small next;
    if (x->tensor.rank != 1)
        return false;
    for (size_t i = 1; i < node->proto->n_input; i++) {
        const MnetTensor *constant = mnet_onnx_constant(onnx, node, (int)i);
        if (!constant || !read_small(constant, &next) || next.tensor.rank != 1 ||
            next.tensor.dtype != x->tensor.dtype || x->count + next.count > MAX_ELEMENTS)
            return false;
        memcpy(x->values + x->count, next.values, next.count * sizeof *next.values);
        x->count += next.count;
        x->tensor.dims[0] = x->count;
    }
    return true;
}

static bool constant_of_shape(MnetOnnx *onnx, const MnetOnnxNode *node, Small *x) {
    MnetTensor value = {.dtype = MNET_DTYPE_F32};
    Small y = {.tensor = value, .values = {0}}, number = {.count = 0};
    if (node->tensor.size && (!mnet_onnx_tensor_read(onnx, node, node->tensor, &value) ||
                              !read_small(&value, &number) || number.count != 1))
        return false;
    if (x->tensor.rank != 1 || x->count > MNET_MAX_RANK)
        return false;
    y.tensor.dtype = value.dtype;
    y.tensor.rank = x->count;
    for (int i = 0; i < x->count; i++)
        y.tensor.dims[i] = (int32_t)bounded(x->values[i], INT32_MAX);
    if (!set_count(&y))
        return false;
    for (int i = 0; i < y.count; i++)
        y.values[i] = number.count ? number.values[0] : 0;
    *x = y;
    return true;
}

static bool evaluate(MnetOnnx *onnx, const MnetOnnxNode *node, Small *x) {
    static const char *const binaries[] = {"Add", "Sub", "Mul", "Div", "Gather"};
    if (is_op(node, "Ceil") || is_op(node, "Floor"))
        return rounding(node, x);
    if (is_op(node, "Clip"))
        return clip(onnx, node, x);
    if (is_op(node, "Cast"))
        return cast(node, x);
    if (is_op(node, "Transpose"))
        return transpose(node, x);
    if (is_op(node, "Slice"))
        return slice(onnx, node, x);
    if (is_op(node, "Concat"))
        return concat(onnx, node, x);
    if (is_op(node, "ConstantOfShape"))
        return constant_of_shape(onnx, node, x);
    for (int i = 0; i < 5; i++) {
        Small y;
        const MnetTensor *second =
            is_op(node, binaries[i]) ? mnet_onnx_constant(onnx, node, 1) : NULL;
        if (second && read_small(second, &y))
            return i == 4 ? gather(node, x, &y) : arithmetic(node, x, &y);
    }
    return false;
}

bool mnet_onnx_fold(MnetOnnx *onnx, const MnetOnnxNode *node) {
    const MnetOnnxValue *value =
        mnet_onnx_has_input(node, 0) ? mnet_onnx_value(onnx, node->proto->input[0]) : NULL;
    Small x;
    if (!value || !value->constant.data || !read_small(&value->constant, &x) ||
        node->proto->n_output != 1 || (node->proto->domain && *node->proto->domain))
        return false;
    for (size_t i = 1; i < node->proto->n_input; i++) {
        const MnetOnnxValue *other = mnet_onnx_value(onnx, node->proto->input[i]);
        if (mnet_onnx_has_input(node, (int)i) && (!other || !other->constant.data))
            return false;
    }
    if (!evaluate(onnx, node, &x) || onnx->status)
        return onnx->status;
    define_small(onnx, node, &x);
    return true;
}
