#include "nn/graph/check.h"

/* Far above any real model's, low enough that sizes stay well inside 64 bits. */
#define MAX_WINDOW 32768

typedef struct Extent {
    int64_t input, kernel, stride, dilation;
    int64_t reach; /* of the dilated kernel */
    int *before, *after;
    int64_t output;
} Extent;

static const char *const axis_names[2] = {"height", "width"};

static MnetStatus check_window(const MnetGraph *graph, const MnetNode *node,
                               const MnetWindow *window, MnetError *error) {
    for (int i = 0; i < 2; i++)
        if (window->kernel[i] < 1 || window->kernel[i] > MAX_WINDOW || window->stride[i] < 1 ||
            window->stride[i] > MAX_WINDOW || window->dilation[i] < 1 ||
            window->dilation[i] > MAX_WINDOW)
            return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                                  "kernel %d, stride %d, dilation %d are not all in 1 to %d",
                                  window->kernel[i], window->stride[i], window->dilation[i],
                                  MAX_WINDOW);
    for (int i = 0; i < 4; i++)
        if (window->pad[i] < 0 || window->pad[i] > MAX_WINDOW)
            return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                                  "padding %d is not in 0 to %d", window->pad[i], MAX_WINDOW);
    return MNET_OK;
}

static Extent extent_of(MnetWindow *window, int axis, int32_t input) {
    Extent extent = {.input = input,
                     .kernel = window->kernel[axis],
                     .stride = window->stride[axis],
                     .dilation = window->dilation[axis],
                     .before = &window->pad[axis],
                     .after = &window->pad[axis + 2]};
    extent.reach = (extent.kernel - 1) * extent.dilation + 1;
    return extent;
}

/* TensorFlow's SAME; ONNX defines its auto_pad by the same formula. */
static void pad_same(Extent *extent, bool lower) {
    int64_t output = (extent->input + extent->stride - 1) / extent->stride;
    int64_t total = (output - 1) * extent->stride + extent->reach - extent->input;
    int odd = (int)(total > 0 ? total : 0);
    *extent->before = lower ? odd - odd / 2 : odd / 2;
    *extent->after = odd - *extent->before;
}

static MnetStatus resolve(const MnetGraph *graph, const MnetNode *node, MnetWindow *window,
                          int axis, Extent *extent, MnetError *error) {
    if (window->padding == MNET_PADDING_VALID)
        *extent->before = *extent->after = 0;
    else if (window->padding != MNET_PADDING_EXPLICIT)
        pad_same(extent, window->padding == MNET_PADDING_SAME_LOWER);
    int64_t room = extent->input + *extent->before + *extent->after - extent->reach;
    if (room < 0)
        return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                              "the window reaches over %lld, more than the padded input %s of %lld",
                              (long long)extent->reach, axis_names[axis],
                              (long long)(room + extent->reach));
    extent->output = room / extent->stride + 1;
    return MNET_OK;
}

MnetStatus mnet_shape_conv(MnetGraph *graph, MnetNode *node, MnetError *error) {
    const MnetTensor *x = mnet_node_input(graph, node, 0), *w = mnet_node_input(graph, node, 1);
    const MnetTensor *bias = mnet_node_input(graph, node, 2);
    MnetWindow *window = &node->attrs.conv.window;
    bool nchw = graph->layout == MNET_LAYOUT_NCHW;
    int rows = nchw ? 2 : 1, channels = nchw ? 1 : 3;
    int groups = node->attrs.conv.groups;

    if (x->rank != 4 || w->rank != 4)
        return mnet_node_fail(graph, node, error,
                              x->rank == 3 ? MNET_ERROR_UNSUPPORTED : MNET_ERROR_FORMAT,
                              "input and weights must have 4 dimensions");
    for (int i = 0; i < 2; i++) {
        if (!window->kernel[i])
            window->kernel[i] = w->dims[rows + i];
        if (window->kernel[i] != w->dims[rows + i])
            return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                                  "kernel %d is not the weights' %s %d", window->kernel[i],
                                  axis_names[i], w->dims[rows + i]);
    }
    MnetStatus status = check_window(graph, node, window, error);
    if (status)
        return status;
    if (groups < 1 || x->dims[channels] % groups || w->dims[0] % groups ||
        w->dims[channels] != x->dims[channels] / groups)
        return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                              "%d input channels in %d groups do not fit the weights",
                              x->dims[channels], groups);
    if (bias && bias->rank >= 0 && mnet_tensor_elements(bias) != w->dims[0])
        return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                              "the bias does not have %d elements", w->dims[0]);

    int64_t dims[4];
    dims[0] = x->dims[0];
    dims[channels] = w->dims[0];
    for (int i = 0; i < 2; i++) {
        Extent extent = extent_of(window, i, x->dims[rows + i]);
        status = resolve(graph, node, window, i, &extent, error);
        if (status)
            return status;
        dims[rows + i] = extent.output;
    }
    window->padding = MNET_PADDING_EXPLICIT;
    return mnet_shape_set(graph, node, 0, x->dtype, 4, dims, error);
}

/* One more step where it starts on the input or the padding before it; the end's padding grows to
 * hold it. */
static bool ceil_extend(Extent *extent) {
    int64_t start = extent->output * extent->stride;
    int64_t end = start + extent->reach;
    int64_t padded = extent->input + *extent->before;
    bool exact = padded + *extent->after == end - extent->stride;
    if (exact || start >= padded)
        return false;
    extent->output++;
    *extent->after = (int)(end - padded);
    return true;
}

MnetStatus mnet_shape_pool(MnetGraph *graph, MnetNode *node, MnetError *error) {
    const MnetTensor *x = mnet_node_input(graph, node, 0);
    MnetWindow *window = &node->attrs.pool.window;
    bool nchw = graph->layout == MNET_LAYOUT_NCHW;
    int rows = nchw ? 2 : 1, channels = nchw ? 1 : 3;

    if (x->rank != 4)
        return mnet_node_fail(graph, node, error,
                              x->rank == 3 ? MNET_ERROR_UNSUPPORTED : MNET_ERROR_FORMAT,
                              "the input must have 4 dimensions");
    for (int i = 0; i < 2; i++)
        if (!window->kernel[i])
            window->kernel[i] = x->dims[rows + i];
    MnetStatus status = check_window(graph, node, window, error);
    if (status)
        return status;
    if (window->dilation[0] != 1 || window->dilation[1] != 1)
        return mnet_node_fail(graph, node, error, MNET_ERROR_UNSUPPORTED, "pooling with dilation");

    bool padded = false, extended = false;
    int64_t dims[4];
    dims[0] = x->dims[0];
    dims[channels] = x->dims[channels];
    for (int i = 0; i < 2; i++) {
        Extent extent = extent_of(window, i, x->dims[rows + i]);
        status = resolve(graph, node, window, i, &extent, error);
        if (status)
            return status;
        if (*extent.before >= extent.reach || *extent.after >= extent.reach)
            return mnet_node_fail(graph, node, error, MNET_ERROR_FORMAT,
                                  "padding %d, %d is not less than the kernel %s %d",
                                  *extent.before, *extent.after, axis_names[i], window->kernel[i]);
        padded |= *extent.before || *extent.after;
        if (node->attrs.pool.ceil_mode)
            extended |= ceil_extend(&extent);
        dims[rows + i] = extent.output;
    }
    /* Cells that only ceil_mode brought in never count for an average; pad[] can't tell them from
     * those that do. */
    if (extended && node->kind == MNET_OP_AVG_POOL && node->attrs.pool.count_include_pad) {
        if (padded)
            return mnet_node_fail(graph, node, error, MNET_ERROR_UNSUPPORTED,
                                  "average pooling with padding, count_include_pad and a window "
                                  "that ceil_mode adds");
        node->attrs.pool.count_include_pad = false;
    }
    node->attrs.pool.ceil_mode = false;
    window->padding = MNET_PADDING_EXPLICIT;
    return mnet_shape_set(graph, node, 0, x->dtype, 4, dims, error);
}
