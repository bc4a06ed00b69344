#include "nn/image/image.h"

#include "tests/test.h"

#include <math.h>

static const MnetImageTarget good_target = {
    .width = 4, .height = 4, .channels = 3, .dtype = MNET_DTYPE_QU8, .mul = {1, 1, 1}};

static uint8_t pixels[64 * 64];

static MnetImage good_image(void) {
    return (MnetImage){.format = MNET_PIXEL_FORMAT_NV12,
                       .width = 9,
                       .height = 7,
                       .planes = {pixels, pixels + 512},
                       .strides = {9, 10}};
}

/** The image is refused with a message that has `word`; the tensor stays as it was. */
static void refused(const MnetImage *image, const char *word) {
    uint8_t tensor[48];
    MnetError error = {0};
    MnetImageConverter *converter = NULL;
    CHECK(!mnet_image_converter_new(&good_target, NULL, 1, &converter, &error));
    memset(tensor, 0xa5, sizeof(tensor));
    CHECK(mnet_image_convert(converter, image, tensor, &error) == MNET_ERROR_ARGUMENT, "%s", word);
    CHECK(error.status == MNET_ERROR_ARGUMENT);
    CHECK(strstr(error.message, word), "%s: %s", word, error.message);
    for (size_t i = 0; i < sizeof(tensor); i++)
        CHECK(tensor[i] == 0xa5);
    mnet_image_converter_free(&converter);
}

#define REFUSED(change, word)                                                                      \
    do {                                                                                           \
        MnetImage image = good_image();                                                            \
        change;                                                                                    \
        refused(&image, word);                                                                     \
    } while (0)

static void test_bad_images(void) {
    REFUSED(image.format = MNET_PIXEL_FORMAT_UNKNOWN, "format 0");
    REFUSED(image.format = (MnetPixelFormat)99, "99");
    REFUSED(image.format = (MnetPixelFormat)-1, "-1");
    REFUSED(image.width = 0, "0x7");
    REFUSED(image.height = -3, "9x-3");
    REFUSED(image.width = 8193, "8193x7");
    REFUSED(image.height = 8193, "9x8193");
    REFUSED(image.planes[1] = NULL, "plane 1");
    REFUSED(image.strides[0] = 8, "stride 8");
    REFUSED(image.strides[1] = 9, "row of 10");
    REFUSED(image.strides[0] = -8, "stride -8");
    REFUSED(image.strides[0] = 0, "stride 0");
    REFUSED(image.matrix = (MnetColorMatrix)4, "matrix 4");
    REFUSED(image.range = (MnetColorRange)3, "range 3");
    REFUSED(image.chroma_site = (MnetChromaSite)4, "site 4");
    REFUSED(image.orientation = (MnetOrientation)8, "orientation 8");
}

static void test_bad_crops(void) {
    REFUSED((image.crop = (MnetRect){0, 0, 10, 7}), "10x7");
    REFUSED((image.crop = (MnetRect){1, 0, 9, 7}), "1,0");
    REFUSED((image.crop = (MnetRect){0, 7, 1, 1}), "0,7");
    REFUSED((image.crop = (MnetRect){-1, 0, 2, 2}), "-1,0");
    REFUSED((image.crop = (MnetRect){2, 2, 0, 0}), "0x0");
    REFUSED((image.crop = (MnetRect){INT32_MAX, 0, 1, 1}), "2147483647,0");
    REFUSED((image.crop = (MnetRect){1, 1, INT32_MAX, INT32_MAX}), "2147483647x2147483647");
}

static void target_refused(MnetImageTarget target, int threads, const char *word) {
    MnetError error = {0};
    MnetImageConverter *converter = NULL;
    CHECK(mnet_image_converter_new(&target, NULL, threads, &converter, &error) ==
          MNET_ERROR_ARGUMENT);
    CHECK(strstr(error.message, word), "%s: %s", word, error.message);
    CHECK(!converter);
}

static void test_bad_targets(void) {
    MnetImageTarget t = good_target;
    target_refused(t, 0, "threads 0");
    target_refused(t, 65, "threads 65");
    t.width = 0, target_refused(t, 1, "0x4"), t = good_target;
    t.channels = 2, target_refused(t, 1, "2 channels"), t = good_target;
    t.dtype = MNET_DTYPE_F16, target_refused(t, 1, "type"), t = good_target;
    t.order = (MnetChannelOrder)3, target_refused(t, 1, "order 3"), t = good_target;
    t.mul[1] = NAN, target_refused(t, 1, "channel 1");
}

static void preprocess_refused(MnetPreprocess preprocess, const char *word) {
    MnetError error = {0};
    MnetImageConverter *converter = NULL;
    CHECK(mnet_image_converter_new(&good_target, &preprocess, 1, &converter, &error) ==
          MNET_ERROR_ARGUMENT);
    CHECK(strstr(error.message, word), "%s: %s", word, error.message);
    CHECK(!mnet_image_converter_new(&good_target, NULL, 1, &converter, &error));
    CHECK(mnet_image_converter_set_preprocess(converter, &preprocess, &error) ==
          MNET_ERROR_ARGUMENT);
    CHECK(strstr(error.message, word), "%s: %s", word, error.message);
    mnet_image_converter_free(&converter);
}

static void test_bad_preprocess(void) {
    preprocess_refused((MnetPreprocess){.fit = (MnetFit)3}, "fit 3");
    preprocess_refused((MnetPreprocess){.resize = (MnetResize)3}, "resize 3");
    preprocess_refused((MnetPreprocess){.crop_fraction = 1.5f}, "crop_fraction 1.5");
    preprocess_refused((MnetPreprocess){.crop_fraction = -0.5f}, "crop_fraction -0.5");
    preprocess_refused((MnetPreprocess){.crop_fraction = NAN}, "crop_fraction");
}

static void test_good_image(void) {
    uint8_t tensor[48];
    MnetImage image = good_image();
    MnetImageConverter *converter = NULL;
    CHECK(!mnet_image_converter_new(&good_target, NULL, 1, &converter, NULL));
    CHECK(!mnet_image_convert(converter, &image, tensor, NULL));
    image.crop = (MnetRect){8, 6, 1, 1};
    CHECK(!mnet_image_convert(converter, &image, tensor, NULL));
    mnet_image_converter_free(&converter);
}

int main(void) {
    RUN(test_bad_images);
    RUN(test_bad_crops);
    RUN(test_bad_targets);
    RUN(test_bad_preprocess);
    RUN(test_good_image);
    return test_end();
}
