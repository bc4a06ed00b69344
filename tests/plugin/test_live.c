/* Frames that don't wait: what passes when, and what is attached to it. */
#include "tests/plugin/frames.h"

#define INFERENCE 150           /* ms a classification takes at least, where a test needs it slow */

static GstVideoInfo info;

static GstMobilenetMeta *
meta_of (GstBuffer * buffer)
{
  return gst_buffer_get_mobilenet_meta (buffer);
}

/* Pushes frames until one carries a result; returns its number. */
static guint
push_until_result (GstHarness * h, guint n)
{
  gint64 end = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;

  for (; g_get_monotonic_time () < end; n++) {
    GstBuffer *out = mobilenet_push (h, frame_new (&info, 1, n));
    gboolean has = meta_of (out) != NULL;

    gst_buffer_unref (out);
    if (has)
      return n;
    g_usleep (2000);
  }
  fail ("no result came");
  return 0;
}

GST_START_TEST (frames_pass_while_one_is_classified)
{
  GstHarness *h = live_harness (&info, "debug-inference-time=1000");
  gint64 began = g_get_monotonic_time ();
  guint i;

  for (i = 0; i < 10; i++) {
    GstBuffer *in = frame_new (&info, i, i), *out;
    GstMemory *memory = gst_buffer_peek_memory (in, 0);

    out = mobilenet_push (h, in);
    fail_unless (gst_buffer_peek_memory (out, 0) == memory);
    fail_unless_equals_uint64 (GST_BUFFER_PTS (out), i * GST_SECOND / 30);
    fail_unless (meta_of (out) == NULL);
    gst_buffer_unref (out);
  }
  fail_unless (g_get_monotonic_time () - began < G_USEC_PER_SEC);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (results_carry_their_frame_and_age)
{
  GstHarness *h = live_harness (&info, "");
  guint n = push_until_result (h, 0);
  guint64 frame;
  GstBuffer *out;

  gst_harness_push_event (h, gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
          gst_structure_new_empty ("nothing")));
  out = mobilenet_push (h, frame_new (&info, 1, n + 1));
  fail_unless (meta_of (out) != NULL);
  frame = meta_of (out)->result->pts * 30 / GST_SECOND;
  frame += meta_of (out)->result->pts * 30 % GST_SECOND > GST_SECOND / 2;
  fail_unless_equals_uint64 (frame + meta_of (out)->age, n + 1);
  gst_buffer_unref (out);
  gst_harness_teardown (h);
}

GST_END_TEST;

static void
frame_freed (gpointer data, GstMiniObject * where)
{
  *(gboolean *) data = TRUE;
}

GST_START_TEST (a_frame_is_not_held_for_the_worker)
{
  GstHarness *h = live_harness (&info, "debug-inference-time=150");
  GstBuffer *frame = frame_new (&info, 0, 0);
  gboolean freed = FALSE;

  gst_mini_object_weak_ref (GST_MINI_OBJECT (frame), frame_freed, &freed);
  gst_buffer_unref (mobilenet_push (h, frame));
  fail_unless (freed);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "classified"), 0);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* The structure of the event that brings the last result, or NULL. */
static const GstMobilenetResult *
pull_last_result (GstHarness * h, GstEvent ** event)
{
  while ((*event = gst_harness_try_pull_event (h))) {
    const GstStructure *s = gst_event_get_structure (*event);

    if (s && gst_structure_has_name (s, "mobilenet-result"))
      return g_value_get_boxed (gst_structure_get_value (s, "result"));
    gst_event_unref (*event);
  }
  return NULL;
}

GST_START_TEST (the_last_result_comes_before_eos)
{
  GstHarness *h = live_harness (&info, "debug-inference-time=150");
  const GstMobilenetResult *result;
  GstEvent *event;

  gst_buffer_unref (mobilenet_push (h, frame_new (&info, 3, 7)));
  gst_harness_push_event (h, gst_event_new_eos ());
  result = pull_last_result (h, &event);
  fail_unless (result != NULL);
  fail_unless_equals_uint64 (result->pts, 7 * GST_SECOND / 30);
  gst_event_unref (event);
  event = gst_harness_pull_event (h);
  fail_unless_equals_int (GST_EVENT_TYPE (event), GST_EVENT_EOS);
  gst_event_unref (event);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "classified"), 1);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (a_flush_makes_results_void)
{
  GstHarness *h = live_harness (&info, "");
  guint n = push_until_result (h, 0);
  GstSegment segment;
  GstBuffer *out;

  g_object_set (h->element, "debug-inference-time", INFERENCE, NULL);
  gst_buffer_unref (mobilenet_push (h, frame_new (&info, 1, n + 1)));
  gst_harness_push_event (h, gst_event_new_flush_start ());
  gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  g_usleep (2 * INFERENCE * 1000);
  out = mobilenet_push (h, frame_new (&info, 1, 0));
  fail_unless (meta_of (out) == NULL);
  gst_buffer_unref (out);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (it_stops_while_the_worker_runs)
{
  guint i;

  for (i = 0; i < 5; i++) {
    GstHarness *h = live_harness (&info, "debug-inference-time=30");

    gst_buffer_unref (mobilenet_push (h, frame_new (&info, i, 0)));
    g_usleep (i * 10000);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

GST_START_TEST (the_mode_changes_while_frames_flow)
{
  GstHarness *h = live_harness (&info, "debug-inference-time=20");
  guint i;

  for (i = 0; i < 40; i++) {
    GstBuffer *out;

    g_object_set (h->element, "mode", i / 5 % 2 ? 1 : 2, NULL);
    out = mobilenet_push (h, frame_new (&info, 1, i));
    if (i / 5 % 2)
      fail_unless (meta_of (out) && meta_of (out)->age == 0);
    gst_buffer_unref (out);
  }
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "frames"), 40);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (every_frame_is_accounted_for)
{
  GstHarness *h = live_harness (&info, "debug-inference-time=5");
  guint i;

  for (i = 0; i < 100; i++) {
    gst_buffer_unref (mobilenet_push (h, frame_new (&info, i, i)));
    g_usleep (1000);
  }
  gst_harness_push_event (h, gst_event_new_eos ());
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "frames"), 100);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "classified")
      + mobilenet_stat (h->element, "skipped")
      + mobilenet_stat (h->element, "failed"), 100);
  fail_unless (mobilenet_stat (h->element, "skipped-busy") > 0);
  fail_unless (mobilenet_stat (h->element, "classified") > 0);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (another_model_takes_over_while_the_worker_runs)
{
  GstHarness *h = live_harness (&info, "debug-inference-time=40");
  guint i;

  for (i = 0; i < 6; i++) {
    gst_buffer_unref (mobilenet_push (h, frame_new (&info, i, i)));
    g_object_set (h->element, "top-k", i + 1, NULL);
  }
  push_until_result (h, 6);
  gst_harness_teardown (h);
}

GST_END_TEST;

static void
label_changed (GstElement * element, const gchar * label, gdouble probability,
    const gchar * previous, guint64 timestamp, GPtrArray * labels)
{
  fail_unless (g_strcmp0 (label, previous) != 0);
  fail_unless (probability >= 0 && probability <= 1);
  g_ptr_array_add (labels, g_strdup (label));
}

GST_START_TEST (a_new_label_is_announced)
{
  GstHarness *h = live_harness (&info, "mode=sync");
  GPtrArray *labels = g_ptr_array_new_with_free_func (g_free);
  GstBus *bus = gst_bus_new ();
  GstMessage *message;
  guint i;

  gst_element_set_bus (h->element, bus);
  g_signal_connect (h->element, "label-changed", G_CALLBACK (label_changed),
      labels);
  for (i = 0; i < 12; i++) {
    GstBuffer *out = mobilenet_push (h, frame_new (&info, i / 4 * 40, i));
    const gchar *label = meta_of (out)->result->classes[0].label;

    fail_unless (labels->len > 0);
    fail_unless_equals_string (label, g_ptr_array_index (labels,
            labels->len - 1));
    gst_buffer_unref (out);
  }
  for (i = 0; i < labels->len; i++) {
    message = gst_bus_pop_filtered (bus, GST_MESSAGE_ELEMENT);
    fail_unless (message != NULL);
    fail_unless (gst_message_has_name (message, "mobilenet-classification"));
    fail_unless_equals_string (gst_structure_get_string
        (gst_message_get_structure (message), "label"),
        g_ptr_array_index (labels, i));
    gst_message_unref (message);
  }
  fail_unless (gst_bus_pop_filtered (bus, GST_MESSAGE_ELEMENT) == NULL);
  gst_element_set_bus (h->element, NULL);
  gst_object_unref (bus);
  g_ptr_array_unref (labels);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (auto_follows_the_latency_query)
{
  static const gchar *const lines[] = {
    "videotestsrc num-buffers=4 ! video/x-raw,width=64,height=48 ! "
        "mobilenet name=m ! fakesink",
    "videotestsrc is-live=true num-buffers=4 ! video/x-raw,width=64,height=48 "
        "! mobilenet name=m debug-inference-time=500 ! fakesink"
  };
  guint live;

  for (live = 0; live < 2; live++) {
    GstElement *pipeline = gst_parse_launch (lines[live], NULL);
    GstElement *m = gst_bin_get_by_name (GST_BIN (pipeline), "m");
    GstMessage *message;
    guint64 classified;

    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    message = gst_bus_timed_pop_filtered (GST_ELEMENT_BUS (pipeline),
        60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
    gst_message_unref (message);
    fail_unless_equals_uint64 (mobilenet_stat (m, "frames"), 4);
    classified = mobilenet_stat (m, "classified");
    gst_element_set_state (pipeline, GST_STATE_NULL);
    fail_unless (live ? classified < 4 : classified == 4);
    gst_object_unref (m);
    gst_object_unref (pipeline);
  }
}

GST_END_TEST;

/* Any that comes before the worker is back is near enough to be made ready. */
static GstBuffer *
slow_frame_new (guint seed, guint n)
{
  GstBuffer *frame = frame_new (&info, seed, n);

  GST_BUFFER_DURATION (frame) = 100 * GST_SECOND;
  return frame;
}

/* A frame that waits for the worker is replaced by one like it. */
GST_START_TEST (a_new_static_scene_is_classified_in_async_mode)
{
  GstHarness *h = live_harness (&info,
      "mode=async static-threshold=1 debug-inference-time=150");
  guint n = push_until_result (h, 0), i;
  const GstMobilenetResult *result;
  GstEvent *event;

  gst_buffer_unref (mobilenet_push (h, slow_frame_new (50, n + 1)));
  g_usleep (INFERENCE * 1000 / 5);
  for (i = 2; i < 6; i++)
    gst_buffer_unref (mobilenet_push (h, slow_frame_new (99, n + i)));
  gst_harness_push_event (h, gst_event_new_eos ());
  result = pull_last_result (h, &event);
  fail_unless (result != NULL);
  fail_unless (result->pts > (n + 1) * GST_SECOND / 30);
  gst_event_unref (event);
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
live_suite (void)
{
  Suite *s = suite_create ("live");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, frames_pass_while_one_is_classified);
  tcase_add_test (tc, results_carry_their_frame_and_age);
  tcase_add_test (tc, a_frame_is_not_held_for_the_worker);
  tcase_add_test (tc, the_last_result_comes_before_eos);
  tcase_add_test (tc, a_flush_makes_results_void);
  tcase_add_test (tc, it_stops_while_the_worker_runs);
  tcase_add_test (tc, the_mode_changes_while_frames_flow);
  tcase_add_test (tc, every_frame_is_accounted_for);
  tcase_add_test (tc, another_model_takes_over_while_the_worker_runs);
  tcase_add_test (tc, a_new_label_is_announced);
  tcase_add_test (tc, auto_follows_the_latency_query);
  tcase_add_test (tc, a_new_static_scene_is_classified_in_async_mode);
  return s;
}

GST_CHECK_MAIN (live);
