#include "nn/ops/loop.h"

#include <assert.h>
#include <string.h>

void mnet_loop_dense_strides(int rank, const int32_t *dims, int64_t *strides) {
    int64_t stride = 1;

    for (int i = rank - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= dims[i];
    }
}

void mnet_loop_push(MnetLoop *loop, int32_t dim, const int64_t *strides) {
    assert(loop->rank < MNET_MAX_RANK);
    loop->dims[loop->rank] = dim;
    for (int op = 0; op < loop->operands; op++)
        loop->strides[op][loop->rank] = strides[op];
    loop->rank++;
}

/* Whether dimension `outer` steps exactly as far as a whole run of dimension `inner`, for all
 * operands. */
static bool mergeable(const MnetLoop *loop, int outer, const MnetLoop *from, int inner) {
    for (int op = 0; op < loop->operands; op++) {
        if (loop->strides[op][outer] != from->strides[op][inner] * from->dims[inner])
            return false;
    }
    return (int64_t)loop->dims[outer] * from->dims[inner] <= INT32_MAX;
}

void mnet_loop_collapse(MnetLoop *loop) {
    const MnetLoop from = *loop;

    loop->rank = 0;
    for (int i = 0; i < from.rank; i++) {
        int last = loop->rank - 1;
        int64_t strides[MNET_LOOP_OPERANDS] = {0};

        if (from.dims[i] == 1)
            continue;
        for (int op = 0; op < from.operands; op++)
            strides[op] = from.strides[op][i];
        if (last >= 0 && mergeable(loop, last, &from, i)) {
            loop->dims[last] *= from.dims[i];
            for (int op = 0; op < from.operands; op++)
                loop->strides[op][last] = strides[op];
        } else {
            mnet_loop_push(loop, from.dims[i], strides);
        }
    }
    if (!loop->rank) {
        const int64_t ones[MNET_LOOP_OPERANDS] = {1, 1, 1};

        mnet_loop_push(loop, 1, ones);
    }
}

int64_t mnet_loop_rows(const MnetLoop *loop) {
    int64_t rows = 1;

    for (int i = 0; i < loop->rank - 1; i++)
        rows *= loop->dims[i];
    return rows;
}

void mnet_loop_seek(const MnetLoop *loop, int64_t row, MnetLoopPlace *place) {
    memset(place, 0, sizeof(*place));
    for (int i = loop->rank - 2; i >= 0; i--) {
        place->index[i] = (int32_t)(row % loop->dims[i]);
        row /= loop->dims[i];
        for (int op = 0; op < loop->operands; op++)
            place->offset[op] += place->index[i] * loop->strides[op][i];
    }
}

void mnet_loop_next(const MnetLoop *loop, MnetLoopPlace *place) {
    for (int i = loop->rank - 2; i >= 0; i--) {
        for (int op = 0; op < loop->operands; op++)
            place->offset[op] += loop->strides[op][i];
        if (++place->index[i] < loop->dims[i])
            return;
        for (int op = 0; op < loop->operands; op++)
            place->offset[op] -= loop->dims[i] * loop->strides[op][i];
        place->index[i] = 0;
    }
}
