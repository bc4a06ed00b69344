#include "nn/base/status.h"

#include "tests/test.h"

#include <stdbool.h>

static MnetError error;

static void test_message(void) {
    MnetStatus status = mnet_fail(&error, MNET_ERROR_FORMAT, "%s: byte %d", "a.tflite", 7);
    CHECK(status == MNET_ERROR_FORMAT && error.status == MNET_ERROR_FORMAT);
    CHECK(!strcmp(error.message, "a.tflite: byte 7"), "%s", error.message);
    CHECK(mnet_fail(NULL, MNET_ERROR_IO, "nobody reads %s", "this") == MNET_ERROR_IO);
}

static void test_one_clean_line(void) {
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"a\nb\tc\x7f\x1b[31m", "a?b?c??[31m"},
        {"caf\xc3\xa9 \xe6\xbc\xa2 \xf0\x9f\x90\xb1", "caf\xc3\xa9 \xe6\xbc\xa2 \xf0\x9f\x90\xb1"},
        {"latin\xe9 x", "latin? x"},
        {"cut\xe6\xbc", "cut??"},
        {"overlong \xc0\xaf \xe0\x80\xaf", "overlong ?? ???"},
        {"surrogate \xed\xa0\x80", "surrogate ???"},
        {"outside \xf4\x90\x80\x80", "outside ????"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mnet_fail(&error, MNET_ERROR_FORMAT, "%s", cases[i].text);
        CHECK(!strcmp(error.message, cases[i].message), "'%s', not '%s'", error.message,
              cases[i].message);
    }
}

/* Wherever the cut falls, it is between two characters. */
static void test_long_message(void) {
    char text[2000];
    for (int lead = 0; lead < 4; lead++)
        for (int length = 480; length < 1200; length++) {
            size_t used = lead;
            memset(text, 'x', lead);
            while (used + 3 <= (size_t)length) {
                memcpy(text + used, "\xe6\xbc\xa2", 3);
                used += 3;
            }
            text[used] = 0;
            mnet_fail(&error, MNET_ERROR_FORMAT, "%s", text);
            size_t kept = strlen(error.message);
            bool cut = used >= sizeof error.message - 3;
            CHECK(kept < sizeof error.message && !strchr(error.message, '?'), "%d %d", lead,
                  length);
            CHECK(cut == !strcmp(error.message + kept - 3, "..."), "%zu of %zu", kept, used);
            CHECK(!strncmp(error.message, text, cut ? kept - 3 : kept) &&
                      (kept - (cut ? 3 : 0) - lead) % 3 == 0,
                  "%d %d", lead, length);
        }
}

static void test_names(void) {
    static const char *const names[] = {"ok", "io", "format", "unsupported", "argument", "memory"};
    for (int i = 0; i <= MNET_ERROR_MEMORY; i++)
        CHECK(!strcmp(mnet_status_name(i), names[i]), "%d", i);
    CHECK(!strcmp(mnet_status_name((MnetStatus)99), "unknown"));
}

int main(void) {
    RUN(test_message);
    RUN(test_one_clean_line);
    RUN(test_long_message);
    RUN(test_names);
    return test_end();
}
