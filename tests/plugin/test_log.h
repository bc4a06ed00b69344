/* What the tests of `mobilenetlog` share. */
#ifndef TESTS_PLUGIN_TEST_LOG_H
#define TESTS_PLUGIN_TEST_LOG_H

#include <glib/gstdio.h>

#include "tests/plugin/frames.h"

/* A log in a folder of its own. */
typedef struct {
  GstHarness *h;
  GstBus *bus;
  gchar *folder, *path;
  guint n;
} LogTest;

static inline LogTest
log_test_begin (void)
{
  LogTest test = { 0 };

  test.folder = g_dir_make_tmp ("mobilenetlog-XXXXXX", NULL);
  fail_unless (test.folder != NULL);
  test.path = g_build_filename (test.folder, "log", NULL);
  return test;
}

/* Starts the element with these properties, and `location` where there is one. */
static inline void
log_test_start (LogTest * test, const gchar * location, const gchar * properties)
{
  gchar *line = g_strdup_printf ("mobilenetlog %s", properties);
  GstElement *element = gst_parse_launch (line, NULL);

  fail_unless (element != NULL, "%s", line);
  gst_object_ref_sink (element);
  if (location)
    g_object_set (element, "location", location, NULL);
  test->bus = gst_bus_new ();
  gst_element_set_bus (element, test->bus);
  test->h = gst_harness_new_with_element (element, "sink", "src");
  gst_harness_set_src_caps (test->h, frame_caps ("GRAY8", 4, 4));
  gst_object_unref (element);
  g_free (line);
  test->n = 0;
}

static inline void
log_test_stop (LogTest * test)
{
  gst_element_set_bus (test->h->element, NULL);
  g_clear_pointer (&test->h, gst_harness_teardown);
  gst_object_unref (test->bus);
}

static inline void
log_test_end (LogTest * test)
{
  g_remove (test->path);
  g_rmdir (test->folder);
  g_free (test->path);
  g_free (test->folder);
}

/* A frame with a result of `n_classes` classes of this label; NULL: without a result. */
static inline GstBuffer *
log_frame (LogTest * test, const gchar * label, guint n_classes)
{
  GstMobilenetCategory classes[3] = { {3, label, 0.3f}, {2, label, 0.123456f}, {1, label, 1e-6f} };
  GstBuffer *frame = gst_buffer_new_allocate (NULL, 16, NULL);
  GstMobilenetResult *result;

  GST_BUFFER_PTS (frame) = test->n++ * 40 * GST_MSECOND;
  if (!label)
    return frame;
  result = gst_mobilenet_result_new ("net", classes, n_classes, 0, 1234567, 12 * GST_MSECOND);
  gst_buffer_add_mobilenet_meta (frame, result, NULL, 2);
  gst_mobilenet_result_unref (result);
  return frame;
}

static inline GstFlowReturn
log_push (LogTest * test, GstBuffer * frame)
{
  GstFlowReturn flow = gst_harness_push (test->h, gst_buffer_ref (frame));
  GstBuffer *out;

  if (flow == GST_FLOW_OK) {
    out = gst_harness_pull (test->h);
    fail_unless (out == frame, "another buffer");
    gst_buffer_unref (out);
  }
  gst_buffer_unref (frame);
  return flow;
}

static inline gchar *
log_text (LogTest * test)
{
  gchar *text = NULL;

  fail_unless (g_file_get_contents (test->path, &text, NULL, NULL));
  return text;
}

static inline void
assert_log (LogTest * test, const gchar * expected)
{
  gchar *text = log_text (test);

  fail_unless_equals_string (text, expected);
  g_free (text);
}

#endif
