/* How the overlay hands its panel downstream, and what else of a pipeline happens to it. */
#include "tests/plugin/test_overlay.h"

GST_START_TEST (a_sink_that_draws_gets_the_panel)
{
  GstHarness *h = attach_harness ("", "I420", WIDTH, HEIGHT);
  GstBuffer *frame = labelled_frame ("cat", 0.9), *out;
  GstBuffer *plain = gst_buffer_copy_deep (frame);
  GstMemory *memory = gst_buffer_peek_memory (frame, 0);
  GstCaps *caps = gst_pad_get_current_caps (h->sinkpad);

  fail_unless (gst_caps_features_contains (gst_caps_get_features (caps, 0),
          GST_CAPS_FEATURE_META_GST_VIDEO_OVERLAY_COMPOSITION));
  gst_caps_unref (caps);

  out = mobilenet_push (h, gst_buffer_ref (frame));
  fail_unless (gst_buffer_peek_memory (out, 0) == memory);
  fail_unless (same_bytes (out, plain));
  attached_panel (out);
  fail_if (gst_buffer_get_video_overlay_composition_meta (frame));
  gst_buffer_unref (out);
  gst_buffer_unref (frame);
  gst_buffer_unref (plain);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (an_overlay_that_came_stays)
{
  GstHarness *h = attach_harness ("", "I420", WIDTH, HEIGHT);
  GstBuffer *cat = mobilenet_push (h, labelled_frame ("cat", 0.9));
  GstVideoOverlayComposition *upstream =
      gst_video_overlay_composition_new (attached_panel (cat));
  GstBuffer *frame = labelled_frame ("dog", 0.9);
  GstVideoOverlayCompositionMeta *meta;
  GstCaps *caps = frame_caps ("I420", WIDTH, HEIGHT);

  gst_caps_set_features (caps, 0,
      gst_caps_features_new (GST_CAPS_FEATURE_MEMORY_SYSTEM_MEMORY,
          GST_CAPS_FEATURE_META_GST_VIDEO_OVERLAY_COMPOSITION, NULL));
  gst_harness_set_src_caps (h, caps);
  gst_buffer_add_video_overlay_composition_meta (frame, upstream);
  frame = mobilenet_push (h, frame);
  meta = gst_buffer_get_video_overlay_composition_meta (frame);
  fail_unless_equals_int (gst_video_overlay_composition_n_rectangles
      (meta->overlay), 2);
  fail_unless_equals_int (gst_video_overlay_composition_n_rectangles
      (upstream), 1);
  gst_video_overlay_composition_unref (upstream);
  gst_buffer_unref (frame);
  gst_buffer_unref (cat);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* It takes any caps, but nothing says that it draws. */
GST_START_TEST (a_sink_of_any_caps_gets_the_picture)
{
  GstHarness *h = overlay_harness ("", "I420", WIDTH, HEIGHT);
  GstBuffer *frame = labelled_frame ("cat", 0.9);
  GstBuffer *plain = gst_buffer_copy_deep (frame);
  GstCaps *caps;

  frame = mobilenet_push (h, frame);
  caps = gst_pad_get_current_caps (h->sinkpad);
  fail_if (gst_caps_features_contains (gst_caps_get_features (caps, 0),
          GST_CAPS_FEATURE_META_GST_VIDEO_OVERLAY_COMPOSITION));
  fail_if (gst_buffer_get_video_overlay_composition_meta (frame));
  fail_if (same_bytes (frame, plain));
  gst_caps_unref (caps);
  gst_buffer_unref (frame);
  gst_buffer_unref (plain);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (caps_of_other_formats_are_refused)
{
  GstHarness *h = overlay_harness ("", "I420", WIDTH, HEIGHT);
  GstCaps *caps = frame_caps ("GRAY16_LE", WIDTH, HEIGHT);

  fail_if (gst_pad_peer_query_accept_caps (h->srcpad, caps));
  gst_caps_unref (caps);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (a_frame_too_short_passes_with_a_warning)
{
  GstHarness *h = overlay_harness ("", "I420", WIDTH, HEIGHT);
  GstBus *bus = gst_bus_new ();
  GstMessage *message;
  gint i;

  gst_element_set_bus (h->element, bus);
  for (i = 0; i < 2; i++) {
    GstBuffer *frame = gst_buffer_new_allocate (NULL, 100, NULL);

    add_result (frame, "cat", 0.9);
    frame = mobilenet_push (h, frame);
    fail_unless_equals_int (gst_buffer_get_size (frame), 100);
    gst_buffer_unref (frame);
  }
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING);
  fail_unless (message != NULL);
  gst_message_unref (message);
  fail_if (gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR));
  gst_element_set_bus (h->element, NULL);
  gst_object_unref (bus);
  gst_harness_teardown (h);
}

GST_END_TEST;

static void
run_to_eos (GstElement * pipeline)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
}

GST_START_TEST (pipelines_run_again_and_again)
{
  GstElement *pipeline = gst_parse_launch ("videotestsrc num-buffers=3 ! "
      "video/x-raw,format=NV12,width=200,height=100,pixel-aspect-ratio=16/11 ! "
      "mobilenet threshold=0 ! tee name=t t. ! queue ! mobilenetoverlay "
      "name=o min-probability=0 show-timing=true ! videoconvert ! "
      "video/x-raw,format=RGB ! fakesink t. ! queue ! fakesink", NULL);
  GstElement *overlay;
  gint i;

  fail_unless (pipeline != NULL);
  overlay = gst_bin_get_by_name (GST_BIN (pipeline), "o");
  for (i = 0; i < 3; i++)
    run_to_eos (pipeline);
  gst_object_unref (overlay);
  gst_object_unref (pipeline);
}

GST_END_TEST;

GST_START_TEST (flushes_and_properties_while_playing)
{
  GstHarness *h = overlay_harness ("", "I420", WIDTH, HEIGHT);
  GstSegment segment;
  gint i;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  for (i = 0; i < 12; i++) {
    g_object_set (h->element, "position", i % 6, "font-size", 1.0 + 9 * i,
        "margin", 4.0 * i, "max-labels", 1 + i, "font", i % 2 ? NULL : "",
        NULL);
    push_labelled (h, "cat", 0.9);
    gst_harness_push_event (h, gst_event_new_flush_start ());
    gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
    gst_harness_push_event (h, gst_event_new_segment (&segment));
    push_labelled (h, "cat", 0.9);
  }
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "drawn"), 24);
  fail_unless (gst_harness_push_event (h, gst_event_new_eos ()));
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
overlay_stream_suite (void)
{
  Suite *s = suite_create ("overlay_stream");
  TCase *tc = tcase_create ("general");

  /* Pango and Cairo must not complain about anything either */
  g_log_set_always_fatal (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL
      | G_LOG_LEVEL_WARNING);
  suite_add_tcase (s, tc);
  tcase_add_test (tc, a_sink_that_draws_gets_the_panel);
  tcase_add_test (tc, an_overlay_that_came_stays);
  tcase_add_test (tc, a_sink_of_any_caps_gets_the_picture);
  tcase_add_test (tc, caps_of_other_formats_are_refused);
  tcase_add_test (tc, a_frame_too_short_passes_with_a_warning);
  tcase_add_test (tc, pipelines_run_again_and_again);
  tcase_add_test (tc, flushes_and_properties_while_playing);
  return s;
}

GST_CHECK_MAIN (overlay_stream);
