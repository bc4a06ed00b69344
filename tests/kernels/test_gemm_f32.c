/*
 * Every tier of the float matrix product that this CPU has against C: odd sizes, every tail, poison
 * around what is written, and NaN behind what may be read. Sums may differ by the rounding of
 * another order or of fused multiply-adds.
 *
 *   test_gemm_f32 [SEED]     checks
 *   test_gemm_f32 --bench    times a few shapes of MobileNetV2
 */
#include "nn/kernels/gemm_f32.h"
#include "tests/kernels/f32.h"
#include "tests/test.h"

#define MOST_COLUMNS 64 /* of a panel: not below any tier's `wide` */

typedef struct Product {
    size_t rows, columns, segments, k, x_stride, x_segment, y_stride;
    float *x, *w, *bias, *residual; /* w: [segments * k][columns] */
    MnetFinishF32 finish;
    bool add;
} Product;

static Product product_make(size_t rows, size_t columns, size_t segments, size_t k) {
    Product p = {rows, columns, segments, k, k + (size_t)tier_int(0, 9), 0, 0, 0, 0, 0, 0, {0}, 0};
    size_t most_x;

    p.x_segment = p.x_stride * rows;
    p.y_stride = columns + (size_t)tier_int(0, 20);
    most_x = p.x_segment * segments;
    p.x = poisoned(most_x, true);
    for (size_t i = 0; i < most_x; i++)
        p.x[i] = i % p.x_stride < k ? p.x[i] : NAN;
    p.w = poisoned(segments * k * columns, true);
    p.bias = poisoned(columns, true);
    p.residual = poisoned(rows * p.y_stride, true);
    p.finish = random_finish();
    p.add = tier_int(0, 1);
    return p;
}

static void product_free(Product *p) {
    release(p->x);
    release(p->w);
    release(p->bias);
    release(p->residual);
}

/* All panels of a tier, as nn/ops/conv_gemm_f32.c packs them. */
static float *pack(const Product *p, const MnetGemmF32Kernels *kernels) {
    size_t k = p->segments * p->k, panels = mnet_gemm_f32_panels(kernels, p->columns);
    size_t width = (p->columns + kernels->lanes - 1) / kernels->lanes * kernels->lanes;
    size_t bytes = (width * (k + 1) * sizeof(float) + MNET_ALIGN - 1) / MNET_ALIGN * MNET_ALIGN;
    float *packed = memset(aligned_alloc(MNET_ALIGN, bytes), 0, bytes);

    for (size_t c = 0; c < p->columns; c++) {
        size_t panel = c / kernels->nr < panels ? c / kernels->nr : panels - 1;
        size_t begin = panel * kernels->nr;
        size_t n = panel + 1 < panels ? kernels->nr : width - begin;
        float *to = packed + begin * (k + 1) + c - begin;

        to[0] = p->bias[c];
        for (size_t i = 0; i < k; i++)
            to[(i + 1) * n] = p->w[i * p->columns + c];
    }
    for (size_t panel = 0; kernels->prepare && panel < panels; panel++) {
        size_t begin = panel * kernels->nr, n = panel + 1 < panels ? kernels->nr : width - begin;

        kernels->prepare(packed + begin * (k + 1), n, k);
    }
    return packed;
}

static void product_run(const Product *p, const MnetGemmF32Kernels *kernels, const float *packed,
                        float *y) {
    size_t panels = mnet_gemm_f32_panels(kernels, p->columns);

    for (size_t panel = 0; panel < panels; panel++) {
        size_t begin = panel * kernels->nr, stride = begin * (p->segments * p->k + 1);
        MnetGemmF32Args args = {
            .rows = p->rows,
            .columns = panel + 1 < panels ? kernels->nr : p->columns - begin,
            .segments = p->segments,
            .k = p->k,
            .x = p->x,
            .x_stride = p->x_stride,
            .x_segment = p->x_segment,
            .panel = packed + stride,
            .next_panel = packed,
            .y = y + begin,
            .y_stride = p->y_stride,
            .finish = p->finish,
            .residual = p->add ? p->residual + begin : NULL,
        };
        kernels->run(&args);
    }
}

/* y between its guards. */
static float *product_by(const Product *p, const MnetGemmF32Kernels *kernels) {
    float *y = poisoned(p->rows * p->y_stride, false), *packed = pack(p, kernels);

    product_run(p, kernels, packed, y);
    free(packed);
    return y;
}

/* `bound` is of the sum of the products' magnitudes. */
static void check_product_by(const Product *p, const MnetGemmF32Kernels *kernels, const float *want,
                             float bound) {
    float *y = product_by(p, kernels);
    size_t count = p->rows * p->y_stride + 2 * GUARD;
    float magnitude = (float)(p->segments * p->k + 10) * bound;

    CHECK(same(want - GUARD, y - GUARD, count, magnitude), "%s: %zux%zu, k %zux%zu", kernels->name,
          p->rows, p->columns, p->segments, p->k);
    release(y);
}

/* By every tier against C. */
static void check_product(size_t rows, size_t columns, size_t segments, size_t k) {
    Product p = product_make(rows, columns, segments, k);
    MnetGemmF32Kernels kernels;
    float *want;

    mnet_gemm_f32_kernels_init(&kernels, 0);
    want = product_by(&p, &kernels);
    for (int tier = 1; tier < tier_count(); tier++) {
        mnet_gemm_f32_kernels_init(&kernels, tier_features(tier));
        check_product_by(&p, &kernels, want, 1e-6f);
    }
    release(want);
    product_free(&p);
}

static void products(void) {
    for (int i = 0; i < 300; i++)
        check_product((size_t)tier_int(1, 40), (size_t)tier_int(1, 70), (size_t)tier_int(1, 4),
                      (size_t)tier_int(1, 90));
}

/* Every tile at every width. */
static void tiles(void) {
    for (size_t rows = 1; rows <= 30; rows++) {
        for (size_t columns = 1; columns <= MOST_COLUMNS; columns++)
            check_product(rows, columns, (size_t)tier_int(1, 2), (size_t)tier_int(1, 9));
    }
}

static void coarsen(float *x, size_t count) {
    for (size_t i = 0; i < count; i++)
        x[i] = roundf(x[i] * 64) / 64;
}

/* Where factors are bf16, nothing is rounded but sums; where they aren't, results are near. */
static void rounded_products(void) {
    for (int i = 0; i < 600; i++) {
        Product p = product_make((size_t)tier_int(1, 80), (size_t)tier_int(1, 70),
                                 (size_t)tier_int(1, 4), (size_t)tier_int(1, i % 8 ? 90 : 500));
        bool exact = tier_int(0, 3) > 0;
        MnetGemmF32Kernels kernels;
        float *want;

        if (exact) {
            coarsen(p.x, p.x_segment * p.segments);
            coarsen(p.w, p.segments * p.k * p.columns);
        }
        mnet_gemm_f32_kernels_init(&kernels, 0);
        want = product_by(&p, &kernels);
        mnet_gemm_f32_kernels_init_bf16(&kernels, tier_features(tier_count() - 1));
        check_product_by(&p, &kernels, want, exact ? 1e-6f : 8e-3f);
        release(want);
        product_free(&p);
    }
}

static void bench(void) {
    static const size_t products_of[][3] = {
        {196, 96, 24}, {196, 24, 144}, {196, 384, 64}, {49, 960, 160}, {1, 1280, 1000}};

    for (int tier = 0; tier < tier_count(); tier++) {
        for (size_t i = 0; i < sizeof products_of / sizeof *products_of; i++) {
            const size_t *s = products_of[i];
            Product p = product_make(s[0], s[2], 1, s[1]);
            MnetGemmF32Kernels kernels;
            float *y = poisoned(p.rows * p.y_stride, false), *packed;
            TierTimer timer = {0};

            mnet_gemm_f32_kernels_init(&kernels, tier_features(tier));
            packed = pack(&p, &kernels);
            while (tier_again(&timer))
                product_run(&p, &kernels, packed, y);
            printf("%-22s %4zu x %4zu x %4zu", kernels.name, s[0], s[1], s[2]);
            tier_print(&timer, (double)(s[0] * s[1] * s[2]));
            free(packed);
            release(y);
            product_free(&p);
        }
    }
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "--bench")) {
        tier_seed(1, argv);
        bench();
        return 0;
    }
    tier_seed(argc, argv);
    RUN(products);
    RUN(tiles);
    RUN(rounded_products);
    if (tier_count() == 1)
        SKIP("this CPU has no tier beside C");
    return test_end();
}
