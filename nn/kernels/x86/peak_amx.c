/* Six tiles of sums, which is more than a tile product's latency (52 cycles) times its rate (one in
 * 16), and two of factors. */
#include "nn/kernels/peak.h"

#include <immintrin.h>
#include <string.h>

enum { TILES = 8, TILE_ROWS = 16, ROW_BYTES = 64, SUMS = 6 };

/* LDTILECFG's operand: Intel SDM volume 1, chapter 18. */
typedef struct TileConfig {
    _Alignas(64) uint8_t palette;
    uint8_t start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} TileConfig;

_Static_assert(sizeof(TileConfig) == 64, "LDTILECFG reads 64 bytes");

/* Not the intrinsic: gcc 12 drops stores to the configuration before that. */
static void configure(void) {
    TileConfig config = {.palette = 1};

    for (int i = 0; i < TILES; i++) {
        config.row_bytes[i] = ROW_BYTES;
        config.rows[i] = TILE_ROWS;
    }
    __asm__ volatile("ldtilecfg %0" : : "m"(config) : "memory");
}

/* Sums are zero, and tiles 6 and 7 hold the factors. */
static void begin(const void *x, const void *w) {
    configure();
    __asm__ volatile("" : : "r"(x), "r"(w) : "memory"); /* gcc's loads don't say that they read */
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    _tile_zero(4);
    _tile_zero(5);
    _tile_loadd(6, x, ROW_BYTES);
    _tile_loadd(7, w, ROW_BYTES);
}

/* Returns the first bytes of a sum. */
static uint32_t end(void) {
    uint32_t sums[TILE_ROWS * ROW_BYTES / 4];

    _tile_stored(5, sums, ROW_BYTES);
    __asm__ volatile("tilerelease" : : : "memory");
    return sums[0];
}

static float peak_qs8_amx(size_t rounds) {
    int8_t x[TILE_ROWS * ROW_BYTES], w[TILE_ROWS * ROW_BYTES];

    memset(x, 1, sizeof x);
    memset(w, -2, sizeof w);
    begin(x, w);
    for (size_t r = 0; r < rounds; r++) {
        _tile_dpbssd(0, 6, 7);
        _tile_dpbssd(1, 6, 7);
        _tile_dpbssd(2, 6, 7);
        _tile_dpbssd(3, 6, 7);
        _tile_dpbssd(4, 6, 7);
        _tile_dpbssd(5, 6, 7);
    }
    return (float)(int32_t)end();
}

static float peak_bf16_amx(size_t rounds) {
    uint16_t x[TILE_ROWS * ROW_BYTES / 2], w[TILE_ROWS * ROW_BYTES / 2];
    uint32_t bits;
    float sum;

    for (int i = 0; i < TILE_ROWS * ROW_BYTES / 2; i++) {
        x[i] = 0x3a80; /* 2^-10 */
        w[i] = 0x3f00; /* 1/2 */
    }
    begin(x, w);
    for (size_t r = 0; r < rounds; r++) {
        _tile_dpbf16ps(0, 6, 7);
        _tile_dpbf16ps(1, 6, 7);
        _tile_dpbf16ps(2, 6, 7);
        _tile_dpbf16ps(3, 6, 7);
        _tile_dpbf16ps(4, 6, 7);
        _tile_dpbf16ps(5, 6, 7);
    }
    bits = end();
    memcpy(&sum, &bits, sizeof sum);
    return sum;
}

void mnet_peak_kernels_init_amx_int8(MnetPeakKernels *kernels) {
    mnet_peak_add(kernels, (MnetPeakKernel){peak_qs8_amx, SUMS * 16 * 16 * 64, "qs8", "amx"});
}

void mnet_peak_kernels_init_amx_bf16(MnetPeakKernels *kernels) {
    mnet_peak_add(kernels, (MnetPeakKernel){peak_bf16_amx, SUMS * 16 * 16 * 32, "bf16", "amx"});
}
