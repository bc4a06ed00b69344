/* Every tier of planes to pixels that this CPU has against C: odd sizes, odd addresses, poison
 * around all that may be touched. */
#include "nn/kernels/move.h"
#include "tests/kernels/qs8.h"
#include "tests/test.h"

static void interleaving(void) {
    MnetMoveKernels c;

    mnet_move_kernels_init(&c, 0);
    for (int i = 0; i < 400; i++) {
        int log2_size = tier_int(0, 3);
        size_t size = (size_t)1 << log2_size, n = (size_t)tier_int(1, 100), bytes = 3 * n * size;
        size_t stride = n + (size_t)tier_int(0, 5), span = (2 * stride + n) * size;
        uint8_t *x = poisoned(span + 1), *from = x + tier_int(0, 1), expected[2400];

        for (size_t j = 0; j < span; j++)
            from[j] = (uint8_t)tier_int(0, 255);
        c.transpose[log2_size](n, 3, from, (ptrdiff_t)stride, expected, 3);
        for (int t = 0; t < tier_count(); t++) {
            MnetMoveKernels kernels;
            uint8_t *y = poisoned(bytes);

            mnet_move_kernels_init(&kernels, tier_features(t));
            kernels.interleave3[log2_size](n, from, (ptrdiff_t)stride, y);
            CHECK(!memcmp(y, expected, bytes), "tier %d: %zu of %zu bytes", t, n, size);
            CHECK(guards_intact(y, bytes), "tier %d", t);
            release(y);
        }
        release(x);
    }
}

int main(int argc, char **argv) {
    tier_seed(argc, argv);
    RUN(interleaving);
    return test_end();
}
