/* Drawing into every format: where it draws, in which colour, and that it draws nowhere else. */
#include <string.h>

#include "tests/plugin/test_overlay.h"

static const gint sizes[][2] = { {1, 1}, {2, 1}, {1, 7}, {5, 4}, {17, 33},
{64, 16}, {224, 224}, {321, 181}
};

/* Where the panel goes, as told to a sink that draws it itself. */
static GstVideoRectangle
place_for (const gchar * properties, const gchar * format, gint width,
    gint height)
{
  GstHarness *h = attach_harness (properties, format, width, height);
  GstVideoRectangle place;
  GstVideoInfo info;
  GstBuffer *frame;

  frame_info (&info, format, width, height);
  frame = frame_new (&info, 1, 0);
  add_result (frame, "espresso", 0.75);
  frame = mobilenet_push (h, frame);
  place = panel_place (attached_panel (frame));
  gst_buffer_unref (frame);
  gst_harness_teardown (h);

  fail_unless (place.x >= 0 && place.y >= 0 && place.w > 0 && place.h > 0);
  fail_unless (place.x + place.w <= width && place.y + place.h <= height);
  return place;
}

/* Samples that differ inside; outside none may. A subsampled one on the border belongs to both. */
static guint
count_changes (GstVideoFrame * a, GstVideoFrame * b,
    const GstVideoRectangle * place)
{
  const GstVideoFormatInfo *finfo = a->info.finfo;
  guint changes = 0, c;
  gint x, y;

  for (c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS (a); c++) {
    gint bytes = GST_VIDEO_FORMAT_INFO_DEPTH (finfo, c) > 8 ? 2 : 1;
    gint w_sub = 1 << GST_VIDEO_FORMAT_INFO_W_SUB (finfo, c);
    gint h_sub = 1 << GST_VIDEO_FORMAT_INFO_H_SUB (finfo, c);

    for (y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (a, c); y++) {
      for (x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH (a, c); x++) {
        gsize at = y * GST_VIDEO_FRAME_COMP_STRIDE (a, c)
            + x * GST_VIDEO_FRAME_COMP_PSTRIDE (a, c);
        gboolean inside = (x + 1) * w_sub > place->x
            && x * w_sub < place->x + place->w
            && (y + 1) * h_sub > place->y && y * h_sub < place->y + place->h;
        gboolean changed =
            memcmp ((guint8 *) GST_VIDEO_FRAME_COMP_DATA (a, c) + at,
            (guint8 *) GST_VIDEO_FRAME_COMP_DATA (b, c) + at, bytes) != 0;

        if (changed && !inside)
          fail ("%s %dx%d: component %u changed at %d, %d",
              GST_VIDEO_INFO_NAME (&a->info), GST_VIDEO_FRAME_WIDTH (a),
              GST_VIDEO_FRAME_HEIGHT (a), c, x, y);
        changes += changed;
      }
    }
  }
  return changes;
}

static void
check_drawn (const gchar * properties, const gchar * format, gint width,
    gint height, guint padding)
{
  GstVideoRectangle place = place_for (properties, format, width, height);
  GstHarness *h = overlay_harness (properties, format, width, height);
  GstVideoFrame drawn, plain;
  GstBuffer *in, *out, *copy;
  GstVideoInfo info;

  frame_info (&info, format, width, height);
  in = padding ? frame_new_padded (&info, 1, padding) : frame_new (&info, 1, 0);
  copy = gst_buffer_copy_deep (in);
  add_result (in, "espresso", 0.75);
  out = mobilenet_push (h, in);
  fail_unless (out == in, "a frame that nobody else holds was copied");

  fail_unless (gst_video_frame_map (&drawn, &info, out, GST_MAP_READ));
  fail_unless (gst_video_frame_map (&plain, &info, copy, GST_MAP_READ));
  fail_unless (count_changes (&drawn, &plain, &place) > 0,
      "%s %dx%d: nothing drawn", format, width, height);
  gst_video_frame_unmap (&drawn);
  gst_video_frame_unmap (&plain);
  gst_buffer_unref (copy);
  gst_buffer_unref (out);
  gst_harness_teardown (h);
}

GST_START_TEST (every_format_at_every_size)
{
  guint f, s;

  for (f = 0; frame_formats[f]; f++) {
    for (s = 0; s < G_N_ELEMENTS (sizes); s++) {
      check_drawn ("", frame_formats[f], sizes[s][0], sizes[s][1], 0);
      check_drawn ("position=bottom-right", frame_formats[f], sizes[s][0],
          sizes[s][1], 0);
    }
  }
}

GST_END_TEST;

GST_START_TEST (strides_and_offsets_of_their_own)
{
  guint f;

  for (f = 0; frame_formats[f]; f++)
    check_drawn ("position=top", frame_formats[f], 97, 63, 24);
}

GST_END_TEST;

GST_START_TEST (large_frames)
{
  check_drawn ("", "NV12", 3840, 2160, 0);
  check_drawn ("position=bottom", "I420_10LE", 3840, 2160, 0);
  check_drawn ("position=bottom-left", "RGBx", 8192, 16, 0);
  check_drawn ("position=top-right", "GRAY8", 16, 8192, 0);
}

GST_END_TEST;

/* The colour in the middle of the panel, as videoconvert would show it. */
static void
rgb_at (GstBuffer * buffer, const GstVideoInfo * info, gint x, gint y,
    guint8 * rgb)
{
  GstVideoInfo rgb_info;
  GstVideoConverter *converter;
  GstVideoFrame from, to;
  GstBuffer *converted;

  frame_info (&rgb_info, "RGB", info->width, info->height);
  converted = gst_buffer_new_allocate (NULL, rgb_info.size, NULL);
  fail_unless (gst_video_frame_map (&from, info, buffer, GST_MAP_READ));
  fail_unless (gst_video_frame_map (&to, &rgb_info, converted, GST_MAP_WRITE));
  converter = gst_video_converter_new (info, &rgb_info, NULL);
  gst_video_converter_frame (converter, &from, &to);
  gst_video_converter_free (converter);
  memcpy (rgb, (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&to, 0)
      + y * GST_VIDEO_FRAME_PLANE_STRIDE (&to, 0) + 3 * x, 3);
  gst_video_frame_unmap (&from);
  gst_video_frame_unmap (&to);
  gst_buffer_unref (converted);
}

static void
check_color (const gchar * format, const gchar * colorimetry, guint32 argb)
{
  gchar *properties = g_strdup_printf ("background-color=0x%08x text-color=0 "
      "bar-color=0", argb);
  GstVideoRectangle place = place_for (properties, format, 320, 240);
  GstHarness *h = overlay_harness (properties, format, 320, 240);
  GstCaps *caps = frame_caps (format, 320, 240);
  const gint tolerance = 6;
  gint red = argb >> 16 & 0xff, green = argb >> 8 & 0xff, blue = argb & 0xff;
  GstVideoInfo info;
  GstBuffer *frame;
  guint8 rgb[3];

  if (colorimetry)
    gst_caps_set_simple (caps, "colorimetry", G_TYPE_STRING, colorimetry, NULL);
  fail_unless (gst_video_info_from_caps (&info, caps));
  gst_harness_set_src_caps (h, caps);
  if (GST_VIDEO_INFO_IS_GRAY (&info))
    red = green = blue = (299 * red + 587 * green + 114 * blue) / 1000;
  frame = frame_new (&info, 3, 0);
  add_result (frame, "espresso", 0.75);
  frame = mobilenet_push (h, frame);
  rgb_at (frame, &info, place.x + place.w / 2, place.y + place.h / 2, rgb);
  fail_unless (ABS (rgb[0] - red) <= tolerance
      && ABS (rgb[1] - green) <= tolerance && ABS (rgb[2] - blue) <= tolerance,
      "%s: %d %d %d for %08x", format, rgb[0], rgb[1], rgb[2], argb);
  gst_buffer_unref (frame);
  gst_harness_teardown (h);
  g_free (properties);
}

GST_START_TEST (colours_are_those_asked_for)
{
  static const gchar *const yuv[] = { "NV12", "Y444", "YUY2", "P010_10LE" };
  guint f;

  for (f = 0; frame_formats[f]; f++) {
    check_color (frame_formats[f], NULL, 0xffff0000);
    check_color (frame_formats[f], NULL, 0xff00ff00);
    check_color (frame_formats[f], NULL, 0xff2040c0);
    check_color (frame_formats[f], NULL, 0xffffffff);
  }
  for (f = 0; f < G_N_ELEMENTS (yuv); f++) {
    check_color (yuv[f], "bt709", 0xffff0000);
    check_color (yuv[f], "bt601", 0xffff0000);
    check_color (yuv[f], "1:4:0:0", 0xff2040c0);
    check_color (yuv[f], "bt2020", 0xff00ff00);
  }
}

GST_END_TEST;

static Suite *
overlay_formats_suite (void)
{
  Suite *s = suite_create ("mobilenetoverlay formats");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, every_format_at_every_size);
  tcase_add_test (tc, strides_and_offsets_of_their_own);
  tcase_add_test (tc, large_frames);
  tcase_add_test (tc, colours_are_those_asked_for);
  return s;
}

GST_CHECK_MAIN (overlay_formats);
