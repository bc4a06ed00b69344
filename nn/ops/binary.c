#include "nn/base/cpu.h"
#include "nn/kernels/binary.h"
#include "nn/ops/epilogue.h"
#include "nn/ops/loop.h"
#include "nn/ops/node.h"
#include "nn/ops/op.h"

/* The innermost loop is a kernel call on at most MNET_BLOCK elements; y is dense, so its place
 * follows from the unit. */
typedef struct BinaryParams {
    MnetLoop loop; /* a, b */
    int blocks;    /* of an innermost loop */
    MnetBinaryF32 f32;
    MnetActivationF32 activation;
    MnetBinaryQs8 qs8;
    MnetBinaryQuant quant;
} BinaryParams;

/* One unit, with everything but the types settled. */
typedef struct Piece {
    size_t count, a_step, b_step;
    int64_t a, b, y; /* offsets */
} Piece;

static Piece piece_at(const BinaryParams *p, const MnetLoopPlace *place, int64_t row, int block) {
    const int last = p->loop.rank - 1;
    const int64_t n = p->loop.dims[last], begin = (int64_t)block * MNET_BLOCK;

    return (Piece){
        .count = mnet_block_size(n, begin, MNET_BLOCK),
        .a_step = (size_t)p->loop.strides[0][last],
        .b_step = (size_t)p->loop.strides[1][last],
        .a = place->offset[0] + begin * p->loop.strides[0][last],
        .b = place->offset[1] + begin * p->loop.strides[1][last],
        .y = row * n + begin,
    };
}

static void run_f32(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const BinaryParams *p = step->params;
    const float *a = memory->tensors[step->node->inputs[0]];
    const float *b = memory->tensors[step->node->inputs[1]];
    float *y = memory->tensors[step->node->outputs[0]];
    MnetLoopPlace place;

    mnet_loop_seek(&p->loop, begin / p->blocks, &place);
    for (int unit = begin; unit < end; unit++) {
        const int block = unit % p->blocks;
        const Piece piece = piece_at(p, &place, unit / p->blocks, block);

        p->f32(piece.count, a + piece.a, piece.a_step, b + piece.b, piece.b_step, y + piece.y);
        if (p->activation.run)
            p->activation.run(&p->activation, y + piece.y, y + piece.y, piece.count);
        if (block == p->blocks - 1)
            mnet_loop_next(&p->loop, &place);
    }
}

static void run_qs8(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const BinaryParams *p = step->params;
    const int8_t *a = memory->tensors[step->node->inputs[0]];
    const int8_t *b = memory->tensors[step->node->inputs[1]];
    int8_t *y = memory->tensors[step->node->outputs[0]];
    MnetLoopPlace place;

    mnet_loop_seek(&p->loop, begin / p->blocks, &place);
    for (int unit = begin; unit < end; unit++) {
        const int block = unit % p->blocks;
        const Piece piece = piece_at(p, &place, unit / p->blocks, block);

        p->qs8(piece.count, a + piece.a, piece.a_step, b + piece.b, piece.b_step, &p->quant,
               y + piece.y);
        if (block == p->blocks - 1)
            mnet_loop_next(&p->loop, &place);
    }
}

/* Strides of an operand in the output's index space; 0 where it is repeated. False where it doesn't
 * broadcast. */
static bool broadcast_strides(const MnetTensor *x, const MnetTensor *y, int64_t *strides) {
    const int shift = y->rank - x->rank;
    int64_t dense[MNET_MAX_RANK];

    if (shift < 0)
        return false;
    mnet_loop_dense_strides(x->rank, x->dims, dense);
    for (int i = 0; i < y->rank; i++) {
        int32_t dim = i < shift ? 1 : x->dims[i - shift];

        if (dim != 1 && dim != y->dims[i])
            return false;
        strides[i] = dim == 1 ? 0 : dense[i - shift];
    }
    return true;
}

static bool make_loop(const MnetTensor *a, const MnetTensor *b, const MnetTensor *y,
                      MnetLoop *loop) {
    int64_t a_strides[MNET_MAX_RANK], b_strides[MNET_MAX_RANK];

    if (!broadcast_strides(a, y, a_strides) || !broadcast_strides(b, y, b_strides))
        return false;
    loop->operands = 2;
    for (int i = 0; i < y->rank; i++)
        mnet_loop_push(loop, y->dims[i], (const int64_t[]){a_strides[i], b_strides[i]});
    mnet_loop_collapse(loop);
    return true;
}

static MnetBinaryKind binary_kind(MnetOpKind kind) {
    switch (kind) {
    case MNET_OP_SUB:
        return MNET_BINARY_SUB;
    case MNET_OP_MUL:
        return MNET_BINARY_MUL;
    case MNET_OP_DIV:
        return MNET_BINARY_DIV;
    default:
        return MNET_BINARY_ADD;
    }
}

static void set_quant(BinaryParams *p, MnetBinaryKind kind, const MnetQuant *a, const MnetQuant *b,
                      const MnetQuant *y) {
    const double sa = a->scale[0], sb = b->scale[0], sy = y->scale[0];

    p->quant.a_zero_point = a->zero_point[0];
    p->quant.b_zero_point = b->zero_point[0];
    p->quant.mb = (float)(sb / sy);
    if (kind == MNET_BINARY_MUL)
        p->quant.ma = (float)(sa * sb / sy);
    else if (kind == MNET_BINARY_DIV)
        p->quant.ma = (float)(sa / (sb * sy));
    else
        p->quant.ma = (float)(sa / sy);
}

MnetStatus mnet_op_binary_prepare(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                                  MnetStep *step, MnetError *error) {
    const MnetBinaryKind kind = binary_kind(node->kind);
    const MnetTensor *a, *b, *y;
    MnetBinaryKernels kernels;
    BinaryParams *p;
    MnetStatus status = mnet_node_check_types(graph, node, error);

    if (status)
        return status;
    a = mnet_node_input(graph, node, 0);
    b = mnet_node_input(graph, node, 1);
    y = mnet_node_output(graph, node, 0);
    p = mnet_arena_alloc(memory, sizeof(*p));
    if (!p)
        return mnet_node_no_memory(graph, node, error);
    if (!make_loop(a, b, y, &p->loop))
        return mnet_node_unsupported(graph, node, "this pair of shapes", error);
    mnet_binary_kernels_init(&kernels, mnet_cpu_features());
    if (y->dtype == MNET_DTYPE_QS8) {
        status =
            mnet_epilogue_qs8(graph, node, &node->activation, &y->quant, &p->quant.range, error);
        if (status)
            return status;
        set_quant(p, kind, &a->quant, &b->quant, &y->quant);
        p->qs8 = kernels.qs8[kind];
        step->run = run_qs8;
        step->kernel = kernels.qs8_names[kind];
    } else {
        p->f32 = kernels.f32[kind];
        p->activation = mnet_epilogue_f32(&node->activation);
        step->run = run_f32;
        step->kernel = kernels.f32_names[kind];
    }
    p->blocks = mnet_blocks(p->loop.dims[p->loop.rank - 1], MNET_BLOCK);
    step->params = p;
    step->units = (int)(mnet_loop_rows(&p->loop) * p->blocks);
    return MNET_OK;
}
