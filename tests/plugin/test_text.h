/* What the tests of `mobilenettext` share. */
#ifndef TESTS_PLUGIN_TEST_TEXT_H
#define TESTS_PLUGIN_TEST_TEXT_H

#include <string.h>

#include "tests/plugin/frames.h"

/* 25 frames a second. */
#define FRAME (40 * GST_MSECOND)

/* An element with these properties, whose downstream takes `caps`; NULL: all. */
static inline GstHarness *
text_harness (const gchar * properties, const gchar * caps)
{
  GstHarness *h = element_harness ("mobilenettext", properties);

  if (caps)
    gst_harness_set_sink_caps_str (h, caps);
  gst_harness_set_src_caps_str (h, "video/x-raw, format=GRAY8, width=4, height=4, framerate=25/1");
  return h;
}

static inline GstMobilenetResult *
text_result (const gchar * label, gfloat probability, GstClockTime pts)
{
  GstMobilenetCategory category = {7, label, probability};

  return gst_mobilenet_result_new ("net", &category, label ? 1 : 0, pts, 0, 0);
}

/* Pushes frame n with this label, which was computed on frame n - age; NULL: without a label. */
static inline void
text_push (GstHarness * h, guint n, const gchar * label, gfloat probability, guint age)
{
  GstBuffer *frame = gst_buffer_new_allocate (NULL, 16, NULL);
  GstMobilenetResult *result = text_result (label, probability, (n - age) * FRAME);

  GST_BUFFER_PTS (frame) = n * FRAME;
  gst_buffer_add_mobilenet_meta (frame, result, NULL, age);
  gst_mobilenet_result_unref (result);
  fail_unless_equals_int (gst_harness_push (h, frame), GST_FLOW_OK);
}

/* Frames `from` to before `to`. */
static inline void
text_push_span (GstHarness * h, guint from, guint to, const gchar * label)
{
  for (; from < to; from++)
    text_push (h, from, label, 0.5f, 0);
}

/* The next buffer is this text in the frames from `start` to before `end`. */
static inline void
assert_text (GstHarness * h, const gchar * expected, guint start, guint end)
{
  GstBuffer *buffer = gst_harness_try_pull (h);
  GstMapInfo map;
  gchar *text;

  fail_unless (buffer != NULL, "no text \"%s\"", expected);
  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  text = g_strndup (map.size > 0 ? (const gchar *) map.data : "", map.size);
  fail_unless_equals_string (text, expected);
  fail_unless (g_utf8_validate (text, -1, NULL));
  fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), start * FRAME);
  fail_unless_equals_uint64 (GST_BUFFER_DURATION (buffer), (end - start) * FRAME);
  g_free (text);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
}

static inline void
assert_no_text (GstHarness * h)
{
  fail_unless_equals_int (gst_harness_buffers_in_queue (h), 0);
}

#endif
