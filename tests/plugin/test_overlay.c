/* What the overlay draws, when it renders again, and what it leaves alone. */
#include <math.h>

#include "tests/plugin/test_overlay.h"

/* What the panel looks like. */
static GstBuffer *
render (const gchar * properties, const gchar * label, gfloat probability)
{
  GstHarness *h = attach_harness (properties, "I420", WIDTH, HEIGHT);
  GstBuffer *frame = mobilenet_push (h, labelled_frame (label, probability));
  GstBuffer *pixels =
      gst_video_overlay_rectangle_get_pixels_unscaled_raw (attached_panel
      (frame), GST_VIDEO_OVERLAY_FORMAT_FLAG_PREMULTIPLIED_ALPHA);

  gst_buffer_ref (pixels);
  gst_buffer_unref (frame);
  gst_harness_teardown (h);
  return pixels;
}

static gboolean
look_alike (const gchar * label, const gchar * other)
{
  GstBuffer *a = render ("", label, 0.75), *b = render ("", other, 0.75);
  gboolean same = same_bytes (a, b);

  gst_buffer_unref (a);
  gst_buffer_unref (b);
  return same;
}

GST_START_TEST (labels_are_not_markup)
{
  fail_unless (look_alike ("cat", "cat"));
  fail_if (look_alike ("cats & dogs", "cats  dogs"));
  fail_if (look_alike ("&amp;", "&"));
  fail_if (look_alike ("<b>cat</b>", "cat"));
  fail_if (look_alike ("a < b", "a"));
  fail_if (look_alike ("\303\234bergr\303\266\303\237entr\303\244ger",
          "bergrentrger"));
  fail_if (look_alike ("\320\272\320\276\321\202", ""));
  /* not UTF-8, and more than one line */
  fail_if (look_alike ("caf\351", "caf"));
  fail_if (look_alike ("one\ntwo", "one"));
}

GST_END_TEST;

GST_START_TEST (labels_are_cut_to_the_frame)
{
  GstHarness *h = attach_harness ("", "I420", WIDTH, HEIGHT);
  gchar *label = g_strnfill (5000, 'W');
  GstBuffer *frame = mobilenet_push (h, labelled_frame (label, 0.75));
  GstVideoRectangle place = panel_place (attached_panel (frame));

  fail_unless (place.x > 0 && place.x + place.w < WIDTH);
  fail_unless (place.w > WIDTH * 3 / 4, "the panel doesn't grow: %d", place.w);
  fail_unless (place.h < HEIGHT / 2, "the label is wrapped");
  gst_buffer_unref (frame);
  gst_harness_teardown (h);
  g_free (label);
}

GST_END_TEST;

GST_START_TEST (properties_change_the_picture)
{
  static const gchar *const properties[] = { "font=Serif", "font-size=8",
    "text-color=0xffff0000", "background-color=0x80ff0000",
    "bar-color=0xffff0000", "opacity=0.5", "show-probability=false",
    "show-bar=false", "show-timing=true", "max-labels=1", "min-probability=0.5"
  };
  GstBuffer *plain = render ("", "espresso", 0.75), *other;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (properties); i++) {
    other = render (properties[i], "espresso", 0.75);
    fail_if (same_bytes (plain, other), "%s", properties[i]);
    gst_buffer_unref (other);
  }
  gst_buffer_unref (plain);
}

GST_END_TEST;

GST_START_TEST (positions)
{
  static const gchar *const positions[] = { "top-left", "top", "top-right",
    "bottom-left", "bottom", "bottom-right"
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (positions); i++) {
    gchar *properties = g_strdup_printf ("position=%s margin=10", positions[i]);
    GstHarness *h = attach_harness (properties, "I420", WIDTH, HEIGHT);
    GstBuffer *frame = mobilenet_push (h, labelled_frame ("cat", 0.75));
    GstVideoRectangle place = panel_place (attached_panel (frame));
    gint x[] = { 24, (WIDTH - place.w) / 2, WIDTH - place.w - 24 };
    gint y[] = { 24, HEIGHT - place.h - 24 };

    fail_unless_equals_int (place.x, x[i % 3] & ~1);
    fail_unless_equals_int (place.y, y[i / 3] & ~1);
    gst_buffer_unref (frame);
    gst_harness_teardown (h);
    g_free (properties);
  }
}

GST_END_TEST;

GST_START_TEST (renders_only_what_changed)
{
  GstHarness *h = overlay_harness ("", "I420", WIDTH, HEIGHT);
  gint i;

  for (i = 0; i < 20; i++)
    push_labelled (h, "cat", 0.7501 + i * 0.0001);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "renders"), 1);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "drawn"), 20);

  push_labelled (h, "cat", 0.80);
  push_labelled (h, "dog", 0.80);
  push_labelled (h, "dog", 0.80);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "renders"), 3);

  /* nothing is shown, then again the same */
  push_labelled (h, NULL, 0);
  push_labelled (h, "dog", 0.80);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "renders"), 4);

  g_object_set (h->element, "bar-color", 0xff00ff00, "margin", 5.0, NULL);
  push_labelled (h, "dog", 0.80);
  push_labelled (h, "dog", 0.80);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "renders"), 5);

  gst_harness_set_src_caps (h, frame_caps ("NV12", WIDTH, HEIGHT));
  push_labelled (h, "dog", 0.80);
  push_labelled (h, "dog", 0.80);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "renders"), 6);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "frames"), 29);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "drawn"), 28);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (times_hold_still)
{
  GstHarness *h = overlay_harness ("show-timing=true", "I420", WIDTH, HEIGHT);
  guint64 renders;
  gint i;

  for (i = 0; i < 60; i++) {
    GstMobilenetCategory category = { 1, "cat", 0.75 };
    GstMobilenetResult *result = gst_mobilenet_result_new ("model", &category,
        1, 0, GST_MSECOND, (5 + i) * GST_MSECOND);
    GstBuffer *frame = labelled_frame (NULL, 0);

    gst_buffer_add_mobilenet_meta (frame, result, NULL, 0);
    gst_mobilenet_result_unref (result);
    gst_buffer_unref (mobilenet_push (h, frame));
  }
  renders = mobilenet_stat (h->element, "renders");
  fail_unless (renders >= 3 && renders <= 60 / 15 + 1,
      "%" G_GUINT64_FORMAT, renders);
  gst_harness_teardown (h);
}

GST_END_TEST;

static void
check_untouched (GstHarness * h, GstBuffer * frame)
{
  GstBuffer *copy = gst_buffer_copy_deep (frame);
  GstBuffer *out = mobilenet_push (h, frame);

  fail_unless (out == frame, "another buffer");
  fail_unless (same_bytes (out, copy));
  fail_if (gst_buffer_get_video_overlay_composition_meta (out));
  gst_buffer_unref (copy);
  gst_buffer_unref (out);
}

static GstBuffer *
frame_of_class (guint index, gfloat probability)
{
  GstMobilenetCategory category = { index, GST_MOBILENET_LABEL_UNKNOWN,
    probability
  };
  GstBuffer *frame = labelled_frame (NULL, 0);
  GstMobilenetResult *result = gst_mobilenet_result_new ("model", &category, 1,
      0, 0, 0);

  gst_buffer_add_mobilenet_meta (frame, result, NULL, 0);
  gst_mobilenet_result_unref (result);
  return frame;
}

static GstVideoRectangle
place_of_class (const gchar * properties, guint index, gfloat probability)
{
  GstHarness *h = attach_harness (properties, "I420", WIDTH, HEIGHT);
  GstBuffer *frame = mobilenet_push (h, frame_of_class (index, probability));
  GstVideoRectangle place = panel_place (attached_panel (frame));

  gst_buffer_unref (frame);
  gst_harness_teardown (h);
  return place;
}

/* As a label without percentage and bar, whatever is asked of labels. */
GST_START_TEST (unknown_is_a_label_without_figures)
{
  static const gchar *const bare = "show-probability=false show-bar=false";
  GstVideoRectangle unknown =
      place_of_class ("min-probability=1", GST_MOBILENET_INDEX_UNKNOWN, 0);
  GstVideoRectangle label = place_of_class (bare, 7, 1);
  GstVideoRectangle figures = place_of_class ("", 7, 1);
  GstHarness *h;

  fail_unless_equals_int (unknown.w, label.w);
  fail_unless_equals_int (unknown.h, label.h);
  fail_unless (figures.h > unknown.h);

  /* a class of that name is another thing */
  h = overlay_harness ("", "I420", WIDTH, HEIGHT);
  check_untouched (h, frame_of_class (7, 0));
  gst_buffer_unref (mobilenet_push (h,
          frame_of_class (GST_MOBILENET_INDEX_UNKNOWN, 0)));
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "drawn"), 1);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (nothing_to_say_nothing_touched)
{
  GstHarness *h = overlay_harness ("", "I420", WIDTH, HEIGHT);

  check_untouched (h, labelled_frame (NULL, 0));
  check_untouched (h, labelled_frame ("cat", 0.0999));
  check_untouched (h, labelled_frame ("cat", NAN));
  g_object_set (h->element, "opacity", 0.0, NULL);
  check_untouched (h, labelled_frame ("cat", 0.9));
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "drawn"), 0);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (a_shared_frame_is_copied)
{
  GstHarness *h = overlay_harness ("", "I420", WIDTH, HEIGHT);
  GstBuffer *frame = labelled_frame ("cat", 0.9);
  GstBuffer *plain = gst_buffer_copy_deep (frame), *shared, *out;

  /* shared as a whole */
  out = mobilenet_push (h, gst_buffer_ref (frame));
  fail_unless (same_bytes (frame, plain), "another's frame was drawn on");
  fail_if (same_bytes (out, plain));
  gst_buffer_unref (out);

  /* shared is only the memory */
  shared = gst_buffer_copy (frame);
  out = mobilenet_push (h, shared);
  fail_unless (same_bytes (frame, plain), "another's memory was drawn on");
  fail_if (same_bytes (out, plain));
  gst_buffer_unref (out);
  gst_buffer_unref (frame);
  gst_buffer_unref (plain);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (cropped_frames_are_drawn_on_where_they_show)
{
  GstVideoInfo info;
  GstHarness *h = overlay_harness ("margin=0", "GRAY8", WIDTH, HEIGHT);
  GstBuffer *frame, *plain, *out;
  GstVideoCropMeta *crop;
  GstMapInfo a, b;
  gint x, y;

  frame_info (&info, "GRAY8", WIDTH + 80, HEIGHT + 60);
  frame = frame_new (&info, 1, 0);
  gst_buffer_add_video_meta (frame, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_FORMAT_GRAY8, WIDTH + 80, HEIGHT + 60);
  crop = gst_buffer_add_video_crop_meta (frame);
  crop->x = 50;
  crop->y = 40;
  crop->width = WIDTH;
  crop->height = HEIGHT;
  add_result (frame, "cat", 0.9);
  plain = gst_buffer_copy_deep (frame);
  out = mobilenet_push (h, frame);

  gst_buffer_map (out, &a, GST_MAP_READ);
  gst_buffer_map (plain, &b, GST_MAP_READ);
  for (y = 0; y < HEIGHT + 60; y++) {
    for (x = 0; x < WIDTH + 80; x++) {
      gsize at = y * GST_VIDEO_INFO_PLANE_STRIDE (&info, 0) + x;

      if (x < 50 || y < 40)
        fail_unless (a.data[at] == b.data[at], "%d, %d", x, y);
    }
  }
  x = 60 + 60 * GST_VIDEO_INFO_PLANE_STRIDE (&info, 0);
  fail_if (a.data[x] == b.data[x]);
  gst_buffer_unmap (out, &a);
  gst_buffer_unmap (plain, &b);
  gst_buffer_unref (out);
  gst_buffer_unref (plain);
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
overlay_suite (void)
{
  Suite *s = suite_create ("mobilenetoverlay");
  TCase *tc = tcase_create ("general");

  /* Pango and Cairo must not complain about anything either */
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL
      | G_LOG_LEVEL_WARNING);
  suite_add_tcase (s, tc);
  tcase_add_test (tc, labels_are_not_markup);
  tcase_add_test (tc, labels_are_cut_to_the_frame);
  tcase_add_test (tc, properties_change_the_picture);
  tcase_add_test (tc, positions);
  tcase_add_test (tc, renders_only_what_changed);
  tcase_add_test (tc, times_hold_still);
  tcase_add_test (tc, unknown_is_a_label_without_figures);
  tcase_add_test (tc, nothing_to_say_nothing_touched);
  tcase_add_test (tc, a_shared_frame_is_copied);
  tcase_add_test (tc, cropped_frames_are_drawn_on_where_they_show);
  return s;
}

GST_CHECK_MAIN (overlay);
