#include "nn/base/cache.h"
#include "tests/test.h"

static void sizes(void) {
    size_t first = mnet_cache_bytes(1), second = mnet_cache_bytes(2);

    printf("%zu and %zu KiB\n", first / 1024, second / 1024);
    CHECK(first >= 4 * 1024 && first <= 1 << 20, "first level: %zu bytes", first);
    CHECK(second >= 4 * 1024 && second <= 1 << 28, "second level: %zu bytes", second);
    CHECK(mnet_cache_bytes(2) == second, "another answer");
}

int main(void) {
    RUN(sizes);
    return test_end();
}
