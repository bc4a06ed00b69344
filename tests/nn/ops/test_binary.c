#include "tests/nn/ops/op_case.h"

static const MnetOpKind kinds[] = {MNET_OP_ADD, MNET_OP_SUB, MNET_OP_MUL, MNET_OP_DIV};

static double combine(MnetOpKind kind, double a, double b) {
    switch (kind) {
    case MNET_OP_ADD:
        return a + b;
    case MNET_OP_SUB:
        return a - b;
    case MNET_OP_MUL:
        return a * b;
    default:
        return a / b;
    }
}

/* Element of an operand that meets an element of the output, by numpy's rules. */
static int64_t operand_at(const MnetTensor *x, const MnetTensor *y, const int32_t *index) {
    int32_t at[MNET_MAX_RANK];

    for (int d = 0; d < x->rank; d++)
        at[d] = x->dims[d] == 1 ? 0 : index[d + y->rank - x->rank];
    return case_ravel(x, at);
}

static void check_values(const OpCase *c, int a, int b, int y) {
    const MnetTensor *info = case_info(c, y);
    int32_t index[MNET_MAX_RANK];

    for (int64_t i = 0; i < mnet_tensor_elements(info); i++) {
        double va, vb;

        case_unravel(info, i, index);
        va = case_value(c, a, operand_at(case_info(c, a), info, index));
        vb = case_value(c, b, operand_at(case_info(c, b), info, index));
        if (c->node->kind == MNET_OP_DIV && fabs(vb) < 1e-3)
            continue;
        case_expect(c, y, i, case_activate(&c->node->activation, combine(c->node->kind, va, vb)));
    }
}

static void check(MnetOpKind kind, MnetDtype dtype, int a_rank, const int32_t *a_dims, int b_rank,
                  const int32_t *b_dims) {
    const int rank = a_rank > b_rank ? a_rank : b_rank;
    int32_t dims[MNET_MAX_RANK];
    int a, b, y;
    OpCase c;

    for (int d = 0; d < rank; d++) {
        int32_t da = d < rank - a_rank ? 1 : a_dims[d - rank + a_rank];
        int32_t db = d < rank - b_rank ? 1 : b_dims[d - rank + b_rank];

        dims[d] = da == 1 ? db : da;
    }
    case_begin(&c);
    a = case_tensor(&c, dtype, a_rank, a_dims);
    b = case_tensor(&c, dtype, b_rank, b_dims);
    y = case_tensor(&c, dtype, rank, dims);
    case_node(&c, kind, 2, 1, (const int[]){a, b, y})->activation = case_activation(dtype);
    if (case_run(&c, mnet_op_binary_prepare))
        check_values(&c, a, b, y);
    case_end(&c);
}

static void check_all(int a_rank, const int32_t *a_dims, int b_rank, const int32_t *b_dims) {
    for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
        check(kinds[k], MNET_DTYPE_F32, a_rank, a_dims, b_rank, b_dims);
        check(kinds[k], MNET_DTYPE_F32, b_rank, b_dims, a_rank, a_dims);
        check(kinds[k], MNET_DTYPE_QS8, a_rank, a_dims, b_rank, b_dims);
        check(kinds[k], MNET_DTYPE_QS8, b_rank, b_dims, a_rank, a_dims);
    }
}

static void common_forms(void) {
    const int32_t picture[] = {1, 5, 7, 19}, channels[] = {19}, gate[] = {1, 1, 1, 19};
    const int32_t plane[] = {1, 5, 7, 1}, row[] = {1, 5, 1, 19}, one[] = {1};

    check_all(4, picture, 4, picture);
    check_all(4, picture, 1, channels);
    check_all(4, picture, 4, gate);
    check_all(4, picture, 4, plane);
    check_all(4, picture, 4, row);
    check_all(4, picture, 1, one);
    check_all(4, picture, 0, NULL);
    check_all(0, NULL, 0, NULL);
    check_all(4, gate, 4, plane);
}

static void long_rows(void) {
    const int32_t wide[] = {2, 9001}, row[] = {9001}, column[] = {2, 1};

    check_all(2, wide, 2, wide);
    check_all(2, wide, 1, row);
    check_all(2, wide, 2, column);
}

/* An operand that repeats along the picture, over several blocks of the output. */
static void repeated_channels(void) {
    static const int32_t channels[] = {3, 16, 24, 300, 1024, 1025};

    for (size_t i = 0; i < sizeof(channels) / sizeof(*channels); i++) {
        const int32_t n = channels[i];
        const int32_t picture[] = {1, 9, 3000 / n + 3, n}, gate[] = {1, 1, 1, n};
        const int32_t pictures[] = {2, 3, 5, n}, gates[] = {2, 1, 1, n}, rows[] = {3, 1, n};

        check_all(4, picture, 4, gate);
        check_all(4, pictures, 4, gates);
        check_all(4, pictures, 3, rows);
    }
}

static void random_forms(void) {
    for (int i = 0; i < 200; i++) {
        int32_t dims[MNET_MAX_RANK], a[MNET_MAX_RANK], b[MNET_MAX_RANK];
        int rank = case_int(1, MNET_MAX_RANK), cut = case_int(0, rank);

        case_dims(rank, 9, dims);
        for (int d = 0; d < rank; d++) {
            a[d] = case_chance(30) ? 1 : dims[d];
            b[d] = case_chance(30) ? 1 : dims[d];
        }
        check(kinds[case_int(0, 3)], case_dtype(), rank, a, rank - cut, b + cut);
    }
}

static void wrong_shapes_are_refused(void) {
    const int32_t a_dims[] = {2, 3}, b_dims[] = {2, 2};
    MnetArena arena = {0};
    MnetError error;
    MnetStep step = {0};
    OpCase c;
    int a, b, y;

    case_begin(&c);
    a = case_tensor(&c, MNET_DTYPE_F32, 2, a_dims);
    b = case_tensor(&c, MNET_DTYPE_F32, 2, b_dims);
    y = case_tensor(&c, MNET_DTYPE_F32, 2, a_dims);
    case_node(&c, MNET_OP_ADD, 2, 1, (const int[]){a, b, y});
    CHECK(mnet_op_binary_prepare(&c.graph, c.node, &arena, &step, &error) ==
          MNET_ERROR_UNSUPPORTED);
    mnet_arena_clear(&arena);
    case_end(&c);
}

int main(int argc, char **argv) {
    case_seed(argc, argv);
    RUN(common_forms);
    RUN(long_rows);
    RUN(repeated_channels);
    RUN(random_forms);
    RUN(wrong_shapes_are_refused);
    return test_end();
}
