#include "nn/base/cpu.h"
#include "nn/kernels/binary.h"
#include "nn/ops/epilogue.h"
#include "nn/ops/loop.h"
#include "nn/ops/node.h"
#include "nn/ops/op.h"

#include <string.h>

/* Elements of an operand's tile; stays in the first-level cache with what it meets. */
#define TILE 2048
#define NOT_TILED -1

/*
 * The innermost loop is a kernel call on at most `block` elements; y is dense, so its place follows
 * from the unit. An operand that repeats a few elements, as one factor a channel does, is tiled:
 * written side by side into scratch until they are `block` elements, a multiple of the period. The
 * innermost loop is then the two innermost ones in one.
 */
typedef struct BinaryParams {
    MnetLoop loop; /* a, b; the tiled one has stride 0 in the innermost dimension */
    size_t element;
    int64_t block;
    int blocks; /* of an innermost loop */
    int tiled;
    size_t period; /* elements that are repeated */
    MnetBinaryF32 f32;
    MnetActivationF32 activation;
    MnetBinaryQs8 qs8;
    MnetBinaryQuant quant;
} BinaryParams;

/* One unit, with everything but the types settled. */
typedef struct Piece {
    size_t count;
    const void *x[2];
    size_t x_step[2];
    void *y;
} Piece;

static void fill_tile(const BinaryParams *p, const void *x, uint8_t *tile) {
    size_t bytes = (size_t)p->block * p->element, done = p->period * p->element;

    memcpy(tile, x, done);
    while (done < bytes) {
        size_t n = done < bytes - done ? done : bytes - done;

        memcpy(tile + done, tile, n);
        done += n;
    }
}

/* `first`: of those that this call of the step's run does. */
static Piece piece_at(const MnetStep *step, const MnetStepMemory *memory,
                      const MnetLoopPlace *place, int unit, bool first) {
    const BinaryParams *p = step->params;
    const int last = p->loop.rank - 1, block = unit % p->blocks;
    const int64_t n = p->loop.dims[last], begin = block * p->block;
    const int64_t row = unit / p->blocks;
    uint8_t *y = memory->tensors[step->node->outputs[0]];
    Piece piece = {
        .count = mnet_block_size(n, begin, p->block),
        .y = y + (size_t)(row * n + begin) * p->element,
    };

    for (int i = 0; i < 2; i++) {
        const int64_t stride = p->loop.strides[i][last];
        const uint8_t *x = memory->tensors[step->node->inputs[i]];

        x += (size_t)(place->offset[i] + begin * stride) * p->element;
        piece.x[i] = x;
        piece.x_step[i] = (size_t)stride;
        if (i == p->tiled) {
            if (first || block == 0)
                fill_tile(p, x, memory->scratch);
            piece.x[i] = memory->scratch;
            piece.x_step[i] = 1;
        }
    }
    return piece;
}

static void run_f32(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const BinaryParams *p = step->params;
    MnetLoopPlace place;

    mnet_loop_seek(&p->loop, begin / p->blocks, &place);
    for (int unit = begin; unit < end; unit++) {
        const Piece piece = piece_at(step, memory, &place, unit, unit == begin);

        p->f32(piece.count, piece.x[0], piece.x_step[0], piece.x[1], piece.x_step[1], piece.y);
        if (p->activation.run)
            p->activation.run(&p->activation, piece.y, piece.y, piece.count);
        if (unit % p->blocks == p->blocks - 1)
            mnet_loop_next(&p->loop, &place);
    }
}

static void run_qs8(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const BinaryParams *p = step->params;
    MnetLoopPlace place;

    mnet_loop_seek(&p->loop, begin / p->blocks, &place);
    for (int unit = begin; unit < end; unit++) {
        const Piece piece = piece_at(step, memory, &place, unit, unit == begin);

        p->qs8(piece.count, piece.x[0], piece.x_step[0], piece.x[1], piece.x_step[1], &p->quant,
               piece.y);
        if (unit % p->blocks == p->blocks - 1)
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

/* Whether operand i repeats the innermost dimension in the one around it, and the other operand
 * goes on there without a gap. */
static bool repeats(const MnetLoop *loop, int i) {
    const int last = loop->rank - 1;

    return loop->strides[i][last] == 1 && loop->strides[i][last - 1] == 0 &&
           loop->strides[!i][last] == 1 && loop->strides[!i][last - 1] == loop->dims[last];
}

/* Blocks of the innermost loop; with a tiled operand, of the two innermost as one. */
static void divide(BinaryParams *p) {
    MnetLoop *loop = &p->loop;
    const int last = loop->rank - 1;

    p->block = MNET_BLOCK;
    p->tiled = NOT_TILED;
    for (int i = 0; i < 2 && last > 0; i++) {
        if (loop->dims[last] <= TILE / 2 && loop->dims[last - 1] <= INT32_MAX / TILE &&
            repeats(loop, i))
            p->tiled = i;
    }
    if (p->tiled != NOT_TILED) {
        int32_t times = TILE / loop->dims[last];

        p->period = (size_t)loop->dims[last];
        p->block = (int64_t)(times < loop->dims[last - 1] ? times : loop->dims[last - 1]) *
                   loop->dims[last];
        loop->dims[last - 1] *= loop->dims[last];
        loop->strides[p->tiled][last - 1] = 0;
        loop->strides[!p->tiled][last - 1] = 1;
        loop->rank--;
    }
    p->blocks = mnet_blocks(loop->dims[loop->rank - 1], p->block);
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
        p->element = sizeof(int8_t);
        p->qs8 = kernels.qs8[kind];
        step->run = run_qs8;
        step->kernel = kernels.qs8_names[kind];
    } else {
        p->element = sizeof(float);
        p->f32 = kernels.f32[kind];
        p->activation = mnet_epilogue_f32(&node->activation);
        step->run = run_f32;
        step->kernel = kernels.f32_names[kind];
    }
    divide(p);
    if (p->tiled != NOT_TILED)
        step->scratch_bytes = (size_t)p->block * p->element;
    step->params = p;
    step->units = (int)(mnet_loop_rows(&p->loop) * p->blocks);
    return MNET_OK;
}
