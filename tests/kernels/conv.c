#include "tests/kernels/conv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t state = 1;

void conv_seed(unsigned seed) {
    state = seed * 2654435761u + 1;
}

int conv_random(int lo, int hi) {
    state = state * 1664525u + 1013904223u;
    return lo + (int)((state >> 8) % (uint32_t)(hi - lo + 1));
}

static float random_real(void) {
    return (float)conv_random(-1000, 1000) * 1e-3f;
}

/* IEEE half of a number that has one: a multiple of 1/64 below 16. */
static uint16_t to_half(float value) {
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    if (value == 0)
        return 0;
    return (uint16_t)((bits >> 16 & 0x8000) | ((bits >> 23 & 0xff) - 112) << 10 |
                      (bits >> 13 & 0x3ff));
}

static int random_q(bool extreme) {
    if (extreme)
        return conv_random(0, 3) ? (conv_random(0, 1) ? 127 : -128) : conv_random(-128, 127);
    return conv_random(-128, 127);
}

static void *random_values(MnetDtype dtype, size_t count, bool extreme) {
    void *data = malloc(count * mnet_dtype_size(dtype));

    for (size_t i = 0; i < count; i++) {
        if (dtype == MNET_DTYPE_F32)
            ((float *)data)[i] = random_real() * (extreme ? 100.0f : 1.0f);
        else if (dtype == MNET_DTYPE_F16)
            ((uint16_t *)data)[i] = to_half((float)conv_random(-1000, 1000) / 64.0f);
        else if (dtype == MNET_DTYPE_S32)
            ((int32_t *)data)[i] = conv_random(-50000, 50000);
        else
            ((int8_t *)data)[i] = (int8_t)random_q(extreme);
    }
    return data;
}

static int add(Conv *conv, const char *name, MnetDtype dtype, int rank, const int32_t *dims) {
    return mnet_graph_add_tensor(&conv->graph, name, dtype, rank, dims);
}

static void quantize(Conv *conv, int tensor, float scale, bool extreme) {
    int zero_point = extreme ? (conv_random(0, 1) ? 127 : -128) : conv_random(-128, 127);

    mnet_graph_set_quant(&conv->graph, &conv->graph.tensors[tensor].quant, scale, zero_point);
}

/* Per channel or per tensor, with zero points or without. */
static void quantize_weights(Conv *conv, int tensor) {
    MnetQuant *quant = &conv->graph.tensors[tensor].quant;
    int count = conv_random(0, 1) ? conv->o : 1;
    bool zero_points = conv_random(0, 1);
    float *scale = mnet_arena_array(&conv->graph.arena, (size_t)count, sizeof(*scale));
    int32_t *zero_point = mnet_arena_array(&conv->graph.arena, (size_t)count, sizeof(*zero_point));

    for (int i = 0; i < count; i++) {
        scale[i] = 0.01f + (float)conv_random(0, 1000) * 1e-4f;
        zero_point[i] = zero_points ? conv_random(-128, 127) : 0;
    }
    *quant = (MnetQuant){count, 0, scale, zero_point};
}

static size_t conv_count(const Conv *conv) {
    return (size_t)mnet_tensor_elements(&conv->graph.tensors[conv->y_id]);
}

static void set_constant(Conv *conv, int tensor, bool extreme) {
    MnetTensor *t = &conv->graph.tensors[tensor];
    size_t count = (size_t)mnet_tensor_elements(t);

    t->bytes = count * mnet_dtype_size(t->dtype);
    t->data = random_values(t->dtype, count, extreme);
}

static void add_operands(Conv *conv, bool extreme) {
    MnetDtype dtype = conv->quantized ? MNET_DTYPE_QS8 : MNET_DTYPE_F32;
    bool is_conv = conv->kind == MNET_OP_CONV_2D;
    const int32_t x_dims[] = {conv->batch, conv->h, conv->w, conv->c};
    const int32_t y_dims[] = {conv->batch, conv->out_h, conv->out_w, conv->o};
    const int32_t w_dims[] = {conv->o, conv->window.kernel[0], conv->window.kernel[1],
                              conv->c / conv->groups};
    const int32_t fc_x[] = {conv->batch, conv->c}, fc_y[] = {conv->batch, conv->o};
    const int32_t fc_w[] = {conv->o, conv->c}, bias_dims[] = {conv->o};
    int rank = is_conv ? 4 : 2;

    conv->x_id = add(conv, "x", dtype, rank, is_conv ? x_dims : fc_x);
    conv->w_id = add(conv, "w", conv->half ? MNET_DTYPE_F16 : dtype, rank, is_conv ? w_dims : fc_w);
    conv->y_id = add(conv, "y", dtype, rank, is_conv ? y_dims : fc_y);
    conv->bias_id = conv->residual_id = MNET_NO_TENSOR;
    set_constant(conv, conv->w_id, extreme);
    if (conv->bias) {
        conv->bias_id =
            add(conv, "bias", conv->quantized ? MNET_DTYPE_S32 : MNET_DTYPE_F32, 1, bias_dims);
        set_constant(conv, conv->bias_id, extreme);
    }
    conv->x_data = random_values(
        dtype, (size_t)mnet_tensor_elements(&conv->graph.tensors[conv->x_id]), extreme);
    if (conv->residual) {
        conv->residual_id = add(conv, "residual", dtype, rank, y_dims);
        conv->residual_data = random_values(dtype, conv_count(conv), extreme);
    }
}

void conv_build(Conv *conv, bool extreme) {
    const MnetWindow *window = &conv->window;
    MnetNode *node;

    conv->out_h = (conv->h + window->pad[0] + window->pad[2] -
                   (window->kernel[0] - 1) * window->dilation[0] - 1) /
                      window->stride[0] +
                  1;
    conv->out_w = (conv->w + window->pad[1] + window->pad[3] -
                   (window->kernel[1] - 1) * window->dilation[1] - 1) /
                      window->stride[1] +
                  1;
    mnet_graph_init(&conv->graph, "test");
    add_operands(conv, extreme);
    node = mnet_graph_add_node(&conv->graph, conv->kind, "node", "Conv", 4, 1);
    node->inputs[0] = conv->x_id;
    node->inputs[1] = conv->w_id;
    node->inputs[2] = conv->bias_id;
    node->inputs[3] = conv->residual_id;
    node->outputs[0] = conv->y_id;
    node->activation = conv->activation;
    if (conv->kind == MNET_OP_CONV_2D) {
        node->attrs.conv.window = *window;
        node->attrs.conv.groups = conv->groups;
        node->attrs.conv.residual_activation = conv->residual_activation;
    }
    if (conv->quantized) {
        quantize(conv, conv->x_id, 0.02f, extreme);
        quantize(conv, conv->y_id, extreme ? 0.001f : 1.0f, extreme);
        quantize_weights(conv, conv->w_id);
        if (conv->residual) {
            quantize(conv, conv->residual_id, 0.5f, extreme);
            mnet_graph_set_quant(&conv->graph, &node->attrs.conv.inner, 0.7f,
                                 conv_random(-128, 127));
        }
    }
}

void conv_free(Conv *conv) {
    free((void *)conv->graph.tensors[conv->w_id].data);
    if (conv->bias)
        free((void *)conv->graph.tensors[conv->bias_id].data);
    free(conv->x_data);
    free(conv->residual_data);
    mnet_graph_clear(&conv->graph);
}

#define CANARY 192

/* Runs units [0, units) in pieces of at most `piece`, the last piece first; each piece has dirty
 * scratch of its own. */
static bool run_pieces(const Conv *conv, const MnetStep *step, int piece, uint8_t *guarded,
                       size_t bytes) {
    void *tensors[8] = {NULL};
    size_t scratch_bytes = (step->scratch_bytes + MNET_ALIGN) / MNET_ALIGN * MNET_ALIGN;
    bool clean = true;

    memset(guarded, 0xa5, bytes + 2 * CANARY);
    tensors[conv->x_id] = conv->x_data;
    tensors[conv->y_id] = guarded + CANARY;
    if (conv->residual)
        tensors[conv->residual_id] = conv->residual_data;
    for (int end = step->units; end > 0; end -= piece) {
        MnetStepMemory memory = {.tensors = tensors,
                                 .scratch = aligned_alloc(MNET_ALIGN, scratch_bytes)};

        memset(memory.scratch, 0x5a, scratch_bytes);
        step->run(step, &memory, end > piece ? end - piece : 0, end);
        free(memory.scratch);
    }
    for (int i = 0; i < CANARY; i++)
        clean &= guarded[i] == 0xa5 && guarded[CANARY + bytes + (size_t)i] == 0xa5;
    return clean;
}

static double activate(const MnetActivation *a, double x) {
    switch (a->kind) {
    case MNET_ACTIVATION_NONE:
        break;
    case MNET_ACTIVATION_CLAMP:
        return fmin(fmax(x, a->lo), a->hi);
    case MNET_ACTIVATION_HARD_SIGMOID:
        return fmin(fmax(a->alpha * x + a->beta, 0), 1);
    case MNET_ACTIVATION_HARD_SWISH:
        return x * fmin(fmax(x / 6 + 0.5, 0), 1);
    case MNET_ACTIVATION_SIGMOID:
        return 1 / (1 + exp(-x));
    case MNET_ACTIVATION_SWISH:
        return x / (1 + exp(-x));
    case MNET_ACTIVATION_TANH:
        return tanh(x);
    }
    return x;
}

/* One output's window: cells of the picture and weights, in any order. */
typedef struct Sum {
    double real, magnitude;
    int64_t integer;
} Sum;

static Sum sum_window(const Conv *conv, int n, int oy, int ox, int o) {
    const MnetWindow *window = &conv->window;
    const MnetTensor *x = &conv->graph.tensors[conv->x_id], *w = &conv->graph.tensors[conv->w_id];
    int per_group = conv->c / conv->groups, group = o / (conv->o / conv->groups);
    Sum sum = {0};

    for (int ky = 0; ky < window->kernel[0]; ky++) {
        for (int kx = 0; kx < window->kernel[1]; kx++) {
            int iy = oy * window->stride[0] - window->pad[0] + ky * window->dilation[0];
            int ix = ox * window->stride[1] - window->pad[1] + kx * window->dilation[1];

            if (iy < 0 || ix < 0 || iy >= conv->h || ix >= conv->w)
                continue;
            for (int i = 0; i < per_group; i++) {
                size_t at = (((size_t)n * conv->h + iy) * conv->w + ix) * conv->c +
                            (size_t)(group * per_group + i);
                size_t weight =
                    (((size_t)o * window->kernel[0] + ky) * window->kernel[1] + kx) * per_group +
                    (size_t)i;

                if (conv->quantized) {
                    int zero_point = w->quant.zero_point[w->quant.count > 1 ? o : 0];
                    sum.integer += (((int8_t *)conv->x_data)[at] - x->quant.zero_point[0]) *
                                   (((const int8_t *)w->data)[weight] - zero_point);
                } else {
                    double product = (double)((float *)conv->x_data)[at] *
                                     (double)mnet_tensor_float(w, (int64_t)weight);
                    sum.real += product;
                    sum.magnitude += fabs(product);
                }
            }
        }
    }
    return sum;
}

static float quantized(float steps, const MnetQuant *quant, const MnetActivation *activation) {
    float zero_point = (float)quant->zero_point[0], lo = -128, hi = 127;

    if (activation->kind == MNET_ACTIVATION_CLAMP) {
        lo = fmaxf(lo, fminf(nearbyintf(activation->lo / quant->scale[0]) + zero_point, 127));
        hi = fminf(hi, fmaxf(nearbyintf(activation->hi / quant->scale[0]) + zero_point, -128));
    }
    return fminf(fmaxf(nearbyintf(steps) + zero_point, lo), hi);
}

/* The quantised output: every rounding where MNET_OP_CONV_2D says that it is. */
static int expected_qs8(const Conv *conv, const Sum *sum, int o, size_t at) {
    const MnetTensor *tensors = conv->graph.tensors;
    const MnetQuant *x = &tensors[conv->x_id].quant, *w = &tensors[conv->w_id].quant;
    const MnetQuant *y = &tensors[conv->y_id].quant, *residual;
    const MnetQuant *inner = conv->residual ? &conv->graph.nodes[0].attrs.conv.inner : y;
    int64_t acc = sum->integer;
    float multiplier = (float)((double)x->scale[0] * (double)w->scale[w->count > 1 ? o : 0] /
                               (double)inner->scale[0]);
    float q, a, b;

    if (conv->bias)
        acc += ((const int32_t *)tensors[conv->bias_id].data)[o];
    q = quantized((float)acc * multiplier, inner, &conv->activation);
    if (!conv->residual)
        return (int)q;
    residual = &tensors[conv->residual_id].quant;
    a = (q - (float)inner->zero_point[0]) * (float)((double)inner->scale[0] / (double)y->scale[0]);
    b = (float)(((int8_t *)conv->residual_data)[at] - residual->zero_point[0]) *
        (float)((double)residual->scale[0] / (double)y->scale[0]);
    return (int)quantized(a + b, y, &conv->residual_activation);
}

static bool check_element(const Conv *conv, const void *y, const int at[4], char *message,
                          size_t size) {
    size_t i = (((size_t)at[0] * conv->out_h + at[1]) * conv->out_w + at[2]) * conv->o + at[3];
    Sum sum = sum_window(conv, at[0], at[1], at[2], at[3]);
    double want, got, tolerance = 0;

    if (conv->quantized) {
        want = expected_qs8(conv, &sum, at[3], i);
        got = ((const int8_t *)y)[i];
    } else {
        if (conv->bias) {
            double bias = (double)((const float *)conv->graph.tensors[conv->bias_id].data)[at[3]];
            sum.real += bias;
            sum.magnitude += fabs(bias);
        }
        want = activate(&conv->activation, sum.real);
        if (conv->residual)
            want = activate(&conv->residual_activation,
                            want + (double)((float *)conv->residual_data)[i]);
        got = (double)((const float *)y)[i];
        tolerance = 2e-6 * (sum.magnitude + fabs(want) + 1);
    }
    if (fabs(got - want) <= tolerance)
        return true;
    snprintf(message, size, "at %d,%d,%d,%d: %.9g instead of %.9g", at[0], at[1], at[2], at[3], got,
             want);
    return false;
}

static bool check_values(const Conv *conv, const void *y, char *message, size_t size) {
    int at[4];

    for (at[0] = 0; at[0] < conv->batch; at[0]++) {
        for (at[1] = 0; at[1] < conv->out_h; at[1]++) {
            for (at[2] = 0; at[2] < conv->out_w; at[2]++) {
                for (at[3] = 0; at[3] < conv->o; at[3]++) {
                    if (!check_element(conv, y, at, message, size))
                        return false;
                }
            }
        }
    }
    return true;
}

bool conv_check(const Conv *conv, char *message, size_t size) {
    size_t bytes = conv_count(conv) * (conv->quantized ? 1 : 4);
    uint8_t *whole = malloc(bytes + 2 * CANARY), *pieces = malloc(bytes + 2 * CANARY);
    MnetArena arena = {0};
    MnetStep step = {.node = &conv->graph.nodes[0], .graph = &conv->graph};
    MnetError error;
    bool right = false;

    if (mnet_op_prepare(conv->kind)(&conv->graph, step.node, &arena, &step, &error)) {
        snprintf(message, size, "%s", error.message);
    } else if (!run_pieces(conv, &step, step.units, whole, bytes) ||
               !run_pieces(conv, &step, conv_random(1, 3), pieces, bytes)) {
        snprintf(message, size, "bytes beside the output were written");
    } else if (memcmp(whole, pieces, bytes + 2 * CANARY)) {
        snprintf(message, size, "the split of units changes the result");
    } else {
        right = check_values(conv, whole + CANARY, message, size);
    }
    mnet_arena_clear(&arena);
    free(whole);
    free(pieces);
    return right;
}
