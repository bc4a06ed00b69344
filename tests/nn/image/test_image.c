#include "nn/image/image.h"

#include "tests/nn/image/frame.h"
#include "tests/nn/image/reference.h"
#include "tests/test.h"

#include <math.h>
#include <time.h>

#define MAX_TARGET 64
#define MAX_BYTES (MAX_TARGET * MAX_TARGET * 3 * sizeof(float))
#define CANARY 64
#define TOLERANCE 0.6 /* of 255 */

static double max_difference;

typedef struct Setup {
    MnetImageTarget target;
    MnetPreprocess preprocess;
    int threads;
} Setup;

static size_t tensor_bytes(const MnetImageTarget *t) {
    size_t element = t->dtype == MNET_DTYPE_F32 ? sizeof(float) : 1;
    return element * (size_t)t->width * (size_t)t->height * (size_t)t->channels;
}

static bool convert(const Setup *setup, const MnetImage *image, void *tensor) {
    MnetImageConverter *converter = NULL;
    MnetError error = {0};
    MnetStatus status = mnet_image_converter_new(&setup->target, &setup->preprocess, setup->threads,
                                                 &converter, &error);
    if (!status)
        status = mnet_image_convert(converter, image, tensor, &error);
    CHECK(!status, "%s", error.message);
    mnet_image_converter_free(&converter);
    return !status;
}

/** Element of pixel (x, y), channel c of the model's order. */
static double element(const MnetImageTarget *t, const void *tensor, int x, int y, int c) {
    int at = (y * t->width + x) * t->channels + c;
    if (t->dtype == MNET_DTYPE_F32)
        return (double)((const float *)tensor)[at];
    return t->dtype == MNET_DTYPE_QU8 ? ((const uint8_t *)tensor)[at]
                                      : ((const int8_t *)tensor)[at];
}

/** How far an element is off what v calls for, in units of 255, beyond the half step of rounding.
 */
static double difference(const MnetImageTarget *t, double got, double v, int c) {
    double mul = (double)t->mul[c], want = v * mul + (double)t->add[c];
    if (t->dtype == MNET_DTYPE_F32)
        return fabs(got - want) / mul;
    double lo = t->dtype == MNET_DTYPE_QU8 ? 0 : -128;
    want = fmin(fmax(want, lo), lo + 255);
    return fmax(0, fabs(got - want) - 0.5) / mul;
}

static double compare(const Setup *setup, const MnetImage *image, const void *tensor) {
    static double rgb[MAX_TARGET * MAX_TARGET * 3];
    const MnetImageTarget *t = &setup->target;
    reference_convert(image, &setup->preprocess, t->width, t->height, rgb);
    double worst = 0;
    for (int y = 0; y < t->height; y++)
        for (int x = 0; x < t->width; x++) {
            const double *v = rgb + (y * t->width + x) * 3;
            if (t->channels == 1) {
                double luma = 0.299 * v[0] + 0.587 * v[1] + 0.114 * v[2];
                worst = fmax(worst, difference(t, element(t, tensor, x, y, 0), luma, 0));
                continue;
            }
            for (int c = 0; c < 3; c++) {
                int at = t->order == MNET_CHANNEL_ORDER_BGR ? 2 - c : c;
                worst = fmax(worst, difference(t, element(t, tensor, x, y, at), v[c], c));
            }
        }
    return worst;
}

static void check_one(const Setup *setup, const MnetImage *image) {
    static _Alignas(64) uint8_t room[CANARY + MAX_BYTES + CANARY];
    uint8_t *tensor = room + CANARY;
    size_t bytes = tensor_bytes(&setup->target);
    memset(room, 0xa5, CANARY);
    memset(tensor + bytes, 0xa5, CANARY);
    if (!convert(setup, image, tensor))
        return;

    bool intact = true;
    for (int i = 0; i < CANARY; i++)
        intact = intact && room[i] == 0xa5 && tensor[bytes + (size_t)i] == 0xa5;
    CHECK(intact, "written outside the tensor");
    double worst = compare(setup, image, tensor);
    max_difference = fmax(max_difference, worst);
    CHECK(
        worst <= TOLERANCE,
        "off by %g: %s %dx%d crop %dx%d+%d+%d matrix %d range %d site %d orientation %d, to %dx%d "
        "fit %d resize %d fraction %g dtype %d channels %d",
        worst, mnet_pixel_format_name(image->format), image->width, image->height,
        image->crop.width, image->crop.height, image->crop.x, image->crop.y, (int)image->matrix,
        (int)image->range, (int)image->chroma_site, (int)image->orientation, setup->target.width,
        setup->target.height, (int)setup->preprocess.fit, (int)setup->preprocess.resize,
        (double)setup->preprocess.crop_fraction, (int)setup->target.dtype, setup->target.channels);
}

static MnetImageTarget random_target(int max) {
    static const float muls[3][3] = {{1, 1, 1}, {1 / 127.5f, 0.5f, 0.017f}, {2, 0.25f, 1}};
    static const float adds[3][3] = {{0, 0, 0}, {-1, 3, -0.25f}, {-128, -100, 17}};
    MnetImageTarget t = {
        .width = frame_range(1, max),
        .height = frame_range(1, max),
        .channels = frame_range(0, 3) ? 3 : 1,
        .dtype = (MnetDtype[]){MNET_DTYPE_F32, MNET_DTYPE_QU8, MNET_DTYPE_QS8}[frame_range(0, 2)],
        .order = (MnetChannelOrder)frame_range(0, 2)};
    memcpy(t.mul, muls[frame_range(0, 2)], sizeof(t.mul));
    memcpy(t.add, adds[frame_range(0, 2)], sizeof(t.add));
    return t;
}

static MnetRect random_crop(int width, int height) {
    if (!frame_range(0, 2))
        return (MnetRect){0, 0, 0, 0};
    MnetRect crop = {.width = frame_range(1, width), .height = frame_range(1, height)};
    crop.x = frame_range(0, width - crop.width);
    crop.y = frame_range(0, height - crop.height);
    return crop;
}

static void test_every_combination(void) {
    Frame frame = {0};
    for (int format = 1; format < MNET_PIXEL_FORMAT_COUNT; format++)
        for (int i = 0; i < 4 * 3 * 4 * 3 * 3 * 8; i++) {
            frame_make(&frame, (MnetPixelFormat)format, frame_range(1, 12), frame_range(1, 12), 9,
                       frame_range(0, 1));
            MnetImage *image = &frame.image;
            Setup setup = {.target = random_target(5), .threads = 1};
            int rest = i;
            image->matrix = (MnetColorMatrix)(rest % 4), rest /= 4;
            image->range = (MnetColorRange)(rest % 3), rest /= 3;
            image->chroma_site = (MnetChromaSite)(rest % 4), rest /= 4;
            image->orientation = (MnetOrientation)(rest % 8), rest /= 8;
            setup.preprocess.fit = (MnetFit)(rest % 3), rest /= 3;
            setup.preprocess.resize = (MnetResize)rest;
            setup.preprocess.letterbox_color[frame_range(0, 2)] = (uint8_t)frame_random();
            image->crop = random_crop(image->width, image->height);
            check_one(&setup, image);
        }
    frame_free(&frame);
}

static void random_setup(Setup *setup, Frame *frame, int max_size, int max_target) {
    static const float fractions[] = {0, 1, 0.875f, 0.5f, 0.01f};
    int width = frame_range(0, 5) ? frame_range(1, max_size) : 1;
    int height = frame_range(0, 5) ? frame_range(1, max_size) : 1;
    int padding = frame_range(0, 9) ? 40 : 5000;
    frame_make(frame, (MnetPixelFormat)frame_range(1, MNET_PIXEL_FORMAT_COUNT - 1), width, height,
               padding, frame_range(0, 1));
    frame->image.matrix = (MnetColorMatrix)frame_range(0, 3);
    frame->image.range = (MnetColorRange)frame_range(0, 2);
    frame->image.chroma_site = (MnetChromaSite)frame_range(0, 3);
    frame->image.orientation = (MnetOrientation)frame_range(0, 7);
    frame->image.crop = random_crop(width, height);
    *setup = (Setup){.target = random_target(max_target), .threads = frame_range(1, 3)};
    setup->preprocess.fit = (MnetFit)frame_range(0, 2);
    setup->preprocess.resize = (MnetResize)frame_range(0, 2);
    setup->preprocess.crop_fraction = fractions[frame_range(0, 4)];
}

static void test_random_sizes(void) {
    Frame frame = {0};
    Setup setup;
    for (int i = 0; i < 600; i++) {
        random_setup(&setup, &frame, 200, i % 10 ? 12 : MAX_TARGET);
        check_one(&setup, &frame.image);
    }
    frame_free(&frame);
}

static void test_extreme_sizes(void) {
    static const int sizes[][4] = {{8192, 1, 3, 2},    {1, 8192, 2, 3}, {8192, 3, 1, 1},
                                   {3, 8191, 1, 1},    {1, 1, 60, 60},  {2, 1, 1, 50},
                                   {719, 577, 7, 9},   {4, 576, 3, 3},  {4, 577, 3, 3},
                                   {1001, 1003, 8, 8}, {8191, 9, 64, 1}};
    Frame frame = {0};
    for (int i = 0; i < (int)(sizeof(sizes) / sizeof(sizes[0])); i++)
        for (int format = 1; format < MNET_PIXEL_FORMAT_COUNT; format += frame_range(1, 4)) {
            Setup setup = {.target = random_target(1), .threads = 1};
            setup.target.width = sizes[i][2];
            setup.target.height = sizes[i][3];
            setup.preprocess.fit = (MnetFit)frame_range(0, 2);
            frame_make(&frame, (MnetPixelFormat)format, sizes[i][0], sizes[i][1], 3, false);
            check_one(&setup, &frame.image);
        }
    frame_free(&frame);
}

/** Without a change of size, a full-range RGB byte comes through as it is. */
static void test_identity(void) {
    Frame frame = {0};
    uint8_t out[21 * 13 * 3];
    Setup setup = {
        .threads = 1,
        .target = {
            .width = 21, .height = 13, .channels = 3, .dtype = MNET_DTYPE_QU8, .mul = {1, 1, 1}}};
    for (int resize = 0; resize < 3; resize++) {
        setup.preprocess.resize = (MnetResize)resize;
        frame_make(&frame, MNET_PIXEL_FORMAT_RGB, 21, 13, 20, false);
        convert(&setup, &frame.image, out);
        for (int y = 0; y < 13; y++)
            CHECK(!memcmp(out + y * 63, frame.image.planes[0] + y * frame.image.strides[0], 63),
                  "resize %d row %d", resize, y);
    }
    frame_free(&frame);
}

static void test_threads_change_nothing(void) {
    static uint8_t one[MAX_BYTES], many[MAX_BYTES];
    Frame frame = {0};
    Setup setup;
    for (int i = 0; i < 60; i++) {
        random_setup(&setup, &frame, 150, MAX_TARGET);
        size_t bytes = tensor_bytes(&setup.target);
        setup.threads = 1;
        convert(&setup, &frame.image, one);
        setup.threads = frame_range(2, 7);
        convert(&setup, &frame.image, many);
        CHECK(!memcmp(one, many, bytes), "%d threads", setup.threads);
    }
    frame_free(&frame);
}

/** Changes one thing that a converter may have kept numbers for. */
static void change_one(MnetImage *image, int part) {
    switch (part) {
    case 0:
        image->orientation = (MnetOrientation)(((int)image->orientation + 1) % 8);
        break;
    case 1:
        image->chroma_site = (MnetChromaSite)(((int)image->chroma_site + 1) % 4);
        break;
    case 2:
        image->matrix = MNET_COLOR_MATRIX_BT2020;
        image->range = MNET_COLOR_RANGE_FULL;
        break;
    case 3:
        image->crop = (MnetRect){image->width / 2, 0, (image->width + 1) / 2, image->height};
        break;
    case 4:
        image->crop = (MnetRect){0, 0, 0, 0};
        break;
    default:
        image->height = (image->height + 1) / 2;
    }
}

/** A converter that has seen other frames gives what a new one does; a refused frame does no harm.
 */
static void test_changing_geometry(void) {
    static uint8_t fresh[MAX_BYTES], used[MAX_BYTES];
    Frame frame = {0};
    Setup setup;
    MnetError error;
    MnetImageConverter *converter = NULL;
    MnetImageTarget target = random_target(MAX_TARGET);
    CHECK(!mnet_image_converter_new(&target, NULL, 2, &converter, &error));
    for (int i = 0; i < 200; i++) {
        random_setup(&setup, &frame, 90, MAX_TARGET);
        setup.target = target;
        MnetImage broken = frame.image;
        broken.planes[0] = NULL;
        CHECK(mnet_image_convert(converter, &broken, used, &error) == MNET_ERROR_ARGUMENT);
        if (i % 2)
            CHECK(!mnet_image_converter_set_preprocess(converter, &setup.preprocess, &error));
        else
            setup.preprocess = (MnetPreprocess){0};
        if (i % 2 == 0)
            CHECK(!mnet_image_converter_set_preprocess(converter, NULL, &error));
        for (int repeat = 0; repeat < 2; repeat++)
            CHECK(!mnet_image_convert(converter, &frame.image, used, &error));
        convert(&setup, &frame.image, fresh);
        CHECK(!memcmp(fresh, used, tensor_bytes(&target)), "frame %d", i);

        for (int part = 0; part < 6; part++) {
            change_one(&frame.image, part);
            CHECK(!mnet_image_convert(converter, &frame.image, used, &error), "%s", error.message);
            convert(&setup, &frame.image, fresh);
            CHECK(!memcmp(fresh, used, tensor_bytes(&target)), "frame %d, change %d", i, part);
        }
    }
    mnet_image_converter_free(&converter);
    CHECK(!converter);
    mnet_image_converter_free(&converter);
    frame_free(&frame);
}

int main(int argc, char **argv) {
    uint32_t seed = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : 20240607;
    printf("seed %u\n", seed);
    frame_seed(seed);
    RUN(test_every_combination);
    RUN(test_random_sizes);
    RUN(test_extreme_sizes);
    RUN(test_identity);
    RUN(test_threads_change_nothing);
    RUN(test_changing_geometry);
    printf("largest difference %.6f of 255\n", max_difference);
    return test_end();
}
