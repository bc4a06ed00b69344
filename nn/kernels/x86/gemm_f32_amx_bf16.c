/*
 * Float products of factors rounded to bf16: a tile product adds 16 x 16 x 32 of them. Weights are
 * rounded once, rows of x as they come: 32 at a time, against 32 channels, in four tiles of sums.
 */
#include "nn/kernels/gemm_f32.h"

#include "nn/kernels/x86/float_avx512.h"

#define LANES 16
#define VECTORS 2
#define TILE_ROWS 16
#define TILE_FLOATS (TILE_ROWS * LANES)
#define MOST_ROWS (2 * TILE_ROWS)
#define STEP 32 /* terms that a tile product adds */
#define LEAST_K 16
#define MOST_K 1280
#define PITCH (MOST_K + STEP) /* an odd number of cache lines, so that rows share no set */

/* LDTILECFG's operand: Intel SDM volume 1, chapter 18. */
typedef struct TileConfig {
    _Alignas(64) uint8_t palette;
    uint8_t start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} TileConfig;

_Static_assert(sizeof(TileConfig) == 64, "LDTILECFG reads 64 bytes");

/* Not the intrinsics: those of gcc 12 don't say what memory they read or write. */
#define TILE_LOAD(tile, from, pitch)                                                               \
    __asm__ volatile("tileloadd (%0,%1), %%tmm" #tile                                              \
                     :                                                                             \
                     : "r"(from), "r"((size_t)(pitch))                                             \
                     : "memory")
#define TILE_STORE(tile, to, pitch)                                                                \
    __asm__ volatile("tilestored %%tmm" #tile ", (%0,%1)"                                          \
                     :                                                                             \
                     : "r"(to), "r"((size_t)(pitch))                                               \
                     : "memory")
#define TILE_ADD_PRODUCT(sum, x, w)                                                                \
    __asm__ volatile("tdpbf16ps %%tmm" #w ", %%tmm" #x ", %%tmm" #sum : : :)

static void configure_tiles(void) {
    TileConfig config = {.palette = 1};

    for (int i = 0; i < 8; i++) {
        config.row_bytes[i] = LANES * sizeof(float);
        config.rows[i] = TILE_ROWS;
    }
    __asm__ volatile("ldtilecfg %0" : : "m"(config) : "memory");
}

static void release_tiles(void) {
    __asm__ volatile("tilerelease" : : : "memory");
}

/* What is shorter wouldn't fit in place, see prepare(); what is longer, on the stack. */
static bool rounds(size_t k) {
    return k >= LEAST_K && k <= MOST_K;
}

/*
 * Behind the biases, for each 32 terms and each 16 channels, a tile: 16 rows of pairs of terms,
 * each pair in the lane of its channel. Terms past the last are zeros. In place: a step writes half
 * of what it has read, but for the last, which with k >= 16 still ends where the panel does.
 */
static void prepare(float *panel, size_t columns, size_t k) {
    size_t vectors = (columns + LANES - 1) / LANES, width = vectors * LANES;
    float *from = panel + width, *to = from;

    if (!rounds(k))
        return;
    for (size_t i = 0; i < k; i += STEP, from += STEP * width) {
        float step[STEP][VECTORS * LANES] = {{0}};

        for (size_t r = 0; r < STEP && i + r < k; r++)
            memcpy(step[r], from + r * width, width * sizeof(float));
        for (size_t v = 0; v < vectors; v++) {
            for (size_t r = 0; r < STEP; r += 2, to += LANES) {
                __m512 even = _mm512_loadu_ps(step[r] + v * LANES);
                __m512 odd = _mm512_loadu_ps(step[r + 1] + v * LANES);
                __m512i low = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(even));
                __m512i high = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(odd));

                _mm512_store_si512(to, _mm512_or_si512(low, _mm512_slli_epi32(high, 16)));
            }
        }
    }
}

/* Rows of x, all segments behind each other, and zeros up to the end of the last step. */
static void round_rows(const MnetGemmF32Args *a, size_t first, size_t rows,
                       uint16_t (*rounded)[PITCH]) {
    size_t k = a->segments * a->k, past = (k + STEP - 1) / STEP * STEP - k;

    for (size_t r = 0; r < rows; r++) {
        const float *x = a->x + (first + r) * a->x_stride;
        uint16_t *to = rounded[r];

        for (size_t s = 0; s < a->segments; s++, x += a->x_segment, to += a->k) {
            size_t i = 0;

            for (; i + LANES <= a->k; i += LANES)
                _mm256_storeu_si256((__m256i *)(to + i),
                                    (__m256i)_mm512_cvtneps_pbh(_mm512_loadu_ps(x + i)));
            if (i < a->k) {
                __mmask16 mask = mnet_mask_avx512(a->k - i);
                __m512 last = _mm512_maskz_loadu_ps(mask, x + i);

                _mm256_mask_storeu_epi16(to + i, mask, (__m256i)_mm512_cvtneps_pbh(last));
            }
        }
        memset(to, 0, past * sizeof(*to));
    }
}

/* Tiles 0 to 3 are sums, 4 and 5 rows, 6 and 7 weights. Rows of `rounded` past the last may hold
 * anything: they make sums that nobody reads. */
MNET_INLINE void add_products(int row_tiles, int vectors, size_t steps,
                              const uint16_t (*rounded)[PITCH], const float *panel,
                              float (*sums)[VECTORS * LANES]) {
    const float *w = panel + vectors * LANES;
    const uint16_t *x = rounded[0];

    TILE_LOAD(0, panel, 0);
    TILE_LOAD(2, panel, 0);
    if (vectors == 2) {
        TILE_LOAD(1, panel + LANES, 0);
        TILE_LOAD(3, panel + LANES, 0);
    }
    for (; steps; steps--, x += STEP, w += vectors * TILE_FLOATS) {
        TILE_LOAD(6, w, LANES * sizeof(float));
        TILE_LOAD(4, x, sizeof(*rounded));
        TILE_ADD_PRODUCT(0, 4, 6);
        if (vectors == 2) {
            TILE_LOAD(7, w + TILE_FLOATS, LANES * sizeof(float));
            TILE_ADD_PRODUCT(1, 4, 7);
        }
        if (row_tiles == 2) {
            TILE_LOAD(5, x + TILE_ROWS * PITCH, sizeof(*rounded));
            TILE_ADD_PRODUCT(2, 5, 6);
            if (vectors == 2)
                TILE_ADD_PRODUCT(3, 5, 7);
        }
    }
    TILE_STORE(0, sums[0], sizeof(*sums));
    TILE_STORE(2, sums[TILE_ROWS], sizeof(*sums));
    if (vectors == 2) {
        TILE_STORE(1, sums[0] + LANES, sizeof(*sums));
        TILE_STORE(3, sums[TILE_ROWS] + LANES, sizeof(*sums));
    }
}

static void store_row(const MnetGemmF32Args *a, size_t row, const float *sums) {
    size_t at = row * a->y_stride;

    for (size_t c = 0; c < a->columns; c += LANES, at += LANES) {
        size_t left = a->columns - c;
        __mmask16 mask = mnet_mask_avx512(left < LANES ? left : LANES);
        __m512 sum = _mm512_loadu_ps(sums + c);

        if (a->finish.hard_swish)
            sum = mnet_hard_swish_avx512(sum);
        else
            sum =
                mnet_clamp_avx512(sum, _mm512_set1_ps(a->finish.lo), _mm512_set1_ps(a->finish.hi));
        if (a->residual)
            sum = _mm512_add_ps(sum, _mm512_maskz_loadu_ps(mask, a->residual + at));
        _mm512_mask_storeu_ps(a->y + at, mask, sum);
    }
}

/* A single row waits for its weights, not for products: those of x's floats themselves. */
static void run_row(const MnetGemmF32Args *a) {
    size_t vectors = (a->columns + LANES - 1) / LANES, k = a->segments * a->k;
    const __m512i high = _mm512_set1_epi32((int)0xffff0000);
    float x[MOST_K + STEP], sums[VECTORS * LANES];

    for (size_t s = 0; s < a->segments; s++)
        memcpy(x + s * a->k, a->x + s * a->x_segment, a->k * sizeof(*x));
    memset(x + k, 0, STEP * sizeof(*x));
    for (size_t v = 0; v < vectors; v++) {
        const float *w = a->panel + vectors * LANES + v * TILE_FLOATS;
        __m512 s[4] = {_mm512_load_ps(a->panel + v * LANES)};

        s[1] = s[2] = s[3] = _mm512_setzero_ps();
        for (size_t i = 0; i < k; i += STEP, w += vectors * TILE_FLOATS) {
            for (size_t r = 0; r < TILE_ROWS; r += 2) {
                __m512i w0 = _mm512_load_si512(w + r * LANES);
                __m512i w1 = _mm512_load_si512(w + (r + 1) * LANES);
                const float *terms = x + i + 2 * r;

                s[0] = _mm512_fmadd_ps(_mm512_set1_ps(terms[0]),
                                       _mm512_castsi512_ps(_mm512_slli_epi32(w0, 16)), s[0]);
                s[1] = _mm512_fmadd_ps(_mm512_set1_ps(terms[1]),
                                       _mm512_castsi512_ps(_mm512_and_si512(w0, high)), s[1]);
                s[2] = _mm512_fmadd_ps(_mm512_set1_ps(terms[2]),
                                       _mm512_castsi512_ps(_mm512_slli_epi32(w1, 16)), s[2]);
                s[3] = _mm512_fmadd_ps(_mm512_set1_ps(terms[3]),
                                       _mm512_castsi512_ps(_mm512_and_si512(w1, high)), s[3]);
            }
        }
        s[0] = _mm512_add_ps(_mm512_add_ps(s[0], s[1]), _mm512_add_ps(s[2], s[3]));
        _mm512_storeu_ps(sums + v * LANES, s[0]);
    }
    store_row(a, 0, sums);
}

static void run_tiles(const MnetGemmF32Args *a) {
    size_t steps = (a->segments * a->k + STEP - 1) / STEP;
    _Alignas(64) uint16_t rounded[MOST_ROWS][PITCH];
    _Alignas(64) float sums[MOST_ROWS][VECTORS * LANES];

    configure_tiles();
    for (size_t first = 0; first < a->rows; first += MOST_ROWS) {
        size_t rows = a->rows - first < MOST_ROWS ? a->rows - first : MOST_ROWS;

        round_rows(a, first, rows, rounded);
        if (a->columns > LANES && rows > TILE_ROWS)
            add_products(2, 2, steps, rounded, a->panel, sums);
        else if (a->columns > LANES)
            add_products(1, 2, steps, rounded, a->panel, sums);
        else if (rows > TILE_ROWS)
            add_products(2, 1, steps, rounded, a->panel, sums);
        else
            add_products(1, 1, steps, rounded, a->panel, sums);
        for (size_t r = 0; r < rows; r++)
            store_row(a, first + r, sums[r]);
    }
    release_tiles();
}

static void gemm_f32_32x32_amx_bf16(const MnetGemmF32Args *args) {
    if (!rounds(args->segments * args->k)) {
        MnetGemmF32Kernels kernels;

        mnet_gemm_f32_kernels_init_avx512(&kernels);
        kernels.run(args);
    } else if (args->rows == 1) {
        run_row(args);
    } else {
        run_tiles(args);
    }
}

void mnet_gemm_f32_kernels_init_amx_bf16(MnetGemmF32Kernels *kernels) {
    *kernels = (MnetGemmF32Kernels){
        .run = gemm_f32_32x32_amx_bf16,
        .prepare = prepare,
        .mr = MOST_ROWS,
        .nr = VECTORS * LANES,
        .wide = VECTORS * LANES,
        .lanes = LANES,
        .name = "gemm_f32_32x32_amx_bf16",
    };
}
