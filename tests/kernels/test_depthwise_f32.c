/*
 * Every tier of the float depthwise convolution that this CPU has against C: odd sizes, every tail,
 * poison around what is written, and NaN behind what may be read. Sums may differ by fused
 * multiply-adds.
 *
 *   test_depthwise_f32 [SEED]     checks
 *   test_depthwise_f32 --bench    times a few shapes of MobileNetV2
 */
#include "nn/kernels/depthwise_f32.h"
#include "tests/kernels/f32.h"
#include "tests/test.h"

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

static void bench(void) {
    static const int rows_of[][4] = {
        {112, 32, 3, 1}, {56, 144, 3, 2}, {14, 384, 3, 1}, {14, 240, 5, 1}};

    for (int tier = 0; tier < tier_count(); tier++) {
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
    RUN(depthwise_rows);
    if (tier_count() == 1)
        SKIP("this CPU has no tier beside C");
    return test_end();
}
