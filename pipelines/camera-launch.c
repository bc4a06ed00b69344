#include "pipelines/camera.h"

#include <gst/gst.h>
#include <string.h>

static void
add (GPtrArray * launch, const gchar * words)
{
  gchar **split = g_strsplit (words, " ", -1);
  guint i;

  for (i = 0; split[i]; i++)
    g_ptr_array_add (launch, split[i]);
  g_free (split);
}

static void
add_property (GPtrArray * launch, const gchar * name, const gchar * value)
{
  if (value)
    g_ptr_array_add (launch, g_strdup_printf ("%s=%s", name, value));
}

static gchar *
mode_caps (const CameraOptions * options, const Camera * camera,
    const CameraMode * mode)
{
  gboolean jpeg = g_str_equal (mode->format, "JPEG");
  gboolean libcamera = g_str_equal (camera->element, "libcamerasrc");
  GString *caps = g_string_new (jpeg ? "image/jpeg" : "video/x-raw");
  gint rate_n = mode->rate_n, rate_d = mode->rate_d;

  if (!jpeg)
    g_string_append_printf (caps, ",format=%s", mode->format);
  g_string_append_printf (caps, ",width=%d,height=%d", mode->width,
      mode->height);
  /* libcamera names no rates, and makes any */
  if (libcamera && rate_n == 0)
    gst_util_double_to_fraction (options->rate, &rate_n, &rate_d);
  if (rate_n > 0)
    g_string_append_printf (caps, ",framerate=%d/%d", rate_n, rate_d);
  /* some versions can't negotiate without */
  if (libcamera && !jpeg)
    g_string_append (caps, ",colorimetry=bt709");
  return g_string_free (caps, FALSE);
}

gchar **
camera_launch (const CameraOptions * options, const Camera * camera,
    const CameraMode * mode)
{
  GPtrArray *launch = g_ptr_array_new ();

  add (launch, camera->element);
  add (launch, "name=camera");
  add_property (launch, g_str_equal (camera->element, "v4l2src") ? "device" :
      "camera-name", camera->device);
  add (launch, "!");
  g_ptr_array_add (launch, mode_caps (options, camera, mode));
  /* a damaged picture is left out; the next one may be whole */
  if (g_str_equal (mode->format, "JPEG"))
    add (launch, "! jpegdec max-errors=-1");
  add (launch, "! mobilenet name=classifier");
  add_property (launch, "model", options->model);
  add_property (launch, "labels", options->labels);
  if (options->headless)
    add (launch, "! fakesink sync=false");
  else
    add (launch, "! mobilenetoverlay ! videoconvert ! autovideosink");
  g_ptr_array_add (launch, NULL);
  return (gchar **) g_ptr_array_free (launch, FALSE);
}

gchar *
camera_launch_line (gchar ** launch, const CameraMode * mode)
{
  GString *line = g_string_new (mode->emulated ? "GST_V4L2_USE_LIBV4L2=1 " :
      NULL);

  g_string_append (line, "gst-launch-1.0");
  for (; *launch; launch++) {
    gboolean plain = strspn (*launch, "abcdefghijklmnopqrstuvwxyz"
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_-+=:,.@!") == strlen (*launch);
    gchar *quoted = plain ? g_strdup (*launch) : g_shell_quote (*launch);

    g_string_append_printf (line, " %s", quoted);
    g_free (quoted);
  }
  return g_string_free (line, FALSE);
}
