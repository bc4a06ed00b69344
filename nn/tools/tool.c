#include "nn/tools/tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *tool_name = "mnet";

void tool_set_name(const char *name) {
    tool_name = name;
}

void tool_fail(const char *format, ...) {
    va_list args;
    fflush(stdout);
    fprintf(stderr, "%s: ", tool_name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

int tool_integer(const char *option, const char *text, int least, int most) {
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno || end == text || *end || value < least || value > most)
        tool_fail("%s takes a whole number from %d to %d, not '%s'", option, least, most, text);
    return (int)value;
}

double tool_number(const char *option, const char *text, double least, double most) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= least && value <= most))
        tool_fail("%s takes a number from %g to %g, not '%s'", option, least, most, text);
    return value;
}

static int choice(const char *option, const char *text, const char *const *names) {
    for (int i = 0; names[i]; i++)
        if (!strcmp(text, names[i]))
            return i;
    tool_fail("%s '%s' is not known; see --help", option, text);
}

MnetFit tool_fit(const char *text) {
    static const char *const names[] = {"stretch", "crop", "letterbox", NULL};
    return choice("--fit", text, names);
}

MnetResize tool_resize(const char *text) {
    static const char *const names[] = {"antialias", "bilinear", "nearest", NULL};
    return choice("--resize", text, names);
}

unsigned char *tool_read(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    if (!file)
        tool_fail("%s: can't be opened: %s", path, strerror(errno));
    unsigned char *data = NULL;
    size_t used = 0, room = 0, got;
    do {
        if (used == room) {
            room = room ? room * 2 : 1 << 20;
            data = realloc(data, room);
            if (!data)
                tool_fail("%s: out of memory", path);
        }
        got = fread(data + used, 1, room - used, file);
        used += got;
    } while (got);
    if (ferror(file))
        tool_fail("%s: can't be read: %s", path, strerror(errno));
    fclose(file);
    *size = used;
    return data;
}

void tool_write(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    if (!file)
        tool_fail("%s: can't be written: %s", path, strerror(errno));
    size_t written = fwrite(data, 1, size, file);
    if (fclose(file) || written != size)
        tool_fail("%s: can't be written: %s", path, strerror(errno));
}

void tool_flush(void) {
    if (fflush(stdout) || ferror(stdout))
        tool_fail("standard output can't be written: %s", strerror(errno));
}

/* A number of a PNM header, after white space and comments; -1 where there is none. */
static int header_number(const unsigned char *data, size_t size, size_t *at) {
    int value = -1;
    while (*at < size && (strchr(" \t\r\n", data[*at]) || data[*at] == '#')) {
        if (data[*at] == '#')
            while (*at < size && data[*at] != '\n')
                ++*at;
        else
            ++*at;
    }
    for (; *at < size && data[*at] >= '0' && data[*at] <= '9' && value < 100000; ++*at)
        value = (value < 0 ? 0 : value) * 10 + data[*at] - '0';
    return value;
}

void tool_read_picture(const char *path, MnetImage *image, unsigned char **pixels) {
    size_t size, at = 2;
    unsigned char *data = *pixels = tool_read(path, &size);
    if (size < 2 || data[0] != 'P' || (data[1] != '5' && data[1] != '6'))
        tool_fail("%s: not a binary PPM or PGM; convert it: ffmpeg -i PICTURE OUT.ppm", path);
    int channels = data[1] == '6' ? 3 : 1;
    int width = header_number(data, size, &at), height = header_number(data, size, &at);
    int most = header_number(data, size, &at);
    if (width < 1 || height < 1 || width > 8192 || height > 8192 || most != 255)
        tool_fail("%s: %dx%d with maximum %d; 1x1 to 8192x8192 with maximum 255 can be read", path,
                  width, height, most);
    at++;
    if (at > size || size - at < (size_t)width * height * channels)
        tool_fail("%s: truncated: %zu bytes of pixels, %zu expected", path,
                  at > size ? 0 : size - at, (size_t)width * height * channels);
    *image = (MnetImage){.format = channels == 3 ? MNET_PIXEL_FORMAT_RGB : MNET_PIXEL_FORMAT_GRAY8,
                         .width = width,
                         .height = height,
                         .planes = {data + at},
                         .strides = {(ptrdiff_t)width * channels}};
}

MnetModel *tool_open_model(const char *path, const MnetModelOptions *options) {
    MnetError error;
    MnetModel *model = NULL;
    if (mnet_model_open(path, options, &model, &error))
        tool_fail("%s", error.message);
    return model;
}

void tool_noise(void *data, size_t count, MnetDtype dtype) {
    uint32_t state = 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525 + 1013904223;
        if (dtype == MNET_DTYPE_F32)
            ((float *)data)[i] = (float)(state >> 8) * 0x1p-24f;
        else
            ((unsigned char *)data)[i] = (unsigned char)(state >> 24);
    }
}

double tool_now_ms(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e3 + time.tv_nsec * 1e-6;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

ToolTimes tool_times(double *values, int n) {
    qsort(values, n, sizeof *values, ascending);
    double median = n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
    int rank = (n * 99 + 99) / 100;
    return (ToolTimes){.min = values[0], .median = median, .p99 = values[rank - 1]};
}
