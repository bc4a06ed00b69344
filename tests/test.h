/**
 * A test program in plain C: functions that call CHECK, and a main that calls RUN for each and
 * returns test_end(). A check that fails prints where and what, and the program goes on; the exit
 * code is 0, 1, or 77 for skipped.
 */
#ifndef MNET_TEST_H
#define MNET_TEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int test_failures;
static int test_checks;

#define CHECK(condition, ...)                                                                      \
    do {                                                                                           \
        test_checks++;                                                                             \
        if (!(condition)) {                                                                        \
            test_failures++;                                                                       \
            fprintf(stderr, "%s:%d: %s:", __FILE__, __LINE__, #condition);                         \
            fprintf(stderr, " " __VA_ARGS__);                                                      \
            fputc('\n', stderr);                                                                   \
        }                                                                                          \
    } while (0)

#define RUN(function)                                                                              \
    do {                                                                                           \
        int before = test_failures;                                                                \
        function();                                                                                \
        printf("%s %s\n", test_failures == before ? "ok  " : "FAIL", #function);                   \
    } while (0)

#define SKIP(...)                                                                                  \
    do {                                                                                           \
        printf("skipped: " __VA_ARGS__);                                                           \
        putchar('\n');                                                                             \
        exit(77);                                                                                  \
    } while (0)

/** A program that checked nothing has failed. */
static inline int test_end(void) {
    printf("%d checks, %d failed\n", test_checks, test_failures);
    return test_failures || !test_checks;
}

#endif
