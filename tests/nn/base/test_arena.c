#include "nn/base/arena.h"

#include "tests/test.h"

#include <stdint.h>

enum { COUNT = 600 };

static bool is_filled(const unsigned char *data, size_t size, int value) {
    for (size_t i = 0; i < size; i++)
        if (data[i] != value)
            return false;
    return true;
}

/* Sizes that share a block, that fill one exactly, and that need one of their own, in turn. */
static void test_allocations_are_apart(void) {
    static const size_t sizes[] = {0, 1, 63, 64, 65, 500, 16000, 16384, 65472, 65536, 200000};
    MnetArena arena = {0};
    unsigned char *data[COUNT];
    size_t size[COUNT], total = 0;
    for (int i = 0; i < COUNT; i++) {
        size[i] = sizes[i % (sizeof sizes / sizeof *sizes)];
        data[i] = mnet_arena_alloc(&arena, size[i]);
        CHECK(data[i] && (uintptr_t)data[i] % MNET_ALIGN == 0, "%zu bytes", size[i]);
        if (!data[i])
            break;
        CHECK(is_filled(data[i], size[i] + MNET_ALIGN, 0), "%zu bytes", size[i]);
        memset(data[i], i % 255 + 1, size[i]);
        total += size[i];
    }
    for (int i = 0; i < COUNT; i++)
        CHECK(is_filled(data[i], size[i], i % 255 + 1), "allocation %d", i);
    CHECK(arena.total >= total);
    mnet_arena_clear(&arena);
    CHECK(!arena.last && !arena.total);
}

/* What is expected changes where allocations lie and nothing else: too much, too little, none. */
static void test_expected(void) {
    static const size_t expected[] = {0, 1000, 3 << 20, 5 << 20, 40 << 20, SIZE_MAX, SIZE_MAX / 9};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        MnetArena arena = {0};
        unsigned char *data[40];
        CHECK(mnet_arena_string(&arena, "before"));
        mnet_arena_expect(&arena, expected[i]);
        CHECK(arena.total < 1000);
        for (int k = 0; k < 40; k++) {
            size_t bytes = 10000 + 7777 * (size_t)k;
            data[k] = mnet_arena_alloc(&arena, bytes);
            CHECK(data[k] && (uintptr_t)data[k] % MNET_ALIGN == 0, "%zu: %d", expected[i], k);
            CHECK(is_filled(data[k], bytes + MNET_ALIGN, 0), "%zu: %d", expected[i], k);
            memset(data[k], k + 1, bytes + MNET_ALIGN);
        }
        for (int k = 0; k < 40; k++)
            CHECK(is_filled(data[k], 10000 + 7777 * (size_t)k + MNET_ALIGN, k + 1), "%d", k);
        mnet_arena_clear(&arena);
        CHECK(!arena.last && !arena.total);
    }
}

static void test_array(void) {
    MnetArena arena = {0};
    int64_t *array = mnet_arena_array(&arena, 1000, sizeof *array);
    CHECK(array && !array[0] && !array[999]);
    CHECK(mnet_arena_array(&arena, 0, 8) != NULL);
    CHECK(mnet_arena_array(&arena, 8, 0) != NULL);
    CHECK(!mnet_arena_array(&arena, SIZE_MAX / 2, 4));
    CHECK(!mnet_arena_array(&arena, SIZE_MAX / 8 + 2, 8));
    CHECK(!mnet_arena_alloc(&arena, SIZE_MAX));
    CHECK(!mnet_arena_alloc(&arena, SIZE_MAX - MNET_ALIGN));
    array = mnet_arena_array(&arena, 4, sizeof *array);
    CHECK(array, "a refused one leaves it usable");
    mnet_arena_clear(&arena);
}

static void test_string(void) {
    MnetArena arena = {0};
    char text[] = "conv/relu";
    char *copy = mnet_arena_string(&arena, text);
    memset(text, 'x', sizeof text - 1);
    CHECK(copy && !strcmp(copy, "conv/relu"));
    copy = mnet_arena_string(&arena, "");
    CHECK(copy && !*copy);
    mnet_arena_clear(&arena);
    copy = mnet_arena_string(&arena, "again");
    CHECK(copy && !strcmp(copy, "again"), "usable after it is cleared");
    mnet_arena_clear(&arena);
    mnet_arena_clear(&arena);
}

int main(void) {
    RUN(test_allocations_are_apart);
    RUN(test_expected);
    RUN(test_array);
    RUN(test_string);
    return test_end();
}
