/* Cameras of the kernel. libv4l2 is asked, so that formats that it converts to are seen too. */
#include "pipelines/camera.h"

#include <errno.h>
#include <fcntl.h>
#include <libv4l2.h>
#include <linux/videodev2.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Those that v4l2src gives out under these names. */
static const struct
{
  guint32 code;
  const gchar *format;
} formats[] = {
  {V4L2_PIX_FMT_YUYV, "YUY2"}, {V4L2_PIX_FMT_UYVY, "UYVY"},
  {V4L2_PIX_FMT_NV12, "NV12"}, {V4L2_PIX_FMT_NV21, "NV21"},
  {V4L2_PIX_FMT_YUV420, "I420"}, {V4L2_PIX_FMT_YVU420, "YV12"},
  {V4L2_PIX_FMT_YUV422P, "Y42B"}, {V4L2_PIX_FMT_GREY, "GRAY8"},
  {V4L2_PIX_FMT_RGB24, "RGB"}, {V4L2_PIX_FMT_BGR24, "BGR"},
  {V4L2_PIX_FMT_MJPEG, "JPEG"}, {V4L2_PIX_FMT_JPEG, "JPEG"},
};

/* What is tried of a camera that takes any size between two. */
static const guint common_sizes[][2] = {
  {320, 240}, {640, 480}, {800, 600}, {1280, 720}, {1920, 1080}
};

static const gchar *
format_name (guint32 code)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (formats); i++)
    if (formats[i].code == code)
      return formats[i].format;
  return NULL;
}

static void
add_mode (Camera * camera, CameraMode mode, struct v4l2_fract interval)
{
  mode.rate_n = interval.denominator;
  mode.rate_d = interval.numerator ? interval.numerator : 1;
  g_array_append_val (camera->modes, mode);
}

static void
add_rates (Camera * camera, int fd, guint32 code, CameraMode mode)
{
  struct v4l2_frmivalenum interval = {.pixel_format = code,
    .width = mode.width,.height = mode.height
  };
  struct v4l2_fract unknown = { 0, 0 };
  guint n = camera->modes->len;

  for (; v4l2_ioctl (fd, VIDIOC_ENUM_FRAMEINTERVALS, &interval) == 0;
      interval.index++) {
    if (interval.type != V4L2_FRMIVAL_TYPE_DISCRETE) {
      add_mode (camera, mode, interval.stepwise.min);
      break;
    }
    add_mode (camera, mode, interval.discrete);
  }
  if (camera->modes->len == n)
    add_mode (camera, mode, unknown);
}

static void
add_range (Camera * camera, int fd, guint32 code, CameraMode mode,
    const struct v4l2_frmsize_stepwise *range)
{
  guint i;

  for (i = 0; i < G_N_ELEMENTS (common_sizes); i++) {
    guint width = common_sizes[i][0], height = common_sizes[i][1];

    if (width < range->min_width || width > range->max_width
        || height < range->min_height || height > range->max_height
        || (width - range->min_width) % MAX (range->step_width, 1)
        || (height - range->min_height) % MAX (range->step_height, 1))
      continue;
    mode.width = width;
    mode.height = height;
    add_rates (camera, fd, code, mode);
  }
}

static void
add_sizes (Camera * camera, int fd, const struct v4l2_fmtdesc *format)
{
  struct v4l2_frmsizeenum size = {.pixel_format = format->pixelformat };
  CameraMode mode = {.format = format_name (format->pixelformat),
    .emulated = (format->flags & V4L2_FMT_FLAG_EMULATED) != 0
  };

  memcpy (mode.code, &format->pixelformat, 4);
  g_strchomp (mode.code);
  for (; v4l2_ioctl (fd, VIDIOC_ENUM_FRAMESIZES, &size) == 0; size.index++) {
    if (size.type != V4L2_FRMSIZE_TYPE_DISCRETE) {
      add_range (camera, fd, format->pixelformat, mode, &size.stepwise);
      break;
    }
    mode.width = size.discrete.width;
    mode.height = size.discrete.height;
    add_rates (camera, fd, format->pixelformat, mode);
  }
}

static gboolean
is_camera (const struct v4l2_capability *capability)
{
  guint32 capabilities = capability->capabilities & V4L2_CAP_DEVICE_CAPS ?
      capability->device_caps : capability->capabilities;

  return (capabilities & V4L2_CAP_VIDEO_CAPTURE)
      && (capabilities & V4L2_CAP_STREAMING);
}

static gchar *
open_problem (const gchar * device, gint error)
{
  switch (error) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
      return g_strdup_printf ("%s: no such camera; plug it in, or choose one "
          "of --list", device);
    case EACCES:
      return g_strdup_printf ("%s: no permission; add yourself to the group "
          "'video' and log in again", device);
    default:
      return g_strdup_printf ("%s: %s", device, g_strerror (error));
  }
}

Camera *
camera_v4l2_open (const gchar * device, gchar ** problem)
{
  struct v4l2_capability capability = { 0 };
  struct v4l2_fmtdesc format = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE };
  Camera *camera = NULL;
  int fd = open (device, O_RDWR | O_NONBLOCK | O_CLOEXEC);

  if (fd < 0) {
    *problem = open_problem (device, errno);
    return NULL;
  }
  if (ioctl (fd, VIDIOC_QUERYCAP, &capability) == 0 && is_camera (&capability)
      && v4l2_fd_open (fd, V4L2_ENABLE_ENUM_FMT_EMULATION) >= 0) {
    camera = camera_new ("v4l2src", device, (gchar *) capability.card,
        (gchar *) capability.driver);
    camera->usb = g_str_has_prefix ((gchar *) capability.bus_info, "usb-");
    for (; v4l2_ioctl (fd, VIDIOC_ENUM_FMT, &format) == 0; format.index++)
      add_sizes (camera, fd, &format);
    v4l2_close (fd);
  } else {
    *problem = g_strdup_printf ("%s: not a camera", device);
    close (fd);
  }
  return camera;
}

void
camera_v4l2_list (GPtrArray * cameras)
{
  guint i;

  for (i = 0; i < 256; i++) {
    gchar *device = g_strdup_printf ("/dev/video%u", i), *problem = NULL;
    Camera *camera = camera_v4l2_open (device, &problem);

    if (camera)
      g_ptr_array_add (cameras, camera);
    g_free (problem);
    g_free (device);
  }
}
