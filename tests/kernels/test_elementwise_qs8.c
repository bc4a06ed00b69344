/*
 * Every tier of the int8 element-wise kernels that this CPU has against C, byte for byte: odd
 * sizes, saturating extremes, poison around all that may be touched.
 */
#include "nn/kernels/binary.h"
#include "nn/kernels/mean.h"
#include "nn/kernels/quantize.h"
#include "tests/kernels/qs8.h"
#include "tests/test.h"

static void elementwise(void) {
    MnetBinaryKernels c;
    MnetQuantizeKernels c_quantize;

    mnet_binary_kernels_init(&c, 0);
    mnet_quantize_kernels_init(&c_quantize, 0);
    for (int i = 0; i < 400; i++) {
        size_t n = (size_t)tier_int(1, 300), kind = (size_t)tier_int(0, MNET_BINARY_COUNT - 1);
        size_t a_step = (size_t)tier_int(0, 1), b_step = (size_t)tier_int(0, 1);
        MnetBinaryQuant quant = {.a_zero_point = tier_int(-128, 127),
                                 .b_zero_point = tier_int(-128, 127),
                                 .ma = (float)tier_int(1, 1000) * 1e-3f,
                                 .mb = (float)tier_int(1, 1000) * 1e-3f};
        int8_t *a = poisoned(n), *b = poisoned(n), table[256], expected[2][300];

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

static void quantizing(void) {
    static const float odd[] = {NAN, INFINITY, -INFINITY, -0.0f, 3e38f, 1e-40f};
    MnetQuantizeKernels c;

    mnet_quantize_kernels_init(&c, 0);
    for (int i = 0; i < 400; i++) {
        size_t n = (size_t)tier_int(1, 100);
        float scale = (float)tier_int(1, 1000) * 1e-3f, *x = poisoned(n * sizeof(*x));
        MnetQuantRange range =
            mnet_quant_range(scale, tier_int(-128, 127), tier_int(0, 1) ? -INFINITY : 0, INFINITY);
        int8_t expected[100];

        for (size_t j = 0; j < n; j++) /* many of them halfway between two steps */
            x[j] = tier_int(0, 9) ? (float)tier_int(-600, 600) * 0.5f * scale : odd[tier_int(0, 5)];
        c.quantize(n, x, scale, range, expected);
        for (int t = 0; t < tier_count(); t++) {
            MnetQuantizeKernels kernels;
            int8_t *y = poisoned(n);

            mnet_quantize_kernels_init(&kernels, tier_features(t));
            kernels.quantize(n, x, scale, range, y);
            CHECK(!memcmp(y, expected, n), "%s of %zu", kernels.quantize_name, n);
            CHECK(guards_intact(y, n), "%s", kernels.quantize_name);
            release(y);
        }
        release(x);
    }
}

/* Sums go on from what is there. */
static void sums(void) {
    MnetMeanKernels c;

    mnet_mean_kernels_init(&c, 0);
    for (int i = 0; i < 300; i++) {
        size_t cols = (size_t)tier_int(1, MNET_MEAN_BLOCK), rows = (size_t)tier_int(1, 300);
        size_t col_stride = tier_int(0, 3) ? 1 : (size_t)tier_int(1, 3);
        size_t row_stride = cols * col_stride + (size_t)tier_int(0, 9);
        size_t bytes = (rows - 1) * row_stride + (cols - 1) * col_stride + 1;
        int8_t *x = poisoned(bytes);
        int32_t expected[MNET_MEAN_BLOCK] = {0};

        for (size_t j = 0; j < bytes; j++)
            x[j] = (int8_t)(i & 1 ? -128 : tier_int(-128, 127));
        for (int again = 0; again < 2; again++)
            c.sum_qs8(rows, cols, x, (ptrdiff_t)row_stride, (ptrdiff_t)col_stride, expected);
        for (int t = 0; t < tier_count(); t++) {
            MnetMeanKernels kernels;
            int32_t *y = poisoned(cols * sizeof(*y));

            mnet_mean_kernels_init(&kernels, tier_features(t));
            memset(y, 0, cols * sizeof(*y));
            for (int again = 0; again < 2; again++)
                kernels.sum_qs8(rows, cols, x, (ptrdiff_t)row_stride, (ptrdiff_t)col_stride, y);
            CHECK(!memcmp(y, expected, cols * sizeof(*y)), "%s: %zu of %zu, %zu apart",
                  kernels.qs8_name, rows, cols, col_stride);
            CHECK(guards_intact(y, cols * sizeof(*y)), "%s", kernels.qs8_name);
            release(y);
        }
        release(x);
    }
}

int main(int argc, char **argv) {
    tier_seed(argc, argv);
    RUN(elementwise);
    RUN(quantizing);
    RUN(sums);
    return test_end();
}
