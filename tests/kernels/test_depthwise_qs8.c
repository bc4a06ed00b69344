/*
 * Every tier of the int8 depthwise convolution that this CPU has against C, byte for byte: odd
 * sizes, saturating extremes, poison around all that may be touched.
 *
 *   test_depthwise_qs8 [SEED]     checks
 *   test_depthwise_qs8 --bench    times a few shapes of MobileNetV2
 */
#include "nn/kernels/depthwise_qs8.h"
#include "tests/kernels/qs8.h"
#include "tests/test.h"

static MnetDepthwiseQs8Kernels depthwise_of(uint32_t features) {
    MnetDepthwiseQs8Kernels kernels;
    mnet_depthwise_qs8_kernels_init(&kernels, features);
    return kernels;
}

/* A depthwise convolution of one picture. */
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
    p->channels = p->n_channels = tier_int(1, 4) > 1 ? tier_int(1, 70) : tier_int(1, 210);
    for (int i = 0; i < 2; i++) {
        int reach, room;

        p->kernel[i] = tier_int(1, 7);
        p->stride[i] = tier_int(1, 3);
        p->dilation[i] = tier_int(1, 4) > 1 ? 1 : tier_int(1, 3);
        p->pad[i] = tier_int(0, p->kernel[i]);
        p->size[i] = tier_int(1, i ? 40 : 17);
        reach = (p->kernel[i] - 1) * p->dilation[i] + 1;
        room = p->size[i] + 2 * p->pad[i] - reach;
        p->out_size[i] = room < 0 ? 1 : room / p->stride[i] + 1;
    }
}

static void depthwise_make(Depthwise *d, bool extreme, bool with_add) {
    int most = tier_int(0, 1) ? 127 : 255; /* of weights: some tiers do bytes otherwise */
    size_t channels = (size_t)d->p.channels;
    size_t taps = (size_t)d->p.kernel[0] * (size_t)d->p.kernel[1];
    /* below 1 none of the products can reach 2^31, which some tiers make use of */
    bool below_one = tier_int(0, 1);

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
        d->w[i] = (int16_t)value(most, extreme);
    for (size_t c = 0; c < channels; c++) {
        d->bias[c] = extreme ? (tier_int(0, 1) ? INT32_MAX : INT32_MIN) : tier_int(-9999, 9999);
        d->multiplier[c] = (float)tier_int(1, 1000) * 1e-5f;
        if (extreme)
            d->multiplier[c] = below_one ? nextafterf(1, 0) : (float)tier_int(1, 1000);
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

/* In bands of any height. */
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

static void bench(void) {
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
        bench();
        return 0;
    }
    tier_seed(argc, argv);
    RUN(depthwise);
    return test_end();
}
