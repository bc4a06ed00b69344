#define ELEMENT 1

#include "nn/kernels/x86/gemm_qs8_avx512.h"

static size_t panel_bytes(size_t k) {
    return mnet_panel_bytes_avx512(k);
}

static void pack(const MnetGemmQs8Weights *weights, void *panel) {
    mnet_panel_pack_avx512(weights, MNET_ROW_U8, panel);
}

/* Four unsigned bytes of a row by four signed weights, exactly. The instruction itself: gcc 12
 * keeps the intrinsic's sums in memory. */
MNET_INLINE void add_products(__m512i *sum, __m512i x, __m512i w) {
    __asm__ volatile("vpdpbusd %2, %1, %0" : "+v"(*sum) : "v"(x), "v"(w));
}

static void gemm_qs8_6x64_avx512_vnni(const MnetGemmQs8Args *args) {
    run_panel(args);
}

void mnet_gemm_qs8_kernels_init_avx512_vnni(MnetGemmQs8Kernels *kernels) {
    *kernels = (MnetGemmQs8Kernels){
        .mr = 6,
        .block = ROWS,
        .nr = MNET_PANEL_COLUMNS,
        .k_step = 4,
        .rows = {.type = MNET_ROW_U8},
        .panel_bytes = panel_bytes,
        .pack = pack,
        .run = gemm_qs8_6x64_avx512_vnni,
        .name = "gemm_qs8_6x64_avx512_vnni",
    };
}
