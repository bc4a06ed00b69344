/* When text goes out, and for which time. */
#include "tests/plugin/test_text.h"

#define UTF8 "text/x-raw, format=utf8"

/* How many GAP events came, and until where. */
static guint
gaps (GstHarness * h, GstClockTime * until)
{
  GstClockTime start, duration;
  GstEvent *event;
  guint n = 0;

  while ((event = gst_harness_try_pull_event (h))) {
    if (GST_EVENT_TYPE (event) == GST_EVENT_GAP) {
      gst_event_parse_gap (event, &start, &duration);
      *until = start + duration;
      n++;
    }
    gst_event_unref (event);
  }
  return n;
}

GST_START_TEST (a_span_is_one_buffer)
{
  GstHarness *h = text_harness ("emit=end", UTF8);
  GstClockTime until = 0;

  text_push_span (h, 0, 10, "cat");
  assert_no_text (h);
  fail_unless_equals_int (gaps (h, &until), 10);
  fail_unless_equals_uint64 (until, 10 * FRAME);
  text_push (h, 10, "dog", 0.4f, 0);
  assert_text (h, "cat 50%", 0, 10);
  text_push (h, 11, "dog", 0.9f, 0);
  text_push (h, 12, "dog", 0.6f, 0);
  text_push_span (h, 13, 15, NULL);
  assert_text (h, "dog 90%", 10, 13);
  text_push (h, 15, "cat", 0.05f, 0);
  text_push (h, 16, "cat", 0.3f, 0);
  assert_no_text (h);
  fail_unless (gst_harness_push_event (h, gst_event_new_eos ()));
  assert_text (h, "cat 30%", 16, 17);
  assert_no_text (h);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (a_long_span_is_cut)
{
  GstHarness *h = text_harness ("emit=end max-duration=400000000", UTF8);

  text_push_span (h, 0, 24, "cat");
  assert_text (h, "cat 50%", 0, 10);
  assert_text (h, "cat 50%", 10, 20);
  assert_no_text (h);
  gst_harness_push_event (h, gst_event_new_eos ());
  assert_text (h, "cat 50%", 20, 24);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Pieces follow each other; what comes amid one waits for its end. */
GST_START_TEST (early_text_does_not_overlap)
{
  GstHarness *h = text_harness ("max-duration=400000000", UTF8);
  GstClockTime until = 0;

  text_push (h, 0, "cat", 0.5f, 0);
  assert_text (h, "cat 50%", 0, 10);
  text_push_span (h, 1, 4, "cat");
  text_push_span (h, 4, 10, "dog");
  assert_no_text (h);
  fail_unless_equals_int (gaps (h, &until), 9);
  text_push (h, 10, "dog", 0.7f, 0);
  assert_text (h, "dog 70%", 10, 20);
  text_push (h, 31, "dog", 0.8f, 0);
  assert_text (h, "dog 80%", 31, 41);
  gst_harness_push_event (h, gst_event_new_eos ());
  assert_no_text (h);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* mp4mux waits for buffers, whatever GAP events say. */
GST_START_TEST (without_a_label_text_is_empty)
{
  GstHarness *h = text_harness ("max-duration=400000000", UTF8);

  text_push_span (h, 0, 21, NULL);
  assert_text (h, "", 0, 1);
  assert_text (h, "", 10, 11);
  assert_text (h, "", 20, 21);
  text_push (h, 21, "cat", 0.5f, 0);
  assert_text (h, "cat 50%", 21, 31);
  gst_harness_teardown (h);

  h = text_harness ("emit=start format=srt", NULL);
  text_push_span (h, 0, 30, NULL);
  assert_no_text (h);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* A `mobilenet` that doesn't wait: a label counts from the frame it was seen on. */
GST_START_TEST (late_results_count_from_their_frame)
{
  GstHarness *h = text_harness ("emit=end", UTF8);
  GstMobilenetResult *last = text_result ("bird", 0.7f, 18 * FRAME);

  text_push_span (h, 0, 4, NULL);
  text_push (h, 4, "cat", 0.5f, 2);
  text_push (h, 5, "cat", 0.5f, 3);
  text_push (h, 10, "dog", 0.5f, 3);
  assert_text (h, "cat 50%", 2, 7);
  text_push (h, 19, "dog", 0.5f, 12);
  fail_unless (gst_harness_push_event (h,
          gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
              gst_structure_new ("mobilenet-result", "result",
                  GST_TYPE_MOBILENET_RESULT, last, NULL))));
  gst_mobilenet_result_unref (last);
  assert_text (h, "dog 50%", 7, 18);
  gst_harness_push_event (h, gst_event_new_eos ());
  assert_text (h, "bird 70%", 18, 20);
  assert_no_text (h);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (segments_and_flushes_end_spans)
{
  GstHarness *h = text_harness ("emit=end", UTF8);
  GstSegment segment;

  text_push_span (h, 0, 5, "cat");
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = segment.time = 100 * FRAME;
  segment.stop = 103 * FRAME;
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  assert_text (h, "cat 50%", 0, 5);
  text_push_span (h, 98, 105, "cat");
  gst_harness_push_event (h, gst_event_new_flush_start ());
  gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
  assert_no_text (h);
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  text_push_span (h, 98, 105, "cat");
  gst_harness_push_event (h, gst_event_new_eos ());
  assert_text (h, "cat 50%", 100, 103);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* New caps of the video, a frame without a time, and time that goes back. */
GST_START_TEST (odd_streams)
{
  GstHarness *h = text_harness ("emit=end", UTF8);
  GstCaps *caps = gst_caps_from_string ("video/x-raw, format=RGB, width=8, "
      "height=8, framerate=25/1");

  text_push_span (h, 0, 5, "cat");
  gst_harness_push_event (h, gst_event_new_caps (caps));
  gst_caps_unref (caps);
  text_push_span (h, 5, 8, "cat");
  fail_unless_equals_int (gst_harness_push (h, gst_buffer_new ()), GST_FLOW_OK);
  assert_no_text (h);
  text_push_span (h, 3, 4, "cat");      /* played backwards */
  assert_text (h, "cat 50%", 0, 8);
  text_push_span (h, 2, 3, "cat");
  assert_text (h, "cat 50%", 3, 4);
  gst_harness_push_event (h, gst_event_new_eos ());
  assert_text (h, "cat 50%", 2, 3);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (the_stream_is_sparse_and_its_own)
{
  GstHarness *h = text_harness ("", UTF8);
  GstEvent *event = gst_pad_get_sticky_event (h->sinkpad,
      GST_EVENT_STREAM_START, 0);
  GstStreamFlags flags = 0;
  GstQuery *query;
  const gchar *id;

  gst_event_parse_stream_flags (event, &flags);
  gst_event_parse_stream_start (event, &id);
  fail_unless (flags & GST_STREAM_FLAG_SPARSE);
  fail_unless (g_str_has_suffix (id, "/mobilenettext"));
  gst_event_unref (event);

  text_push (h, 0, "cat", 0.5f, 0);
  while (gst_harness_upstream_events_in_queue (h) > 0)
    gst_event_unref (gst_harness_pull_upstream_event (h));
  gst_harness_push_upstream_event (h,
      gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW, 2, 1, 0));
  fail_unless_equals_int (gst_harness_upstream_events_in_queue (h), 0);

  query = gst_query_new_allocation (NULL, FALSE);
  fail_unless (gst_pad_peer_query (h->srcpad, query));
  fail_unless (gst_query_find_allocation_meta (query,
          GST_VIDEO_META_API_TYPE, NULL));
  gst_query_unref (query);
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
text_suite (void)
{
  Suite *s = suite_create ("text");
  TCase *tc = tcase_create ("spans");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, a_span_is_one_buffer);
  tcase_add_test (tc, a_long_span_is_cut);
  tcase_add_test (tc, early_text_does_not_overlap);
  tcase_add_test (tc, without_a_label_text_is_empty);
  tcase_add_test (tc, late_results_count_from_their_frame);
  tcase_add_test (tc, segments_and_flushes_end_spans);
  tcase_add_test (tc, odd_streams);
  tcase_add_test (tc, the_stream_is_sparse_and_its_own);
  return s;
}

GST_CHECK_MAIN (text);
