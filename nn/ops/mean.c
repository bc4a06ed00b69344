#include "nn/base/cpu.h"
#include "nn/kernels/mean.h"
#include "nn/ops/epilogue.h"
#include "nn/ops/loop.h"
#include "nn/ops/node.h"
#include "nn/ops/op.h"

#define MAX_COUNT (1 << 23) /* a sum of so many differences of int8 fits in int32 */

/*
 * A unit is a block of an innermost loop over what is kept: for [N, H, W, C] over H and W, channels
 * that lie together, whose rows are added pixel by pixel.
 */
typedef struct MeanParams {
    MnetLoop kept, reduced; /* x's strides; y is dense in the order of `kept` */
    int blocks;             /* of an innermost loop of `kept` */
    int64_t count;          /* elements of a mean */
    MnetMeanKernels kernels;
    MnetActivationF32 activation; /* f32 */
    int32_t zero_point;           /* qs8 */
    float multiplier;
    MnetQuantRange range;
} MeanParams;

typedef struct Piece {
    size_t cols;
    ptrdiff_t col_stride;
    int64_t x, y; /* offsets */
} Piece;

static Piece piece_at(const MeanParams *p, int unit) {
    const int last = p->kept.rank - 1;
    const int64_t n = p->kept.dims[last], row = unit / p->blocks;
    const int64_t begin = (int64_t)(unit % p->blocks) * MNET_MEAN_BLOCK;
    MnetLoopPlace place;

    mnet_loop_seek(&p->kept, row, &place);
    return (Piece){
        .cols = mnet_block_size(n, begin, MNET_MEAN_BLOCK),
        .col_stride = (ptrdiff_t)p->kept.strides[0][last],
        .x = place.offset[0] + begin * p->kept.strides[0][last],
        .y = row * n + begin,
    };
}

static void run_f32(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const MeanParams *p = step->params;
    const float *x = memory->tensors[step->node->inputs[0]];
    float *y = memory->tensors[step->node->outputs[0]];
    const int last = p->reduced.rank - 1;
    const int64_t calls = mnet_loop_rows(&p->reduced);

    for (int unit = begin; unit < end; unit++) {
        const Piece piece = piece_at(p, unit);
        float sums[MNET_MEAN_BLOCK] = {0};
        MnetLoopPlace place;

        mnet_loop_seek(&p->reduced, 0, &place);
        for (int64_t call = 0; call < calls; call++) {
            p->kernels.sum_f32((size_t)p->reduced.dims[last], piece.cols,
                               x + piece.x + place.offset[0],
                               (ptrdiff_t)p->reduced.strides[0][last], piece.col_stride, sums);
            mnet_loop_next(&p->reduced, &place);
        }
        for (size_t c = 0; c < piece.cols; c++)
            y[piece.y + (int64_t)c] = sums[c] / (float)p->count;
        if (p->activation.run)
            p->activation.run(&p->activation, y + piece.y, y + piece.y, piece.cols);
    }
}

static void run_qs8(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const MeanParams *p = step->params;
    const int8_t *x = memory->tensors[step->node->inputs[0]];
    int8_t *y = memory->tensors[step->node->outputs[0]];
    const int last = p->reduced.rank - 1;
    const int64_t calls = mnet_loop_rows(&p->reduced);
    const MnetQuantRange range = p->range;

    for (int unit = begin; unit < end; unit++) {
        const Piece piece = piece_at(p, unit);
        int32_t sums[MNET_MEAN_BLOCK];
        MnetLoopPlace place;

        for (size_t c = 0; c < piece.cols; c++)
            sums[c] = -(int32_t)p->count * p->zero_point;
        mnet_loop_seek(&p->reduced, 0, &place);
        for (int64_t call = 0; call < calls; call++) {
            p->kernels.sum_qs8((size_t)p->reduced.dims[last], piece.cols,
                               x + piece.x + place.offset[0],
                               (ptrdiff_t)p->reduced.strides[0][last], piece.col_stride, sums);
            mnet_loop_next(&p->reduced, &place);
        }
        for (size_t c = 0; c < piece.cols; c++)
            y[piece.y + (int64_t)c] =
                mnet_requantize_f32_qs8((float)sums[c] * p->multiplier, range);
    }
}

static void make_loops(const MnetTensor *x, uint32_t axes, MeanParams *p) {
    int64_t strides[MNET_MAX_RANK];

    mnet_loop_dense_strides(x->rank, x->dims, strides);
    p->kept.operands = p->reduced.operands = 1;
    p->count = 1;
    for (int i = 0; i < x->rank; i++) {
        if (axes >> i & 1) {
            mnet_loop_push(&p->reduced, x->dims[i], &strides[i]);
            p->count *= x->dims[i];
        } else {
            mnet_loop_push(&p->kept, x->dims[i], &strides[i]);
        }
    }
    mnet_loop_collapse(&p->kept);
    mnet_loop_collapse(&p->reduced);
    p->blocks = mnet_blocks(p->kept.dims[p->kept.rank - 1], MNET_MEAN_BLOCK);
}

MnetStatus mnet_op_mean_prepare(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                                MnetStep *step, MnetError *error) {
    const MnetTensor *x, *y;
    MeanParams *p;
    MnetStatus status = mnet_node_check_types(graph, node, error);

    if (status)
        return status;
    x = mnet_node_input(graph, node, 0);
    y = mnet_node_output(graph, node, 0);
    p = mnet_arena_alloc(memory, sizeof(*p));
    if (!p)
        return mnet_node_no_memory(graph, node, error);
    make_loops(x, node->attrs.reduce.axes, p);
    if (mnet_tensor_elements(y) * p->count != mnet_tensor_elements(x))
        return mnet_node_unsupported(graph, node, "an output shape that doesn't fit its axes",
                                     error);
    mnet_mean_kernels_init(&p->kernels, mnet_cpu_features());
    if (y->dtype == MNET_DTYPE_QS8) {
        if (p->count > MAX_COUNT)
            return mnet_node_unsupported(graph, node, "a mean of more than 2^23 values", error);
        status = mnet_epilogue_qs8(graph, node, &node->activation, &y->quant, &p->range, error);
        if (status)
            return status;
        p->zero_point = x->quant.zero_point[0];
        p->multiplier =
            (float)((double)x->quant.scale[0] / ((double)y->quant.scale[0] * (double)p->count));
        step->run = run_qs8;
        step->kernel = p->kernels.qs8_name;
    } else {
        p->activation = mnet_epilogue_f32(&node->activation);
        step->run = run_f32;
        step->kernel = p->kernels.f32_name;
    }
    step->params = p;
    step->units = (int)(mnet_loop_rows(&p->kept) * p->blocks);
    return MNET_OK;
}
