/*
 * A camera of 1080p at 60 frames a second before a classifier that takes 200 ms: what frames wait, how old results get, and
 * whether memory grows. Prints the figures; the limits that it checks are those of a machine that does other things too.
 */
#include "tests/plugin/frames.h"

#define FRAMES 600
#define WARM_UP 100
#define INFERENCE 200           /* ms */
#define PICTURES 4

static gdouble waits[FRAMES], ages[FRAMES];     /* ms */

/* Frames of a camera share few memories. */
static GstBuffer *
camera_frame (GstBuffer ** pictures, guint n)
{
  GstBuffer *frame = gst_buffer_copy (pictures[n % PICTURES]);

  GST_BUFFER_PTS (frame) = gst_util_uint64_scale (n, GST_SECOND, 60);
  GST_BUFFER_DURATION (frame) = GST_SECOND / 60;
  return frame;
}

GST_START_TEST (a_slow_classifier_holds_nothing_up)
{
  GstHarness *h =
      element_harness ("mobilenet threshold=0", "debug-inference-time=200");
  GstBuffer *pictures[PICTURES], *out;
  gint64 captured[FRAMES], began;
  guint passed = 0, with_result = 0, fresh = 0, i;
  glong resident = 0, grown;
  gdouble inference_ms;
  GstVideoInfo info;

  gst_harness_set_src_caps_str (h, "video/x-raw,format=NV12,width=1920,"
      "height=1080,framerate=60/1");
  frame_info (&info, "NV12", 1920, 1080);
  for (i = 0; i < PICTURES; i++)
    pictures[i] = frame_new (&info, i, 0);

  began = g_get_monotonic_time ();
  for (i = 0; i < FRAMES; i++) {
    gint64 due = began + i * G_USEC_PER_SEC / 60, now = g_get_monotonic_time ();
    GstMobilenetMeta *meta;

    if (due > now)
      g_usleep (due - now);
    captured[i] = g_get_monotonic_time ();
    fail_unless_equals_int (gst_harness_push (h, camera_frame (pictures, i)),
        GST_FLOW_OK);
    waits[i] = (g_get_monotonic_time () - captured[i]) / 1e3;
    out = gst_harness_try_pull (h);
    fail_unless (out != NULL);
    fail_unless_equals_uint64 (GST_BUFFER_PTS (out),
        gst_util_uint64_scale (i, GST_SECOND, 60));
    passed++;
    meta = gst_buffer_get_mobilenet_meta (out);
    if (meta) {
      fail_unless (meta->age <= i);
      ages[with_result++] = (captured[i] - captured[i - meta->age]) / 1e3;
    }
    gst_buffer_unref (out);
    if (i == WARM_UP)
      resident = resident_kib ();
  }
  grown = resident_kib () - resident;
  inference_ms = mobilenet_stat (h->element, "inference-mean") / 1e6;
  for (i = 0; i < with_result; i++)
    fresh += ages[i] < 2 * inference_ms;
  sort_numbers (waits, FRAMES);
  sort_numbers (ages, with_result);
  fail_unless (with_result > 0);
  g_print ("%u of %u frames passed, %u with a result; a frame waits %.2f ms "
      "(median), %.2f ms (p99), %.2f ms (most); a result is %.0f ms old "
      "(median), %.0f ms (most), and %.1f %% are under two inference times of "
      "%.0f ms; memory grew by %ld KiB; "
      "%" G_GUINT64_FORMAT " classified\n", passed, FRAMES, with_result,
      waits[FRAMES / 2], waits[FRAMES * 99 / 100], waits[FRAMES - 1],
      ages[with_result / 2], ages[with_result - 1],
      100.0 * fresh / with_result, inference_ms, grown,
      mobilenet_stat (h->element, "classified"));

  fail_unless (waits[FRAMES / 2] < INFERENCE / 4);
  fail_unless (waits[FRAMES * 9 / 10] < INFERENCE / 2);
  fail_unless (ages[with_result - 1] < 4 * inference_ms);
  /* ASan keeps what is freed for a while */
#if !defined (__SANITIZE_ADDRESS__)
  fail_unless (grown < 1024);
#endif
  for (i = 0; i < PICTURES; i++)
    gst_buffer_unref (pictures[i]);
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
live_rate_suite (void)
{
  Suite *s = suite_create ("live_rate");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, a_slow_classifier_holds_nothing_up);
  return s;
}

GST_CHECK_MAIN (live_rate);
