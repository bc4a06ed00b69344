#include "tests/nn/ops/op_case.h"

static MnetDtype any_dtype(void) {
    return case_chance(15) ? MNET_DTYPE_S64 : case_dtype();
}

/* y[i] must be x[from]: the same bytes, or the same real value where scales may differ. */
static void expect_moved(const OpCase *c, int y, int64_t i, int x, int64_t from) {
    const MnetTensor *info = case_info(c, y);
    const size_t size = mnet_dtype_size(info->dtype);

    if (info->dtype == MNET_DTYPE_QS8)
        case_expect(c, y, i, case_value(c, x, from));
    else
        CHECK(!memcmp((uint8_t *)c->tensors[y] + (size_t)i * size,
                      (uint8_t *)c->tensors[x] + (size_t)from * size, size),
              "[%lld]", (long long)i);
}

/* Mostly as in files, where moving keeps the scale. */
static void share_quant(OpCase *c, int x, int y) {
    if (case_chance(60))
        c->graph.tensors[y].quant = c->graph.tensors[x].quant;
}

static void check_transpose(MnetDtype dtype, int rank, const int32_t *dims, const int32_t *perm) {
    int32_t y_dims[MNET_MAX_RANK];
    OpCase c;
    int x, y;

    for (int d = 0; d < rank; d++)
        y_dims[d] = dims[perm[d]];
    case_begin(&c);
    x = case_tensor(&c, dtype, rank, dims);
    y = case_tensor(&c, dtype, rank, y_dims);
    share_quant(&c, x, y);
    case_node(&c, MNET_OP_TRANSPOSE, 1, 1, (const int[]){x, y});
    memcpy(c.node->attrs.perm, perm, (size_t)rank * sizeof(*perm));
    if (case_run(&c, mnet_op_move_prepare)) {
        for (int64_t i = 0; i < mnet_tensor_elements(case_info(&c, y)); i++) {
            int32_t at[MNET_MAX_RANK], from[MNET_MAX_RANK];

            case_unravel(case_info(&c, y), i, at);
            for (int d = 0; d < rank; d++)
                from[perm[d]] = at[d];
            expect_moved(&c, y, i, x, case_ravel(case_info(&c, x), from));
        }
    }
    case_end(&c);
}

static void transpose(void) {
    const int32_t to_nhwc[] = {0, 2, 3, 1}, to_nchw[] = {0, 3, 1, 2};
    const int32_t dims[] = {2, 13, 17, 150};

    check_transpose(MNET_DTYPE_F32, 4, dims, to_nhwc);
    check_transpose(MNET_DTYPE_QS8, 4, dims, to_nhwc);
    check_transpose(MNET_DTYPE_F32, 4, dims, to_nchw);
    check_transpose(MNET_DTYPE_QS8, 4, dims, to_nchw);
    for (int i = 0; i < 200; i++) {
        int32_t random[MNET_MAX_RANK], perm[MNET_MAX_RANK];
        int rank = case_int(1, MNET_MAX_RANK);

        case_dims(rank, 9, random);
        for (int d = 0; d < rank; d++) {
            int other = case_int(0, d);

            perm[d] = perm[other];
            perm[other] = d;
        }
        check_transpose(any_dtype(), rank, random, perm);
    }
}

static void check_slice(MnetDtype dtype, int rank, const int32_t *dims, const int32_t *begin,
                        const int32_t *stride, const int32_t *y_dims) {
    OpCase c;
    int x, y;

    case_begin(&c);
    x = case_tensor(&c, dtype, rank, dims);
    y = case_tensor(&c, dtype, rank, y_dims);
    share_quant(&c, x, y);
    case_node(&c, MNET_OP_SLICE, 1, 1, (const int[]){x, y});
    memcpy(c.node->attrs.slice.begin, begin, (size_t)rank * sizeof(*begin));
    memcpy(c.node->attrs.slice.stride, stride, (size_t)rank * sizeof(*stride));
    if (case_run(&c, mnet_op_move_prepare)) {
        for (int64_t i = 0; i < mnet_tensor_elements(case_info(&c, y)); i++) {
            int32_t at[MNET_MAX_RANK];

            case_unravel(case_info(&c, y), i, at);
            for (int d = 0; d < rank; d++)
                at[d] = begin[d] + at[d] * stride[d];
            expect_moved(&c, y, i, x, case_ravel(case_info(&c, x), at));
        }
    }
    case_end(&c);
}

static void slice(void) {
    for (int i = 0; i < 200; i++) {
        int32_t dims[MNET_MAX_RANK], begin[MNET_MAX_RANK], stride[MNET_MAX_RANK];
        int32_t y_dims[MNET_MAX_RANK];
        int rank = case_int(1, MNET_MAX_RANK);

        case_dims(rank, 12, dims);
        for (int d = 0; d < rank; d++) {
            int step = case_chance(60) ? 1 : case_int(1, 3), room;

            begin[d] = case_int(0, dims[d] - 1);
            stride[d] = case_chance(25) ? -step : step;
            room = stride[d] > 0 ? dims[d] - 1 - begin[d] : begin[d];
            y_dims[d] = case_int(1, room / step + 1);
        }
        check_slice(any_dtype(), rank, dims, begin, stride, y_dims);
    }
}

/* CONCAT, or SPLIT where the whole is the input. */
static void check_join(bool split, MnetDtype dtype, int rank, const int32_t *dims, int axis,
                       int n_parts) {
    int32_t whole_dims[MNET_MAX_RANK], offset = 0;
    int ids[CASE_TENSORS], whole;
    OpCase c;

    case_begin(&c);
    memcpy(whole_dims, dims, sizeof(whole_dims));
    whole_dims[axis] = 0;
    for (int k = 0; k < n_parts; k++) {
        int32_t part[MNET_MAX_RANK];

        memcpy(part, dims, sizeof(part));
        part[axis] = case_int(1, 20);
        whole_dims[axis] += part[axis];
        ids[k + split] = case_tensor(&c, dtype, rank, part);
    }
    whole = case_tensor(&c, dtype, rank, whole_dims);
    ids[split ? 0 : n_parts] = whole;
    for (int k = 0; k < n_parts; k++)
        share_quant(&c, whole, ids[k + split]);
    if (split)
        case_node(&c, MNET_OP_SPLIT, 1, n_parts, ids)->attrs.along.axis = axis;
    else
        case_node(&c, MNET_OP_CONCAT, n_parts, 1, ids)->attrs.along.axis = axis;
    if (case_run(&c, mnet_op_move_prepare)) {
        for (int k = 0; k < n_parts; k++) {
            const int part = ids[k + split];

            for (int64_t i = 0; i < mnet_tensor_elements(case_info(&c, part)); i++) {
                int32_t at[MNET_MAX_RANK];
                int64_t in_whole;

                case_unravel(case_info(&c, part), i, at);
                at[axis] += offset;
                in_whole = case_ravel(case_info(&c, whole), at);
                if (split)
                    expect_moved(&c, part, i, whole, in_whole);
                else
                    expect_moved(&c, whole, in_whole, part, i);
            }
            offset += case_info(&c, part)->dims[axis];
        }
    }
    case_end(&c);
}

static void concat_and_split(void) {
    for (int i = 0; i < 200; i++) {
        int32_t dims[MNET_MAX_RANK] = {0};
        int rank = case_int(1, MNET_MAX_RANK);

        case_dims(rank, 7, dims);
        check_join(i & 1, any_dtype(), rank, dims, case_int(0, rank - 1), case_int(1, 5));
    }
}

static void check_pad(MnetDtype dtype, int rank, const int32_t *dims, const int32_t *before,
                      const int32_t *after, float value) {
    int32_t y_dims[MNET_MAX_RANK];
    OpCase c;
    int x, y;

    for (int d = 0; d < rank; d++)
        y_dims[d] = before[d] + dims[d] + after[d];
    case_begin(&c);
    x = case_tensor(&c, dtype, rank, dims);
    y = case_tensor(&c, dtype, rank, y_dims);
    share_quant(&c, x, y);
    case_node(&c, MNET_OP_PAD, 1, 1, (const int[]){x, y})->attrs.pad.value = value;
    memcpy(c.node->attrs.pad.before, before, (size_t)rank * sizeof(*before));
    memcpy(c.node->attrs.pad.after, after, (size_t)rank * sizeof(*after));
    if (case_run(&c, mnet_op_move_prepare)) {
        for (int64_t i = 0; i < mnet_tensor_elements(case_info(&c, y)); i++) {
            int32_t at[MNET_MAX_RANK];
            bool inside = true;

            case_unravel(case_info(&c, y), i, at);
            for (int d = 0; d < rank; d++) {
                at[d] -= before[d];
                inside = inside && at[d] >= 0 && at[d] < dims[d];
            }
            if (inside)
                expect_moved(&c, y, i, x, case_ravel(case_info(&c, x), at));
            else
                case_expect(&c, y, i, (double)value);
        }
    }
    case_end(&c);
}

static void pad(void) {
    const int32_t picture[] = {1, 9, 8, 5}, none[] = {0, 0, 0, 0}, edge[] = {0, 1, 1, 0};

    check_pad(MNET_DTYPE_F32, 4, picture, edge, none, 0);
    check_pad(MNET_DTYPE_QS8, 4, picture, none, edge, 0);
    check_pad(MNET_DTYPE_F32, 4, picture, none, none, 0);
    for (int i = 0; i < 200; i++) {
        int32_t dims[MNET_MAX_RANK], before[MNET_MAX_RANK], after[MNET_MAX_RANK];
        int rank = case_int(1, MNET_MAX_RANK);

        case_dims(rank, 7, dims);
        for (int d = 0; d < rank; d++) {
            before[d] = case_chance(50) ? 0 : case_int(0, 3);
            after[d] = case_chance(50) ? 0 : case_int(0, 3);
        }
        check_pad(case_dtype(), rank, dims, before, after, (float)case_real(-3, 3));
    }
}

static void slice_outside_is_refused(void) {
    const int32_t dims[] = {4}, y_dims[] = {3};
    MnetArena arena = {0};
    MnetError error;
    MnetStep step = {0};
    OpCase c;
    int x, y;

    case_begin(&c);
    x = case_tensor(&c, MNET_DTYPE_F32, 1, dims);
    y = case_tensor(&c, MNET_DTYPE_F32, 1, y_dims);
    case_node(&c, MNET_OP_SLICE, 1, 1, (const int[]){x, y});
    c.node->attrs.slice.begin[0] = 1;
    c.node->attrs.slice.stride[0] = 2;
    CHECK(mnet_op_move_prepare(&c.graph, c.node, &arena, &step, &error) == MNET_ERROR_UNSUPPORTED);
    mnet_arena_clear(&arena);
    case_end(&c);
}

int main(int argc, char **argv) {
    case_seed(argc, argv);
    RUN(transpose);
    RUN(slice);
    RUN(concat_and_split);
    RUN(pad);
    RUN(slice_outside_is_refused);
    return test_end();
}
