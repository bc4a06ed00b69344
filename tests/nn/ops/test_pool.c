#include "tests/nn/ops/op_case.h"

/* The obvious pool: every tap looked at on its own. */
static double pooled(const OpCase *c, int x, const int32_t *at) {
    const MnetWindow *w = &c->node->attrs.pool.window;
    const MnetTensor *in = case_info(c, x);
    const bool max = c->node->kind == MNET_OP_MAX_POOL;
    double sum = 0, most = -INFINITY;
    int count = 0;

    for (int ky = 0; ky < w->kernel[0]; ky++) {
        for (int kx = 0; kx < w->kernel[1]; kx++) {
            int iy = at[1] * w->stride[0] - w->pad[0] + ky * w->dilation[0];
            int ix = at[2] * w->stride[1] - w->pad[1] + kx * w->dilation[1];
            bool inside = iy >= 0 && iy < in->dims[1] && ix >= 0 && ix < in->dims[2];

            if (inside) {
                double value =
                    case_value(c, x, case_ravel(in, (const int32_t[]){at[0], iy, ix, at[3]}));

                sum += value;
                most = fmax(most, value);
            }
            count += inside || c->node->attrs.pool.count_include_pad;
        }
    }
    return max ? most : sum / count;
}

static void check(MnetOpKind kind, MnetDtype dtype, const int32_t *x_dims,
                  const MnetWindow *window) {
    int32_t y_dims[4] = {x_dims[0], 0, 0, x_dims[3]};
    int x, y;
    OpCase c;

    for (int axis = 0; axis < 2; axis++) {
        int reach = (window->kernel[axis] - 1) * window->dilation[axis] + 1;
        int room = x_dims[1 + axis] + window->pad[axis] + window->pad[axis + 2] - reach;

        if (room < 0)
            return;
        y_dims[1 + axis] = room / window->stride[axis] + 1;
    }
    case_begin(&c);
    x = case_tensor(&c, dtype, 4, x_dims);
    y = case_tensor(&c, dtype, 4, y_dims);
    if (case_chance(50))
        c.graph.tensors[y].quant = c.graph.tensors[x].quant;
    case_node(&c, kind, 1, 1, (const int[]){x, y});
    c.node->attrs.pool.window = *window;
    c.node->attrs.pool.count_include_pad = case_chance(50);
    c.node->activation = case_activation(dtype);
    if (case_run(&c, mnet_op_pool_prepare)) {
        for (int64_t i = 0; i < mnet_tensor_elements(case_info(&c, y)); i++) {
            int32_t at[MNET_MAX_RANK];

            case_unravel(case_info(&c, y), i, at);
            case_expect(&c, y, i, case_activate(&c.node->activation, pooled(&c, x, at)));
        }
    }
    case_end(&c);
}

static void check_all(const int32_t *x_dims, const MnetWindow *window) {
    check(MNET_OP_AVG_POOL, MNET_DTYPE_F32, x_dims, window);
    check(MNET_OP_AVG_POOL, MNET_DTYPE_QS8, x_dims, window);
    check(MNET_OP_MAX_POOL, MNET_DTYPE_F32, x_dims, window);
    check(MNET_OP_MAX_POOL, MNET_DTYPE_QS8, x_dims, window);
}

static void global(void) {
    const MnetWindow window = {.kernel = {7, 7}, .stride = {1, 1}, .dilation = {1, 1}};

    check_all((const int32_t[]){1, 7, 7, 131}, &window);
    check_all((const int32_t[]){2, 7, 7, 3}, &window);
}

static void padding_before_and_behind(void) {
    const MnetWindow window = {
        .kernel = {3, 3}, .stride = {2, 2}, .dilation = {1, 1}, .pad = {1, 1, 1, 1}};

    for (int32_t size = 1; size <= 8; size++)
        check_all((const int32_t[]){1, size, 9 - size, 5}, &window);
}

static void random_windows(void) {
    for (int i = 0; i < 100; i++) {
        int32_t dims[4] = {case_int(1, 2), case_int(1, 12), case_int(1, 12), case_int(1, 80)};
        MnetWindow window = {0};

        for (int axis = 0; axis < 2; axis++) {
            window.kernel[axis] = case_int(1, 5);
            window.stride[axis] = case_int(1, 3);
            window.dilation[axis] = case_chance(80) ? 1 : 2;
            /* No window may lie wholly in the padding. */
            window.pad[axis] = case_int(0, (window.kernel[axis] - 1) / 2);
            window.pad[axis + 2] = case_int(0, (window.kernel[axis] - 1) / 2);
            if (dims[1 + axis] < window.kernel[axis] * 2)
                window.dilation[axis] = 1;
        }
        check_all(dims, &window);
    }
}

int main(int argc, char **argv) {
    case_seed(argc, argv);
    RUN(global);
    RUN(padding_before_and_behind);
    RUN(random_windows);
    return test_end();
}
