/*
 * Every tier of the int8 matrix product that this CPU has against C, byte for byte: odd sizes,
 * saturating extremes, poison around all that may be touched.
 *
 *   test_gemm_qs8 [SEED]     checks
 *   test_gemm_qs8 --bench    times a few shapes of MobileNetV2
 */
#include "nn/kernels/gemm_qs8.h"
#include "tests/kernels/qs8.h"
#include "tests/test.h"

/* For a single row, or for any. */
static MnetGemmQs8Kernels gemm_of(uint32_t features, bool single) {
    MnetGemmQs8Kernels kernels;
    (single ? mnet_gemm_qs8_kernels_init_row : mnet_gemm_qs8_kernels_init)(&kernels, features);
    return kernels;
}

/* A product of any size; all tiers share its operands. */
typedef struct Product {
    size_t rows, columns, k, y_stride;
    int8_t *x, *residual;
    int32_t x_zero_point, w_offset;
    int16_t *w;
    int32_t *bias;
    float *multiplier;
    MnetEpilogueQs8 epilogue;
    MnetQuantAdd add;
} Product;

static void product_make(Product *p, bool extreme, bool with_add) {
    int least = -128 + p->w_offset;
    /* below 1 none of the products can reach 2^31, which some tiers make use of */
    bool below_one = tier_int(0, 1);

    p->x = poisoned(p->rows * p->k);
    p->w = poisoned(p->columns * p->k * sizeof(int16_t));
    p->bias = poisoned(p->columns * sizeof(int32_t));
    p->multiplier = poisoned(p->columns * sizeof(float));
    p->residual = poisoned(p->rows * p->y_stride);
    p->x_zero_point = extreme ? (tier_int(0, 1) ? 127 : -128) : tier_int(-128, 127);
    for (size_t i = 0; i < p->rows * p->k; i++)
        p->x[i] = (int8_t)(extreme && tier_int(0, 3) ? (tier_int(0, 1) ? 127 : -128)
                                                     : tier_int(-128, 127));
    for (size_t i = 0; i < p->columns * p->k; i++)
        p->w[i] = (int16_t)(extreme && tier_int(0, 3) ? least + 255 * tier_int(0, 1)
                                                      : tier_int(least, least + 255));
    for (size_t i = 0; i < p->rows * p->y_stride; i++)
        p->residual[i] = (int8_t)tier_int(-128, 127);
    for (size_t c = 0; c < p->columns; c++) {
        p->bias[c] = extreme ? (tier_int(0, 1) ? INT32_MAX : INT32_MIN) : tier_int(-9999, 9999);
        p->multiplier[c] = (float)tier_int(1, 1000) * 1e-6f;
        if (extreme)
            p->multiplier[c] = below_one ? nextafterf(1, 0) : (float)tier_int(1, 1000);
    }
    random_epilogue(&p->epilogue, &p->add, with_add);
}

static void product_free(Product *p) {
    release(p->x);
    release(p->w);
    release(p->bias);
    release(p->multiplier);
    release(p->residual);
}

/* What a tier makes of the operands. */
typedef struct Packed {
    MnetGemmQs8Kernels kernels;
    size_t k, panel_bytes; /* k rounded up */
    uint8_t *panels, *filled;
    int32_t *terms;
    const void *x;
    size_t x_stride;
} Packed;

static size_t columns_at(const Product *p, const Packed *packed, size_t c) {
    return p->columns - c < packed->kernels.nr ? p->columns - c : packed->kernels.nr;
}

static void pack_panels(const Product *p, Packed *packed) {
    const MnetGemmQs8Kernels *kernels = &packed->kernels;
    int16_t *w = poisoned(kernels->nr * packed->k * sizeof(*w));
    MnetGemmQs8Weights weights = {.k = packed->k, .w = w, .x_zero_point = p->x_zero_point};
    uint8_t *panel = packed->panels;

    if (kernels->rows.type != MNET_ROW_S16)
        weights.w_offset = p->w_offset;
    for (size_t c = 0; c < p->columns; c += kernels->nr, panel += packed->panel_bytes) {
        weights.columns = columns_at(p, packed, c);
        weights.bias = p->bias + c;
        weights.multiplier = p->multiplier + c;
        for (size_t i = 0; i < weights.columns; i++) {
            for (size_t j = 0; j < packed->k; j++)
                w[i * packed->k + j] =
                    j < p->k ? p->w[(c + i) * p->k + j] : (int16_t)weights.w_offset;
        }
        kernels->pack(&weights, panel);
    }
    release(w);
}

/* Rows filled, or where the tier can take them so and `direct`, the tensor itself. */
static void packed_make(const Product *p, bool direct, const MnetGemmQs8Kernels *kernels,
                        Packed *packed) {
    const MnetRowsQs8 *rows = &packed->kernels.rows;
    size_t step;

    packed->kernels = *kernels;
    step = packed->kernels.k_step;
    packed->k = (p->k + step - 1) / step * step;
    packed->panel_bytes = packed->kernels.panel_bytes(packed->k);
    packed->panels =
        zeroed((p->columns + packed->kernels.nr - 1) / packed->kernels.nr * packed->panel_bytes);
    packed->filled = zeroed(p->rows * packed->k * rows->element);
    packed->terms = poisoned(p->rows * sizeof(int32_t));
    pack_panels(p, packed);
    packed->x = packed->filled;
    packed->x_stride = packed->k;
    if (direct && rows->type == MNET_ROW_S8) {
        packed->x = p->x;
        packed->x_stride = p->k;
    } else {
        rows->fill(p->rows, p->k, p->x, p->k, p->x_zero_point, packed->filled, packed->k);
    }
    mnet_gemm_qs8_row_terms(rows, p->rows, p->k, packed->x, packed->x_stride, p->x_zero_point,
                            p->w_offset, packed->terms);
}

static void packed_free(Packed *packed) {
    free(packed->panels);
    free(packed->filled);
    release(packed->terms);
}

/* Rows [first, first + rows). */
static void packed_run(const Product *p, const Packed *packed, size_t first, size_t rows,
                       int8_t *y) {
    const MnetGemmQs8Kernels *kernels = &packed->kernels;
    const uint8_t *panel = packed->panels;

    for (size_t c = 0; c < p->columns; c += kernels->nr, panel += packed->panel_bytes) {
        const MnetGemmQs8Args args = {
            .rows = rows,
            .columns = columns_at(p, packed, c),
            .k = packed->k,
            .x = (const uint8_t *)packed->x + first * packed->x_stride * kernels->rows.element,
            .x_stride = packed->x_stride,
            .row_terms =
                p->w_offset && kernels->rows.type != MNET_ROW_S16 ? packed->terms + first : NULL,
            .panel = panel,
            .epilogue = &p->epilogue,
            .residual = p->epilogue.add ? p->residual + first * p->y_stride + c : NULL,
            .y = y + first * p->y_stride + c,
            .y_stride = p->y_stride,
        };

        kernels->run(&args);
    }
}

static int8_t *product_run(const Product *p, bool direct, const MnetGemmQs8Kernels *kernels) {
    Packed packed;
    int8_t *y = poisoned(p->rows * p->y_stride);

    packed_make(p, direct, kernels, &packed);
    if (packed.kernels.begin)
        packed.kernels.begin(p->rows);
    packed_run(p, &packed, 0, p->rows, y);
    if (packed.kernels.end)
        packed.kernels.end();
    packed_free(&packed);
    return y;
}

static void product_check(bool extreme, bool with_add, bool direct, int w_offset, bool single) {
    const MnetGemmQs8Kernels reference = gemm_of(0, false);
    Product p = {
        .rows = single ? 1 : (size_t)tier_int(1, 60),
        .columns = (size_t)tier_int(1, 140),
        .k = (size_t)tier_int(1, 200),
        .w_offset = w_offset,
    };
    int8_t *expected;

    p.y_stride = p.columns + (size_t)tier_int(0, 20);
    product_make(&p, extreme, with_add);
    expected = product_run(&p, false, &reference);
    for (int t = 0; t < tier_count(); t++) {
        const MnetGemmQs8Kernels kernels = gemm_of(tier_features(t), single);
        int8_t *y = product_run(&p, direct, &kernels);

        CHECK(!memcmp(y, expected, p.rows * p.y_stride), "%s: %zux%zux%zu, offset %d%s%s%s",
              kernels.name, p.rows, p.k, p.columns, p.w_offset, extreme ? " extreme" : "",
              with_add ? " add" : "", direct ? " direct" : "");
        CHECK(guards_intact(y, p.rows * p.y_stride), "%s", kernels.name);
        release(y);
    }
    release(expected);
    product_free(&p);
}

static void products(void) {
    for (int i = 0; i < 400; i++)
        product_check(i & 1, i & 2, i & 4, i & 8 ? tier_int(-127, 128) : 0, false);
}

static void single_rows(void) {
    for (int i = 0; i < 100; i++)
        product_check(i & 1, i & 2, i & 4, 0, true);
}

static void bench(void) {
    static const size_t shapes[][3] = {
        {112 * 112, 32, 32}, {112 * 112, 32, 16}, {112 * 112, 16, 96}, {56 * 56, 144, 24},
        {56 * 56, 24, 144},  {28 * 28, 192, 32},  {14 * 14, 64, 384},  {14 * 14, 576, 96},
        {49, 160, 960},      {49, 960, 320},      {49, 320, 1280},     {1, 1280, 1001}};

    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        Product p = {.rows = shapes[s][0], .k = shapes[s][1], .columns = shapes[s][2]};

        p.y_stride = p.columns;
        product_make(&p, false, false);
        for (int t = 0; t < tier_count(); t++) {
            size_t row_block = p.rows < 64 ? p.rows : 48;
            int8_t *y = poisoned(p.rows * p.y_stride);
            TierTimer timer = {0};
            const MnetGemmQs8Kernels kernels = gemm_of(tier_features(t), p.rows == 1);
            Packed packed;

            packed_make(&p, true, &kernels, &packed);
            if (packed.kernels.begin)
                packed.kernels.begin(row_block);
            while (tier_again(&timer)) {
                for (size_t r = 0; r + row_block <= p.rows; r += row_block)
                    packed_run(&p, &packed, r, row_block, y);
            }
            if (packed.kernels.end)
                packed.kernels.end();
            printf("%-26s %5zu x %4zu x %4zu", packed.kernels.name, p.rows, p.k, p.columns);
            tier_print(&timer, (double)(p.rows / row_block * row_block * p.k * p.columns));
            packed_free(&packed);
            release(y);
        }
        product_free(&p);
    }
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "--bench")) {
        bench();
        return 0;
    }
    tier_seed(argc, argv);
    RUN(products);
    RUN(single_rows);
    return test_end();
}
