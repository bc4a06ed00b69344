#include "nn/plan/lifetimes.h"

#include "nn/base/arena.h"
#include "tests/test.h"

#include <stdint.h>

static uint32_t state = 1;

static int random_in(int lo, int hi) {
    state = state * 1664525u + 1013904223u;
    return lo + (int)((state >> 8) % (uint32_t)(hi - lo + 1));
}

static void never_overlap(void) {
    MnetLifetime blocks[120];

    for (int round = 0; round < 300; round++) {
        int count = random_in(0, 120), bad = 0;
        size_t total = 0, least = 0;

        for (int i = 0; i < count; i++) {
            int first = random_in(-1, 50);

            blocks[i] = (MnetLifetime){.first = first, .last = first + random_in(0, 9)};
            blocks[i].bytes = (size_t)random_in(0, 3) * (size_t)random_in(0, 5000);
        }
        CHECK(mnet_lifetimes_place(blocks, count, &total), "round %d", round);
        for (int i = 0; i < count; i++) {
            const MnetLifetime *a = &blocks[i];

            bad +=
                a->bytes && (a->offset % MNET_ALIGN || a->offset + a->bytes + MNET_ALIGN > total);
            for (int j = 0; j < i; j++) {
                const MnetLifetime *b = &blocks[j];
                bool together = a->first <= b->last && b->first <= a->last;

                bad += together && a->bytes && b->bytes &&
                       a->offset < b->offset + b->bytes + MNET_ALIGN &&
                       b->offset < a->offset + a->bytes + MNET_ALIGN;
            }
        }
        CHECK(!bad, "round %d: %d faults", round, bad);
        for (int step = -1; step < 60; step++) {
            size_t live = 0;

            for (int i = 0; i < count; i++)
                live += blocks[i].first <= step && step <= blocks[i].last ? blocks[i].bytes : 0;
            least = live > least ? live : least;
        }
        CHECK(total >= least, "round %d: %zu for %zu", round, total, least);
    }
}

/* A chain of equal layers needs two of them, however long it is. */
static void chain_reuses(void) {
    MnetLifetime blocks[50];
    size_t total;

    for (int i = 0; i < 50; i++)
        blocks[i] = (MnetLifetime){.first = i, .last = i + 1, .bytes = 1000};
    CHECK(mnet_lifetimes_place(blocks, 50, &total), "chain");
    CHECK(total == 2 * (1024 + MNET_ALIGN), "%zu", total);
}

static void overflow(void) {
    MnetLifetime blocks[3] = {{.bytes = SIZE_MAX / 3}, {.bytes = SIZE_MAX / 3}, {.bytes = 64}};
    size_t total;

    CHECK(!mnet_lifetimes_place(blocks, 3, &total), "too much together");
    blocks[0].bytes = SIZE_MAX;
    CHECK(!mnet_lifetimes_place(blocks, 1, &total), "too much alone");
}

int main(void) {
    RUN(never_overlap);
    RUN(chain_reuses);
    RUN(overflow);
    return test_end();
}
