/*
 * Every tier of the int8 element-wise kernels that this CPU has against C, byte for byte: odd
 * sizes, saturating extremes, poison around all that may be touched.
 */
#include "nn/kernels/binary.h"
#include "nn/kernels/quantize.h"
#include "tests/kernels/qs8.h"
#include "tests/test.h"

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

int main(int argc, char **argv) {
    tier_seed(argc, argv);
    RUN(elementwise);
    return test_end();
}
