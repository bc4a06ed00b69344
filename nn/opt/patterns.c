#include "nn/opt/passes.h"
#include "nn/opt/rewrite.h"

#include <math.h>

/* A product of at most two tensors and a number. */
typedef struct Product {
    int factors[2];
    int n_factors;
    double scale;
} Product;

static bool is_about(double value, double wanted) {
    return fabs(value - wanted) <= 1e-4 * fabs(wanted);
}

static bool is_plain(const MnetNode *node) {
    return node->activation.kind == MNET_ACTIVATION_NONE;
}

/*
 * Multiplies by `tensor` (divides where `inverse`), looking into products that nobody else reads.
 */
static bool collect(const MnetGraph *graph, int tensor, bool inverse, int depth, Product *product) {
    float value;
    if (mnet_rewrite_scalar(graph, tensor, &value)) {
        product->scale = inverse ? product->scale / value : product->scale * value;
        return true;
    }
    if (inverse)
        return false;
    const MnetNode *node = mnet_rewrite_private_producer(graph, tensor, MNET_OP_MUL);
    if (!node)
        node = mnet_rewrite_private_producer(graph, tensor, MNET_OP_DIV);
    if (node && is_plain(node) && depth < 3)
        return collect(graph, node->inputs[0], false, depth + 1, product) &&
               collect(graph, node->inputs[1], node->kind == MNET_OP_DIV, depth + 1, product);
    if (product->n_factors == 2)
        return false;
    product->factors[product->n_factors++] = tensor;
    return true;
}

static bool is_relu6(const MnetActivation *activation) {
    return activation->kind == MNET_ACTIVATION_CLAMP && activation->lo == 0 && activation->hi == 6;
}

/* x of relu6(x + 3), else MNET_NO_TENSOR. */
static int relu6_of_plus_3(const MnetGraph *graph, int tensor) {
    const MnetNode *add = mnet_rewrite_private_producer(graph, tensor, MNET_OP_ADD);
    const MnetNode *clamp = mnet_rewrite_private_producer(graph, tensor, MNET_OP_ACTIVATION);
    if (clamp && is_relu6(&clamp->activation)) {
        add = mnet_rewrite_private_producer(graph, clamp->inputs[0], MNET_OP_ADD);
        if (add && !is_plain(add))
            return MNET_NO_TENSOR;
    } else if (add && !is_relu6(&add->activation)) {
        return MNET_NO_TENSOR;
    }
    float three;
    for (int side = 0; add && side < 2; side++)
        if (mnet_rewrite_scalar(graph, add->inputs[side], &three) && is_about(three, 3))
            return add->inputs[1 - side];
    return MNET_NO_TENSOR;
}

/* What x * f * scale is, where f is made from x. */
static MnetActivation gate(const MnetGraph *graph, int x, int f, double scale) {
    const MnetActivation hard_swish = {.kind = MNET_ACTIVATION_HARD_SWISH};
    const MnetNode *node = mnet_rewrite_private_producer(graph, f, MNET_OP_ACTIVATION);
    if (node && node->inputs[0] == x && is_about(scale, 1)) {
        const MnetActivation *inner = &node->activation;
        if (inner->kind == MNET_ACTIVATION_SIGMOID)
            return (MnetActivation){.kind = MNET_ACTIVATION_SWISH};
        if (inner->kind == MNET_ACTIVATION_HARD_SIGMOID && is_about(inner->alpha, 1. / 6) &&
            is_about(inner->beta, 0.5))
            return hard_swish;
    }
    if (is_about(scale, 1. / 6) && relu6_of_plus_3(graph, f) == x)
        return hard_swish;
    return (MnetActivation){0};
}

/* The activation that the product computes, and of which tensor. */
static MnetActivation recognise(const MnetGraph *graph, const Product *product, int *x) {
    MnetActivation activation = {0};
    if (product->n_factors == 1 && is_about(product->scale, 1. / 6)) {
        *x = relu6_of_plus_3(graph, product->factors[0]);
        if (*x != MNET_NO_TENSOR)
            activation = (MnetActivation){
                .kind = MNET_ACTIVATION_HARD_SIGMOID, .alpha = 1.f / 6, .beta = 0.5f};
    }
    for (int side = 0; side < product->n_factors && product->n_factors == 2; side++) {
        *x = product->factors[side];
        activation = gate(graph, *x, product->factors[1 - side], product->scale);
        if (activation.kind != MNET_ACTIVATION_NONE)
            break;
    }
    return activation;
}

/*
 * clamp(x, 0, 1 / s) * s, the clamp fused into the op that makes x: what is left of a hard sigmoid
 * when the exporter has folded its offset into a bias. That op takes all of it.
 */
static bool fuse_scaled_clamp(MnetGraph *graph, int at, const Product *product) {
    if (product->n_factors != 1 || mnet_rewrite_only_consumer(graph, product->factors[0]) < 0 ||
        !mnet_rewrite_same_shape(graph, product->factors[0], graph->nodes[at].outputs[0]))
        return false;
    MnetNode *node = mnet_rewrite_producer(graph, product->factors[0]);
    bool takes_any = node && (node->kind == MNET_OP_CONV_2D ||
                              node->kind == MNET_OP_FULLY_CONNECTED || node->kind == MNET_OP_ADD);
    if (!takes_any || node->activation.kind != MNET_ACTIVATION_CLAMP || node->activation.lo != 0 ||
        !is_about(node->activation.hi * product->scale, 1))
        return false;
    node->activation =
        (MnetActivation){.kind = MNET_ACTIVATION_HARD_SIGMOID, .alpha = (float)product->scale};
    node->outputs[0] = graph->nodes[at].outputs[0];
    mnet_opt_kill(graph, at);
    return true;
}

static bool replace(MnetGraph *graph, int at, const Product *product) {
    int x = MNET_NO_TENSOR;
    MnetActivation activation = recognise(graph, product, &x);
    MnetNode *node = &graph->nodes[at];
    if (activation.kind == MNET_ACTIVATION_NONE ||
        !mnet_rewrite_same_shape(graph, x, node->outputs[0]))
        return false;
    node->kind = MNET_OP_ACTIVATION;
    node->attrs = (MnetAttrs){0};
    node->activation = activation;
    node->inputs[0] = x;
    node->n_inputs = 1;
    return true;
}

MnetStatus mnet_opt_patterns(MnetGraph *graph, int *changes, MnetError *error) {
    for (int i = 0; i < graph->n_nodes; i++) {
        const MnetNode *node = &graph->nodes[i];
        Product product = {.scale = 1};
        if ((node->kind != MNET_OP_MUL && node->kind != MNET_OP_DIV) || !is_plain(node) ||
            graph->tensors[node->outputs[0]].dtype != MNET_DTYPE_F32 ||
            !collect(graph, node->inputs[0], false, 0, &product) ||
            !collect(graph, node->inputs[1], node->kind == MNET_OP_DIV, 0, &product))
            continue;
        *changes += replace(graph, i, &product) || fuse_scaled_clamp(graph, i, &product);
    }
    return MNET_OK;
}
