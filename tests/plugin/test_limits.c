/* What keeps frames from being classified, and how long those wait that are. */
#include "tests/plugin/frames.h"

static GstVideoInfo info;

static GstMobilenetMeta *
meta_of (GstBuffer * buffer)
{
  return gst_buffer_get_mobilenet_meta (buffer);
}

GST_START_TEST (latency_is_what_frames_wait)
{
  GstHarness *h = live_harness (&info, "mode=sync debug-inference-time=20");
  GstClockTime upstream = 7 * GST_MSECOND, latency;

  gst_harness_set_upstream_latency (h, upstream);
  fail_unless_equals_uint64 (gst_harness_query_latency (h), upstream);
  gst_buffer_unref (mobilenet_push (h, frame_new (&info, 1, 0)));
  latency = gst_harness_query_latency (h) - upstream;
  fail_unless (latency >= 20 * GST_MSECOND);
  g_object_set (h->element, "mode", 2, NULL);
  gst_buffer_unref (mobilenet_push (h, frame_new (&info, 1, 1)));
  fail_unless_equals_uint64 (gst_harness_query_latency (h), upstream);
  gst_harness_teardown (h);
}

GST_END_TEST;

static void
push_qos (GstHarness * h, GstClockTimeDiff late, GstClockTime timestamp)
{
  gst_harness_push_upstream_event (h, gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW,
          1.5, late, timestamp));
}

GST_START_TEST (late_frames_pass_unclassified_in_sync_mode)
{
  GstHarness *h = live_harness (&info, "mode=sync");
  GstBuffer *out;

  gst_buffer_unref (mobilenet_push (h, frame_new (&info, 1, 0)));
  push_qos (h, 50 * GST_MSECOND, 0);
  out = mobilenet_push (h, frame_new (&info, 2, 1));
  fail_unless (meta_of (out) && meta_of (out)->age == 1);
  gst_buffer_unref (out);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "skipped-qos"), 1);
  out = mobilenet_push (h, frame_new (&info, 2, 4));
  fail_unless (meta_of (out) && meta_of (out)->age == 0);
  gst_buffer_unref (out);

  g_object_set (h->element, "qos", FALSE, NULL);
  push_qos (h, GST_SECOND, 0);
  out = mobilenet_push (h, frame_new (&info, 2, 5));
  fail_unless (meta_of (out) && meta_of (out)->age == 0);
  gst_buffer_unref (out);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (the_rate_is_limited)
{
  GstHarness *h = live_harness (&info, "mode=sync max-rate=10");
  guint i;

  for (i = 0; i < 60; i++)
    gst_buffer_unref (mobilenet_push (h, frame_new (&info, i, i)));
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "classified"), 20);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "skipped-rate"), 40);
  gst_harness_teardown (h);
}

GST_END_TEST;

static void
check_budget (const gchar * properties)
{
  GstHarness *h = live_harness (&info, properties);
  gint64 began = g_get_monotonic_time (), took;
  guint64 spent;
  guint i;

  for (i = 0; i < 300 || mobilenet_stat (h->element, "classified") == 0; i++) {
    gst_buffer_unref (mobilenet_push (h, frame_new (&info, i, i)));
    g_usleep (1000);
  }
  took = (g_get_monotonic_time () - began) * GST_USECOND;
  spent = mobilenet_stat (h->element, "classified") *
      mobilenet_stat (h->element, "inference-mean");
  /* the last one may just have begun */
  spent -= spent / mobilenet_stat (h->element, "classified");
  fail_unless (spent <= (guint64) took / 9);
  fail_unless (mobilenet_stat (h->element, "skipped-budget") > 0);
  gst_harness_teardown (h);
}

GST_START_TEST (the_budget_is_kept)
{
  check_budget ("mode=sync threads=1 cpu-budget=10");
}

GST_END_TEST;

/* None is begun before the cost of the one before is known. */
GST_START_TEST (the_budget_is_kept_by_the_worker)
{
  check_budget ("mode=async threads=1 cpu-budget=10");
}

GST_END_TEST;

static void
check_static (const gchar * properties)
{
  GstHarness *h = live_harness (&info, properties);
  GstBuffer *out;
  guint i;

  for (i = 0; i < 5; i++) {
    out = mobilenet_push (h, frame_new (&info, 1, i));
    fail_unless (meta_of (out) && meta_of (out)->age == i);
    gst_buffer_unref (out);
  }
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "skipped-static"), 4);
  out = mobilenet_push (h, frame_new (&info, 99, 5));
  fail_unless (meta_of (out) && meta_of (out)->age == 0);
  gst_buffer_unref (out);
  gst_harness_teardown (h);
}

GST_START_TEST (a_static_scene_reuses_its_result)
{
  check_static ("mode=sync static-threshold=1");
}

GST_END_TEST;

static Suite *
limits_suite (void)
{
  Suite *s = suite_create ("limits");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, latency_is_what_frames_wait);
  tcase_add_test (tc, late_frames_pass_unclassified_in_sync_mode);
  tcase_add_test (tc, the_rate_is_limited);
  tcase_add_test (tc, the_budget_is_kept);
  tcase_add_test (tc, the_budget_is_kept_by_the_worker);
  tcase_add_test (tc, a_static_scene_reuses_its_result);
  return s;
}

GST_CHECK_MAIN (limits);
