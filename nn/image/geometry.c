#include "nn/image/geometry.h"

typedef struct Box {
    double x, y, width, height;
} Box;

/* Is the tensor's x axis the frame's y, and does tensor x (y) run against the frame's axis that it
 * comes from? */
static const struct {
    bool swapped, x_reversed, y_reversed;
} orientations[] = {
    [MNET_ORIENTATION_NONE] = {false, false, false},
    [MNET_ORIENTATION_ROTATE_90] = {true, true, false},
    [MNET_ORIENTATION_ROTATE_180] = {false, true, true},
    [MNET_ORIENTATION_ROTATE_270] = {true, false, true},
    [MNET_ORIENTATION_FLIP] = {false, true, false},
    [MNET_ORIENTATION_FLIP_ROTATE_90] = {true, true, true},
    [MNET_ORIENTATION_FLIP_ROTATE_180] = {false, false, true},
    [MNET_ORIENTATION_FLIP_ROTATE_270] = {true, false, false},
};

/** The largest centred part of a picture of w x h that has the aspect ratio of width x height,
 * times `fraction`. */
static Box crop_box(int w, int h, int width, int height, double fraction) {
    double box_w = w, box_h = h;
    if ((int64_t)w * height > (int64_t)h * width)
        box_w = (double)h * width / height;
    else
        box_h = (double)w * height / width;
    box_w *= fraction;
    box_h *= fraction;
    return (Box){(w - box_w) / 2, (h - box_h) / 2, box_w, box_h};
}

/** a * b / c rounded, at least 1. */
static int scaled(int a, int b, int c) {
    int64_t result = (2 * (int64_t)a * b + c) / (2 * (int64_t)c);
    return result < 1 ? 1 : (int)result;
}

static MnetRect letterbox_area(int w, int h, int width, int height) {
    MnetRect area = {0, 0, width, height};
    if ((int64_t)w * height > (int64_t)h * width)
        area.height = scaled(h, width, w);
    else
        area.width = scaled(w, height, h);
    area.x = (width - area.width) / 2;
    area.y = (height - area.height) / 2;
    return area;
}

MnetGeometry mnet_geometry_plan(const MnetImage *image, const MnetPreprocess *preprocess, int width,
                                int height) {
    MnetRect visible = image->crop;
    if (!visible.width)
        visible = (MnetRect){0, 0, image->width, image->height};

    bool swapped = orientations[image->orientation].swapped;
    int w = swapped ? visible.height : visible.width;
    int h = swapped ? visible.width : visible.height;
    Box box = {0, 0, w, h};
    MnetRect area = {0, 0, width, height};
    if (preprocess->fit == MNET_FIT_CROP)
        box = crop_box(w, h, width, height, preprocess->crop_fraction);
    else if (preprocess->fit == MNET_FIT_LETTERBOX)
        area = letterbox_area(w, h, width, height);

    MnetAxis x = {.box_start = box.x,
                  .box_size = box.width,
                  .n_outputs = area.width,
                  .reversed = orientations[image->orientation].x_reversed};
    MnetAxis y = {.box_start = box.y,
                  .box_size = box.height,
                  .n_outputs = area.height,
                  .reversed = orientations[image->orientation].y_reversed};
    MnetGeometry geometry = {
        .x = swapped ? y : x, .y = swapped ? x : y, .swapped = swapped, .area = area};
    geometry.x.origin = visible.x;
    geometry.x.size = visible.width;
    geometry.y.origin = visible.y;
    geometry.y.size = visible.height;
    return geometry;
}
