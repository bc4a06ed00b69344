#include "nn/ops/conv_depthwise.h"

#include "nn/base/cpu.h"

#include <stdlib.h>

/* Of output: what is laid out under them is shared by neighbours. */
#define LEAST_ROWS 8

static MnetStatus pack(const MnetGraph *graph, const MnetNode *node, MnetArena *memory,
                       MnetConv *conv, MnetError *error) {
    uint64_t bytes = conv->depthwise_qs8.packed_bytes(&conv->patches);
    size_t channels = (size_t)conv->out_channels;
    int16_t *taps = calloc(conv->k, channels * sizeof(*taps));
    void *packed = bytes <= SIZE_MAX ? mnet_arena_alloc(memory, (size_t)bytes) : NULL;

    if (!packed || !taps) {
        free(taps);
        return mnet_conv_fail(graph, node, error, MNET_ERROR_MEMORY, "out of memory");
    }
    for (size_t c = 0; c < channels; c++) {
        for (size_t i = 0; i < conv->k; i++)
            taps[i * channels + c] = mnet_conv_weight_s16(graph, node, conv, (int)c, i);
    }
    conv->depthwise_qs8.pack(&conv->patches, taps, conv->bias, conv->multiplier, packed);
    conv->weights = packed;
    free(taps);
    return MNET_OK;
}

static void run(const MnetStep *step, const MnetStepMemory *memory, int begin, int end) {
    const MnetConv *conv = step->params;
    const MnetPatches *p = &conv->patches;
    const int8_t *x = memory->tensors[conv->x], *residual = NULL;
    size_t channels = (size_t)conv->out_channels;
    size_t picture_size = (size_t)p->size[0] * (size_t)p->size[1] * channels;
    size_t row_size = (size_t)p->out_size[1] * channels;
    int8_t *y = memory->tensors[conv->y];

    if (conv->residual != MNET_NO_TENSOR)
        residual = memory->tensors[conv->residual];
    for (int rows; begin < end; begin += rows) {
        size_t at = (size_t)begin * row_size;
        const int8_t *picture = x + (size_t)(begin / p->out_size[0]) * picture_size;
        int row = begin % p->out_size[0], left = p->out_size[0] - row;

        rows = end - begin < left ? end - begin : left;
        conv->depthwise_qs8.rows(p, picture, conv->x_zero_point, row, row + rows, conv->weights,
                                 &conv->epilogue, residual ? residual + at : NULL, y + at,
                                 memory->scratch);
    }
}

MnetStatus mnet_conv_depthwise_qs8_prepare(const MnetGraph *graph, const MnetNode *node,
                                           MnetArena *memory, MnetConv *conv, MnetStep *step,
                                           MnetError *error) {
    MnetStatus status;

    mnet_depthwise_qs8_kernels_init(&conv->depthwise_qs8, mnet_cpu_features());
    step->run = run;
    step->grain = LEAST_ROWS;
    step->kernel = conv->depthwise_qs8.name;
    status = pack(graph, node, memory, conv, error);
    return status ? status
                  : mnet_conv_set_scratch(graph, node, step,
                                          conv->depthwise_qs8.scratch_bytes(&conv->patches), error);
}
