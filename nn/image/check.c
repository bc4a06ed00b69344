#include "nn/image/check.h"

#include "nn/base/status.h"

#include <math.h>

#define MAX_SIZE 8192
#define DEFAULT_CROP_FRACTION 0.875f

static bool in_enum(int value, int last) {
    return value >= 0 && value <= last;
}

static MnetStatus bad(MnetError *error, const char *what, int value) {
    return mnet_fail(error, MNET_ERROR_ARGUMENT, "%s %d is out of its range", what, value);
}

MnetStatus mnet_check_target(const MnetImageTarget *target, MnetError *error) {
    if (target->width < 1 || target->width > MAX_SIZE || target->height < 1 ||
        target->height > MAX_SIZE)
        return mnet_fail(error, MNET_ERROR_ARGUMENT, "input tensor of %dx%d: not 1x1 to %dx%d",
                         target->width, target->height, MAX_SIZE, MAX_SIZE);
    if (target->channels != 1 && target->channels != 3)
        return mnet_fail(error, MNET_ERROR_ARGUMENT,
                         "input tensor has %d channels: a picture gives 1 or 3", target->channels);
    if (target->dtype != MNET_DTYPE_F32 && target->dtype != MNET_DTYPE_QU8 &&
        target->dtype != MNET_DTYPE_QS8)
        return bad(error, "input tensor's type", (int)target->dtype);
    if (!in_enum((int)target->order, MNET_CHANNEL_ORDER_BGR))
        return bad(error, "channel order", (int)target->order);
    for (int c = 0; c < target->channels; c++)
        if (!isfinite(target->mul[c]) || !isfinite(target->add[c]))
            return mnet_fail(error, MNET_ERROR_ARGUMENT,
                             "normalization of channel %d is not finite: %g, %g", c,
                             (double)target->mul[c], (double)target->add[c]);
    return MNET_OK;
}

MnetStatus mnet_check_preprocess(const MnetPreprocess *preprocess, MnetPreprocess *out,
                                 MnetError *error) {
    MnetPreprocess result = preprocess ? *preprocess : (MnetPreprocess){0};
    if (!in_enum((int)result.fit, MNET_FIT_LETTERBOX))
        return bad(error, "fit", (int)result.fit);
    if (!in_enum((int)result.resize, MNET_RESIZE_NEAREST))
        return bad(error, "resize", (int)result.resize);
    if (result.crop_fraction == 0)
        result.crop_fraction = DEFAULT_CROP_FRACTION;
    if (!(result.crop_fraction > 0 && result.crop_fraction <= 1))
        return mnet_fail(error, MNET_ERROR_ARGUMENT, "crop_fraction %g is outside (0, 1]",
                         (double)result.crop_fraction);
    *out = result;
    return MNET_OK;
}

static MnetStatus check_planes(const MnetImage *image, const MnetFormatInfo *info,
                               MnetError *error) {
    for (int p = 0; p < info->n_planes; p++) {
        ptrdiff_t row = mnet_format_row_bytes(info, p, image->width);
        ptrdiff_t stride = image->strides[p];
        if (!image->planes[p])
            return mnet_fail(error, MNET_ERROR_ARGUMENT, "plane %d of the %s image is NULL", p,
                             info->name);
        if (stride < row && stride > -row)
            return mnet_fail(error, MNET_ERROR_ARGUMENT,
                             "stride %td of plane %d is smaller than a row of %td bytes (%s, "
                             "%d pixels)",
                             stride, p, row, info->name, image->width);
    }
    return MNET_OK;
}

static MnetStatus check_crop(const MnetImage *image, MnetError *error) {
    const MnetRect *crop = &image->crop;
    if (!crop->x && !crop->y && !crop->width && !crop->height)
        return MNET_OK;
    if (crop->x < 0 || crop->y < 0 || crop->width < 1 || crop->height < 1 ||
        crop->width > image->width || crop->x > image->width - crop->width ||
        crop->height > image->height || crop->y > image->height - crop->height)
        return mnet_fail(error, MNET_ERROR_ARGUMENT,
                         "crop of %dx%d at %d,%d is not inside the image of %dx%d", crop->width,
                         crop->height, crop->x, crop->y, image->width, image->height);
    return MNET_OK;
}

MnetStatus mnet_check_image(const MnetImage *image, MnetError *error) {
    const MnetFormatInfo *info = mnet_format_info(image->format);
    if (!info)
        return mnet_fail(error, MNET_ERROR_ARGUMENT, "unknown pixel format %d", (int)image->format);
    if (image->width < 1 || image->width > MAX_SIZE || image->height < 1 ||
        image->height > MAX_SIZE)
        return mnet_fail(error, MNET_ERROR_ARGUMENT, "image of %dx%d: not 1x1 to %dx%d",
                         image->width, image->height, MAX_SIZE, MAX_SIZE);
    if (!in_enum((int)image->matrix, MNET_COLOR_MATRIX_BT2020))
        return bad(error, "colour matrix", (int)image->matrix);
    if (!in_enum((int)image->range, MNET_COLOR_RANGE_FULL))
        return bad(error, "colour range", (int)image->range);
    if (!in_enum((int)image->chroma_site, MNET_CHROMA_SITE_TOP_LEFT))
        return bad(error, "chroma site", (int)image->chroma_site);
    if (!in_enum((int)image->orientation, MNET_ORIENTATION_FLIP_ROTATE_270))
        return bad(error, "orientation", (int)image->orientation);
    MnetStatus status = check_planes(image, info, error);
    return status ? status : check_crop(image, error);
}
