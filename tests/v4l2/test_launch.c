/* The gst-launch-1.0 lines of mobilenet-camera, of cameras that aren't here. */
#include "pipelines/camera.h"

#include "tests/test.h"

static void check(const CameraOptions *options, const Camera *camera, const CameraMode *mode,
                  const char *expected) {
    gchar **launch = camera_launch(options, camera, mode);
    gchar *line = camera_launch_line(launch, mode);
    CHECK(!strcmp(line, expected), "%s", line);
    g_free(line);
    g_strfreev(launch);
}

static void test_v4l2(void) {
    CameraOptions options = {.headless = TRUE, .rate = 30, .model = (char *)"a b.tflite"};
    Camera camera = {.element = "v4l2src", .device = (char *)"/dev/v4l/by-id/usb-1"};
    CameraMode mode = {.format = "I420", .width = 320, .height = 240, .rate_n = 15, .rate_d = 2};

    check(&options, &camera, &mode,
          "gst-launch-1.0 v4l2src name=camera device=/dev/v4l/by-id/usb-1 ! "
          "video/x-raw,format=I420,width=320,height=240,framerate=15/2 ! mobilenet name=classifier "
          "'model=a b.tflite' ! fakesink sync=false");
    mode.emulated = TRUE;
    mode.rate_n = 0;
    options.model = NULL;
    options.labels = (char *)"l.txt";
    check(&options, &camera, &mode,
          "GST_V4L2_USE_LIBV4L2=1 gst-launch-1.0 v4l2src name=camera device=/dev/v4l/by-id/usb-1 ! "
          "video/x-raw,format=I420,width=320,height=240 ! mobilenet name=classifier labels=l.txt ! "
          "fakesink sync=false");
}

static void test_libcamera(void) {
    CameraOptions options = {.rate = 12.5};
    Camera camera = {.element = "libcamerasrc", .device = (char *)"/base/soc/i2c0mux/imx219@10"};
    CameraMode mode = {.format = "NV12", .width = 640, .height = 480, .rate_d = 1};

    check(&options, &camera, &mode,
          "gst-launch-1.0 libcamerasrc name=camera camera-name=/base/soc/i2c0mux/imx219@10 ! "
          "video/x-raw,format=NV12,width=640,height=480,framerate=25/2,colorimetry=bt709 ! "
          "mobilenet name=classifier ! mobilenetoverlay ! videoconvert ! autovideosink");
    mode.format = "JPEG";
    check(&options, &camera, &mode,
          "gst-launch-1.0 libcamerasrc name=camera camera-name=/base/soc/i2c0mux/imx219@10 ! "
          "image/jpeg,width=640,height=480,framerate=25/2 ! jpegdec max-errors=-1 ! "
          "mobilenet name=classifier ! mobilenetoverlay ! videoconvert ! autovideosink");
}

int main(void) {
    RUN(test_v4l2);
    RUN(test_libcamera);
    return test_end();
}
