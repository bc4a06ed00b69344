/* Frames of a file, several of which are classified at a time. */
#include "tests/plugin/frames.h"

/* With TSan each frame takes half a second. */
#if defined (__SANITIZE_THREAD__)
#define UNDER_TSAN TRUE
#define FRAMES 5
#define STOPS 2
#else
#define UNDER_TSAN FALSE
#define FRAMES 24
#define STOPS 10
#endif

#define PICTURES 5

static GstVideoInfo info;

/* Not live, so that frames may be classified beside each other; with caps. */
static GstHarness *
file_harness (const gchar * properties)
{
  GstHarness *h = element_harness ("mobilenet threshold=0", properties);

  gst_harness_set_live (h, FALSE);
  mobilenet_set_caps (h, "I420", 64, 48);
  frame_info (&info, "I420", 64, 48);
  return h;
}

/* Of a picture of I420 or, in one test, RGB. */
static Expected
expected_of_picture (guint seed)
{
  static Expected known[2][PICTURES];
  Expected *expected = &known[GST_VIDEO_INFO_IS_RGB (&info) ? 1 : 0][seed];

  if (!expected->n)
    *expected = expected_of_frame (&info, seed, NULL, 0);
  return *expected;
}

static void
push_frames (GstHarness * h, guint begin, guint n)
{
  guint i;

  for (i = begin; i < begin + n; i++)
    fail_unless_equals_int (gst_harness_push (h, frame_new (&info, i % PICTURES,
                i)), GST_FLOW_OK);
}

static void
pull_frames (GstHarness * h, guint begin, guint n)
{
  guint i;

  for (i = begin; i < begin + n; i++) {
    Expected expected = expected_of_picture (i % PICTURES);
    GstBuffer *frame = gst_harness_pull (h);
    GstBuffer *sent = frame_new (&info, i % PICTURES, i);

    fail_unless (frame != NULL, "frame %u is missing", i);
    fail_unless_equals_uint64 (GST_BUFFER_PTS (frame), GST_BUFFER_PTS (sent));
    assert_meta (frame, &expected, 0);
    gst_buffer_unref (sent);
    gst_buffer_unref (frame);
  }
}

GST_START_TEST (each_frame_has_its_own_result_in_its_turn)
{
  GstHarness *h = file_harness ("threads=3");

  push_frames (h, 0, FRAMES);
  fail_unless (gst_harness_push_event (h, gst_event_new_eos ()));
  pull_frames (h, 0, FRAMES);
  fail_unless_equals_int (gst_harness_buffers_in_queue (h), 0);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "classified"), FRAMES);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* The first one shows how long a frame takes; the others go beside each other,
 * and nobody waits for them. */
GST_START_TEST (many_are_classified_at_a_time)
{
  GstHarness *h = file_harness ("threads=4 debug-inference-time=500");
  gint64 began;

  push_frames (h, 0, 1);
  began = g_get_monotonic_time ();
  push_frames (h, 1, 4);
  /* one after the other takes 2 s */
  fail_unless (g_get_monotonic_time () - began < 4 * 500000);
  fail_unless (gst_harness_buffers_in_queue (h) < 5);
  gst_harness_push_event (h, gst_event_new_eos ());
  pull_frames (h, 0, 5);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (one_thread_takes_one_at_a_time)
{
  GstHarness *h = file_harness ("threads=1 debug-inference-time=40");
  guint i;

  for (i = 0; i < 5; i++) {
    push_frames (h, i, 1);
    fail_unless_equals_int (gst_harness_buffers_in_queue (h), 1);
    pull_frames (h, i, 1);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Nobody has to push another frame to get this one. */
GST_START_TEST (a_frame_comes_without_the_next_one)
{
  GstHarness *h = file_harness ("threads=3 debug-inference-time=20");
  guint i;

  push_frames (h, 0, 4);
  pull_frames (h, 0, 4);
  for (i = 4; i < 10; i++) {
    push_frames (h, i, 1);
    pull_frames (h, i, 1);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (what_comes_between_frames_stays_there)
{
  GstHarness *h = file_harness ("threads=3 debug-inference-time=20");
  GstBuffer *gap = frame_new (&info, 0, 8);
  GstEvent *event;
  guint at = 0;

  push_frames (h, 0, 6);
  gst_harness_push_event (h, gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
          gst_structure_new_empty ("between")));
  /* all frames before it are there already */
  while ((event = gst_harness_try_pull_event (h))) {
    at += GST_EVENT_TYPE (event) == GST_EVENT_CUSTOM_DOWNSTREAM;
    gst_event_unref (event);
  }
  fail_unless_equals_int (at, 1);
  fail_unless_equals_int (gst_harness_buffers_in_queue (h), 6);

  push_frames (h, 6, 2);
  GST_BUFFER_FLAG_SET (gap, GST_BUFFER_FLAG_GAP);
  fail_unless_equals_int (gst_harness_push (h, gap), GST_FLOW_OK);
  fail_unless_equals_int (gst_harness_buffers_in_queue (h), 9);
  pull_frames (h, 0, 8);
  gap = gst_harness_pull (h);
  fail_unless (gst_buffer_get_mobilenet_meta (gap) == NULL);
  gst_buffer_unref (gap);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (a_flush_leaves_nothing_behind)
{
  GstHarness *h = file_harness ("threads=3 debug-inference-time=20");
  GstSegment segment;

  push_frames (h, 0, 6);
  gst_harness_push_event (h, gst_event_new_flush_start ());
  fail_unless_equals_int (gst_harness_push (h, frame_new (&info, 0, 6)),
      GST_FLOW_FLUSHING);
  gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  while (gst_harness_buffers_in_queue (h))
    gst_buffer_unref (gst_harness_pull (h));
  push_frames (h, 10, 8);
  gst_harness_push_event (h, gst_event_new_eos ());
  pull_frames (h, 10, 8);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (caps_and_models_change_in_between)
{
  GstHarness *h = file_harness ("threads=3 debug-inference-time=10");

  push_frames (h, 0, 6);
  mobilenet_set_caps (h, "RGB", 40, 32);
  pull_frames (h, 0, 6);
  frame_info (&info, "RGB", 40, 32);
  push_frames (h, 6, 6);
  g_object_set (h->element, "top-k", 3, "threads", 2, NULL);
  push_frames (h, 12, 1);
  pull_frames (h, 6, 6);
  fail_unless_equals_int (gst_harness_buffers_in_queue (h), 1);
  gst_buffer_unref (gst_harness_pull (h));
  gst_harness_teardown (h);
}

GST_END_TEST;

static GstFlowReturn
refuse (GstPad * pad, GstObject * parent, GstBuffer * buffer)
{
  gst_buffer_unref (buffer);
  return GST_FLOW_NOT_LINKED;
}

/* The delay is long, so that also a busy machine pushes the next frame soon
 * enough for it to go beside others. */
GST_START_TEST (upstream_hears_of_errors)
{
  GstHarness *h = file_harness ("threads=3 debug-inference-time=200");
  GstFlowReturn flow = GST_FLOW_OK;
  GstBus *bus = gst_bus_new ();
  GstMessage *message;
  guint i;

  gst_element_set_bus (h->element, bus);
  push_frames (h, 0, 2);
  gst_pad_set_chain_function (h->sinkpad, refuse);
  for (i = 2; i < 20 && flow == GST_FLOW_OK; i++)
    flow = gst_harness_push (h, frame_new (&info, 0, i));
  fail_unless_equals_int (flow, GST_FLOW_NOT_LINKED);
  gst_harness_push_event (h, gst_event_new_eos ());
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_unref (message);
  gst_element_set_bus (h->element, NULL);
  gst_object_unref (bus);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (a_frame_that_cant_be_read_passes_in_its_turn)
{
  GstHarness *h = file_harness ("threads=3 debug-inference-time=20");
  GstBuffer *frame;

  push_frames (h, 0, 4);
  fail_unless_equals_int (gst_harness_push (h, frame_new_tight (&info, 1)),
      GST_FLOW_OK);
  push_frames (h, 5, 4);
  gst_harness_push_event (h, gst_event_new_eos ());
  pull_frames (h, 0, 4);
  frame = gst_harness_pull (h);
  fail_unless (gst_buffer_get_mobilenet_meta (frame) == NULL);
  gst_buffer_unref (frame);
  pull_frames (h, 5, 4);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "failed"), 1);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Where results hang on the ones before, frames go one by one. */
GST_START_TEST (steady_labels_are_the_same)
{
  GstHarness *a = file_harness ("threads=3 smoothing=200"), *b;
  guint i;

  push_frames (a, 0, FRAMES);
  b = file_harness ("threads=1 smoothing=200");
  push_frames (b, 0, FRAMES);
  for (i = 0; i < FRAMES; i++) {
    GstBuffer *x = gst_harness_pull (a), *y = gst_harness_pull (b);
    GstMobilenetResult *p = gst_buffer_get_mobilenet_meta (x)->result;
    GstMobilenetResult *q = gst_buffer_get_mobilenet_meta (y)->result;

    fail_unless_equals_int (p->classes[0].index, q->classes[0].index);
    fail_unless (p->classes[0].probability == q->classes[0].probability);
    gst_buffer_unref (x);
    gst_buffer_unref (y);
  }
  gst_harness_teardown (a);
  gst_harness_teardown (b);
}

GST_END_TEST;

/* Two files at a time are beside each other without this. */
GST_START_TEST (streams_take_turns)
{
  GstHarness *a = file_harness ("threads=3 debug-inference-time=10"), *b;
  guint i;

  push_frames (a, 0, 8);
  b = file_harness ("threads=3 debug-inference-time=10");
  for (i = 8; i < 12; i++) {
    push_frames (a, i, 1);
    push_frames (b, i, 1);
    fail_unless_equals_int (gst_harness_buffers_in_queue (b), i - 7);
    fail_unless_equals_int (gst_harness_buffers_in_queue (a), i + 1);
  }
  pull_frames (a, 0, 12);
  pull_frames (b, 8, 4);
  gst_harness_teardown (b);
  push_frames (a, 12, 8);
  gst_harness_push_event (a, gst_event_new_eos ());
  pull_frames (a, 12, 8);
  gst_harness_teardown (a);
}

GST_END_TEST;

/* In the midst of it, without an EOS. */
GST_START_TEST (it_stops_at_any_time)
{
  guint i;

  for (i = 0; i < STOPS; i++) {
    GstHarness *h = file_harness ("threads=3 debug-inference-time=5");

    push_frames (h, 0, 2 + i);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

static Suite *
ahead_suite (void)
{
  Suite *s = suite_create ("ahead");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, each_frame_has_its_own_result_in_its_turn);
  tcase_add_test (tc, many_are_classified_at_a_time);
  tcase_add_test (tc, what_comes_between_frames_stays_there);
  tcase_add_test (tc, a_flush_leaves_nothing_behind);
  tcase_add_test (tc, caps_and_models_change_in_between);
  tcase_add_test (tc, upstream_hears_of_errors);
  tcase_add_test (tc, a_frame_that_cant_be_read_passes_in_its_turn);
  tcase_add_test (tc, it_stops_at_any_time);
  if (UNDER_TSAN)
    return s;
  /* its frames come by a GAsyncQueue alone, whose locks TSan doesn't see */
  tcase_add_test (tc, a_frame_comes_without_the_next_one);
  /* one at a time, for the most part */
  tcase_add_test (tc, one_thread_takes_one_at_a_time);
  tcase_add_test (tc, steady_labels_are_the_same);
  tcase_add_test (tc, streams_take_turns);
  return s;
}

GST_CHECK_MAIN (ahead);
