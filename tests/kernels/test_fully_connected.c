#include "tests/kernels/conv.h"
#include "tests/kernels/tier.h"
#include "tests/test.h"

#include <math.h>
#include <time.h>

static unsigned base_seed;

static void check_one(unsigned seed, bool quantized, bool extreme) {
    char message[600];
    Conv conv = {.kind = MNET_OP_FULLY_CONNECTED, .quantized = quantized, .h = 1, .w = 1};
    bool right;

    conv_seed(seed);
    conv.half = !quantized && conv_random(0, 1);
    conv.bias = conv_random(0, 1);
    conv.batch = conv_random(0, 1) ? 1 : conv_random(1, 70);
    conv.c = conv_random(1, 400);
    conv.o = conv_random(1, 300);
    conv.groups = 1;
    conv.window = (MnetWindow){{1, 1}, {1, 1}, {1, 1}, MNET_PADDING_EXPLICIT, {0, 0, 0, 0}};
    if (conv_random(0, 1))
        conv.activation = (MnetActivation){MNET_ACTIVATION_CLAMP, 0, INFINITY, 0, 0};
    conv_build(&conv, extreme);
    right = conv_check(&conv, message, sizeof(message));
    CHECK(right, "seed %u: %s%s %d rows, %d -> %d: %s", seed, extreme ? "extreme " : "",
          quantized ? "qs8" : "f32", conv.batch, conv.c, conv.o, message);
    conv_free(&conv);
}

static void floats(void) {
    for (unsigned i = 0; i < 60; i++)
        check_one(base_seed + i, false, i & 1);
}

static void quantized(void) {
    for (unsigned i = 0; i < 60; i++)
        check_one(base_seed + i, true, i & 1);
}

/* The largest inner dimension at which no sum can leave 32 bits, and the first at which one can. */
static void longest_sum(void) {
    for (int i = 0; i < 2; i++) {
        MnetArena arena = {0};
        MnetStep step = {0};
        MnetError error;
        MnetStatus status;
        Conv conv = {
            .kind = MNET_OP_FULLY_CONNECTED, .quantized = true, .h = 1, .w = 1, .batch = 1, .o = 1};
        int8_t *w;
        static const int32_t no_zero[1] = {0}, x_zero[1] = {-128};

        conv.c = 65793 + i; /* * 255 * 128 */
        conv.groups = 1;
        conv.window = (MnetWindow){{1, 1}, {1, 1}, {1, 1}, MNET_PADDING_EXPLICIT, {0, 0, 0, 0}};
        conv_build(&conv, true);
        conv.graph.tensors[conv.w_id].quant.zero_point = no_zero;
        conv.graph.tensors[conv.x_id].quant.zero_point = x_zero;
        w = (int8_t *)conv.graph.tensors[conv.w_id].data;
        memset(w, -128, (size_t)conv.c);
        memset(conv.x_data, 127, (size_t)conv.c);
        status = mnet_op_fully_connected_prepare(&conv.graph, &conv.graph.nodes[0], &arena, &step,
                                                 &error);
        CHECK(status == (i ? MNET_ERROR_UNSUPPORTED : MNET_OK), "%d inputs", conv.c);
        if (!i) {
            char message[600];
            bool right = conv_check(&conv, message, sizeof(message));
            CHECK(right, "%s", message);
        }
        mnet_arena_clear(&arena);
        conv_free(&conv);
    }
}

int main(int argc, char **argv) {
    tier_need_mask();
    base_seed = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 0) : (unsigned)time(NULL);
    printf("seed %u\n", base_seed);
    RUN(floats);
    RUN(quantized);
    RUN(longest_sum);
    return test_end();
}
