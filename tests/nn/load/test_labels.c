#include "nn/load/labels.h"

#include "tests/test.h"

static MnetArena arena;
static MnetError error;
static MnetLabels labels;

static MnetStatus parse_bytes(const char *text, size_t size, int n_classes) {
    /* Memory of exactly the text's size, so that ASan sees a step too far. */
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, text, size);
    mnet_arena_clear(&arena);
    labels = (MnetLabels){0};
    error = (MnetError){0};
    MnetStatus status =
        mnet_labels_parse((MnetBytes){copy, size}, "x.txt", n_classes, &arena, &labels, &error);
    free(copy);
    return status;
}

static MnetStatus parse(const char *text, int n_classes) {
    return parse_bytes(text, strlen(text), n_classes);
}

static bool is(int i, const char *name) {
    if (i >= labels.count)
        return false;
    return name ? labels.names[i] && strcmp(labels.names[i], name) == 0 : !labels.names[i];
}

static bool says(const char *part) {
    return strncmp(error.message, "x.txt", 5) == 0 && strstr(error.message, part);
}

/* `count` labels "n0", "n1", ..., with "index: " before each where `format` has it. */
static char *numbered(int count, const char *format) {
    char *text = malloc((size_t)count * 32 + 1), *at = text;
    if (!text)
        abort();
    *at = 0;
    for (int i = 0; i < count; i++)
        at += sprintf(at, format, i, i);
    return text;
}

static void test_plain(void) {
    CHECK(!parse("cat\ndog\nbird", 3), "%s", error.message);
    CHECK(labels.count == 3 && is(0, "cat") && is(1, "dog") && is(2, "bird"));
    CHECK(!parse("  cat \t\ndog\n", 2) && is(0, "cat") && is(1, "dog"));
    CHECK(!parse("tench, Tinca tinca\ncaf\xc3\xa9\n", 2) && is(0, "tench, Tinca tinca") &&
          is(1, "caf\xc3\xa9"));
}

static void test_bom_and_crlf(void) {
    CHECK(!parse("\xef\xbb\xbf"
                 "cat\r\ndog\r\n\r\n\r\n",
                 2));
    CHECK(is(0, "cat") && is(1, "dog"));
    CHECK(!parse("\xef\xbb\xbf"
                 "0: cat\r\n1: dog\r\n",
                 2) &&
          is(0, "cat"));
}

static void test_empty_lines(void) {
    CHECK(!parse("cat\n\nbird\n\n\n", 3) && is(0, "cat") && is(1, NULL) && is(2, "bird"));
    CHECK(!parse("\ncat\n", 2) && is(0, NULL) && is(1, "cat"));
    CHECK(parse("", 1) == MNET_ERROR_FORMAT && says("no labels"));
    CHECK(parse("\n \n\r\n", 3) == MNET_ERROR_FORMAT && says("no labels"));
}

static void test_indexed(void) {
    CHECK(!parse("2: bird\n0: cat\n1: dog\n", 3) && is(0, "cat") && is(1, "dog") && is(2, "bird"));
    CHECK(!parse("0 cat\n1\tdog\n\n2,bird\n", 3) && is(0, "cat") && is(1, "dog") && is(2, "bird"));
    CHECK(!parse("0:cat\n5  :  fish\n", 9) && is(0, "cat") && is(1, NULL) && is(5, "fish"));
    CHECK(parse("0: cat\n7: dog\n", 3) == MNET_ERROR_FORMAT && says("class 7") &&
          says("3 classes"));
    CHECK(parse("0: cat\n1: dog\n1: bird\n", 3) == MNET_ERROR_FORMAT && says("x.txt:3") &&
          says("second label for class 1"));
    CHECK(parse("99999999999999999999: cat\n", 3) == MNET_ERROR_FORMAT);
}

/* A label may begin with digits: indices are meant only where every line has one. */
static void test_labels_with_digits(void) {
    CHECK(!parse("3-D glasses\n4 poster\ndog\n", 3) && is(0, "3-D glasses") && is(1, "4 poster"));
    CHECK(!parse("747\n777\n", 2) && is(0, "747"));
}

static void test_background(void) {
    char *thousand = numbered(1000, "n%d\n"), *more = numbered(1001, "n%d\n");
    char *indexed = numbered(1000, "%d: n%d\n"), *indexed_more = numbered(1001, "%d: n%d\n");

    CHECK(!parse(thousand, 1000) && is(0, "n0") && is(999, "n999"));
    CHECK(!parse(thousand, 1001) && is(0, "background") && is(1, "n0") && is(1000, "n999"));
    CHECK(!parse(more, 1001) && is(0, "n0") && is(1000, "n1000"));
    CHECK(!parse(more, 1000) && is(0, "n1") && is(999, "n1000"));
    CHECK(!parse(indexed, 1000) && is(0, "n0") && is(999, "n999"));
    CHECK(!parse(indexed, 1001) && is(0, "background") && is(1, "n0") && is(1000, "n999"));
    CHECK(!parse(indexed_more, 1000) && is(0, "n1") && is(999, "n1000"));
    free(thousand);
    free(more);
    free(indexed);
    free(indexed_more);
}

static void test_wrong_count(void) {
    CHECK(parse("cat\ndog\n", 3) == MNET_ERROR_FORMAT && says("labels is 2") && says("3 classes"));
    CHECK(parse("cat\ndog\n", 1) == MNET_ERROR_FORMAT && says("1 classes"));
    CHECK(parse("cat\n", 0) == MNET_ERROR_ARGUMENT);
}

static void test_long_lines(void) {
    size_t size = (1 << 20) + 10;
    char *text = malloc(size);
    memset(text, 'a', size);
    text[size - 3] = '\n';
    CHECK(parse_bytes(text, size, 2) == MNET_ERROR_FORMAT && says("x.txt:1"), "%s", error.message);
    text[1000] = '\n';
    text[1 << 19] = '\n';
    CHECK(!parse_bytes(text, size, 4), "%s", error.message);
    free(text);
}

static void test_junk(void) {
    CHECK(parse_bytes("cat\n\0dog\n", 9, 2) == MNET_ERROR_FORMAT && says("x.txt:2") &&
          says("0x00"));
    CHECK(parse("cat\nd\x1b[31mog\n", 2) == MNET_ERROR_FORMAT && says("0x1b"));
    CHECK(parse("caf\xe9\n", 1) == MNET_ERROR_FORMAT && says("UTF-8"));
    CHECK(parse("\xc0\xaf\n", 1) == MNET_ERROR_FORMAT && says("UTF-8"));
    CHECK(parse("\xed\xa0\x80\n", 1) == MNET_ERROR_FORMAT && says("UTF-8"));
    CHECK(parse("\xf0\x9f\x90", 1) == MNET_ERROR_FORMAT && says("UTF-8"));
    CHECK(parse_bytes("\xff\xfe"
                      "c\0a\0",
                      6, 1) == MNET_ERROR_FORMAT &&
          says("UTF-16"));
    CHECK(parse_bytes("\xfe\xff\0c\0a", 6, 1) == MNET_ERROR_FORMAT && says("UTF-16"));
    CHECK(parse("cat\rdog\r", 2) == MNET_ERROR_FORMAT && says("0x0d"));
}

int main(void) {
    RUN(test_plain);
    RUN(test_bom_and_crlf);
    RUN(test_empty_lines);
    RUN(test_indexed);
    RUN(test_labels_with_digits);
    RUN(test_background);
    RUN(test_wrong_count);
    RUN(test_long_lines);
    RUN(test_junk);
    mnet_arena_clear(&arena);
    return test_end();
}
