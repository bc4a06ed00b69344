#include "nn/base/pages.h"

#include "nn/base/arena.h"
#include "tests/test.h"

#include <stdint.h>

/* All of it is there and no two overlap, on huge pages and not. */
static void test_all_is_usable(void) {
    static const size_t sizes[] = {1,
                                   64,
                                   65,
                                   4096,
                                   MNET_HUGE_PAGE - 1,
                                   MNET_HUGE_PAGE,
                                   MNET_HUGE_PAGE + 1,
                                   3 * MNET_HUGE_PAGE + 12345};
    enum { N = sizeof sizes / sizeof *sizes };
    MnetPages pages[2 * N];
    for (int i = 0; i < 2 * N; i++) {
        size_t size = sizes[i / 2], dense = i % 2 ? size : size / 2;
        CHECK(mnet_pages_alloc(&pages[i], size, dense), "%zu", size);
        CHECK((uintptr_t)pages[i].data % MNET_ALIGN == 0, "%zu", size);
        CHECK(dense >= MNET_HUGE_PAGE || !pages[i].mapped, "%zu", size);
        memset(pages[i].data, i + 1, size);
    }
    for (int i = 0; i < 2 * N; i++) {
        const unsigned char *data = pages[i].data;
        size_t size = sizes[i / 2], right = 0;
        while (right < size && data[right] == i + 1)
            right++;
        CHECK(right == size, "byte %zu of %zu", right, size);
        mnet_pages_free(&pages[i]);
        CHECK(!pages[i].data && !pages[i].mapped);
        mnet_pages_free(&pages[i]);
    }
}

static void test_too_much(void) {
    MnetPages pages;
    CHECK(!mnet_pages_alloc(&pages, SIZE_MAX, SIZE_MAX));
    CHECK(!mnet_pages_alloc(&pages, SIZE_MAX / 4, SIZE_MAX / 4));
    CHECK(!mnet_pages_alloc(&pages, SIZE_MAX - 63, 0));
}

int main(void) {
    RUN(test_all_is_usable);
    RUN(test_too_much);
    return test_end();
}
