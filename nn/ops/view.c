#include "nn/base/cpu.h"
#include "nn/kernels/move.h"
#include "nn/kernels/quantize.h"
#include "nn/ops/loop.h"
#include "nn/ops/move.h"
#include "nn/ops/node.h"

#define TILE_ROWS 64

/*
 * y is x seen with other strides. Mostly the innermost loop is a run that lies together in x; in a
 * transposition it jumps, and some other dimension, here called rows, lies together: then tiles are
 * turned, so that both sides are read and written in whole cache lines.
 */
typedef struct ViewParams {
    MnetLoop loop;          /* of x and y, without the rows; the innermost dimension is y's */
    int64_t base;           /* x's first element */
    int32_t rows;           /* of a transposition, else 1 */
    int64_t row_stride;     /* in y; in x it is 1 */
    int blocks;             /* of rows or of an innermost loop */
    size_t size, log2_size; /* of an element in bytes */
    MnetMoveKernels kernels;
    MnetQuantizeKernels quantize;
    const int8_t *table; /* or NULL */
} ViewParams;

static void run_copy(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const ViewParams *p = step->params;
    const uint8_t *x = memory->tensors[step->node->inputs[0]];
    uint8_t *y = memory->tensors[step->node->outputs[0]];
    const int last = p->loop.rank - 1;
    const int64_t stride = p->loop.strides[0][last];
    MnetLoopPlace place;

    mnet_loop_seek(&p->loop, begin / p->blocks, &place);
    for (int unit = begin; unit < end; unit++) {
        const int block = unit % p->blocks;
        const int64_t first = (int64_t)block * MNET_BLOCK;
        const size_t count = mnet_block_size(p->loop.dims[last], first, MNET_BLOCK);
        const uint8_t *from = x + (p->base + place.offset[0] + first * stride) * (int64_t)p->size;
        uint8_t *to = y + (place.offset[1] + first) * (int64_t)p->size;

        if (stride == 1)
            memcpy(to, from, count * p->size);
        else
            p->kernels.gather[p->log2_size](count, from, (ptrdiff_t)stride, to);
        if (p->table)
            p->quantize.table(count, (int8_t *)to, p->table, (int8_t *)to);
        if (block == p->blocks - 1)
            mnet_loop_next(&p->loop, &place);
    }
}

static void run_transpose(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const ViewParams *p = step->params;
    const uint8_t *x = memory->tensors[step->node->inputs[0]];
    uint8_t *y = memory->tensors[step->node->outputs[0]];
    const int last = p->loop.rank - 1;
    const size_t cols = (size_t)p->loop.dims[last];
    MnetLoopPlace place;

    mnet_loop_seek(&p->loop, begin / p->blocks, &place);
    for (int unit = begin; unit < end; unit++) {
        const int block = unit % p->blocks;
        const int64_t first = (int64_t)block * TILE_ROWS;
        const size_t rows = mnet_block_size(p->rows, first, TILE_ROWS);
        const uint8_t *from = x + (p->base + place.offset[0] + first) * (int64_t)p->size;
        uint8_t *to = y + (place.offset[1] + first * p->row_stride) * (int64_t)p->size;

        p->kernels.transpose[p->log2_size](rows, cols, from, (ptrdiff_t)p->loop.strides[0][last],
                                           to, (ptrdiff_t)p->row_stride);
        for (size_t r = 0; p->table && r < rows; r++) {
            int8_t *row = (int8_t *)to + (int64_t)r * p->row_stride;

            p->quantize.table(cols, row, p->table, row);
        }
        if (block == p->blocks - 1)
            mnet_loop_next(&p->loop, &place);
    }
}

/* Strides of x in y's index space; false where y would read beyond x. */
static bool view_strides(const MnetNode *node, const MnetTensor *x, const MnetTensor *y,
                         int64_t *strides, int64_t *base) {
    int64_t dense[MNET_MAX_RANK];

    if (x->rank != y->rank)
        return false;
    mnet_loop_dense_strides(x->rank, x->dims, dense);
    *base = 0;
    for (int i = 0; i < y->rank; i++) {
        if (node->kind == MNET_OP_TRANSPOSE) {
            int from = node->attrs.perm[i];

            if (from < 0 || from >= x->rank || y->dims[i] != x->dims[from])
                return false;
            strides[i] = dense[from];
        } else {
            int64_t begin = node->attrs.slice.begin[i], step = node->attrs.slice.stride[i];
            int64_t end = begin + step * (y->dims[i] - 1);

            if (begin < 0 || begin >= x->dims[i] || end < 0 || end >= x->dims[i])
                return false;
            strides[i] = dense[i] * step;
            *base += dense[i] * begin;
        }
    }
    return true;
}

/* Takes the dimension that lies together in x out of the loop, where the innermost one doesn't;
 * false otherwise. */
static bool take_rows(ViewParams *p) {
    const MnetLoop from = p->loop;
    int rows = -1;

    for (int i = 0; i < from.rank - 1; i++)
        rows = from.strides[0][i] == 1 ? i : rows;
    if (rows < 0 || from.strides[0][from.rank - 1] == 1)
        return false;
    p->rows = from.dims[rows];
    p->row_stride = from.strides[1][rows];
    p->loop.rank = 0;
    for (int i = 0; i < from.rank; i++) {
        if (i != rows)
            mnet_loop_push(&p->loop, from.dims[i],
                           (const int64_t[]){from.strides[0][i], from.strides[1][i]});
    }
    return true;
}

MnetStatus mnet_op_view_prepare(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                                MnetStep *step, MnetError *error) {
    const MnetTensor *x = mnet_node_input(graph, node, 0), *y = mnet_node_output(graph, node, 0);
    int64_t x_strides[MNET_MAX_RANK], y_strides[MNET_MAX_RANK];
    MnetStatus status;
    ViewParams *p = mnet_arena_alloc(memory, sizeof(*p));

    if (!p)
        return mnet_node_no_memory(graph, node, error);
    if (!view_strides(node, x, y, x_strides, &p->base))
        return mnet_node_unsupported(graph, node, "a part that lies outside the input", error);
    status = mnet_op_move_table(graph, node, x, y, memory, &p->table, error);
    if (status)
        return status;
    mnet_loop_dense_strides(y->rank, y->dims, y_strides);
    p->loop.operands = 2;
    for (int i = 0; i < y->rank; i++)
        mnet_loop_push(&p->loop, y->dims[i], (const int64_t[]){x_strides[i], y_strides[i]});
    mnet_loop_collapse(&p->loop);
    mnet_move_kernels_init(&p->kernels, mnet_cpu_features());
    mnet_quantize_kernels_init(&p->quantize, mnet_cpu_features());
    p->size = mnet_dtype_size(y->dtype);
    p->log2_size = (size_t)__builtin_ctzl(p->size);
    p->rows = 1;
    if (take_rows(p)) {
        p->blocks = mnet_blocks(p->rows, TILE_ROWS);
        step->run = run_transpose;
        step->kernel = "transpose_c";
    } else {
        p->blocks = mnet_blocks(p->loop.dims[p->loop.rank - 1], MNET_BLOCK);
        step->run = run_copy;
        step->kernel = "copy_c";
    }
    step->params = p;
    step->units = (int)(mnet_loop_rows(&p->loop) * p->blocks);
    return MNET_OK;
}
