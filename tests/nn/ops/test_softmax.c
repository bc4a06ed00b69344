#include "tests/nn/ops/op_case.h"

static void check_values(const OpCase *c, int x, int y, int axis, double beta) {
    const MnetTensor *info = case_info(c, x);
    int64_t inner = 1, n = mnet_tensor_elements(info);

    for (int d = axis + 1; d < info->rank; d++)
        inner *= info->dims[d];
    for (int64_t i = 0; i < n; i++) {
        const int64_t first = i - i / inner % info->dims[axis] * inner;
        double most = -INFINITY, sum = 0;

        for (int32_t k = 0; k < info->dims[axis]; k++) {
            double value = beta * case_value(c, x, first + k * inner);
            most = value > most ? value : most;
        }
        for (int32_t k = 0; k < info->dims[axis]; k++)
            sum += exp(beta * case_value(c, x, first + k * inner) - most);
        case_expect(c, y, i, exp(beta * case_value(c, x, i) - most) / sum);
    }
}

static void check(MnetDtype dtype, int rank, const int32_t *dims, int axis, float beta) {
    OpCase c;
    int x, y;

    case_begin(&c);
    x = case_tensor(&c, dtype, rank, dims);
    y = case_tensor(&c, dtype, rank, dims);
    if (dtype == MNET_DTYPE_QS8 && case_chance(70))
        mnet_graph_set_quant(&c.graph, &c.graph.tensors[y].quant, 1.0f / 256, -128);
    case_node(&c, MNET_OP_SOFTMAX, 1, 1, (const int[]){x, y});
    c.node->attrs.along.axis = axis;
    c.node->attrs.along.beta = beta;
    if (case_run(&c, mnet_op_softmax_prepare))
        check_values(&c, x, y, axis, (double)beta);
    case_end(&c);
}

static void classes(void) {
    const int32_t dims[] = {2, 1001};

    for (int i = 0; i < 10; i++) {
        check(MNET_DTYPE_F32, 2, dims, 1, 1);
        check(MNET_DTYPE_QS8, 2, dims, 1, 1);
    }
}

static void any_axis(void) {
    for (int i = 0; i < 150; i++) {
        int32_t dims[MNET_MAX_RANK];
        int rank = case_int(1, MNET_MAX_RANK);

        case_dims(rank, 9, dims);
        check(case_dtype(), rank, dims, case_int(0, rank - 1), (float)case_real(0.1, 3));
    }
}

/* Values whose exponentials alone would overflow. */
static void great_values(void) {
    const int32_t size = 3;
    OpCase c;
    int x, y;

    case_begin(&c);
    x = case_tensor(&c, MNET_DTYPE_F32, 1, &size);
    y = case_tensor(&c, MNET_DTYPE_F32, 1, &size);
    memcpy(c.tensors[x], (const float[]){1e4f, 1e4f - 1, -1e30f}, sizeof(float[3]));
    case_node(&c, MNET_OP_SOFTMAX, 1, 1, (const int[]){x, y})->attrs.along.beta = 1;
    if (case_run(&c, mnet_op_softmax_prepare))
        check_values(&c, x, y, 0, 1);
    case_end(&c);
}

int main(int argc, char **argv) {
    case_seed(argc, argv);
    RUN(classes);
    RUN(any_axis);
    RUN(great_values);
    return test_end();
}
