/* Which mode mobilenet-camera takes of made-up cameras. */
#include "pipelines/camera-choose.h"

#include "tests/test.h"

static const CameraWish wish = {.input_width = 224, .input_height = 224, .rate = 30};

static CameraMode mode(const char *format, int width, int height, int rate) {
    CameraMode mode = {
        .format = format, .width = width, .height = height, .rate_n = rate, .rate_d = 1};
    strcpy(mode.code, format ? format : "BA81");
    return mode;
}

/* The mode that is chosen of `n`, or -1; `text` must be in the reason. */
static int choose(const CameraMode *modes, unsigned n, const CameraWish *of, const char *text) {
    gchar *why = NULL;
    const CameraMode *chosen = camera_choose(modes, n, of, &why);
    int index = chosen ? (int)(chosen - modes) : -1;
    CHECK(why && strstr(why, text));
    g_free(why);
    return index;
}

static void test_cheapest(void) {
    CameraMode modes[] = {mode("JPEG", 1920, 1080, 30), mode("YUY2", 640, 480, 30),
                          mode("YUY2", 320, 240, 30),   mode("YUY2", 160, 120, 30),
                          mode("JPEG", 320, 240, 30),   mode("YUY2", 320, 240, 60)};
    CHECK(choose(modes, 6, &wish, "the cheapest of 5 modes") == 2);
    CHECK(choose(modes, 2, &wish, "the next, JPEG 1920x1080 at 30/s") == 1);
    CHECK(choose(modes, 1, &wish, "the only mode") == 0);
    /* planar has fewer bytes */
    modes[4] = mode("NV12", 320, 240, 30);
    CHECK(choose(modes, 6, &wish, "NV12 320x240") == 4);
}

static void test_shortfalls(void) {
    CameraMode modes[] = {mode("YUY2", 160, 120, 30), mode("YUY2", 1280, 720, 10),
                          mode("YUY2", 1280, 720, 5), mode("YUY2", 320, 180, 30)};
    /* enlarging is worse than a low rate */
    CHECK(choose(modes, 4, &wish, "which no mode covers") == 1);
    modes[1].height = 100;
    modes[2].height = 90;
    CHECK(choose(modes, 4, &wish, "the nearest") == 3);
    /* a rate of 29.97 is one of 30; an unknown one may be */
    modes[1] = mode("YUY2", 320, 240, 30000);
    modes[1].rate_d = 1001;
    CHECK(choose(modes, 4, &wish, "the only mode") == 1);
    modes[1] = mode("YUY2", 320, 240, 0);
    CHECK(choose(modes, 4, &wish, "the only mode") == 1);
}

static void test_emulated(void) {
    CameraMode modes[] = {mode("RGB", 320, 240, 30), mode("JPEG", 320, 240, 30),
                          mode(NULL, 320, 240, 30)};
    modes[0].emulated = TRUE;
    /* decoding by ourselves is cheaper than letting libv4l2 convert */
    CHECK(choose(modes, 3, &wish, "JPEG") == 1);
    CHECK(choose(modes, 1, &wish, "emulated RGB") == 0);
    CHECK(choose(modes + 2, 1, &wish, "no format that GStreamer can use") == -1);
    CHECK(choose(modes, 0, &wish, "no format") == -1);
}

static void test_size(void) {
    CameraMode modes[] = {mode("YUY2", 320, 240, 30), mode("YUY2", 640, 480, 30),
                          mode("YUY2", 160, 120, 30)};
    CameraWish exact = wish;
    exact.width = 640;
    exact.height = 480;
    CHECK(choose(modes, 3, &exact, "640x480") == 1);
    exact.width = 160;
    exact.height = 120;
    CHECK(choose(modes, 3, &exact, "which no mode covers") == 2);
    exact.width = 161;
    CHECK(choose(modes, 3, &exact, "no mode of 161x120; there are: 320x240 640x480 160x120") == -1);
}

int main(void) {
    RUN(test_cheapest);
    RUN(test_shortfalls);
    RUN(test_emulated);
    RUN(test_size);
    return test_end();
}
