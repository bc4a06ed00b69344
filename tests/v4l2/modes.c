#include "tests/v4l2/modes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct Size {
    unsigned width, height;
    unsigned rates[3]; /* fastest first; 0 ends them */
} Size;

/* A usual USB camera: what isn't compressed is small or slow. */
static const struct {
    unsigned fourcc;
    const char *name;
    Size sizes[4];
} formats[] = {
    {V4L2_PIX_FMT_YUYV,
     "YUYV 4:2:2",
     {{640, 480, {30, 15}}, {320, 240, {30, 15}}, {160, 120, {30}}, {1280, 720, {10, 5}}}},
    {V4L2_PIX_FMT_MJPEG,
     "Motion-JPEG",
     {{1920, 1080, {30}}, {1280, 720, {60, 30}}, {640, 480, {30}}}},
    {V4L2_PIX_FMT_NV12, "Y/UV 4:2:0", {{640, 480, {30, 15}}, {1280, 720, {15}}}},
};
enum { N_FORMATS = sizeof formats / sizeof formats[0], N_SIZES = 4, N_RATES = 3 };

static int find_format(unsigned fourcc) {
    for (int i = 0; i < N_FORMATS; i++)
        if (formats[i].fourcc == fourcc)
            return i;
    return -1;
}

static const Size *find_size(unsigned fourcc, unsigned width, unsigned height) {
    int format = find_format(fourcc);
    for (int i = 0; format >= 0 && i < N_SIZES; i++)
        if (formats[format].sizes[i].width == width && formats[format].sizes[i].height == height)
            return &formats[format].sizes[i];
    return NULL;
}

int modes_enum_format(struct v4l2_fmtdesc *format) {
    if (format->type != V4L2_BUF_TYPE_VIDEO_CAPTURE || format->index >= N_FORMATS)
        return -EINVAL;
    format->pixelformat = formats[format->index].fourcc;
    format->flags = format->pixelformat == V4L2_PIX_FMT_MJPEG ? V4L2_FMT_FLAG_COMPRESSED : 0;
    strcpy((char *)format->description, formats[format->index].name);
    return 0;
}

int modes_enum_size(struct v4l2_frmsizeenum *size) {
    int format = find_format(size->pixel_format);
    if (format < 0 || size->index >= N_SIZES || formats[format].sizes[size->index].width == 0)
        return -EINVAL;
    size->type = V4L2_FRMSIZE_TYPE_DISCRETE;
    size->discrete.width = formats[format].sizes[size->index].width;
    size->discrete.height = formats[format].sizes[size->index].height;
    return 0;
}

int modes_enum_interval(struct v4l2_frmivalenum *interval) {
    const Size *size = find_size(interval->pixel_format, interval->width, interval->height);
    if (!size || interval->index >= N_RATES || size->rates[interval->index] == 0)
        return -EINVAL;
    interval->type = V4L2_FRMIVAL_TYPE_DISCRETE;
    interval->discrete.numerator = 1;
    interval->discrete.denominator = size->rates[interval->index];
    return 0;
}

unsigned modes_row_bytes(const struct v4l2_pix_format *format) {
    switch (format->pixelformat) {
    case V4L2_PIX_FMT_YUYV:
        return 2 * format->width;
    case V4L2_PIX_FMT_NV12:
        return format->width;
    default:
        return 0;
    }
}

unsigned modes_rows(const struct v4l2_pix_format *format) {
    return format->pixelformat == V4L2_PIX_FMT_NV12 ? format->height * 3 / 2 : format->height;
}

void modes_adjust(struct v4l2_pix_format *format, Padding padding) {
    int index = find_format(format->pixelformat);
    const Size *sizes = formats[index < 0 ? 0 : index].sizes, *best = sizes;
    unsigned row;

    for (int i = 1; i < N_SIZES && sizes[i].width > 0; i++)
        if (abs((int)sizes[i].width - (int)format->width) <
            abs((int)best->width - (int)format->width))
            best = &sizes[i];
    memset(format, 0, sizeof *format);
    format->pixelformat = formats[index < 0 ? 0 : index].fourcc;
    format->width = best->width;
    format->height = best->height;
    format->field = V4L2_FIELD_NONE;
    row = modes_row_bytes(format);
    if (row > 0) {
        format->bytesperline = row + padding.row + (unsigned)padding.said;
        format->sizeimage =
            modes_rows(format) * (padding.said > 0 ? format->bytesperline : row + padding.row);
        format->colorspace = V4L2_COLORSPACE_SRGB;
    } else {
        format->sizeimage = format->width * format->height;
        format->colorspace = V4L2_COLORSPACE_JPEG;
    }
}

struct v4l2_fract modes_nearest_interval(const struct v4l2_pix_format *format,
                                         struct v4l2_fract wanted) {
    const Size *size = find_size(format->pixelformat, format->width, format->height);
    double rate = wanted.numerator ? (double)wanted.denominator / wanted.numerator : 0;
    unsigned best = size->rates[0];

    for (int i = 1; rate > 0 && i < N_RATES && size->rates[i]; i++)
        if (abs((int)(size->rates[i] - rate)) < abs((int)(best - rate)))
            best = size->rates[i];
    return (struct v4l2_fract){1, best};
}
