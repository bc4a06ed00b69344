#include "tests/nn/ops/op_case.h"

static void check(MnetOpKind kind, MnetDtype from, MnetDtype to, int32_t size) {
    OpCase c;
    int x, y;

    case_begin(&c);
    x = case_tensor(&c, from, 1, &size);
    y = case_tensor(&c, to, 1, &size);
    case_node(&c, kind, 1, 1, (const int[]){x, y});
    if (case_run(&c, mnet_op_quantize_prepare)) {
        for (int32_t i = 0; i < size; i++)
            case_expect(&c, y, i, case_value(&c, x, i));
    }
    case_end(&c);
}

static void random_values(void) {
    for (int i = 0; i < 100; i++) {
        check(MNET_OP_QUANTIZE, MNET_DTYPE_F32, MNET_DTYPE_QS8, case_int(1, 500));
        check(MNET_OP_DEQUANTIZE, MNET_DTYPE_QS8, MNET_DTYPE_F32, case_int(1, 500));
        check(MNET_OP_REQUANTIZE, MNET_DTYPE_QS8, MNET_DTYPE_QS8, case_int(1, 500));
    }
    check(MNET_OP_QUANTIZE, MNET_DTYPE_F32, MNET_DTYPE_QS8, 10000);
    check(MNET_OP_DEQUANTIZE, MNET_DTYPE_QS8, MNET_DTYPE_F32, 10000);
    check(MNET_OP_REQUANTIZE, MNET_DTYPE_QS8, MNET_DTYPE_QS8, 10000);
}

/* Ties go to the even step, also where a zero point is odd: it is added after rounding. */
static void ties_and_what_is_no_number(void) {
    const float values[] = {0.25f, 0.75f, -0.25f, 1.25f, INFINITY, -INFINITY, NAN, 1e30f, -1e30f};
    const int8_t expected[] = {3, 5, 3, 5, 127, -128, 3, 127, -128};
    const int32_t size = sizeof(expected);
    OpCase c;
    int x, y;

    case_begin(&c);
    x = case_tensor(&c, MNET_DTYPE_F32, 1, &size);
    y = case_tensor(&c, MNET_DTYPE_QS8, 1, &size);
    memcpy(c.tensors[x], values, sizeof(values));
    mnet_graph_set_quant(&c.graph, &c.graph.tensors[y].quant, 0.5f, 3);
    case_node(&c, MNET_OP_QUANTIZE, 1, 1, (const int[]){x, y});
    if (case_run(&c, mnet_op_quantize_prepare)) {
        for (int32_t i = 0; i < size; i++)
            CHECK(((int8_t *)c.tensors[y])[i] == expected[i], "%g became %d", (double)values[i],
                  ((int8_t *)c.tensors[y])[i]);
    }
    case_end(&c);
}

static void wrong_types_are_refused(void) {
    const MnetOpKind kinds[] = {MNET_OP_QUANTIZE, MNET_OP_REQUANTIZE};
    const int32_t size = 4;

    for (int i = 0; i < 2; i++) {
        MnetArena arena = {0};
        MnetError error;
        MnetStep step = {0};
        OpCase c;
        int x, y;

        case_begin(&c);
        x = case_tensor(&c, MNET_DTYPE_QS8, 1, &size);
        y = case_tensor(&c, MNET_DTYPE_F32, 1, &size);
        case_node(&c, kinds[i], 1, 1, (const int[]){x, y});
        CHECK(mnet_op_quantize_prepare(&c.graph, c.node, &arena, &step, &error) ==
              MNET_ERROR_UNSUPPORTED);
        mnet_arena_clear(&arena);
        case_end(&c);
    }
}

int main(int argc, char **argv) {
    case_seed(argc, argv);
    RUN(random_values);
    RUN(ties_and_what_is_no_number);
    RUN(wrong_types_are_refused);
    return test_end();
}
