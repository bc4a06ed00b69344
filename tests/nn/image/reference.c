#include "tests/nn/image/reference.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

/** How the upright picture maps onto the stored frame: stored = flip(unrotate(upright)), sizes of
 * the visible part. */
typedef struct View {
    int width, height; /* stored */
    int quarters;      /* turns clockwise */
    bool flip;
} View;

/** One axis of one component for one output: weights of the samples [0, count). */
typedef struct Taps {
    double weights[8192];
} Taps;

static double u8_at(const MnetImage *m, int plane, int x, int y) {
    return m->planes[plane][y * m->strides[plane] + x];
}

static double u16_at(const MnetImage *m, int plane, int x, int y) {
    const uint8_t *p = m->planes[plane] + y * m->strides[plane] + 2 * x;
    return p[0] + 256.0 * p[1];
}

static double packed(const MnetImage *m, const int order[3], int bytes, int c, int x, int y) {
    return u8_at(m, 0, bytes * x + order[c], y);
}

/** Sample (x, y) of component c in its own grid, as a code of the format's depth. */
static double sample(const MnetImage *m, int c, int x, int y) {
    switch (m->format) {
    case MNET_PIXEL_FORMAT_I420:
    case MNET_PIXEL_FORMAT_Y42B:
    case MNET_PIXEL_FORMAT_Y444:
    case MNET_PIXEL_FORMAT_RGBP:
        return u8_at(m, c, x, y);
    case MNET_PIXEL_FORMAT_YV12:
        return u8_at(m, c == 0 ? 0 : 3 - c, x, y);
    case MNET_PIXEL_FORMAT_NV12:
        return c == 0 ? u8_at(m, 0, x, y) : u8_at(m, 1, 2 * x + (c - 1), y);
    case MNET_PIXEL_FORMAT_NV21:
        return c == 0 ? u8_at(m, 0, x, y) : u8_at(m, 1, 2 * x + (2 - c), y);
    case MNET_PIXEL_FORMAT_YUY2:
        return u8_at(m, 0, c == 0 ? 2 * x : 4 * x + 2 * c - 1, y);
    case MNET_PIXEL_FORMAT_UYVY:
        return u8_at(m, 0, c == 0 ? 2 * x + 1 : 4 * x + 2 * c - 2, y);
    case MNET_PIXEL_FORMAT_I420_10LE:
        return u16_at(m, c, x, y);
    case MNET_PIXEL_FORMAT_P010_10LE:
        return (c == 0 ? u16_at(m, 0, x, y) : u16_at(m, 1, 2 * x + (c - 1), y)) / 64;
    case MNET_PIXEL_FORMAT_RGB:
        return packed(m, (int[]){0, 1, 2}, 3, c, x, y);
    case MNET_PIXEL_FORMAT_BGR:
        return packed(m, (int[]){2, 1, 0}, 3, c, x, y);
    case MNET_PIXEL_FORMAT_RGBA:
    case MNET_PIXEL_FORMAT_RGBx:
        return packed(m, (int[]){0, 1, 2}, 4, c, x, y);
    case MNET_PIXEL_FORMAT_BGRA:
    case MNET_PIXEL_FORMAT_BGRx:
        return packed(m, (int[]){2, 1, 0}, 4, c, x, y);
    case MNET_PIXEL_FORMAT_ARGB:
    case MNET_PIXEL_FORMAT_xRGB:
        return packed(m, (int[]){1, 2, 3}, 4, c, x, y);
    case MNET_PIXEL_FORMAT_ABGR:
    case MNET_PIXEL_FORMAT_xBGR:
        return packed(m, (int[]){3, 2, 1}, 4, c, x, y);
    case MNET_PIXEL_FORMAT_GRAY8:
        return u8_at(m, 0, x, y);
    default:
        abort();
    }
}

static bool is_yuv(const MnetImage *m) {
    return m->format < MNET_PIXEL_FORMAT_RGB;
}

static bool is_ten_bit(const MnetImage *m) {
    return m->format == MNET_PIXEL_FORMAT_I420_10LE || m->format == MNET_PIXEL_FORMAT_P010_10LE;
}

static int halved_x(const MnetImage *m, int c) {
    return c > 0 && is_yuv(m) && m->format != MNET_PIXEL_FORMAT_Y444;
}

static int halved_y(const MnetImage *m, int c) {
    return halved_x(m, c) && m->format != MNET_PIXEL_FORMAT_Y42B &&
           m->format != MNET_PIXEL_FORMAT_YUY2 && m->format != MNET_PIXEL_FORMAT_UYVY;
}

/**
 * Weights of the samples of an axis: `at` is where the output's centre falls and `step` how far
 * outputs are apart, in pixels of the frame; visible are pixels [origin, origin + size). Sample k
 * stands at pixel position site(k).
 */
static void find_taps(Taps *taps, MnetResize resize, double at, double step, int origin, int size,
                      int halved, bool cosited) {
    int group = 1 + halved, first = origin / group, last = (origin + size - 1) / group;
    double sum = 0;
    for (int k = first; k <= last; k++) {
        double site = k * group + (cosited ? 0.5 : group / 2.0);
        double distance = fabs(site - at) / group;
        double support = fmax(step / group, 1);
        double *w = &taps->weights[k];
        if (resize == MNET_RESIZE_ANTIALIAS) {
            *w = fmax(0, 1 - distance / support);
        } else if (resize == MNET_RESIZE_NEAREST) {
            *w = k == (int)floor(at) / group;
        } else {
            *w = fmax(0, 1 - distance);
            /* Beyond the outermost samples their value goes on. */
            if ((k == first && at < site) || (k == last && at > site))
                *w = 1;
        }
        sum += *w;
    }
    for (int k = first; k <= last; k++)
        taps->weights[k] /= sum;
}

/** Component c around the point (x, y) of the frame. */
static double resample(const MnetImage *m, const MnetRect *visible, MnetResize resize, int c,
                       double x, double y, double step_x, double step_y) {
    static Taps tx, ty;
    int hx = halved_x(m, c), hy = halved_y(m, c);
    bool cosited_x = hx && m->chroma_site != MNET_CHROMA_SITE_CENTER;
    bool cosited_y = hy && m->chroma_site == MNET_CHROMA_SITE_TOP_LEFT;
    find_taps(&tx, resize, x, step_x, visible->x, visible->width, hx, cosited_x);
    find_taps(&ty, resize, y, step_y, visible->y, visible->height, hy, cosited_y);

    double sum = 0;
    for (int j = visible->y >> hy; j <= (visible->y + visible->height - 1) >> hy; j++)
        for (int i = visible->x >> hx;
             ty.weights[j] != 0 && i <= (visible->x + visible->width - 1) >> hx; i++)
            if (tx.weights[i] != 0)
                sum += tx.weights[i] * ty.weights[j] * sample(m, c, i, j);
    return sum;
}

/** Codes to R, G, B of 0 to 1, from the definitions: Y = Kr R + Kg G + Kb B, Cb = (B - Y) / (2 (1 -
 * Kb)), ... */
static void to_rgb(const MnetImage *m, const double code[3], double rgb[3]) {
    double bits = is_ten_bit(m) ? 10 : 8, eight = pow(2, bits - 8), peak = pow(2, bits) - 1;
    bool full =
        m->range == MNET_COLOR_RANGE_FULL || (m->range == MNET_COLOR_RANGE_DEFAULT && !is_yuv(m));
    double black = full ? 0 : 16 * eight, white = full ? peak : 235 * eight;
    if (!is_yuv(m)) {
        for (int c = 0; c < 3; c++)
            rgb[c] = (code[m->format == MNET_PIXEL_FORMAT_GRAY8 ? 0 : c] - black) / (white - black);
        return;
    }
    static const double k[4][2] = {
        {0, 0}, {0.299, 0.114}, {0.2126, 0.0722}, {0.2627, 0.0593}}; /* Kr, Kb by matrix */
    int matrix = (int)m->matrix;
    if (!matrix)
        matrix = m->height > 576 ? MNET_COLOR_MATRIX_BT709 : MNET_COLOR_MATRIX_BT601;
    double kr = k[matrix][0], kb = k[matrix][1];
    double y = (code[0] - black) / (white - black);
    double cb = (code[1] - 128 * eight) / (full ? peak : 224 * eight);
    double cr = (code[2] - 128 * eight) / (full ? peak : 224 * eight);
    rgb[0] = y + 2 * (1 - kr) * cr;
    rgb[2] = y + 2 * (1 - kb) * cb;
    rgb[1] = (y - kr * rgb[0] - kb * rgb[2]) / (1 - kr - kb);
}

static View view_of(MnetOrientation orientation, const MnetRect *visible) {
    int o = (int)orientation;
    return (View){visible->width, visible->height, o % 4, o >= 4};
}

/** A point of the upright picture to the point of the stored one (both from their own top left). */
static void to_stored(const View *view, double x, double y, double *stored_x, double *stored_y) {
    double w = view->width, h = view->height;
    switch (view->quarters) {
    case 0:
        *stored_x = x, *stored_y = y;
        break;
    case 1: /* the stored top left went to the top right */
        *stored_x = y, *stored_y = h - x;
        break;
    case 2:
        *stored_x = w - x, *stored_y = h - y;
        break;
    default:
        *stored_x = w - y, *stored_y = x;
    }
    if (view->flip)
        *stored_x = w - *stored_x;
}

static int at_least_one(double v) {
    return v < 1 ? 1 : (int)floor(v);
}

void reference_convert(const MnetImage *m, const MnetPreprocess *pre, int width, int height,
                       double *rgb) {
    MnetRect visible = m->crop;
    if (!visible.width)
        visible = (MnetRect){0, 0, m->width, m->height};
    View view = view_of(m->orientation, &visible);
    bool turned = view.quarters % 2;
    double w = turned ? visible.height : visible.width;
    double h = turned ? visible.width : visible.height;

    double box_w = w, box_h = h;
    int area_w = width, area_h = height;
    if (pre->fit == MNET_FIT_CROP) {
        double fraction = pre->crop_fraction == 0 ? 0.875 : (double)pre->crop_fraction;
        double zoom = fmin(w / width, h / height) * fraction;
        box_w = zoom * width;
        box_h = zoom * height;
    } else if (pre->fit == MNET_FIT_LETTERBOX) {
        double zoom = fmin(width / w, height / h);
        area_w = at_least_one(w * zoom + 0.5 + 1e-9);
        area_h = at_least_one(h * zoom + 0.5 + 1e-9);
    }
    int area_x = (width - area_w) / 2, area_y = (height - area_h) / 2;
    double step_x = box_w / area_w, step_y = box_h / area_h;

    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            double *out = rgb + ((size_t)y * (size_t)width + (size_t)x) * 3;
            int i = x - area_x, j = y - area_y;
            if (i < 0 || i >= area_w || j < 0 || j >= area_h) {
                for (int c = 0; c < 3; c++)
                    out[c] = pre->letterbox_color[c];
                continue;
            }
            double px = (w - box_w) / 2 + (i + 0.5) * step_x;
            double py = (h - box_h) / 2 + (j + 0.5) * step_y;
            if (pre->resize == MNET_RESIZE_NEAREST) {
                px = fmin(floor(px + 1e-9), w - 1) + 0.5;
                py = fmin(floor(py + 1e-9), h - 1) + 0.5;
            }
            double sx, sy, code[3] = {0};
            to_stored(&view, px, py, &sx, &sy);
            int components = m->format == MNET_PIXEL_FORMAT_GRAY8 ? 1 : 3;
            for (int c = 0; c < components; c++)
                code[c] = resample(m, &visible, pre->resize, c, sx + visible.x, sy + visible.y,
                                   turned ? step_y : step_x, turned ? step_x : step_y);
            to_rgb(m, code, out);
            for (int c = 0; c < 3; c++)
                out[c] = fmin(fmax(out[c], 0), 1) * 255;
        }
}
