/* Every tier of the transposition that this CPU has against its definition: odd sizes, odd
 * addresses, poison around all that may be touched. Three columns without a gap are what tiers have
 * kernels for. */
#include "nn/kernels/move.h"
#include "tests/kernels/qs8.h"
#include "tests/test.h"

static void transpositions(void) {
    for (int i = 0; i < 800; i++) {
        int log2_size = tier_int(0, 3), planes = tier_int(0, 1);
        size_t size = (size_t)1 << log2_size, rows = (size_t)tier_int(1, 100);
        size_t cols = planes ? 3 : (size_t)tier_int(1, 20);
        size_t x_stride = rows + (size_t)tier_int(0, 5), y_stride = cols + (size_t)tier_int(0, 2);
        size_t span = ((cols - 1) * x_stride + rows) * size;
        size_t bytes = ((rows - 1) * y_stride + cols) * size;
        uint8_t *x = poisoned(span + 1), *from = x + tier_int(0, 1), *expected = poisoned(bytes);

        for (size_t j = 0; j < span; j++)
            from[j] = (uint8_t)tier_int(0, 255);
        for (size_t r = 0; r < rows; r++)
            for (size_t c = 0; c < cols; c++)
                memcpy(expected + (r * y_stride + c) * size, from + (c * x_stride + r) * size,
                       size);
        for (int t = 0; t < tier_count(); t++) {
            MnetMoveKernels kernels;
            uint8_t *y = poisoned(bytes);

            mnet_move_kernels_init(&kernels, tier_features(t));
            kernels.transpose[log2_size](rows, cols, from, (ptrdiff_t)x_stride, y,
                                         (ptrdiff_t)y_stride);
            CHECK(!memcmp(y, expected, bytes), "tier %d: %zu rows of %zu, %zu bytes", t, rows, cols,
                  size);
            CHECK(guards_intact(y, bytes), "tier %d", t);
            release(y);
        }
        release(expected);
        release(x);
    }
}

int main(int argc, char **argv) {
    tier_seed(argc, argv);
    RUN(transpositions);
    return test_end();
}
