/**
 * AMX tiles by number, as instructions: gcc 12's intrinsics for loads and for the configuration
 * don't say that they read memory, so that stores before them may be dropped.
 */
#ifndef MNET_KERNELS_X86_TILES_AMX_H
#define MNET_KERNELS_X86_TILES_AMX_H

#include "nn/kernels/x86/inline.h"

#include <stddef.h>
#include <stdint.h>

#define MNET_TILES_AMX 8
#define MNET_TILE_ROWS_AMX 16
#define MNET_TILE_BYTES_AMX 64 /* of a row */

/** LDTILECFG's operand: Intel SDM volume 1, chapter 18. */
typedef struct MnetTileConfigAmx {
    _Alignas(64) uint8_t palette;
    uint8_t start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} MnetTileConfigAmx;

_Static_assert(sizeof(MnetTileConfigAmx) == 64, "LDTILECFG reads 64 bytes");

static inline void mnet_tiles_configure_amx(const MnetTileConfigAmx *config) {
    __asm__ volatile("ldtilecfg %0" : : "m"(*config) : "memory");
}

static inline void mnet_tiles_release_amx(void) {
    __asm__ volatile("tilerelease" : : : "memory");
}

#define MNET_TILE_CASE(n, instruction, ...)                                                        \
    case n:                                                                                        \
        __asm__ volatile(instruction __VA_ARGS__);                                                 \
        break;

#define MNET_TILE_LOAD_CASE(n)                                                                     \
    MNET_TILE_CASE(n, "tileloadd (%0,%1,1), %%tmm" #n, : : "r"(from), "r"(stride) : "memory")
#define MNET_TILE_STORE_CASE(n)                                                                    \
    MNET_TILE_CASE(n, "tilestored %%tmm" #n ", (%0,%1,1)", : : "r"(to), "r"(stride) : "memory")

/** stride: bytes from row to row. */
MNET_INLINE void mnet_tile_load_amx(size_t tile, const void *from, size_t stride) {
    switch (tile) {
        MNET_TILE_LOAD_CASE(0)
        MNET_TILE_LOAD_CASE(1)
        MNET_TILE_LOAD_CASE(2)
        MNET_TILE_LOAD_CASE(3)
        MNET_TILE_LOAD_CASE(4)
        MNET_TILE_LOAD_CASE(5)
        MNET_TILE_LOAD_CASE(6)
        MNET_TILE_LOAD_CASE(7)
    }
}

MNET_INLINE void mnet_tile_store_amx(size_t tile, void *to, size_t stride) {
    switch (tile) {
        MNET_TILE_STORE_CASE(0)
        MNET_TILE_STORE_CASE(1)
        MNET_TILE_STORE_CASE(2)
        MNET_TILE_STORE_CASE(3)
    }
}

#define MNET_TILE_PRODUCT_CASES(n)                                                                 \
    MNET_TILE_CASE(n * 4 + 0, "tdpbssd %%tmm6, %%tmm4, %%tmm" #n, : :)                             \
    MNET_TILE_CASE(n * 4 + 1, "tdpbssd %%tmm7, %%tmm4, %%tmm" #n, : :)                             \
    MNET_TILE_CASE(n * 4 + 2, "tdpbssd %%tmm6, %%tmm5, %%tmm" #n, : :)                             \
    MNET_TILE_CASE(n * 4 + 3, "tdpbssd %%tmm7, %%tmm5, %%tmm" #n, : :)

/** Tile `sums`, 0 to 3, += tile a, 4 or 5, times tile b, 6 or 7. */
MNET_INLINE void mnet_tile_product_amx(size_t sums, size_t a, size_t b) {
    switch (sums * 4 + (a - 4) * 2 + (b - 6)) {
        MNET_TILE_PRODUCT_CASES(0)
        MNET_TILE_PRODUCT_CASES(1)
        MNET_TILE_PRODUCT_CASES(2)
        MNET_TILE_PRODUCT_CASES(3)
    }
}

#endif
