#include "nn/image/format.h"

#include <string.h>

/* Three planes; the second and third of (1 << sx) x (1 << sy) fewer samples. */
#define PLANAR(n, m, second, third, sx, sy)                                                        \
    {                                                                                              \
        .name = n, .model = m, .n_planes = 3, .n_components = 3, .sample_bytes = 1, .depth = 8,    \
        .planes = {{1, 0, 0}, {1, sx, sy}, {1, sx, sy}},                                           \
        .components = {{0, 0, 1, 0}, {second, 0, 1, sx}, {third, 0, 1, sx}},                       \
    }

#define YUV_PLANAR(n, u, v, sx, sy) PLANAR(n, MNET_COLOR_MODEL_YUV, u, v, sx, sy)

#define YUV_SEMIPLANAR(n, u, v)                                                                    \
    {                                                                                              \
        .name = n, .model = MNET_COLOR_MODEL_YUV, .n_planes = 2, .n_components = 3,                \
        .sample_bytes = 1, .depth = 8, .planes = {{1, 0, 0}, {2, 1, 1}},                           \
        .components = {{0, 0, 1, 0}, {1, u, 2, 1}, {1, v, 2, 1}},                                  \
    }

#define YUV_PACKED(n, y, u, v)                                                                     \
    {                                                                                              \
        .name = n, .model = MNET_COLOR_MODEL_YUV, .n_planes = 1, .n_components = 3,                \
        .sample_bytes = 1, .depth = 8, .planes = {{4, 1, 0}},                                      \
        .components = {{0, y, 2, 0}, {0, u, 4, 1}, {0, v, 4, 1}},                                  \
    }

#define RGB_PACKED(n, bytes, r, g, b)                                                              \
    {                                                                                              \
        .name = n, .model = MNET_COLOR_MODEL_RGB, .n_planes = 1, .n_components = 3,                \
        .sample_bytes = 1, .depth = 8, .planes = {{bytes, 0, 0}},                                  \
        .components = {{0, r, bytes, 0}, {0, g, bytes, 0}, {0, b, bytes, 0}},                      \
    }

static const MnetFormatInfo formats[MNET_PIXEL_FORMAT_COUNT] = {
    [MNET_PIXEL_FORMAT_I420] = YUV_PLANAR("I420", 1, 2, 1, 1),
    [MNET_PIXEL_FORMAT_YV12] = YUV_PLANAR("YV12", 2, 1, 1, 1),
    [MNET_PIXEL_FORMAT_NV12] = YUV_SEMIPLANAR("NV12", 0, 1),
    [MNET_PIXEL_FORMAT_NV21] = YUV_SEMIPLANAR("NV21", 1, 0),
    [MNET_PIXEL_FORMAT_Y42B] = YUV_PLANAR("Y42B", 1, 2, 1, 0),
    [MNET_PIXEL_FORMAT_Y444] = YUV_PLANAR("Y444", 1, 2, 0, 0),
    [MNET_PIXEL_FORMAT_YUY2] = YUV_PACKED("YUY2", 0, 1, 3),
    [MNET_PIXEL_FORMAT_UYVY] = YUV_PACKED("UYVY", 1, 0, 2),
    [MNET_PIXEL_FORMAT_I420_10LE] =
        {
            .name = "I420_10LE",
            .model = MNET_COLOR_MODEL_YUV,
            .n_planes = 3,
            .n_components = 3,
            .sample_bytes = 2,
            .depth = 10,
            .planes = {{2, 0, 0}, {2, 1, 1}, {2, 1, 1}},
            .components = {{0, 0, 1, 0}, {1, 0, 1, 1}, {2, 0, 1, 1}},
        },
    [MNET_PIXEL_FORMAT_P010_10LE] =
        {
            .name = "P010_10LE",
            .model = MNET_COLOR_MODEL_YUV,
            .n_planes = 2,
            .n_components = 3,
            .sample_bytes = 2,
            .unit_bits = 6,
            .depth = 10,
            .planes = {{2, 0, 0}, {4, 1, 1}},
            .components = {{0, 0, 1, 0}, {1, 0, 2, 1}, {1, 1, 2, 1}},
        },
    [MNET_PIXEL_FORMAT_RGB] = RGB_PACKED("RGB", 3, 0, 1, 2),
    [MNET_PIXEL_FORMAT_BGR] = RGB_PACKED("BGR", 3, 2, 1, 0),
    [MNET_PIXEL_FORMAT_RGBA] = RGB_PACKED("RGBA", 4, 0, 1, 2),
    [MNET_PIXEL_FORMAT_BGRA] = RGB_PACKED("BGRA", 4, 2, 1, 0),
    [MNET_PIXEL_FORMAT_ARGB] = RGB_PACKED("ARGB", 4, 1, 2, 3),
    [MNET_PIXEL_FORMAT_ABGR] = RGB_PACKED("ABGR", 4, 3, 2, 1),
    [MNET_PIXEL_FORMAT_RGBx] = RGB_PACKED("RGBx", 4, 0, 1, 2),
    [MNET_PIXEL_FORMAT_BGRx] = RGB_PACKED("BGRx", 4, 2, 1, 0),
    [MNET_PIXEL_FORMAT_xRGB] = RGB_PACKED("xRGB", 4, 1, 2, 3),
    [MNET_PIXEL_FORMAT_xBGR] = RGB_PACKED("xBGR", 4, 3, 2, 1),
    [MNET_PIXEL_FORMAT_RGBP] = PLANAR("RGBP", MNET_COLOR_MODEL_RGB, 1, 2, 0, 0),
    [MNET_PIXEL_FORMAT_GRAY8] =
        {
            .name = "GRAY8",
            .model = MNET_COLOR_MODEL_GRAY,
            .n_planes = 1,
            .n_components = 1,
            .sample_bytes = 1,
            .depth = 8,
            .planes = {{1, 0, 0}},
            .components = {{0, 0, 1, 0}},
        },
};

const MnetFormatInfo *mnet_format_info(MnetPixelFormat format) {
    /* Out of an enum that the caller filled, any number may come. */
    int index = (int)format;
    if (index <= MNET_PIXEL_FORMAT_UNKNOWN || index >= MNET_PIXEL_FORMAT_COUNT)
        return NULL;
    return &formats[index];
}

int mnet_format_row_bytes(const MnetFormatInfo *info, int plane, int width) {
    const MnetPlaneInfo *p = &info->planes[plane];
    int groups = (width + (1 << p->group_shift) - 1) >> p->group_shift;
    return groups * p->group_bytes;
}

MnetPixelFormat mnet_pixel_format_from_name(const char *name) {
    for (int i = MNET_PIXEL_FORMAT_UNKNOWN + 1; name && i < MNET_PIXEL_FORMAT_COUNT; i++)
        if (!strcmp(formats[i].name, name))
            return (MnetPixelFormat)i;
    return MNET_PIXEL_FORMAT_UNKNOWN;
}

const char *mnet_pixel_format_name(MnetPixelFormat format) {
    const MnetFormatInfo *info = mnet_format_info(format);
    return info ? info->name : "unknown";
}
