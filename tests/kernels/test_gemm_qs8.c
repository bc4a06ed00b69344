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

static MnetGemmQs8Kernels gemm_of(uint32_t features) {
    MnetGemmQs8Kernels kernels;
    mnet_gemm_qs8_kernels_init(&kernels, features);
    return kernels;
}

/* A product of any size; all tiers share its operands. */
typedef struct Product {
    size_t rows, columns, k, y_stride;
    int16_t *x, *w;
    int32_t *bias;
    float *multiplier;
    int8_t *residual;
    MnetEpilogueQs8 epilogue;
    MnetQuantAdd add;
} Product;

static void product_make(Product *p, bool extreme, bool with_add) {
    p->x = poisoned(p->rows * p->k * sizeof(int16_t));
    p->w = poisoned(p->columns * p->k * sizeof(int16_t));
    p->bias = poisoned(p->columns * sizeof(int32_t));
    p->multiplier = poisoned(p->columns * sizeof(float));
    p->residual = poisoned(p->rows * p->y_stride);
    for (size_t i = 0; i < p->rows * p->k; i++)
        p->x[i] = (int16_t)value(255, extreme);
    for (size_t i = 0; i < p->columns * p->k; i++)
        p->w[i] = (int16_t)value(255, extreme);
    for (size_t i = 0; i < p->rows * p->y_stride; i++)
        p->residual[i] = (int8_t)tier_int(-128, 127);
    for (size_t c = 0; c < p->columns; c++) {
        p->bias[c] = extreme ? (tier_int(0, 1) ? INT32_MAX : INT32_MIN) : tier_int(-9999, 9999);
        p->multiplier[c] = extreme ? (float)tier_int(1, 1000) : (float)tier_int(1, 1000) * 1e-6f;
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

static int8_t *product_run(const Product *p, const MnetGemmQs8Kernels *kernels) {
    size_t panel_bytes = kernels->panel_bytes(p->k);
    void *panel = zeroed(panel_bytes);
    int8_t *y = poisoned(p->rows * p->y_stride);

    for (size_t c = 0; c < p->columns; c += kernels->nr) {
        size_t n = p->columns - c < kernels->nr ? p->columns - c : kernels->nr;

        memset(panel, 0, panel_bytes);
        kernels->pack(n, p->k, p->w + c * p->k, p->bias + c, p->multiplier + c, panel);
        kernels->run(p->rows, n, p->k, p->x, p->k, panel, &p->epilogue,
                     p->epilogue.add ? p->residual + c : NULL, y + c, p->y_stride);
    }
    free(panel);
    return y;
}

static void products(void) {
    MnetGemmQs8Kernels c = gemm_of(0);

    for (int i = 0; i < 400; i++) {
        bool extreme = i & 1, with_add = i & 2;
        Product p = {
            .rows = (size_t)tier_int(1, 60),
            .columns = (size_t)tier_int(1, 70),
            .k = (size_t)tier_int(1, 25) * c.k_step,
        };
        int8_t *expected;

        p.y_stride = p.columns + (size_t)tier_int(0, 20);
        product_make(&p, extreme, with_add);
        expected = product_run(&p, &c);
        for (int t = 0; t < tier_count(); t++) {
            MnetGemmQs8Kernels kernels = gemm_of(tier_features(t));
            int8_t *y = product_run(&p, &kernels);

            CHECK(!memcmp(y, expected, p.rows * p.y_stride), "%s: %zux%zux%zu%s%s", kernels.name,
                  p.rows, p.k, p.columns, extreme ? " extreme" : "", with_add ? " add" : "");
            CHECK(guards_intact(y, p.rows * p.y_stride), "%s", kernels.name);
            release(y);
        }
        release(expected);
        product_free(&p);
    }
}

static void widening(void) {
    for (int i = 0; i < 200; i++) {
        size_t n = (size_t)tier_int(1, 70);
        int zero_point = tier_int(-128, 127);
        int8_t *x = poisoned(n);

        for (size_t j = 0; j < n; j++)
            x[j] = (int8_t)tier_int(-128, 127);
        for (int t = 0; t < tier_count(); t++) {
            MnetGemmQs8Kernels kernels = gemm_of(tier_features(t));
            int16_t *out = poisoned(n * sizeof(*out));
            size_t right = 0;

            kernels.widen(x, zero_point, out, n);
            while (right < n && out[right] == x[right] - zero_point)
                right++;
            CHECK(right == n, "%s: [%zu] of %zu", kernels.name, right, n);
            CHECK(guards_intact(out, n * sizeof(*out)), "%s", kernels.name);
            release(out);
        }
        release(x);
    }
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
            MnetGemmQs8Kernels kernels = gemm_of(tier_features(t));
            size_t panel_bytes = kernels.panel_bytes(p.k), row_block = 48;
            size_t panels = (p.columns + kernels.nr - 1) / kernels.nr;
            uint8_t *packed = zeroed(panels * panel_bytes);
            int8_t *y = poisoned(p.rows * p.y_stride);
            TierTimer timer = {0};

            for (size_t i = 0; i < panels; i++) {
                size_t c = i * kernels.nr;
                kernels.pack(p.columns - c < kernels.nr ? p.columns - c : kernels.nr, p.k,
                             p.w + c * p.k, p.bias + c, p.multiplier + c, packed + i * panel_bytes);
            }
            while (tier_again(&timer)) {
                for (size_t r = 0; r < p.rows; r += row_block) {
                    for (size_t i = 0; i < panels; i++) {
                        size_t c = i * kernels.nr;
                        kernels.run(p.rows - r < row_block ? p.rows - r : row_block,
                                    p.columns - c < kernels.nr ? p.columns - c : kernels.nr, p.k,
                                    p.x + r * p.k, p.k, packed + i * panel_bytes, &p.epilogue, NULL,
                                    y + r * p.y_stride + c, p.y_stride);
                    }
                }
            }
            printf("%-22s %5zu x %4zu x %4zu", kernels.name, p.rows, p.k, p.columns);
            tier_print(&timer, (double)(p.rows * p.k * p.columns));
            free(packed);
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
    RUN(widening);
    RUN(products);
    return test_end();
}
