/* All that can happen to a live pipeline, in any order, while the worker runs. tests/run.sh has it run under TSan too. */
#include "tests/plugin/frames.h"

#define ROUNDS 2

typedef struct
{
  GstElement *pipeline, *filter, *m, *sink;
  gint n_frames, n_results, n_labels;   /* atomic: counted in other threads */
  gint quit;                    /* atomic */
} Live;

static void
on_handoff (GstElement * sink, GstBuffer * buffer, GstPad * pad, Live * live)
{
  GstMobilenetMeta *meta = gst_buffer_get_mobilenet_meta (buffer);

  g_atomic_int_inc (&live->n_frames);
  if (meta && meta->result->n_classes > 0)
    g_atomic_int_inc (&live->n_results);
}

static void
on_label_changed (GstElement * m, const gchar * label, gdouble probability,
    const gchar * previous, guint64 timestamp, Live * live)
{
  fail_unless (mobilenet_stat (m, "classified") > 0);
  g_atomic_int_inc (&live->n_labels);
}

/* What a detector with a tracker attaches. */
static GstPadProbeReturn
add_region (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  GstBuffer *buffer =
      gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (info));
  GstVideoRegionOfInterestMeta *roi =
      gst_buffer_add_video_region_of_interest_meta (buffer, "ball", 8, 8, 32,
      32);

  gst_video_region_of_interest_meta_add_param (roi,
      gst_structure_new ("object_id", "id", G_TYPE_INT, 1, NULL));
  GST_PAD_PROBE_INFO_DATA (info) = buffer;
  return GST_PAD_PROBE_OK;
}

static void
wait_for_more (gint * count)
{
  gint before = g_atomic_int_get (count), i;

  for (i = 0; g_atomic_int_get (count) == before; i++) {
    fail_unless (i < 60000, "nothing comes any more");
    g_usleep (1000);
  }
}

static void
set_state (Live * live, GstState state)
{
  fail_unless (gst_element_set_state (live->pipeline, state) !=
      GST_STATE_CHANGE_FAILURE);
  fail_unless (gst_element_get_state (live->pipeline, NULL, NULL,
          60 * GST_SECOND) != GST_STATE_CHANGE_FAILURE);
}

static void
seek (Live * live)
{
  fail_unless (gst_element_seek_simple (live->pipeline, GST_FORMAT_TIME,
          GST_SEEK_FLAG_FLUSH, 0));
}

static void
change_caps (Live * live)
{
  static guint n;
  GstCaps *caps = frame_caps (n % 2 ? "I420" : "RGB", 64 + n % 3 * 16, 48);

  n++;
  g_object_set (live->filter, "caps", caps, NULL);
  gst_caps_unref (caps);
}

static void
hold (Live * live)
{
  set_state (live, GST_STATE_PAUSED);
  set_state (live, GST_STATE_PLAYING);
}

static void
restart (Live * live)
{
  set_state (live, GST_STATE_READY);
  set_state (live, GST_STATE_PLAYING);
}

static void
shut_down (Live * live)
{
  set_state (live, GST_STATE_NULL);
  set_state (live, GST_STATE_PLAYING);
}

static void
end (Live * live)
{
  GstMessage *message;

  fail_unless (gst_element_send_event (live->pipeline, gst_event_new_eos ()));
  message = gst_bus_timed_pop_filtered (GST_ELEMENT_BUS (live->pipeline),
      60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  gst_message_unref (message);
  fail_unless_equals_uint64 (mobilenet_stat (live->m, "frames"),
      mobilenet_stat (live->m, "classified")
      + mobilenet_stat (live->m, "skipped")
      + mobilenet_stat (live->m, "failed"));
}

static void
end_and_restart (Live * live)
{
  end (live);
  restart (live);
}

/* As sinks and applications do. */
static void
ask_and_complain (Live * live)
{
  gst_bin_recalculate_latency (GST_BIN (live->pipeline));
  gst_element_send_event (live->sink,
      gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW, 1.5, GST_MSECOND, 0));
}

/* Another session, and so another classifier, at each change of top-k. */
static gpointer
set_properties (gpointer data)
{
  Live *live = data;
  guint i;

  for (i = 0; !g_atomic_int_get (&live->quit); i++) {
    gst_util_set_object_arg (G_OBJECT (live->m), "mode",
        i % 7 ? "async" : "sync");
    gst_util_set_object_arg (G_OBJECT (live->m), "roi",
        i % 3 ? "frame" : "both");
    gst_util_set_object_arg (G_OBJECT (live->m), "attach",
        i % 2 ? "none" : "roi");
    g_object_set (live->m, "top-k", 1 + i % 5, "smoothing", i % 3 * 100,
        "static-threshold", i % 3 ? 0.0 : 0.5, "max-rate", i % 4 ? 0.0 : 30.0,
        "cpu-budget", i % 5 ? 0.0 : 50.0, NULL);
    fail_unless (mobilenet_stat (live->m, "failed") == 0);
    ask_and_complain (live);
    g_usleep (100000);
  }
  return NULL;
}

GST_START_TEST (everything_changes_while_the_worker_runs)
{
  static void (*const changes[]) (Live *) = {
    seek, change_caps, hold, restart, seek, shut_down, end_and_restart
  };
  Live live = { 0 };
  GstPad *pad;
  GThread *setter;
  guint i;

  live.pipeline = gst_parse_launch ("videotestsrc is-live=true pattern=ball ! "
      "capsfilter name=filter caps=video/x-raw,width=64,height=48 ! queue ! "
      "mobilenet name=m threshold=0 debug-inference-time=10 ! tee name=t "
      "t. ! queue ! mobilenetoverlay ! "
      "fakesink name=sink async=false sync=false signal-handoffs=true "
      "t. ! queue ! mobilenetlog location=/dev/null ! "
      "fakesink async=false sync=false", NULL);
  fail_unless (live.pipeline != NULL);
  live.m = gst_bin_get_by_name (GST_BIN (live.pipeline), "m");
  live.filter = gst_bin_get_by_name (GST_BIN (live.pipeline), "filter");
  live.sink = gst_bin_get_by_name (GST_BIN (live.pipeline), "sink");
  g_signal_connect (live.sink, "handoff", G_CALLBACK (on_handoff), &live);
  pad = gst_element_get_static_pad (live.m, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, add_region, NULL, NULL);
  g_signal_connect (live.m, "label-changed", G_CALLBACK (on_label_changed),
      &live);

  set_state (&live, GST_STATE_PLAYING);
  setter = g_thread_new ("setter", set_properties, &live);
  wait_for_more (&live.n_results);
  for (i = 0; i < ROUNDS * G_N_ELEMENTS (changes); i++) {
    changes[i % G_N_ELEMENTS (changes)] (&live);
    wait_for_more (&live.n_frames);
    g_usleep (i % 5 * 30000);
  }
  wait_for_more (&live.n_results);
  g_atomic_int_set (&live.quit, TRUE);
  g_thread_join (setter);
  end (&live);
  set_state (&live, GST_STATE_NULL);
  fail_unless (g_atomic_int_get (&live.n_labels) > 0);

  gst_object_unref (pad);
  gst_object_unref (live.sink);
  gst_object_unref (live.m);
  gst_object_unref (live.filter);
  gst_object_unref (live.pipeline);
}

GST_END_TEST;

static Suite *
live_changes_suite (void)
{
  Suite *s = suite_create ("live_changes");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, everything_changes_while_the_worker_runs);
  return s;
}

GST_CHECK_MAIN (live_changes);
