#include "nn/image/weights.h"

#include "tests/test.h"

#include <math.h>

static MnetArena arena;

static MnetFilter build(MnetAxis axis, MnetResize resize, int shift, bool cosited) {
    MnetFilter filter = {0};
    CHECK(mnet_filter_build(&filter, &arena, &axis, resize, shift, cosited));
    return filter;
}

/** Sums of 1, taps inside the visible samples, padding of zeros, starts that never go back. */
static void test_invariants(void) {
    for (int size = 1; size < 60; size += 4)
        for (int origin = 0; origin < 4; origin++)
            for (int n = 1; n < 40; n += 3)
                for (int variant = 0; variant < 3 * 2 * 2 * 2; variant++) {
                    int shift = variant & 1;
                    MnetAxis axis = {.origin = origin,
                                     .size = size,
                                     .box_start = size * 0.1,
                                     .box_size = size * 0.8,
                                     .n_outputs = n,
                                     .reversed = variant >> 1 & 1};
                    MnetFilter f = build(axis, (MnetResize)(variant >> 3), shift, variant >> 2 & 1);
                    bool sums = true, inside = true, padded = true, ordered = true;
                    for (int i = 0; i < n; i++) {
                        const float *w = f.weights + i * f.pitch;
                        double sum = 0;
                        for (int k = 0; k < f.pitch; k++) {
                            sum += (double)w[k];
                            padded = padded && (k < f.taps[i] || w[k] == 0) && w[k] >= 0;
                        }
                        sums = sums && fabs(sum - 1) < 1e-6;
                        inside = inside && f.taps[i] >= 1 && f.start[i] >= f.first &&
                                 f.start[i] + f.taps[i] <= f.end;
                        ordered = ordered && (i == 0 || f.start[i] >= f.start[i - 1]);
                    }
                    CHECK(sums && inside && padded && ordered, "%d %d %d %d: %d %d %d %d", size,
                          origin, n, variant, sums, inside, padded, ordered);
                    CHECK(f.first >= origin >> shift &&
                          f.end <= ((origin + size - 1) >> shift) + 1);
                    mnet_arena_clear(&arena);
                }
}

static void check_taps(const MnetFilter *f, int i, int start, int taps, const double *weights) {
    CHECK(f->start[i] == start && f->taps[i] == taps, "output %d: %d+%d", i, f->start[i],
          f->taps[i]);
    for (int k = 0; k < taps; k++)
        CHECK(fabs((double)f->weights[i * f->pitch + k] - weights[k]) < 1e-6,
              "output %d tap %d: %g", i, k, (double)f->weights[i * f->pitch + k]);
}

/** Worked by hand. */
static void test_known_weights(void) {
    MnetAxis half = {.size = 8, .box_size = 8, .n_outputs = 4};
    MnetFilter f = build(half, MNET_RESIZE_ANTIALIAS, 0, false);
    check_taps(&f, 1, 1, 4, (double[]){0.125, 0.375, 0.375, 0.125});
    check_taps(&f, 0, 0, 3, (double[]){3 / 7.0, 3 / 7.0, 1 / 7.0});

    /* Chroma on the first of its two pixels: output 1 lies at pixel 3, chroma 1 at 2.5, chroma 2
     * at 4.5. */
    f = build(half, MNET_RESIZE_ANTIALIAS, 1, true);
    check_taps(&f, 1, 1, 2, (double[]){0.75, 0.25});
    f = build(half, MNET_RESIZE_ANTIALIAS, 1, false);
    check_taps(&f, 1, 1, 1, (double[]){1});
    f = build(half, MNET_RESIZE_BILINEAR, 0, false);
    check_taps(&f, 3, 6, 2, (double[]){0.5, 0.5});
    f = build(half, MNET_RESIZE_NEAREST, 0, false);
    check_taps(&f, 3, 7, 1, (double[]){1});
    mnet_arena_clear(&arena);
}

/** A frame cut out at an odd pixel: its first pixel's chroma is the sample that it shares with the
 * pixel before. */
static void test_odd_origin(void) {
    MnetAxis axis = {.origin = 3, .size = 4, .box_size = 4, .n_outputs = 4};
    MnetFilter f = build(axis, MNET_RESIZE_BILINEAR, 1, false);
    CHECK(f.first == 1 && f.end == 4);
    check_taps(&f, 0, 1, 2, (double[]){0.75, 0.25});
    check_taps(&f, 1, 1, 2, (double[]){0.25, 0.75});
    mnet_arena_clear(&arena);
}

int main(void) {
    RUN(test_invariants);
    RUN(test_known_weights);
    RUN(test_odd_origin);
    return test_end();
}
