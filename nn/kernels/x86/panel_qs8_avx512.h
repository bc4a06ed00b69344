/** Panels of 64 columns, or fewer, for AVX-512 VNNI and AMX. */
#ifndef MNET_KERNELS_X86_PANEL_QS8_AVX512_H
#define MNET_KERNELS_X86_PANEL_QS8_AVX512_H

#include "nn/kernels/x86/epilogue_qs8_avx512.h"
#include "nn/kernels/x86/panel_qs8.h"

#define MNET_PANEL_COLUMNS 64

/** A panel is as many vectors of 16 columns wide as its columns need; they lie as the epilogue
 * wants them. Weights are [k / 4][vectors][16][4]. */
typedef struct MnetPanelAvx512 {
    int32_t bias[MNET_PANEL_COLUMNS];
    float multiplier[MNET_PANEL_COLUMNS];
    int8_t weights[];
} MnetPanelAvx512;

static inline size_t mnet_panel_vectors_avx512(size_t columns) {
    return (columns + 15) / 16;
}

static inline size_t mnet_panel_bytes_avx512(size_t k) {
    return sizeof(MnetPanelAvx512) + MNET_PANEL_COLUMNS * k;
}

static inline void mnet_panel_pack_avx512(const MnetGemmQs8Weights *weights, MnetRowType type,
                                          MnetPanelAvx512 *panel) {
    size_t vectors = mnet_panel_vectors_avx512(weights->columns);

    for (size_t c = 0; c < weights->columns; c++) {
        size_t lane = mnet_lane_avx512(vectors, c);

        panel->multiplier[lane] = weights->multiplier[c];
        panel->bias[lane] =
            mnet_pack_column_qs8(weights, type, c, panel->weights + lane * 4, vectors * 64);
    }
}

#endif
