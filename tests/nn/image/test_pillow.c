#include "nn/image/image.h"

#include "tests/test.h"

#include <math.h>

static uint8_t file[100 * 1024];
static size_t file_size;

static int u16(size_t at) {
    return at + 2 <= file_size ? file[at] | file[at + 1] << 8 : 0;
}

static double worst;

/** One case of make_pillow.py at `at`; returns where the next begins. */
static size_t check_case(size_t at) {
    int width = u16(at), height = u16(at + 2), w = u16(at + 4), h = u16(at + 6), crop = u16(at + 8);
    const uint8_t *source = file + at + 10, *want = source + width * height * 3;
    size_t next = at + 10 + (size_t)(width * height + w * h) * 3;
    CHECK(width && height && w && h && next <= file_size, "broken case at %zu", at);
    if (next > file_size)
        return file_size;

    MnetImage image = {.format = MNET_PIXEL_FORMAT_RGB,
                       .width = width,
                       .height = height,
                       .planes = {source},
                       .strides = {width * 3}};
    MnetImageTarget target = {
        .width = w, .height = h, .channels = 3, .dtype = MNET_DTYPE_F32, .mul = {1, 1, 1}};
    MnetPreprocess preprocess = {.fit = crop ? MNET_FIT_CROP : MNET_FIT_STRETCH};
    MnetImageConverter *converter = NULL;
    MnetError error = {0};
    float *got = calloc((size_t)(w * h) * 3, sizeof(*got));
    MnetStatus status = mnet_image_converter_new(&target, &preprocess, 1, &converter, &error);
    if (!status)
        status = mnet_image_convert(converter, &image, got, &error);
    CHECK(!status, "%s", error.message);

    double off = 0;
    for (int i = 0; i < w * h * 3; i++)
        off = fabs((double)got[i] - want[i]) > off ? fabs((double)got[i] - want[i]) : off;
    CHECK(off <= 1, "off by %g: %dx%d to %dx%d%s", off, width, height, w, h, crop ? ", crop" : "");
    worst = fmax(worst, off);
    mnet_image_converter_free(&converter);
    free(got);
    return next;
}

static void test_pillow_bilinear(void) {
    char path[4096];
    const char *source = getenv("MNET_SOURCE");
    snprintf(path, sizeof(path), "%s/tests/nn/image/pillow.bin", source ? source : ".");
    FILE *stream = fopen(path, "rb");
    CHECK(stream, "%s", path);
    if (!stream)
        return;
    file_size = fread(file, 1, sizeof(file), stream);
    fclose(stream);

    int n = u16(0);
    CHECK(n >= 10);
    size_t at = 2;
    for (int i = 0; i < n; i++)
        at = check_case(at);
    CHECK(at == file_size, "%zu of %zu bytes", at, file_size);
}

int main(void) {
    RUN(test_pillow_bilinear);
    printf("largest difference from Pillow %.3f of 255\n", worst);
    return test_end();
}
