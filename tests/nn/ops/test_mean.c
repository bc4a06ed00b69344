#include "tests/nn/ops/op_case.h"

static void check_values(const OpCase *c, int x, int y, uint32_t axes) {
    const MnetTensor *in = case_info(c, x);
    const int64_t n = mnet_tensor_elements(in), n_means = mnet_tensor_elements(case_info(c, y));
    double *sums = calloc((size_t)n_means, sizeof(*sums));

    for (int64_t i = 0; i < n; i++) {
        int32_t index[MNET_MAX_RANK];
        int64_t to = 0;

        case_unravel(in, i, index);
        for (int d = 0; d < in->rank; d++)
            to = axes >> d & 1 ? to : to * in->dims[d] + index[d];
        sums[to] += case_value(c, x, i);
    }
    for (int64_t i = 0; i < n_means; i++)
        case_expect(c, y, i,
                    case_activate(&c->node->activation, sums[i] * (double)n_means / (double)n));
    free(sums);
}

static void check(MnetDtype dtype, int rank, const int32_t *dims, uint32_t axes, bool keep_dims) {
    int32_t y_dims[MNET_MAX_RANK];
    int y_rank = 0, x, y;
    OpCase c;

    for (int d = 0; d < rank; d++) {
        if (!(axes >> d & 1))
            y_dims[y_rank++] = dims[d];
        else if (keep_dims)
            y_dims[y_rank++] = 1;
    }
    case_begin(&c);
    x = case_tensor(&c, dtype, rank, dims);
    y = case_tensor(&c, dtype, y_rank, y_dims);
    case_node(&c, MNET_OP_MEAN, 1, 1, (const int[]){x, y});
    c.node->attrs.reduce.axes = axes;
    c.node->attrs.reduce.keep_dims = keep_dims;
    c.node->activation = case_activation(dtype);
    if (case_run(&c, mnet_op_mean_prepare))
        check_values(&c, x, y, axes);
    case_end(&c);
}

static void global(void) {
    const int32_t dims[] = {2, 7, 7, 201}, wide[] = {1, 112, 112, 16};

    for (int i = 0; i < 10; i++) {
        check(MNET_DTYPE_F32, 4, dims, 1 << 1 | 1 << 2, i & 1);
        check(MNET_DTYPE_QS8, 4, dims, 1 << 1 | 1 << 2, i & 1);
    }
    check(MNET_DTYPE_F32, 4, wide, 1 << 1 | 1 << 2, true);
    check(MNET_DTYPE_QS8, 4, wide, 1 << 1 | 1 << 2, true);
}

static void any_axes(void) {
    const int32_t dims[] = {2, 3, 1, 4, 5};

    for (uint32_t axes = 0; axes < 32; axes++) {
        check(MNET_DTYPE_F32, 5, dims, axes, axes & 1);
        check(MNET_DTYPE_QS8, 5, dims, axes, axes & 2);
    }
    for (int i = 0; i < 100; i++) {
        int32_t random[MNET_MAX_RANK];
        int rank = case_int(1, MNET_MAX_RANK);

        case_dims(rank, 9, random);
        check(case_dtype(), rank, random, case_random() & ((1u << rank) - 1), case_chance(50));
    }
}

int main(int argc, char **argv) {
    case_seed(argc, argv);
    RUN(global);
    RUN(any_axes);
    return test_end();
}
