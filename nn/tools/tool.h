/** What the command-line tools share. */
#ifndef MNET_TOOLS_TOOL_H
#define MNET_TOOLS_TOOL_H

#include "nn/mnet.h"

/** Prints "NAME: MESSAGE" to standard error and exits with 1. */
void tool_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
/** Name before the colon; set it first. */
void tool_set_name(const char *name);

/** A whole number of an option in a range, or an error that names the option. */
int tool_integer(const char *option, const char *text, int least, int most);
double tool_number(const char *option, const char *text, double least, double most);

/** The values of --fit and --resize. */
MnetFit tool_fit(const char *text);
MnetResize tool_resize(const char *text);

/** A whole file in memory; the caller frees it. */
unsigned char *tool_read(const char *path, size_t *size);
void tool_write(const char *path, const void *data, size_t size);
/** Before a normal exit: fails where standard output could not be written. */
void tool_flush(void);

/** Pixels of a binary PPM (P6) or PGM (P5) with a maximum of 255; the caller frees *pixels. */
void tool_read_picture(const char *path, MnetImage *image, unsigned char **pixels);

MnetModel *tool_open_model(const char *path, const MnetModelOptions *options);

/** Reproducible noise in `count` numbers: any bytes of quantised types, 0 to 1 of floats. */
void tool_noise(void *data, size_t count, MnetDtype dtype);

double tool_now_ms(void);

/** Smallest, median and 99th percentile (nearest rank) of n numbers, which are sorted in place. */
typedef struct ToolTimes {
    double min, median, p99;
} ToolTimes;
ToolTimes tool_times(double *values, int n);

#endif
