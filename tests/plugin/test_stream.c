/* How the element follows a stream: caps, segments, flushes, intervals, states, and what it must not swallow. */
#include "tests/plugin/frames.h"

static GstVideoInfo info;

static GstHarness *
stream_harness (const gchar * properties)
{
  GstHarness *h = mobilenet_harness (properties);

  frame_info (&info, "RGB", 40, 30);
  mobilenet_set_caps (h, "RGB", 40, 30);
  return h;
}

static Expected
expected_of (guint seed)
{
  return expected_of_frame (&info, seed, NULL, MNET_ORIENTATION_NONE);
}

/* Pushes picture n, and checks that it carries the result of picture `seen`. */
static void
push_and_check (GstHarness * h, guint n, guint seen)
{
  Expected expected = expected_of (seen);
  GstBuffer *out = mobilenet_push (h, frame_new (&info, n, n));
  GstMobilenetMeta *meta = gst_buffer_get_mobilenet_meta (out);

  assert_meta (out, &expected, n - seen);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (out),
      gst_util_uint64_scale (n, GST_SECOND, 30));
  fail_unless_equals_uint64 (meta->result->pts,
      gst_util_uint64_scale (seen, GST_SECOND, 30));
  gst_buffer_unref (out);
}

GST_START_TEST (every_frame_has_its_own_result)
{
  GstHarness *h = stream_harness ("");
  guint n;

  for (n = 0; n < 4; n++)
    push_and_check (h, n, n);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "classified"), 4);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "skipped"), 0);
  fail_unless (mobilenet_stat (h->element, "inference-mean") > 0);
  fail_unless (mobilenet_stat (h->element, "inference-p50") <=
      mobilenet_stat (h->element, "inference-p99"));
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (between_intervals_results_age)
{
  GstHarness *h = stream_harness ("interval=3");
  guint n;

  for (n = 0; n < 8; n++)
    push_and_check (h, n, n / 3 * 3);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "frames"), 8);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "classified"), 3);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "skipped"), 5);

  /* a shorter one counts at once */
  g_object_set (h->element, "interval", 1, NULL);
  push_and_check (h, 8, 8);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (a_flush_ends_a_result)
{
  GstHarness *h = stream_harness ("interval=100");
  GstSegment segment;

  push_and_check (h, 0, 0);
  push_and_check (h, 1, 0);
  gst_harness_push_event (h, gst_event_new_flush_start ());
  gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  push_and_check (h, 2, 2);
  push_and_check (h, 3, 2);

  /* and so does a jump without a flush */
  segment.start = GST_SECOND / 30 * 4;
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  push_and_check (h, 4, 4);
  push_and_check (h, 5, 4);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (caps_change_in_mid_stream)
{
  static const struct
  {
    const gchar *format;
    gint width, height;
  } caps[] = { {"RGB", 40, 30}, {"NV12", 64, 64}, {"NV12", 33, 17},
  {"GRAY8", 400, 3}, {"I420_10LE", 40, 30}
  };
  GstHarness *h = stream_harness ("interval=2");
  guint i, n;

  for (i = 0; i < G_N_ELEMENTS (caps); i++) {
    frame_info (&info, caps[i].format, caps[i].width, caps[i].height);
    mobilenet_set_caps (h, caps[i].format, caps[i].width, caps[i].height);
    for (n = 0; n < 3; n++)
      push_and_check (h, n, n / 2 * 2);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (frames_without_a_picture_pass_without_a_result)
{
  GstHarness *h = stream_harness ("");
  GstBuffer *gap = gst_buffer_new ();
  GstBuffer *out;

  GST_BUFFER_FLAG_SET (gap, GST_BUFFER_FLAG_GAP);
  out = mobilenet_push (h, gap);
  fail_unless (out == gap);
  fail_unless (GST_BUFFER_FLAG_IS_SET (out, GST_BUFFER_FLAG_GAP));
  fail_if (gst_buffer_get_mobilenet_meta (out));
  gst_buffer_unref (out);

  out = mobilenet_push (h, gst_buffer_new ());
  fail_if (gst_buffer_get_mobilenet_meta (out));
  gst_buffer_unref (out);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "skipped"), 2);
  push_and_check (h, 1, 1);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (disabled_frames_pass_untouched)
{
  GstHarness *h = stream_harness ("interval=100");
  GstBuffer *frame, *out;

  push_and_check (h, 0, 0);
  g_object_set (h->element, "enabled", FALSE, NULL);
  frame = frame_new (&info, 1, 1);
  out = mobilenet_push (h, gst_buffer_ref (frame));
  fail_unless (out == frame);
  fail_if (gst_buffer_get_mobilenet_meta (out));
  gst_buffer_unref (out);
  gst_buffer_unref (frame);

  g_object_set (h->element, "enabled", TRUE, NULL);
  push_and_check (h, 2, 2);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (events_and_allocation_pass)
{
  GstHarness *h = stream_harness ("");
  GstCaps *caps = frame_caps ("RGB", 40, 30);
  GstQuery *query;
  GstEvent *event;

  push_and_check (h, 0, 0);
  while ((event = gst_harness_try_pull_event (h)))
    gst_event_unref (event);
  gst_harness_push_event (h, gst_event_new_gap (GST_SECOND, GST_SECOND));
  event = gst_harness_pull_event (h);
  fail_unless_equals_int (GST_EVENT_TYPE (event), GST_EVENT_GAP);
  gst_event_unref (event);
  gst_harness_push_event (h, gst_event_new_eos ());
  event = gst_harness_pull_event (h);
  fail_unless_equals_int (GST_EVENT_TYPE (event), GST_EVENT_EOS);
  gst_event_unref (event);

  /* upstream hears what downstream can do, and nothing else */
  query = gst_query_new_allocation (caps, TRUE);
  gst_pad_peer_query (h->srcpad, query);
  fail_if (gst_query_find_allocation_meta (query, GST_VIDEO_META_API_TYPE,
          NULL));
  gst_query_unref (query);

  gst_harness_add_propose_allocation_meta (h, GST_VIDEO_META_API_TYPE, NULL);
  gst_harness_add_propose_allocation_meta (h, GST_VIDEO_CROP_META_API_TYPE,
      NULL);
  query = gst_query_new_allocation (caps, TRUE);
  fail_unless (gst_pad_peer_query (h->srcpad, query));
  fail_unless (gst_query_find_allocation_meta (query, GST_VIDEO_META_API_TYPE,
          NULL));
  fail_unless (gst_query_find_allocation_meta (query,
          GST_VIDEO_CROP_META_API_TYPE, NULL));
  gst_query_unref (query);
  gst_caps_unref (caps);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (frames_before_caps_are_an_error)
{
  GstHarness *h = mobilenet_harness ("");
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (h, gst_event_new_stream_start ("s"));
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  fail_unless_equals_int (gst_pad_push (h->srcpad, gst_buffer_new ()),
      GST_FLOW_NOT_NEGOTIATED);
  gst_harness_teardown (h);
}

GST_END_TEST;

typedef struct
{
  guint frames, with_result;
} Count;

static void
on_handoff (GstElement * sink, GstBuffer * buffer, GstPad * pad, Count * count)
{
  count->frames++;
  if (gst_buffer_get_mobilenet_meta (buffer))
    count->with_result++;
}

static GstElement *
make_pipeline (const gchar * line, Count * count)
{
  GstElement *pipeline = gst_parse_launch (line, NULL);
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");

  fail_unless (pipeline != NULL);
  g_object_set (sink, "signal-handoffs", TRUE, NULL);
  g_signal_connect (sink, "handoff", G_CALLBACK (on_handoff), count);
  gst_object_unref (sink);
  return pipeline;
}

static void
wait_for (GstElement * pipeline, GstMessageType type)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND,
      type | GST_MESSAGE_ERROR);

  fail_unless (message != NULL, "nothing came");
  fail_unless (GST_MESSAGE_TYPE (message) == type);
  gst_message_unref (message);
  gst_object_unref (bus);
}

GST_START_TEST (a_pipeline_plays_to_its_end)
{
  Count count = { 0, 0 };
  GstElement *pipeline = make_pipeline ("videotestsrc num-buffers=10 ! "
      "video/x-raw,format=NV12,width=160,height=120 ! tee name=t "
      "t. ! queue ! mobilenet threshold=0 ! videoconvert ! videoscale ! "
      "video/x-raw,format=RGB,width=80 ! fakesink name=sink "
      "t. ! queue ! fakesink", &count);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_for (pipeline, GST_MESSAGE_EOS);
  fail_unless_equals_int (count.frames, 10);
  fail_unless_equals_int (count.with_result, 10);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

GST_END_TEST;

GST_START_TEST (a_pipeline_seeks)
{
  Count count = { 0, 0 };
  GstElement *pipeline = make_pipeline ("videotestsrc num-buffers=100 ! "
      "video/x-raw,width=32,height=24 ! mobilenet threshold=0 interval=7 ! "
      "fakesink name=sink", &count);
  guint i;

  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  wait_for (pipeline, GST_MESSAGE_ASYNC_DONE);
  for (i = 0; i < 5; i++) {
    fail_unless (gst_element_seek_simple (pipeline, GST_FORMAT_TIME,
            GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE, i * GST_SECOND / 2));
    wait_for (pipeline, GST_MESSAGE_ASYNC_DONE);
  }
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_for (pipeline, GST_MESSAGE_EOS);
  fail_unless (count.frames > 0);
  fail_unless_equals_int (count.with_result, count.frames);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

GST_END_TEST;

GST_START_TEST (states_cycle)
{
  static const GstState states[] = { GST_STATE_PLAYING, GST_STATE_PAUSED,
    GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_NULL, GST_STATE_PLAYING,
    GST_STATE_NULL
  };
  Count count = { 0, 0 };
  GstElement *pipeline = make_pipeline ("videotestsrc ! "
      "video/x-raw,width=32,height=24 ! mobilenet threshold=0 ! "
      "fakesink name=sink", &count);
  guint i, j;

  for (i = 0; i < 3; i++) {
    for (j = 0; j < G_N_ELEMENTS (states); j++) {
      fail_unless (gst_element_set_state (pipeline, states[j]) !=
          GST_STATE_CHANGE_FAILURE);
      fail_unless (gst_element_get_state (pipeline, NULL, NULL,
              60 * GST_SECOND) == GST_STATE_CHANGE_SUCCESS);
    }
  }
  fail_unless_equals_int (count.with_result, count.frames);
  gst_object_unref (pipeline);
}

GST_END_TEST;

static Suite *
stream_suite (void)
{
  Suite *s = suite_create ("stream");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, every_frame_has_its_own_result);
  tcase_add_test (tc, between_intervals_results_age);
  tcase_add_test (tc, a_flush_ends_a_result);
  tcase_add_test (tc, caps_change_in_mid_stream);
  tcase_add_test (tc, frames_without_a_picture_pass_without_a_result);
  tcase_add_test (tc, disabled_frames_pass_untouched);
  tcase_add_test (tc, events_and_allocation_pass);
  tcase_add_test (tc, frames_before_caps_are_an_error);
  tcase_add_test (tc, a_pipeline_plays_to_its_end);
  tcase_add_test (tc, a_pipeline_seeks);
  tcase_add_test (tc, states_cycle);
  return s;
}

GST_CHECK_MAIN (stream);
