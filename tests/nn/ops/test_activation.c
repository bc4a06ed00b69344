#include "tests/nn/ops/op_case.h"

static void check_activation(MnetDtype dtype, MnetActivationKind kind, int32_t size) {
    OpCase c;
    int x, y;
    MnetActivation activation;

    case_begin(&c);
    x = case_tensor(&c, dtype, 1, &size);
    y = case_tensor(&c, dtype, 1, &size);
    activation = case_activation(MNET_DTYPE_F32);
    activation.kind = kind;
    case_node(&c, MNET_OP_ACTIVATION, 1, 1, (const int[]){x, y})->activation = activation;
    if (case_run(&c, mnet_op_activation_prepare)) {
        for (int32_t i = 0; i < size; i++)
            case_expect(&c, y, i, case_activate(&activation, case_value(&c, x, i)));
    }
    case_end(&c);
}

static void every_kind(void) {
    for (int kind = MNET_ACTIVATION_NONE; kind <= MNET_ACTIVATION_TANH; kind++) {
        for (int i = 0; i < 20; i++) {
            check_activation(MNET_DTYPE_F32, (MnetActivationKind)kind, case_int(1, 300));
            check_activation(MNET_DTYPE_QS8, (MnetActivationKind)kind, case_int(1, 300));
        }
    }
}

static void many_units(void) {
    check_activation(MNET_DTYPE_F32, MNET_ACTIVATION_HARD_SWISH, 20001);
    check_activation(MNET_DTYPE_QS8, MNET_ACTIVATION_SWISH, 20001);
}

/* Every byte, so every entry of the table. */
static void whole_table(void) {
    const int32_t size = 256;

    for (int kind = MNET_ACTIVATION_NONE; kind <= MNET_ACTIVATION_TANH; kind++) {
        OpCase c;
        MnetActivation activation = {.kind = (MnetActivationKind)kind, .hi = 6, .alpha = 0.2f};
        int x, y;

        case_begin(&c);
        x = case_tensor(&c, MNET_DTYPE_QS8, 1, &size);
        y = case_tensor(&c, MNET_DTYPE_QS8, 1, &size);
        for (int i = 0; i < 256; i++)
            ((int8_t *)c.tensors[x])[i] = (int8_t)(i - 128);
        case_node(&c, MNET_OP_ACTIVATION, 1, 1, (const int[]){x, y})->activation = activation;
        if (case_run(&c, mnet_op_activation_prepare)) {
            for (int i = 0; i < 256; i++)
                case_expect(&c, y, i, case_activate(&activation, case_value(&c, x, i)));
        }
        case_end(&c);
    }
}

static void mixed_types_are_refused(void) {
    const int32_t size = 4;
    MnetArena arena = {0};
    MnetError error;
    MnetStep step = {0};
    OpCase c;
    int x, y;

    case_begin(&c);
    x = case_tensor(&c, MNET_DTYPE_F32, 1, &size);
    y = case_tensor(&c, MNET_DTYPE_QS8, 1, &size);
    case_node(&c, MNET_OP_ACTIVATION, 1, 1, (const int[]){x, y});
    CHECK(mnet_op_activation_prepare(&c.graph, c.node, &arena, &step, &error) ==
          MNET_ERROR_UNSUPPORTED);
    CHECK(strstr(error.message, "node"), "%s", error.message);
    mnet_arena_clear(&arena);
    case_end(&c);
}

int main(int argc, char **argv) {
    case_seed(argc, argv);
    RUN(every_kind);
    RUN(many_units);
    RUN(whole_table);
    RUN(mixed_types_are_refused);
    return test_end();
}
