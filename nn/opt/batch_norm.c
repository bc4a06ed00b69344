#include "nn/graph/check.h"
#include "nn/opt/passes.h"
#include "nn/opt/rewrite.h"

#include <math.h>
#include <stdlib.h>

/* y = x * scale[c] + shift[c]; both in double until they meet the weights. */
typedef struct Affine {
    int32_t channels;
    double *scale, *shift; /* one allocation */
} Affine;

static bool read_affine(const MnetGraph *graph, const MnetNode *node, const int *constants,
                        int32_t channels, Affine *affine) {
    affine->channels = channels;
    affine->scale = malloc(2 * sizeof *affine->scale * ((size_t)channels + 1));
    if (!affine->scale)
        return false;
    affine->shift = affine->scale + channels;
    for (int32_t c = 0; c < channels; c++) {
        double values[4]; /* gamma, beta, mean, variance */
        for (int i = 0; i < 4; i++)
            values[i] = mnet_rewrite_real_value(&graph->tensors[constants[i]], c);
        affine->scale[c] = values[0] / sqrt(values[3] + node->attrs.epsilon);
        affine->shift[c] = values[1] - values[2] * affine->scale[c];
    }
    return true;
}

/* The convolution or FULLY_CONNECTED whose weights can take the normalisation of its output. */
static MnetNode *foldable_producer(const MnetGraph *graph, int x, int32_t channels) {
    MnetNode *node = mnet_rewrite_private_producer(graph, x, MNET_OP_CONV_2D);
    if (!node)
        node = mnet_rewrite_private_producer(graph, x, MNET_OP_FULLY_CONNECTED);
    if (!node || node->activation.kind != MNET_ACTIVATION_NONE ||
        mnet_rewrite_input(node, 3) != MNET_NO_TENSOR ||
        !mnet_rewrite_is_float_constant(graph, node->inputs[1]) ||
        graph->tensors[node->inputs[1]].dims[0] != channels)
        return NULL;
    int bias = mnet_rewrite_input(node, 2);
    if (bias != MNET_NO_TENSOR && !mnet_rewrite_is_channel_vector(graph, bias, channels))
        return NULL;
    return node;
}

/*
 * New weights and bias: the old may be shared, or lie in the file's mapping. The output's channels
 * are weights' axis 0.
 */
static bool fold(MnetGraph *graph, MnetNode *node, const Affine *affine, const char *name) {
    if (!mnet_rewrite_grow_inputs(graph, node, 3))
        return false;
    MnetTensor old = graph->tensors[node->inputs[1]];
    float *weights, *bias;
    int new_weights =
        mnet_rewrite_constant(graph, old.name, MNET_DTYPE_F32, old.rank, old.dims, &weights);
    int new_bias = mnet_rewrite_constant(graph, name, MNET_DTYPE_F32, 1, &affine->channels, &bias);
    if (new_weights == MNET_NO_TENSOR || new_bias == MNET_NO_TENSOR)
        return false;
    int64_t filter = affine->channels ? mnet_tensor_elements(&old) / affine->channels : 0;
    int old_bias = node->inputs[2];
    for (int32_t c = 0; c < affine->channels; c++) {
        for (int64_t i = c * filter; i < (c + 1) * filter; i++)
            weights[i] = (float)(mnet_tensor_float(&old, i) * affine->scale[c]);
        double b = old_bias == MNET_NO_TENSOR ? 0 : mnet_tensor_float(&graph->tensors[old_bias], c);
        bias[c] = (float)(b * affine->scale[c] + affine->shift[c]);
    }
    node->inputs[1] = new_weights;
    node->inputs[2] = new_bias;
    return true;
}

/* A constant that broadcasts along the channel's axis of a tensor of `rank`. */
static int channel_constant(MnetGraph *graph, const char *name, const double *values,
                            int32_t channels, int rank, int axis) {
    int32_t dims[MNET_MAX_RANK];
    float *data;
    for (int i = 0; i < rank; i++)
        dims[i] = i == axis ? channels : 1;
    int tensor = mnet_rewrite_constant(graph, name, MNET_DTYPE_F32, rank, dims, &data);
    for (int32_t c = 0; tensor != MNET_NO_TENSOR && c < channels; c++)
        data[c] = (float)values[c];
    return tensor;
}

/* nodes[at] becomes the ADD, with a MUL before it. */
static bool expand(MnetGraph *graph, int at, const Affine *affine, int axis) {
    int x = graph->nodes[at].inputs[0], rank = graph->tensors[x].rank;
    const char *name = graph->nodes[at].name;
    int scale = channel_constant(graph, name, affine->scale, affine->channels, rank, axis);
    int shift = channel_constant(graph, name, affine->shift, affine->channels, rank, axis);
    int product = mnet_rewrite_tensor_like(graph, x, MNET_DTYPE_F32);
    MnetNode *mul = mnet_graph_insert_node(graph, at, MNET_OP_MUL, name, NULL, 2, 1);
    if (scale == MNET_NO_TENSOR || shift == MNET_NO_TENSOR || product == MNET_NO_TENSOR || !mul)
        return false;
    mul->inputs[0] = x;
    mul->inputs[1] = scale;
    mul->outputs[0] = product;
    MnetNode *add = &graph->nodes[at + 1];
    add->kind = MNET_OP_ADD;
    add->attrs = (MnetAttrs){0};
    add->n_inputs = 2;
    add->inputs[0] = product;
    add->inputs[1] = shift;
    return true;
}

static MnetStatus rewrite(MnetGraph *graph, int *at, MnetError *error) {
    const MnetNode *node = &graph->nodes[*at];
    int x = node->inputs[0], rank = graph->tensors[x].rank;
    int axis = graph->layout == MNET_LAYOUT_NCHW ? 1 : rank - 1;
    int32_t channels = axis >= 0 && axis < rank ? graph->tensors[x].dims[axis] : -1;
    int constants[4];
    for (int i = 0; i < 4; i++) {
        constants[i] = mnet_rewrite_real_constant(graph, mnet_rewrite_input(node, 1 + i));
        if (constants[i] == MNET_NO_TENSOR ||
            mnet_tensor_elements(&graph->tensors[constants[i]]) != channels)
            return mnet_node_fail(graph, node, error, MNET_ERROR_UNSUPPORTED,
                                  "it needs four constants of one value a channel");
    }
    Affine affine;
    if (!read_affine(graph, node, constants, channels, &affine))
        return mnet_rewrite_no_memory(graph, error);
    bool done;
    MnetNode *producer = foldable_producer(graph, x, affine.channels);
    if (producer) {
        done = fold(graph, producer, &affine, node->name);
        producer->outputs[0] = node->outputs[0];
        producer->activation = node->activation;
        mnet_opt_kill(graph, *at);
    } else {
        done = expand(graph, (*at)++, &affine, axis);
    }
    free(affine.scale);
    return done ? MNET_OK : mnet_rewrite_no_memory(graph, error);
}

MnetStatus mnet_opt_batch_norm(MnetGraph *graph, int *changes, MnetError *error) {
    for (int i = 0; i < graph->n_nodes; i++) {
        if (graph->nodes[i].kind != MNET_OP_BATCH_NORM)
            continue;
        MnetStatus status = rewrite(graph, &i, error);
        if (status)
            return status;
        ++*changes;
    }
    return MNET_OK;
}
