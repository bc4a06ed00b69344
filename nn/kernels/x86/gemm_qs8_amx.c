/*
 * Groups of four tiles of sums: 4 by 1, 2 by 2, 1 by 3 or 1 by 4 tiles of at most 16 rows by 16
 * channels. All tiles of rows are equally high, the last one starting early rather than being low;
 * what overlaps is computed twice. The epilogue follows one group behind, so that it runs beside
 * the next one's products.
 */
#include "nn/kernels/gemm_qs8.h"
#include "nn/kernels/x86/panel_qs8_avx512.h"
#include "nn/kernels/x86/tiles_amx.h"

#define K_STEP MNET_TILE_BYTES_AMX
#define GROUP 4 /* tiles */

static size_t panel_bytes(size_t k) {
    return mnet_panel_bytes_avx512(k);
}

static void pack(const MnetGemmQs8Weights *weights, void *panel) {
    mnet_panel_pack_avx512(weights, MNET_ROW_S8, panel);
}

static size_t tile_height(size_t rows) {
    size_t tiles = (rows + MNET_TILE_ROWS_AMX - 1) / MNET_TILE_ROWS_AMX;
    return (rows + tiles - 1) / tiles;
}

/* Tiles 0 to 3 are sums, 4 and 5 rows, 6 and 7 weights. */
static void begin(size_t rows) {
    MnetTileConfigAmx config = {.palette = 1};

    for (int i = 0; i < MNET_TILES_AMX; i++) {
        config.row_bytes[i] = MNET_TILE_BYTES_AMX;
        config.rows[i] = i < 6 ? (uint8_t)tile_height(rows) : MNET_TILE_ROWS_AMX;
    }
    mnet_tiles_configure_amx(&config);
}

/* Tiles of rows that lie below each other, `tiles` of them, from row `first` on. */
typedef struct Group {
    size_t first, rows, start[GROUP]; /* starts are counted from the first row */
    __m512i sums[GROUP * MNET_TILE_ROWS_AMX];
} Group;

/* Sums begin with the bias, the same for each row, but for the terms. */
MNET_INLINE void load_bias(size_t tiles, size_t vectors, const MnetGemmQs8Args *args, Group *g) {
    const __m512i *bias = (const __m512i *)((const MnetPanelAvx512 *)args->panel)->bias;

    if (args->row_terms) {
        for (size_t r = 0; r < g->rows; r++) {
            __m512i term = _mm512_set1_epi32(args->row_terms[g->first + r]);

            for (size_t v = 0; v < vectors; v++)
                g->sums[r * vectors + v] = _mm512_add_epi32(bias[v], term);
        }
    }
    MNET_UNROLL
    for (size_t t = 0; t < tiles; t++) {
        MNET_UNROLL
        for (size_t v = 0; v < vectors; v++) {
            if (args->row_terms)
                mnet_tile_load_amx(t * vectors + v, g->sums + g->start[t] * vectors + v,
                                   vectors * sizeof(__m512i));
            else
                mnet_tile_load_amx(t * vectors + v, bias + v, 0);
        }
    }
}

MNET_INLINE void sum_group(size_t tiles, size_t vectors, const MnetGemmQs8Args *args, Group *g) {
    const int8_t *w = ((const MnetPanelAvx512 *)args->panel)->weights, *x[GROUP];
    size_t k = args->k, x_stride = args->x_stride, w_stride = vectors * MNET_TILE_BYTES_AMX;

    load_bias(tiles, vectors, args, g);
    MNET_UNROLL
    for (size_t t = 0; t < tiles; t++)
        x[t] = (const int8_t *)args->x + (g->first + g->start[t]) * x_stride;
    for (size_t i = 0; i < k; i += K_STEP, w += K_STEP / 4 * w_stride) {
        MNET_UNROLL
        for (size_t v = 0; v < vectors; v++) {
            mnet_tile_load_amx(6 + v % 2, w + v * MNET_TILE_BYTES_AMX, w_stride);
            MNET_UNROLL
            for (size_t t = 0; t < tiles; t++) {
                if (v == 0) /* more than two tiles of rows have but one vector */
                    mnet_tile_load_amx(4 + t % 2, x[t] + i, x_stride);
                mnet_tile_product_amx(t * vectors + v, 4 + t % 2, 6 + v % 2);
            }
        }
    }
    MNET_UNROLL
    for (size_t t = 0; t < tiles; t++) {
        MNET_UNROLL
        for (size_t v = 0; v < vectors; v++)
            mnet_tile_store_amx(t * vectors + v, g->sums + g->start[t] * vectors + v,
                                vectors * sizeof(__m512i));
    }
}

static void sum_tiles(size_t tiles, size_t vectors, const MnetGemmQs8Args *args, Group *g) {
    switch (vectors * 8 + tiles) {
    case 1 * 8 + 1:
        sum_group(1, 1, args, g);
        break;
    case 1 * 8 + 2:
        sum_group(2, 1, args, g);
        break;
    case 1 * 8 + 3:
        sum_group(3, 1, args, g);
        break;
    case 1 * 8 + 4:
        sum_group(4, 1, args, g);
        break;
    case 2 * 8 + 1:
        sum_group(1, 2, args, g);
        break;
    case 2 * 8 + 2:
        sum_group(2, 2, args, g);
        break;
    case 3 * 8 + 1:
        sum_group(1, 3, args, g);
        break;
    case 4 * 8 + 1:
        sum_group(1, 4, args, g);
        break;
    }
}

/* Rows of the group from `done` on. */
static void finish(const MnetGemmQs8Args *args, const Group *g, size_t vectors, size_t done) {
    const float *multiplier = ((const MnetPanelAvx512 *)args->panel)->multiplier;
    size_t at = done * args->y_stride, skip = done - g->first;

    mnet_finish_pixels_avx512(
        args->epilogue, g->rows - skip, args->columns, g->sums + skip * vectors, multiplier,
        args->residual ? args->residual + at : NULL, args->y + at, args->y_stride);
}

static void gemm_qs8_16x64_amx(const MnetGemmQs8Args *args) {
    size_t vectors = mnet_panel_vectors_avx512(args->columns), most = GROUP / vectors;
    size_t height = tile_height(args->rows), left = (args->rows + height - 1) / height;
    size_t done = 0, end = 0;
    Group groups[2];

    for (size_t i = 0; left; i++) {
        Group *g = &groups[i % 2];
        size_t tiles = left < most ? left : most, lowest = args->rows - height;

        g->first = end < lowest ? end : lowest;
        for (size_t t = 0; t < tiles; t++) {
            size_t start = end < lowest ? end : lowest;

            g->start[t] = start - g->first;
            end = start + height;
        }
        g->rows = end - g->first;
        sum_tiles(tiles, vectors, args, g);
        if (i > 0) {
            finish(args, &groups[(i - 1) % 2], vectors, done);
            done = groups[(i - 1) % 2].first + groups[(i - 1) % 2].rows;
        }
        left -= tiles;
        if (!left)
            finish(args, g, vectors, done);
    }
}

void mnet_gemm_qs8_kernels_init_amx(MnetGemmQs8Kernels *kernels) {
    *kernels = (MnetGemmQs8Kernels){
        .mr = MNET_TILE_ROWS_AMX,
        .block = 4 * MNET_TILE_ROWS_AMX,
        .nr = MNET_PANEL_COLUMNS,
        .k_step = K_STEP,
        .rows = {.type = MNET_ROW_S8},
        .panel_bytes = panel_bytes,
        .pack = pack,
        .begin = begin,
        .end = mnet_tiles_release_amx,
        .run = gemm_qs8_16x64_amx,
        .name = "gemm_qs8_16x64_amx",
    };
}
