#include "tests/kernels/conv.h"
#include "tests/kernels/tier.h"
#include "tests/test.h"

#include <math.h>
#include <time.h>

static unsigned base_seed;

static const MnetActivation activations[] = {
    {MNET_ACTIVATION_NONE, 0, 0, 0, 0},       {MNET_ACTIVATION_CLAMP, 0, INFINITY, 0, 0},
    {MNET_ACTIVATION_CLAMP, 0, 6, 0, 0},      {MNET_ACTIVATION_CLAMP, -1.25f, 3.5f, 0, 0},
    {MNET_ACTIVATION_HARD_SWISH, 0, 0, 0, 0}, {MNET_ACTIVATION_HARD_SIGMOID, 0, 0, 0.2f, 0.5f},
    {MNET_ACTIVATION_SIGMOID, 0, 0, 0, 0},    {MNET_ACTIVATION_SWISH, 0, 0, 0, 0},
    {MNET_ACTIVATION_TANH, 0, 0, 0, 0},
};

static MnetActivation random_activation(bool quantized) {
    return activations[conv_random(0, quantized ? 3 : 8)];
}

/* A convolution of any geometry; `shape` then makes it one of a kind. */
static Conv random_conv(bool quantized) {
    Conv conv = {
        .kind = MNET_OP_CONV_2D,
        .quantized = quantized,
        .half = !quantized && conv_random(0, 3) == 0,
        .bias = conv_random(0, 3) > 0,
        .residual = conv_random(0, 3) == 0,
        .batch = conv_random(1, 2),
        .h = conv_random(1, 17),
        .w = conv_random(1, 17),
        .c = conv_random(1, 19),
        .o = conv_random(1, 37),
        .groups = 1,
        .activation = random_activation(quantized),
        .residual_activation = random_activation(quantized),
    };

    for (int i = 0; i < 2; i++) {
        int size = i ? conv.w : conv.h, reach, padding;

        conv.window.kernel[i] = conv_random(1, 5);
        conv.window.stride[i] = conv_random(1, 3);
        conv.window.dilation[i] = conv_random(0, 2) ? 1 : conv_random(1, 3);
        conv.window.pad[i] = conv_random(0, 4);
        conv.window.pad[2 + i] = conv_random(0, 4);
        reach = (conv.window.kernel[i] - 1) * conv.window.dilation[i] + 1;
        padding = conv.window.pad[i] + conv.window.pad[2 + i];
        if (size + padding < reach)
            conv.window.pad[2 + i] += reach - size - padding;
    }
    return conv;
}

static void check_many(void (*shape)(Conv *conv), int count) {
    for (int i = 0; i < count; i++) {
        for (int kind = 0; kind < 4; kind++) {
            bool quantized = kind & 1, extreme = kind & 2;
            unsigned seed = base_seed + (unsigned)i * 4 + (unsigned)kind;
            char message[600];
            Conv conv;
            bool right;

            conv_seed(seed);
            conv = random_conv(quantized);
            shape(&conv);
            conv_build(&conv, extreme);
            right = conv_check(&conv, message, sizeof(message));
            CHECK(right, "seed %u: %s%s %dx%dx%dx%d -> %d, groups %d, kernel %dx%d: %s", seed,
                  extreme ? "extreme " : "", quantized ? "qs8" : "f32", conv.batch, conv.h, conv.w,
                  conv.c, conv.o, conv.groups, conv.window.kernel[0], conv.window.kernel[1],
                  message);
            conv_free(&conv);
        }
    }
}

static void any(Conv *conv) {
}

static void one_by_one(Conv *conv) {
    conv->window = (MnetWindow){{1, 1}, {1, 1}, {1, 1}, MNET_PADDING_EXPLICIT, {0, 0, 0, 0}};
    conv->c = conv_random(1, 150);
    conv->o = conv_random(1, 300);
}

static void one_by_one_strided(Conv *conv) {
    conv->window = (MnetWindow){{1, 1}, {2, 2}, {1, 1}, MNET_PADDING_EXPLICIT, {0, 0, 0, 0}};
}

static void grouped(Conv *conv) {
    conv->groups = conv_random(2, 5);
    conv->c = conv->groups * conv_random(1, 9);
    conv->o = conv->groups * conv_random(1, 11);
}

static void depthwise(Conv *conv) {
    conv->c = conv_random(2, 70);
    conv->groups = conv->o = conv->c;
}

static void depthwise_multiplier(Conv *conv) {
    conv->groups = conv->c;
    conv->o = conv->c * conv_random(2, 4);
}

static void first_layer(Conv *conv) {
    conv->h = conv->w = 33;
    conv->c = 3;
    conv->o = 24;
    conv->window = (MnetWindow){{3, 3}, {2, 2}, {1, 1}, MNET_PADDING_EXPLICIT, {0, 0, 1, 1}};
}

static void any_convolution(void) {
    check_many(any, 150);
}

static void pointwise_convolution(void) {
    check_many(one_by_one, 60);
    check_many(one_by_one_strided, 20);
}

static void grouped_convolution(void) {
    check_many(grouped, 60);
}

static void depthwise_convolution(void) {
    check_many(depthwise, 100);
    check_many(depthwise_multiplier, 30);
}

static void first_convolution(void) {
    check_many(first_layer, 3);
}

/* Bad nodes are answered, not run. */
static void bad_nodes(void) {
    MnetArena arena = {0};
    MnetStep step = {0};
    MnetError error;
    Conv conv;
    MnetNode *node;

    conv_seed(1);
    conv = random_conv(true);
    conv.residual = false;
    conv.activation = activations[0];
    conv_build(&conv, false);
    node = &conv.graph.nodes[0];

    node->activation = activations[4];
    CHECK(mnet_op_conv_2d_prepare(&conv.graph, node, &arena, &step, &error) ==
              MNET_ERROR_UNSUPPORTED,
          "a swish behind integers");
    node->activation = activations[0];
    node->attrs.conv.window.stride[0] = 0;
    CHECK(mnet_op_conv_2d_prepare(&conv.graph, node, &arena, &step, &error) == MNET_ERROR_FORMAT,
          "stride 0");
    node->attrs.conv.window.stride[0] = conv.window.stride[0];
    conv.graph.tensors[conv.y_id].dims[1]++;
    CHECK(mnet_op_conv_2d_prepare(&conv.graph, node, &arena, &step, &error) == MNET_ERROR_FORMAT,
          "an output too high");
    conv.graph.tensors[conv.y_id].dims[1]--;
    node->inputs[1] = conv.x_id;
    CHECK(mnet_op_conv_2d_prepare(&conv.graph, node, &arena, &step, &error) != MNET_OK,
          "weights that aren't constant");
    mnet_arena_clear(&arena);
    conv_free(&conv);
}

int main(int argc, char **argv) {
    tier_need_mask();
    base_seed = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) : (unsigned)time(NULL);
    printf("seed %u\n", base_seed);
    RUN(any_convolution);
    RUN(pointwise_convolution);
    RUN(grouped_convolution);
    RUN(depthwise_convolution);
    RUN(first_convolution);
    RUN(bad_nodes);
    return test_end();
}
