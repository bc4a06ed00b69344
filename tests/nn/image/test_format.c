#include "nn/image/format.h"

#include "tests/test.h"

static void test_names(void) {
    for (int i = 1; i < MNET_PIXEL_FORMAT_COUNT; i++) {
        const char *name = mnet_pixel_format_name((MnetPixelFormat)i);
        CHECK(strcmp(name, "unknown"), "format %d", i);
        CHECK((int)mnet_pixel_format_from_name(name) == i, "%s", name);
    }
    CHECK(mnet_pixel_format_from_name("NV12") == MNET_PIXEL_FORMAT_NV12);
    CHECK(mnet_pixel_format_from_name("I420_10LE") == MNET_PIXEL_FORMAT_I420_10LE);
    CHECK(mnet_pixel_format_from_name("xBGR") == MNET_PIXEL_FORMAT_xBGR);
    CHECK(mnet_pixel_format_from_name("RGBP") == MNET_PIXEL_FORMAT_RGBP);
}

static void test_unknown(void) {
    CHECK(mnet_pixel_format_from_name("nv12") == MNET_PIXEL_FORMAT_UNKNOWN);
    CHECK(mnet_pixel_format_from_name("unknown") == MNET_PIXEL_FORMAT_UNKNOWN);
    CHECK(mnet_pixel_format_from_name("") == MNET_PIXEL_FORMAT_UNKNOWN);
    CHECK(mnet_pixel_format_from_name(NULL) == MNET_PIXEL_FORMAT_UNKNOWN);
    CHECK(!strcmp(mnet_pixel_format_name(MNET_PIXEL_FORMAT_UNKNOWN), "unknown"));
    CHECK(!strcmp(mnet_pixel_format_name(MNET_PIXEL_FORMAT_COUNT), "unknown"));
    CHECK(!strcmp(mnet_pixel_format_name((MnetPixelFormat)-1), "unknown"));
}

/** What a component's last sample needs is inside its plane's row, for all widths. */
static void test_components_are_inside_rows(void) {
    for (int i = 1; i < MNET_PIXEL_FORMAT_COUNT; i++) {
        const MnetFormatInfo *info = mnet_format_info((MnetPixelFormat)i);
        for (int width = 1; width < 40; width++)
            for (int c = 0; c < info->n_components; c++) {
                const MnetComponentInfo *component = &info->components[c];
                int last = (width - 1) >> component->shift_x;
                int end = (last * component->step + component->offset + 1) * info->sample_bytes;
                CHECK(component->plane < info->n_planes);
                CHECK(end <= mnet_format_row_bytes(info, component->plane, width), "%s %d %d",
                      info->name, width, c);
            }
    }
}

int main(void) {
    RUN(test_names);
    RUN(test_unknown);
    RUN(test_components_are_inside_rows);
    return test_end();
}
