/*
 * Every tier of the float kernels that this CPU has against C: odd sizes, every tail, poison
 * around what is written, and NaN behind what may be read. Sums may differ by the rounding of
 * another order or of fused multiply-adds.
 *
 *   test_f32 [SEED]     checks
 *   test_f32 --bench    times a few shapes of MobileNetV2
 */
#include "nn/base/arena.h"
#include "nn/kernels/binary.h"
#include "nn/kernels/depthwise_f32.h"
#include "nn/kernels/gemm_f32.h"
#include "nn/kernels/mean.h"
#include "tests/kernels/tier.h"
#include "tests/test.h"

#define GUARD 16
#define MOST_COLUMNS 64 /* of a panel: not below any tier's `wide` */

static float real(void) {
    return (float)tier_int(-1000, 1000) * 1e-3f;
}

/* `count` floats between NaN. */
static float *poisoned(size_t count, bool filled) {
    size_t bytes = (count + 2 * GUARD) * sizeof(float);
    float *block = aligned_alloc(MNET_ALIGN, (bytes + MNET_ALIGN - 1) / MNET_ALIGN * MNET_ALIGN);

    for (size_t i = 0; i < count + 2 * GUARD; i++)
        block[i] = filled && i >= GUARD && i < GUARD + count ? real() : NAN;
    return block + GUARD;
}

static void release(float *inner) {
    free(inner - GUARD);
}

static MnetFinishF32 random_finish(void) {
    MnetFinishF32 finish = {tier_int(0, 2) == 0, -INFINITY, INFINITY};

    if (tier_int(0, 1)) {
        finish.lo = 0;
        finish.hi = tier_int(0, 1) ? 6 : INFINITY;
    }
    return finish;
}

/* Outputs that ought to be equal, and places that ought to be as they were. */
static bool same(const float *want, const float *got, size_t count, float difference) {
    for (size_t i = 0; i < count; i++) {
        if (isnan(want[i]) ? !isnan(got[i]) : !(fabsf(want[i] - got[i]) <= difference))
            return false;
    }
    return true;
}

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

typedef struct Depthwise {
    MnetDepthwiseF32Args args;
    int kernel_rows, first_row;
    float *x, *w, *bias; /* w: [taps][channels] */
} Depthwise;

static Depthwise depthwise_make(size_t channels, int kernel, int stride, int width) {
    int pad = tier_int(0, kernel - 1), dilation = tier_int(0, 4) ? 1 : 2, after, room;
    Depthwise d = {.kernel_rows = kernel, .first_row = tier_int(0, kernel - 1)};
    size_t pixel = channels + (size_t)tier_int(0, 1) * 8, taps = (size_t)(kernel * kernel);

    after = tier_int(0, kernel - 1);
    room = width + pad + after - (kernel - 1) * dilation - 1;
    if (room < 0) {
        pad -= room;
        room = 0;
    }
    d.args = (MnetDepthwiseF32Args){
        .channels = channels,
        .rows = tier_int(0, 3) ? kernel - d.first_row : 0,
        .kernel = kernel,
        .stride = stride,
        .dilation = dilation,
        .pad = pad,
        .width = width,
        .out_width = room / stride + 1,
        .x_row = pixel * (size_t)width,
        .x_pixel = pixel,
        .first_tap = (size_t)(d.first_row * kernel),
        .taps = taps,
        .y_pixel = channels + (size_t)tier_int(0, 9),
        .finish = random_finish(),
    };
    d.x = poisoned(pixel * (size_t)(width * kernel), true);
    d.w = poisoned(taps * channels, true);
    d.bias = poisoned(channels, true);
    return d;
}

static float *depthwise_pack(const Depthwise *d, size_t lanes) {
    size_t blocks = (d->args.channels + lanes - 1) / lanes, block = (d->args.taps + 1) * lanes;
    size_t bytes = (blocks * block * sizeof(float) + MNET_ALIGN - 1) / MNET_ALIGN * MNET_ALIGN;
    float *packed = memset(aligned_alloc(MNET_ALIGN, bytes), 0, bytes);

    for (size_t c = 0; c < d->args.channels; c++) {
        float *to = packed + c / lanes * block + c % lanes;

        to[0] = d->bias[c];
        for (size_t t = 0; t < d->args.taps; t++)
            to[(t + 1) * lanes] = d->w[t * d->args.channels + c];
    }
    return packed;
}

static void depthwise_rows(void) {
    for (int i = 0; i < 1500; i++) {
        Depthwise d = depthwise_make((size_t)tier_int(1, 40), tier_int(1, 7), tier_int(1, 3),
                                     tier_int(1, 44));
        size_t count = (size_t)d.args.out_width * d.args.y_pixel;
        float *want = NULL;

        for (int tier = 0; tier < tier_count(); tier++) {
            MnetDepthwiseF32Kernels kernels;
            MnetDepthwiseF32Args args = d.args;
            float *y = poisoned(count, false), *packed;

            mnet_depthwise_f32_kernels_init(&kernels, tier_features(tier));
            packed = depthwise_pack(&d, kernels.lanes);
            args.weights = packed;
            args.x = d.x;
            args.y = y;
            kernels.row(&args);
            if (want)
                CHECK(same(want - GUARD, y - GUARD, count + 2 * GUARD, 60e-6f),
                      "%s: kernel %d, stride %d, dilation %d, %d -> %d, %zu channels", kernels.name,
                      args.kernel, args.stride, args.dilation, args.width, args.out_width,
                      args.channels);
            free(packed);
            if (want)
                release(y);
            else
                want = y;
        }
        release(want);
        release(d.x);
        release(d.w);
        release(d.bias);
    }
}

/* Without sums in another order there is nothing to differ. */
static void elements(void) {
    for (int i = 0; i < 400; i++) {
        size_t n = (size_t)tier_int(1, 64), rows = (size_t)tier_int(1, 20);
        size_t a_step = (size_t)tier_int(0, 1), b_step = (size_t)tier_int(0, 1);
        float *a = poisoned(a_step ? n : 1, true), *b = poisoned(b_step ? n : 1, true);
        float *x = poisoned(rows * n, true), *want = poisoned(n, false);
        float *sums = poisoned(n, true), *start = poisoned(n, true);
        int kind = tier_int(0, MNET_BINARY_COUNT - 1);
        size_t bytes = (n + 2 * GUARD) * sizeof(float);

        for (int tier = 0; tier < tier_count(); tier++) {
            MnetBinaryKernels binary;
            MnetMeanKernels mean;
            float *y = poisoned(n, false), *s = poisoned(n, false);

            mnet_binary_kernels_init(&binary, tier_features(tier));
            mnet_mean_kernels_init(&mean, tier_features(tier));
            binary.f32[kind](n, a, a_step, b, b_step, tier ? y : want);
            memcpy(s, start, n * sizeof(float));
            mean.sum_f32(rows, n, x, (ptrdiff_t)n, 1, tier ? s : memcpy(sums, s, n * sizeof(*s)));
            if (tier) {
                CHECK(!memcmp(want - GUARD, y - GUARD, bytes), "%s: %zu, steps %zu and %zu",
                      binary.f32_names[kind], n, a_step, b_step);
                CHECK(!memcmp(sums - GUARD, s - GUARD, bytes), "%s: %zux%zu", mean.f32_name, rows,
                      n);
            }
            release(y);
            release(s);
        }
        release(a);
        release(b);
        release(x);
        release(want);
        release(sums);
        release(start);
    }
}

static void bench(void) {
    static const size_t products_of[][3] = {
        {196, 96, 24}, {196, 24, 144}, {196, 384, 64}, {49, 960, 160}, {1, 1280, 1000}};
    static const int rows_of[][4] = {
        {112, 32, 3, 1}, {56, 144, 3, 2}, {14, 384, 3, 1}, {14, 240, 5, 1}};

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
        for (size_t i = 0; i < sizeof rows_of / sizeof *rows_of; i++) {
            const int *s = rows_of[i];
            Depthwise d = depthwise_make((size_t)s[1], s[2], s[3], s[0]);
            MnetDepthwiseF32Kernels kernels;
            MnetDepthwiseF32Args args = d.args;
            float *y, *packed;
            TierTimer timer = {0};

            args.rows = args.kernel;
            args.first_tap = 0;
            args.dilation = 1;
            args.pad = args.kernel / 2;
            args.out_width = (args.width - 1) / args.stride + 1;
            y = poisoned((size_t)args.out_width * args.y_pixel, false);
            mnet_depthwise_f32_kernels_init(&kernels, tier_features(tier));
            packed = depthwise_pack(&d, kernels.lanes);
            args.weights = packed;
            args.x = d.x;
            args.y = y;
            while (tier_again(&timer))
                kernels.row(&args);
            printf("%-22s %3d x %4d, %dx%d/%d", kernels.name, s[0], s[1], s[2], s[2], s[3]);
            tier_print(&timer, (double)args.out_width * s[1] * s[2] * s[2]);
            free(packed);
            release(y);
            release(d.x);
            release(d.w);
            release(d.bias);
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
    RUN(depthwise_rows);
    RUN(elements);
    if (tier_count() == 1)
        SKIP("this CPU has no tier beside C");
    return test_end();
}
