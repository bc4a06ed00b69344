/*
 * Every tier of the float element-wise kernels and means that this CPU has against C.
 *
 *   test_elementwise_f32 [SEED]     checks
 */
#include "nn/kernels/binary.h"
#include "nn/kernels/mean.h"
#include "tests/kernels/f32.h"
#include "tests/test.h"

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

int main(int argc, char **argv) {
    tier_seed(argc, argv);
    RUN(elements);
    if (tier_count() == 1)
        SKIP("this CPU has no tier beside C");
    return test_end();
}
