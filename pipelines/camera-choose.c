#include "pipelines/camera-choose.h"

/* CPU nanoseconds, measured on one core of an AMD EPYC (Zen 3). Only their ratios count.
 * - jpegdec: 3.3 ms for 1920x1080
 * - libv4l2, YUYV to I420: 0.73 ms for 640x480
 * - a copy out of the driver and the pass into the model's input, 0.1 each */
#define JPEG_NS_PER_PIXEL 1.6
#define EMULATED_NS_PER_PIXEL 2.4
#define RAW_NS_PER_BYTE 0.2

/* Cameras round their rates: 29.97 is as good as 30. */
#define RATE_TOLERANCE 0.99

static gdouble
bytes_per_pixel (const gchar * format)
{
  static const struct
  {
    const gchar *format;
    gdouble bytes;
  } formats[] = {
    {"GRAY8", 1}, {"RGB", 3}, {"BGR", 3}, {"RGBx", 4}, {"BGRx", 4}, {"xRGB", 4},
    {"xBGR", 4}, {"RGBA", 4}, {"BGRA", 4}, {"ARGB", 4}, {"ABGR", 4},
    {"YUY2", 2}, {"UYVY", 2}, {"Y42B", 2}, {"Y444", 3}
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (formats); i++)
    if (g_str_equal (format, formats[i].format))
      return formats[i].bytes;
  return 1.5;                   /* 4:2:0, and what a JPEG becomes */
}

gdouble
camera_mode_rate (const CameraMode * mode)
{
  return mode->rate_n > 0 ? (gdouble) mode->rate_n / mode->rate_d : 0;
}

gdouble
camera_mode_cost (const CameraMode * mode)
{
  gdouble per_pixel = RAW_NS_PER_BYTE * bytes_per_pixel (mode->format);
  gdouble rate = camera_mode_rate (mode);

  if (g_str_equal (mode->format, "JPEG"))
    per_pixel += JPEG_NS_PER_PIXEL;
  if (mode->emulated)
    per_pixel += EMULATED_NS_PER_PIXEL;
  return per_pixel * mode->width * mode->height * (rate > 0 ? rate : 30);
}

/* 1: the model's input is covered; less: by how much the picture would have to be enlarged. */
static gdouble
size_covered (const CameraMode * mode, const CameraWish * wish)
{
  gdouble across = (gdouble) mode->width / wish->input_width;
  gdouble down = (gdouble) mode->height / wish->input_height;

  return MIN (1, MIN (across, down));
}

static gdouble
rate_covered (const CameraMode * mode, const CameraWish * wish)
{
  gdouble rate = camera_mode_rate (mode);

  /* one that isn't known may be fast enough */
  if (rate == 0 || rate >= RATE_TOLERANCE * wish->rate)
    return 1;
  return rate / wish->rate;
}

static gboolean
usable (const CameraMode * mode, const CameraWish * wish)
{
  return mode->format && (wish->width == 0 || (mode->width == wish->width
          && mode->height == wish->height));
}

static gboolean
is_better (const CameraMode * mode, const CameraMode * than,
    const CameraWish * wish)
{
  gdouble size = size_covered (mode, wish) - size_covered (than, wish);
  gdouble rate = rate_covered (mode, wish) - rate_covered (than, wish);

  if (size != 0)
    return size > 0;
  if (rate != 0)
    return rate > 0;
  return camera_mode_cost (mode) < camera_mode_cost (than);
}

static gchar *
describe (const CameraMode * mode)
{
  return g_strdup_printf ("%s%s %dx%d at %g/s", mode->emulated ? "emulated " :
      "", mode->code, mode->width, mode->height, camera_mode_rate (mode));
}

static gchar *
explain (const CameraMode * chosen, const CameraMode * next, guint n_covering,
    const CameraWish * wish)
{
  GString *text = g_string_new (NULL);
  gchar *name = describe (chosen);

  if (n_covering == 0)
    g_string_printf (text, "%s: the nearest to %dx%d at %g/s, which no mode "
        "covers", name, wish->input_width, wish->input_height, wish->rate);
  else if (n_covering == 1)
    g_string_printf (text, "%s: the only mode that covers %dx%d at %g/s",
        name, wish->input_width, wish->input_height, wish->rate);
  else
    g_string_printf (text, "%s: the cheapest of %u modes that cover %dx%d at "
        "%g/s", name, n_covering, wish->input_width, wish->input_height,
        wish->rate);
  g_free (name);
  if (next) {
    name = describe (next);
    g_string_append_printf (text, "; the next, %s, costs %.1f times as much",
        name, camera_mode_cost (next) / camera_mode_cost (chosen));
    g_free (name);
  }
  return g_string_free (text, FALSE);
}

static gboolean
is_new_size (const CameraMode * modes, guint n)
{
  guint i;

  for (i = 0; i < n; i++)
    if (modes[i].width == modes[n].width && modes[i].height == modes[n].height)
      return FALSE;
  return TRUE;
}

static gchar *
explain_none (const CameraMode * modes, guint n_modes, const CameraWish * wish)
{
  GString *text = g_string_new (NULL);
  guint i;

  if (wish->width)
    g_string_printf (text, "no mode of %dx%d; there are:", wish->width,
        wish->height);
  else
    g_string_assign (text, "no format that GStreamer can use; sizes:");
  for (i = 0; i < n_modes; i++)
    if (is_new_size (modes, i))
      g_string_append_printf (text, " %dx%d", modes[i].width, modes[i].height);
  return g_string_free (text, FALSE);
}

const CameraMode *
camera_choose (const CameraMode * modes, guint n_modes,
    const CameraWish * wish, gchar ** why)
{
  const CameraMode *chosen = NULL, *next = NULL;
  guint i, n_covering = 0;

  for (i = 0; i < n_modes; i++) {
    if (!usable (&modes[i], wish))
      continue;
    if (!chosen || is_better (&modes[i], chosen, wish))
      chosen = &modes[i];
    if (size_covered (&modes[i], wish) == 1
        && rate_covered (&modes[i], wish) == 1)
      n_covering++;
  }
  if (!chosen) {
    *why = explain_none (modes, n_modes, wish);
    return NULL;
  }
  for (i = 0; n_covering > 1 && i < n_modes; i++)
    if (usable (&modes[i], wish) && &modes[i] != chosen
        && (!next || is_better (&modes[i], next, wish)))
      next = &modes[i];
  *why = explain (chosen, next, n_covering, wish);
  return chosen;
}
