/* The meta through copies and through GStreamer's own elements. */
#include "tests/plugin/frames.h"

#include <string.h>

static const GstVideoRectangle region = { 16, 8, 32, 20 };

static GstMobilenetResult *
make_result (void)
{
  gchar label[] = "espresso & co";
  GstMobilenetCategory classes[2] = { {967, label, 0.75f}, {5, NULL, 0.25f} };
  GstMobilenetResult *result =
      gst_mobilenet_result_new ("a model", classes, 2, 40, 7, 9);

  memset (label, 'x', sizeof (label) - 1);
  return result;
}

/* 64x48 with a result of the whole frame (age 3) or of the region. */
static GstBuffer *
make_buffer (const gchar * format, gboolean with_region)
{
  GstMobilenetResult *result = make_result ();
  GstVideoInfo info;
  GstBuffer *buffer;

  frame_info (&info, format, 64, 48);
  buffer = frame_new (&info, 1, 0);
  gst_buffer_add_mobilenet_meta (buffer, result, with_region ? &region : NULL,
      3);
  gst_mobilenet_result_unref (result);
  return buffer;
}

static void
assert_kept (GstBuffer * buffer, const GstVideoRectangle * where)
{
  static const GstVideoRectangle whole = { 0, 0, 0, 0 };
  GstMobilenetMeta *meta = gst_buffer_get_mobilenet_meta (buffer);

  fail_unless (meta != NULL, "the meta is gone");
  fail_unless_equals_int (meta->age, 3);
  fail_unless_equals_string (meta->result->classes[0].label, "espresso & co");
  where = where ? where : &whole;
  fail_unless_equals_int (meta->region.x, where->x);
  fail_unless_equals_int (meta->region.y, where->y);
  fail_unless_equals_int (meta->region.w, where->w);
  fail_unless_equals_int (meta->region.h, where->h);
}

/* Pushes a frame through elements, and returns it. */
static GstBuffer *
through (const gchar * elements, GstBuffer * buffer, const gchar * format,
    const gchar * out_format, gint width, gint height)
{
  GstHarness *h = gst_harness_new_parse (elements);

  gst_harness_set_src_caps (h, frame_caps (format, 64, 48));
  gst_harness_set_sink_caps (h, frame_caps (out_format, width, height));
  fail_unless_equals_int (gst_harness_push (h, buffer), GST_FLOW_OK);
  buffer = gst_harness_pull (h);
  fail_unless (buffer != NULL);
  gst_harness_teardown (h);
  return buffer;
}

GST_START_TEST (result_copies_what_it_is_given)
{
  GstMobilenetResult *result = make_result ();
  GstMobilenetResult *boxed = g_boxed_copy (GST_TYPE_MOBILENET_RESULT, result);

  fail_unless (boxed == result);
  g_boxed_free (GST_TYPE_MOBILENET_RESULT, boxed);
  fail_unless_equals_string (result->model, "a model");
  fail_unless_equals_int (result->n_classes, 2);
  fail_unless_equals_string (result->classes[0].label, "espresso & co");
  fail_unless_equals_int (result->classes[0].index, 967);
  fail_unless_equals_float (result->classes[0].probability, 0.75f);
  fail_unless_equals_string (result->classes[1].label, "");
  fail_unless_equals_uint64 (result->pts, 40);
  fail_unless_equals_uint64 (result->preprocess_time, 7);
  fail_unless_equals_uint64 (result->inference_time, 9);
  gst_mobilenet_result_unref (result);

  result = gst_mobilenet_result_new (NULL, NULL, 0, GST_CLOCK_TIME_NONE, 0, 0);
  fail_unless_equals_string (result->model, "");
  fail_unless_equals_int (result->n_classes, 0);
  gst_mobilenet_result_unref (result);
}

GST_END_TEST;

GST_START_TEST (copies_of_whole_frames_keep_it)
{
  gboolean with_region;

  for (with_region = FALSE; with_region <= TRUE; with_region++) {
    const GstVideoRectangle *where = with_region ? &region : NULL;
    GstBuffer *buffer = make_buffer ("RGB", with_region);
    gsize size = gst_buffer_get_size (buffer);
    GstBuffer *copies[4];
    guint i;

    copies[0] = gst_buffer_copy (buffer);
    copies[1] = gst_buffer_copy_deep (buffer);
    copies[2] = gst_buffer_copy_region (buffer, GST_BUFFER_COPY_ALL, 0, -1);
    copies[3] = gst_buffer_copy_region (buffer, GST_BUFFER_COPY_ALL, 0, size);
    for (i = 0; i < G_N_ELEMENTS (copies); i++) {
      assert_kept (copies[i], where);
      fail_unless (gst_buffer_get_mobilenet_meta (copies[i])->result ==
          gst_buffer_get_mobilenet_meta (buffer)->result);
    }
    gst_buffer_unref (buffer);
    for (i = 0; i < G_N_ELEMENTS (copies); i++) {
      assert_kept (copies[i], where);
      gst_buffer_unref (copies[i]);
    }
  }
}

GST_END_TEST;

GST_START_TEST (copies_of_some_bytes_drop_it)
{
  GstBuffer *buffer = make_buffer ("RGB", FALSE);
  GstBuffer *start =
      gst_buffer_copy_region (buffer, GST_BUFFER_COPY_ALL, 0, 64);
  GstBuffer *end = gst_buffer_copy_region (buffer, GST_BUFFER_COPY_ALL, 64, -1);

  fail_if (gst_buffer_get_mobilenet_meta (start));
  fail_if (gst_buffer_get_mobilenet_meta (end));
  gst_buffer_unref (start);
  gst_buffer_unref (end);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (several_are_found_in_order)
{
  GstBuffer *buffer = make_buffer ("RGB", FALSE);
  GstMobilenetResult *result = make_result ();
  GstMobilenetMeta *whole, *part;
  gpointer state = NULL;

  gst_buffer_add_video_crop_meta (buffer);
  gst_buffer_add_mobilenet_meta (buffer, result, &region, 1);
  gst_mobilenet_result_unref (result);

  whole = gst_buffer_iterate_mobilenet_meta (buffer, &state);
  part = gst_buffer_iterate_mobilenet_meta (buffer, &state);
  fail_unless (whole == gst_buffer_get_mobilenet_meta (buffer));
  fail_unless (whole->meta.info->api == GST_MOBILENET_META_API_TYPE);
  fail_unless (part->meta.info->api == GST_MOBILENET_REGION_META_API_TYPE);
  fail_unless_equals_int (whole->age, 3);
  fail_unless_equals_int (part->age, 1);
  fail_if (gst_buffer_iterate_mobilenet_meta (buffer, &state));
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (elements_that_pass_frames_keep_it)
{
  static const gchar *const elements[] = { "identity", "queue",
    "tee ! queue", "capsfilter"
  };
  gboolean with_region;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (elements); i++) {
    for (with_region = FALSE; with_region <= TRUE; with_region++) {
      GstBuffer *buffer = through (elements[i],
          make_buffer ("I420", with_region), "I420", "I420", 64, 48);

      assert_kept (buffer, with_region ? &region : NULL);
      gst_buffer_unref (buffer);
    }
  }
}

GST_END_TEST;

GST_START_TEST (conversion_keeps_it)
{
  gboolean with_region;

  for (with_region = FALSE; with_region <= TRUE; with_region++) {
    GstBuffer *buffer = through ("videoconvert",
        make_buffer ("I420", with_region), "I420", "BGRA", 64, 48);

    fail_unless (gst_buffer_get_size (buffer) == 64 * 48 * 4);
    assert_kept (buffer, with_region ? &region : NULL);
    gst_buffer_unref (buffer);
  }
}

GST_END_TEST;

GST_START_TEST (scaling_scales_the_region)
{
  static const GstVideoRectangle scaled = { 24, 4, 48, 10 };
  GstBuffer *buffer = through ("videoscale add-borders=false",
      make_buffer ("RGB", TRUE), "RGB", "RGB", 96, 24);

  assert_kept (buffer, &scaled);
  gst_buffer_unref (buffer);
  buffer = through ("videoscale add-borders=false", make_buffer ("RGB", FALSE),
      "RGB", "RGB", 96, 24);
  assert_kept (buffer, NULL);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/* Elements that make a new frame and know of no way to move a region. */
GST_START_TEST (crop_and_flip_keep_it_for_the_whole_frame)
{
  GstBuffer *buffer = through ("videocrop left=8 top=4",
      make_buffer ("RGB", FALSE), "RGB", "RGB", 56, 44);

  fail_unless (gst_buffer_get_size (buffer) == 56 * 44 * 3);
  assert_kept (buffer, NULL);
  gst_buffer_unref (buffer);
  buffer = through ("videoflip video-direction=180", make_buffer ("RGB", FALSE),
      "RGB", "RGB", 64, 48);
  assert_kept (buffer, NULL);
  gst_buffer_unref (buffer);

  /* a region on a turned picture would be wrong */
  buffer = through ("videoflip video-direction=180", make_buffer ("RGB", TRUE),
      "RGB", "RGB", 64, 48);
  fail_if (gst_buffer_get_mobilenet_meta (buffer));
  gst_buffer_unref (buffer);
}

GST_END_TEST;

static Suite *
meta_suite (void)
{
  Suite *s = suite_create ("meta");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, result_copies_what_it_is_given);
  tcase_add_test (tc, copies_of_whole_frames_keep_it);
  tcase_add_test (tc, copies_of_some_bytes_drop_it);
  tcase_add_test (tc, several_are_found_in_order);
  tcase_add_test (tc, elements_that_pass_frames_keep_it);
  tcase_add_test (tc, conversion_keeps_it);
  tcase_add_test (tc, scaling_scales_the_region);
  tcase_add_test (tc, crop_and_flip_keep_it_for_the_whole_frame);
  return s;
}

GST_CHECK_MAIN (meta);
