#include "nn/load/labels.h"

#include <string.h>

#include "nn/load/text.h"

enum { MAX_LINE = 1 << 20, MAX_INDEX = 1 << 24 };

typedef struct Parser {
    MnetBytes rest;
    const char *file;
    MnetError *error;
    int line; /* number of the line last read */
} Parser;

/* The next line, trimmed; false at the end. */
static bool next_line(Parser *parser, MnetBytes *line) {
    if (!parser->rest.size)
        return false;
    const uint8_t *end = memchr(parser->rest.data, '\n', parser->rest.size);
    size_t size = end ? (size_t)(end - parser->rest.data) : parser->rest.size;

    *line = mnet_text_trim((MnetBytes){parser->rest.data, size});
    size += end != NULL;
    parser->rest.data += size;
    parser->rest.size -= size;
    parser->line++;
    return true;
}

/* "index: label", "index label", "index,label"; the label's part in *label. */
static bool split_index(MnetBytes line, int *index, MnetBytes *label) {
    size_t at = 0;
    int number = 0;

    while (at < line.size && line.data[at] >= '0' && line.data[at] <= '9') {
        if (number > MAX_INDEX)
            return false;
        number = number * 10 + (line.data[at++] - '0');
    }
    if (!at || at == line.size || !strchr(":, \t", line.data[at]) || !line.data[at])
        return false;
    *index = number;
    *label = mnet_text_trim((MnetBytes){line.data + at, line.size - at});
    if (label->size && (label->data[0] == ':' || label->data[0] == ','))
        *label = mnet_text_trim((MnetBytes){label->data + 1, label->size - 1});
    return true;
}

static MnetStatus check_encoding(MnetBytes text, const char *file, MnetError *error) {
    static const struct {
        const char *mark;
        size_t size;
        const char *name;
    } others[] = {{"\xff\xfe\0\0", 4, "UTF-32"},
                  {"\0\0\xfe\xff", 4, "UTF-32"},
                  {"\xff\xfe", 2, "UTF-16"},
                  {"\xfe\xff", 2, "UTF-16"}};

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (text.size >= others[i].size && !memcmp(text.data, others[i].mark, others[i].size))
            return mnet_fail(error, MNET_ERROR_FORMAT, "%s: is in %s; save the labels in UTF-8",
                             file, others[i].name);
    return MNET_OK;
}

/* Every line, before any is kept: its length, control characters, UTF-8; how many there are, and of
 * which form. */
static MnetStatus check_lines(Parser parser, int *count, bool *indexed) {
    MnetBytes line, label;
    int index, filled = 0;

    *count = 0;
    *indexed = true;
    while (next_line(&parser, &line)) {
        if (line.size > MAX_LINE)
            return mnet_fail(parser.error, MNET_ERROR_FORMAT,
                             "%s:%d: a line of %zu bytes; a label file has one label a line, under "
                             "1 MiB each",
                             parser.file, parser.line, line.size);
        for (size_t i = 0; i < line.size; i++)
            if ((line.data[i] < 0x20 && line.data[i] != '\t') || line.data[i] == 0x7f)
                return mnet_fail(parser.error, MNET_ERROR_FORMAT,
                                 "%s:%d: byte 0x%02x is no text; is this a label file (one label a "
                                 "line)?",
                                 parser.file, parser.line, line.data[i]);
        if (!mnet_text_is_utf8(line))
            return mnet_fail(parser.error, MNET_ERROR_FORMAT,
                             "%s:%d: is not UTF-8; save the labels in UTF-8", parser.file,
                             parser.line);
        if (line.size) {
            *count = parser.line;
            *indexed = *indexed && split_index(line, &index, &label);
            filled++;
        }
    }
    if (!filled)
        return mnet_fail(parser.error, MNET_ERROR_FORMAT, "%s: has no labels; it needs one a line",
                         parser.file);
    return MNET_OK;
}

static MnetStatus keep(const Parser *parser, MnetBytes label, MnetArena *arena, const char **name) {
    if (!label.size)
        return MNET_OK;
    char *copy = mnet_arena_alloc(arena, label.size + 1);
    if (!copy)
        return mnet_fail(parser->error, MNET_ERROR_MEMORY, "%s:%d: out of memory", parser->file,
                         parser->line);
    memcpy(copy, label.data, label.size);
    *name = copy;
    return MNET_OK;
}

static MnetStatus wrong_count(const Parser *parser, const char *what, int count, int n_classes) {
    return mnet_fail(parser->error, MNET_ERROR_FORMAT,
                     "%s: %s %d, but the model has %d classes; name the label file of this model",
                     parser->file, what, count, n_classes);
}

/* `shift` lines up labels and classes where one of the two has a background class in front that the
 * other has not. */
static MnetStatus find_shift(const Parser *parser, const char *what, int count, int n_classes,
                             int *shift) {
    *shift = 0;
    if (count == n_classes)
        return MNET_OK;
    *shift = n_classes - count;
    if ((count == 1000 && n_classes == 1001) || (count == 1001 && n_classes == 1000))
        return MNET_OK;
    return wrong_count(parser, what, count, n_classes);
}

static MnetStatus read_plain(Parser *parser, int count, int n_classes, MnetArena *arena,
                             const char **names) {
    MnetBytes line;
    int shift;
    MnetStatus status = find_shift(parser, "its count of labels is", count, n_classes, &shift);

    if (shift > 0)
        names[0] = "background";
    while (!status && parser->line < count && next_line(parser, &line)) {
        int at = parser->line - 1 + shift;
        if (at >= 0)
            status = keep(parser, line, arena, &names[at]);
    }
    return status;
}

/* Indices may come in any order and leave classes out; each at most once. */
static MnetStatus read_indexed(Parser *parser, int n_classes, MnetArena *arena,
                               const char **names) {
    MnetBytes line, label;
    int index = 0, greatest = 0, least = MAX_INDEX, lines = 0, shift = 0;
    MnetStatus status = MNET_OK;

    for (Parser scan = *parser; next_line(&scan, &line);)
        if (line.size && split_index(line, &index, &label)) {
            greatest = index > greatest ? index : greatest;
            least = index < least ? index : least;
            lines++;
        }
    /* Only a whole list can be one of the other kind: a partial one says by its indices what it
     * means. */
    if (lines == greatest - least + 1 && least == 0 && lines >= 1000)
        status = find_shift(parser, "its count of labels is", lines, n_classes, &shift);
    else if (greatest >= n_classes)
        status = wrong_count(parser, "has a label for class", greatest, n_classes);
    if (status)
        return status;
    if (shift > 0)
        names[0] = "background";
    bool *seen = mnet_arena_array(arena, (size_t)n_classes + 1, sizeof *seen);
    if (!seen)
        return mnet_fail(parser->error, MNET_ERROR_MEMORY, "%s: out of memory", parser->file);
    while (!status && next_line(parser, &line)) {
        if (!line.size || !split_index(line, &index, &label))
            continue;
        if (index > n_classes || seen[index])
            return mnet_fail(parser->error, MNET_ERROR_FORMAT,
                             "%s:%d: a second label for class %d; leave one of them out",
                             parser->file, parser->line, index);
        seen[index] = true;
        if (index + shift >= 0)
            status = keep(parser, label, arena, &names[index + shift]);
    }
    return status;
}

MnetStatus mnet_labels_parse(MnetBytes text, const char *file, int n_classes, MnetArena *arena,
                             MnetLabels *labels, MnetError *error) {
    Parser parser = {.rest = text, .file = file, .error = error};
    bool indexed;
    int count;
    MnetStatus status = check_encoding(text, file, error);

    if (status)
        return status;
    if (n_classes < 1)
        return mnet_fail(error, MNET_ERROR_ARGUMENT, "%s: labels for a model without classes",
                         file);
    if (text.size >= 3 && memcmp(text.data, "\xef\xbb\xbf", 3) == 0)
        parser.rest = (MnetBytes){text.data + 3, text.size - 3};
    if ((status = check_lines(parser, &count, &indexed)))
        return status;
    const char **names = mnet_arena_array(arena, (size_t)n_classes, sizeof *names);
    if (!names)
        return mnet_fail(error, MNET_ERROR_MEMORY, "%s: out of memory", file);
    status = indexed ? read_indexed(&parser, n_classes, arena, names)
                     : read_plain(&parser, count, n_classes, arena, names);
    if (status)
        return status;
    *labels = (MnetLabels){.count = n_classes, .names = names};
    return MNET_OK;
}
