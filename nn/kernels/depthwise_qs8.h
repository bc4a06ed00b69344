/** Depthwise convolution: channel c of the output comes from channel c of the input alone. NHWC. */
#ifndef MNET_KERNELS_DEPTHWISE_QS8_H
#define MNET_KERNELS_DEPTHWISE_QS8_H

#include "nn/kernels/patches.h"
#include "nn/kernels/requantize.h"

#include <stddef.h>
#include <stdint.h>

typedef struct MnetDepthwiseQs8Kernels {
    /** Of the packed weights, and of a worker's working memory; SIZE_MAX at most. */
    uint64_t (*packed_bytes)(const MnetPatches *geometry);
    uint64_t (*scratch_bytes)(const MnetPatches *geometry);

    /**
     * Weights without their zero points, [kernel h][kernel w][channels], with a bias and a
     * multiplier for each channel, into the kernel's own form; `packed` is aligned to MNET_ALIGN
     * and zeroed.
     */
    void (*pack)(const MnetPatches *geometry, const int16_t *weights, const int32_t *bias,
                 const float *multiplier, void *packed);

    /**
     * Output rows [begin, end), all pixels and channels, from one picture; y is the first. Cells
     * outside of it are real zeros; |x - zero_point| and |w| are up to 255, and sums fit int32_t,
     * which the caller has checked. `residual`, where the epilogue adds one, lies like y but
     * isn't y, as channels may be computed twice. Scratch is aligned to MNET_ALIGN.
     */
    void (*rows)(const MnetPatches *geometry, const int8_t *picture, int32_t zero_point, int begin,
                 int end, const void *packed, const MnetEpilogueQs8 *epilogue,
                 const int8_t *residual, int8_t *y, void *scratch);

    const char *name;
} MnetDepthwiseQs8Kernels;

/** The best kernels for a CPU with these features (nn/base/cpu.h). */
void mnet_depthwise_qs8_kernels_init(MnetDepthwiseQs8Kernels *kernels, uint32_t cpu_features);

/** Tiers: each overrides what it has. */
void mnet_depthwise_qs8_kernels_init_avx2(MnetDepthwiseQs8Kernels *kernels);
void mnet_depthwise_qs8_kernels_init_avx_vnni(MnetDepthwiseQs8Kernels *kernels);
void mnet_depthwise_qs8_kernels_init_avx512_vnni(MnetDepthwiseQs8Kernels *kernels);

#endif
