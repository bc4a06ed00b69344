/*
 * Every tier of the int8 kernels that this CPU has against C, byte for byte: odd sizes, saturating
 * extremes, poison around all that may be touched.
 *
 *   test_qs8 [SEED]     checks
 *   test_qs8 --bench    times a few shapes of MobileNetV2
 */
#include "nn/base/arena.h"
#include "nn/base/cpu.h"
#include "nn/kernels/binary.h"
#include "nn/kernels/depthwise_qs8.h"
#include "nn/kernels/gemm_qs8.h"
#include "nn/kernels/quantize.h"
#include "tests/kernels/tier.h"
#include "tests/test.h"

#include <time.h>

#define GUARD 64

static MnetGemmQs8Kernels gemm_of(uint32_t features) {
    MnetGemmQs8Kernels kernels;
    mnet_gemm_qs8_kernels_init(&kernels, features);
    return kernels;
}

static MnetDepthwiseQs8Kernels depthwise_of(uint32_t features) {
    MnetDepthwiseQs8Kernels kernels;
    mnet_depthwise_qs8_kernels_init(&kernels, features);
    return kernels;
}

/* Values in [-limit, limit], mostly its ends where extreme. */
static int value(int limit, bool extreme) {
    if (extreme && tier_int(0, 3))
        return tier_int(0, 1) ? limit : -limit;
    return tier_int(-limit, limit);
}

/* An epilogue of any kind; `reach` is about the largest sum. */
static void random_epilogue(MnetEpilogueQs8 *epilogue, MnetQuantAdd *add, bool with_add) {
    MnetQuantRange *range = &epilogue->range;

    *range = mnet_quant_range(0.05f, tier_int(-128, 127), tier_int(0, 1) ? -INFINITY : 0.0f,
                              tier_int(0, 1) ? INFINITY : 6.0f);
    *add = (MnetQuantAdd){
        .a_multiplier = (float)tier_int(1, 300) / 100,
        .b_multiplier = (float)tier_int(1, 300) / 100,
        .a_zero_point = range->zero_point,
        .b_zero_point = tier_int(-128, 127),
        .range = mnet_quant_range(0.05f, tier_int(-128, 127), -INFINITY, INFINITY),
    };
    epilogue->add = with_add ? add : NULL;
}

static void *poisoned(size_t bytes) {
    uint8_t *block = aligned_alloc(MNET_ALIGN, (bytes + 2 * GUARD + 63) / 64 * 64);
    memset(block, 0xa5, bytes + 2 * GUARD);
    return block + GUARD;
}

static void release(void *inner) {
    free((uint8_t *)inner - GUARD);
}

static bool guards_intact(const void *inner, size_t bytes) {
    const uint8_t *p = inner;

    for (size_t i = 0; i < GUARD; i++) {
        if (p[-1 - (ptrdiff_t)i] != 0xa5 || p[bytes + i] != 0xa5)
            return false;
    }
    return true;
}

static void *zeroed(size_t bytes) {
    size_t size = (bytes + 63) / 64 * 64 + 64;
    return memset(aligned_alloc(MNET_ALIGN, size), 0, size);
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

/* A depthwise convolution likewise, of one picture. */
typedef struct Depthwise {
    MnetPatches p;
    int32_t zero_point;
    size_t in, out; /* elements */
    int8_t *x, *residual;
    int16_t *w;
    int32_t *bias;
    float *multiplier;
    MnetEpilogueQs8 epilogue;
    MnetQuantAdd add;
} Depthwise;

static void depthwise_geometry(MnetPatches *p) {
    p->channels = p->n_channels = tier_int(1, 70);
    for (int i = 0; i < 2; i++) {
        int reach, room;

        p->kernel[i] = tier_int(1, 7);
        p->stride[i] = tier_int(1, 3);
        p->dilation[i] = tier_int(1, 4) > 1 ? 1 : tier_int(1, 3);
        p->pad[i] = tier_int(0, p->kernel[i]);
        p->size[i] = tier_int(1, 23);
        reach = (p->kernel[i] - 1) * p->dilation[i] + 1;
        room = p->size[i] + 2 * p->pad[i] - reach;
        p->out_size[i] = room < 0 ? 1 : room / p->stride[i] + 1;
    }
}

static void depthwise_make(Depthwise *d, bool extreme, bool with_add) {
    size_t channels = (size_t)d->p.channels;
    size_t taps = (size_t)d->p.kernel[0] * (size_t)d->p.kernel[1];

    d->in = (size_t)d->p.size[0] * (size_t)d->p.size[1] * channels;
    d->out = (size_t)d->p.out_size[0] * (size_t)d->p.out_size[1] * channels;
    d->zero_point = extreme ? (tier_int(0, 1) ? 127 : -128) : tier_int(-128, 127);
    d->x = poisoned(d->in);
    d->residual = poisoned(d->out);
    d->w = poisoned(taps * channels * sizeof(int16_t));
    d->bias = poisoned(channels * sizeof(int32_t));
    d->multiplier = poisoned(channels * sizeof(float));
    for (size_t i = 0; i < d->in; i++)
        d->x[i] = (int8_t)(extreme && tier_int(0, 3) ? (tier_int(0, 1) ? 127 : -128)
                                                     : tier_int(-128, 127));
    for (size_t i = 0; i < d->out; i++)
        d->residual[i] = (int8_t)tier_int(-128, 127);
    for (size_t i = 0; i < taps * channels; i++)
        d->w[i] = (int16_t)value(255, extreme);
    for (size_t c = 0; c < channels; c++) {
        d->bias[c] = extreme ? (tier_int(0, 1) ? INT32_MAX : INT32_MIN) : tier_int(-9999, 9999);
        d->multiplier[c] = (float)tier_int(1, 1000) * (extreme ? 1.0f : 1e-5f);
    }
    random_epilogue(&d->epilogue, &d->add, with_add);
}

static void depthwise_free(Depthwise *d) {
    release(d->x);
    release(d->residual);
    release(d->w);
    release(d->bias);
    release(d->multiplier);
}

static int8_t *depthwise_run(const Depthwise *d, const MnetDepthwiseQs8Kernels *kernels) {
    void *packed = zeroed(kernels->packed_bytes(&d->p));
    size_t scratch_bytes = kernels->scratch_bytes(&d->p);
    void *scratch = poisoned(scratch_bytes);
    int8_t *y = poisoned(d->out);

    kernels->pack(&d->p, d->w, d->bias, d->multiplier, packed);
    for (int row = 0, end; row < d->p.out_size[0]; row = end) {
        size_t at = (size_t)row * (size_t)d->p.out_size[1] * (size_t)d->p.channels;

        end = tier_int(row + 1, d->p.out_size[0]);
        kernels->rows(&d->p, d->x, d->zero_point, row, end, packed, &d->epilogue,
                      d->epilogue.add ? d->residual + at : NULL, y + at, scratch);
    }
    CHECK(guards_intact(scratch, scratch_bytes), "%s", kernels->name);
    free(packed);
    release(scratch);
    return y;
}

static void depthwise(void) {
    MnetDepthwiseQs8Kernels c = depthwise_of(0);

    for (int i = 0; i < 400; i++) {
        bool extreme = i & 1, with_add = i & 2;
        Depthwise d;
        int8_t *expected;

        depthwise_geometry(&d.p);
        depthwise_make(&d, extreme, with_add);
        expected = depthwise_run(&d, &c);
        for (int t = 0; t < tier_count(); t++) {
            MnetDepthwiseQs8Kernels kernels = depthwise_of(tier_features(t));
            int8_t *y = depthwise_run(&d, &kernels);

            CHECK(!memcmp(y, expected, d.out), "%s: %dx%dx%d, kernel %dx%d%s", kernels.name,
                  d.p.size[0], d.p.size[1], d.p.channels, d.p.kernel[0], d.p.kernel[1],
                  extreme ? " extreme" : "");
            CHECK(guards_intact(y, d.out), "%s", kernels.name);
            release(y);
        }
        release(expected);
        depthwise_free(&d);
    }
}

static void elementwise(void) {
    MnetBinaryKernels c;
    MnetQuantizeKernels c_quantize;

    mnet_binary_kernels_init(&c, 0);
    mnet_quantize_kernels_init(&c_quantize, 0);
    for (int i = 0; i < 400; i++) {
        size_t n = (size_t)tier_int(1, 100), kind = (size_t)tier_int(0, MNET_BINARY_COUNT - 1);
        size_t a_step = (size_t)tier_int(0, 1), b_step = (size_t)tier_int(0, 1);
        MnetBinaryQuant quant = {.a_zero_point = tier_int(-128, 127),
                                 .b_zero_point = tier_int(-128, 127),
                                 .ma = (float)tier_int(1, 1000) * 1e-3f,
                                 .mb = (float)tier_int(1, 1000) * 1e-3f};
        int8_t *a = poisoned(n), *b = poisoned(n), table[256], expected[2][100];

        quant.range =
            mnet_quant_range(0.05f, tier_int(-128, 127), tier_int(0, 1) ? -INFINITY : 0, INFINITY);
        for (int j = 0; j < 256; j++)
            table[j] = (int8_t)tier_int(-128, 127);
        for (size_t j = 0; j < n; j++) {
            a[j] = (int8_t)tier_int(-128, 127);
            b[j] = (int8_t)tier_int(-128, 127);
        }
        c.qs8[kind](n, a, a_step, b, b_step, &quant, expected[0]);
        c_quantize.table(n, a, table, expected[1]);
        for (int t = 0; t < tier_count(); t++) {
            MnetBinaryKernels binary;
            MnetQuantizeKernels quantize;
            int8_t *y = poisoned(n);

            mnet_binary_kernels_init(&binary, tier_features(t));
            mnet_quantize_kernels_init(&quantize, tier_features(t));
            binary.qs8[kind](n, a, a_step, b, b_step, &quant, y);
            CHECK(!memcmp(y, expected[0], n), "%s of %zu, steps %zu, %zu", binary.qs8_names[kind],
                  n, a_step, b_step);
            memcpy(y, a, n);
            quantize.table(n, y, table, y);
            CHECK(!memcmp(y, expected[1], n), "%s of %zu", quantize.table_name, n);
            memcpy(y, a, n);
            if (a_step) {
                binary.qs8[kind](n, y, 1, b, b_step, &quant, y);
                CHECK(!memcmp(y, expected[0], n), "%s in place", binary.qs8_names[kind]);
            }
            CHECK(guards_intact(y, n), "%s", binary.qs8_names[kind]);
            release(y);
        }
        release(a);
        release(b);
    }
}

static void bench_products(void) {
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

static void bench_depthwise(void) {
    static const int shapes[][4] = {{112, 32, 3, 1}, {112, 96, 3, 2}, {56, 144, 3, 1},
                                    {14, 384, 3, 1}, {7, 960, 3, 1},  {14, 672, 5, 1}};

    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        const int *shape = shapes[s];
        int out = (shape[0] - 1) / shape[3] + 1;
        Depthwise d = {.p = {.size = {shape[0], shape[0]},
                             .out_size = {out, out},
                             .channels = shape[1],
                             .n_channels = shape[1],
                             .kernel = {shape[2], shape[2]},
                             .stride = {shape[3], shape[3]},
                             .dilation = {1, 1},
                             .pad = {shape[2] / 2, shape[2] / 2}}};

        depthwise_make(&d, false, false);
        for (int t = 0; t < tier_count(); t++) {
            MnetDepthwiseQs8Kernels kernels = depthwise_of(tier_features(t));
            TierTimer timer = {0};

            void *packed = zeroed(kernels.packed_bytes(&d.p));
            void *scratch = zeroed(kernels.scratch_bytes(&d.p));
            int8_t *y = poisoned(d.out);

            kernels.pack(&d.p, d.w, d.bias, d.multiplier, packed);
            while (tier_again(&timer))
                kernels.rows(&d.p, d.x, d.zero_point, 0, out, packed, &d.epilogue, NULL, y,
                             scratch);
            printf("%-22s %3dx%3dx%4d, %dx%d, stride %d", kernels.name, shape[0], shape[0],
                   shape[1], shape[2], shape[2], shape[3]);
            tier_print(&timer, (double)d.out * shape[2] * shape[2]);
            free(packed);
            free(scratch);
            release(y);
        }
        depthwise_free(&d);
    }
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "--bench")) {
        bench_products();
        bench_depthwise();
        return 0;
    }
    tier_seed(argc, argv);
    RUN(widening);
    RUN(products);
    RUN(depthwise);
    RUN(elementwise);
    return test_end();
}
