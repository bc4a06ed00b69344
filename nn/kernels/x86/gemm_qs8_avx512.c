/* For CPUs without VNNI: pairs of exact 16-bit numbers, as in gemm_qs8_avx2.c. */
#define ELEMENT 2

#include "nn/kernels/x86/gemm_qs8_avx512.h"

static size_t panel_bytes(size_t k) {
    return mnet_panel_bytes_avx512(k * sizeof(int16_t));
}

/* Weights as [k / 2][vectors][16][2]. */
static void pack(const MnetGemmQs8Weights *weights, void *memory) {
    MnetPanelAvx512 *panel = memory;
    size_t vectors = mnet_panel_vectors_avx512(weights->columns);

    for (size_t c = 0; c < weights->columns; c++) {
        const int16_t *w = weights->w + c * weights->k;
        size_t lane = mnet_lane_avx512(vectors, c);

        panel->bias[lane] = weights->bias[c];
        panel->multiplier[lane] = weights->multiplier[c];
        for (size_t i = 0; i < weights->k; i += 2)
            memcpy(panel->weights + i / 2 * vectors * 64 + lane * 4, w + i, 2 * sizeof(*w));
    }
}

/* The addition by the instruction itself: see mnet_add_avx2(). */
MNET_INLINE void add_products(__m512i *sum, __m512i x, __m512i w) {
    __asm__ volatile("vpaddd %1, %0, %0" : "+v"(*sum) : "v"(_mm512_madd_epi16(x, w)));
}

static void gemm_qs8_6x64_avx512(const MnetGemmQs8Args *args) {
    run_panel(args);
}

void mnet_gemm_qs8_kernels_init_avx512(MnetGemmQs8Kernels *kernels) {
    *kernels = (MnetGemmQs8Kernels){
        .mr = 6,
        .block = ROWS,
        .nr = MNET_PANEL_COLUMNS,
        .k_step = 2,
        .rows = {.type = MNET_ROW_S16},
        .panel_bytes = panel_bytes,
        .pack = pack,
        .run = gemm_qs8_6x64_avx512,
        .name = "gemm_qs8_6x64_avx512",
    };
}
