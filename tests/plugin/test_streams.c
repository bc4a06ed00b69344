/*
 * Sixteen streams in one process, which share the model and the threads: what one more takes of memory, and what all get done
 * together beside what one alone does. Prints the figures; the limits that it checks of the time are those of a machine that
 * does other things too.
 */
#include "tests/plugin/frames.h"

#include <malloc.h>

/* Sanitizers slow it down, and keep what is freed for a while. */
#if defined (__SANITIZE_THREAD__) || defined (__SANITIZE_ADDRESS__)
#define STREAMS 4
#define ROUNDS 1
#define FRAMES 8                /* of all streams together */
#define MEASURES FALSE
#else
#define STREAMS 16
#define ROUNDS 3
#define FRAMES 240
#define MEASURES TRUE
#endif

typedef struct
{
  GstHarness *h;
  GstBuffer *picture;
  guint frames;
} Stream;

static GstHarness *
stream_harness (const gchar * mode)
{
  gboolean file = g_str_equal (mode, "file");
  gchar *properties = g_strdup_printf ("mode=%s", file ? "auto" : mode);
  GstHarness *h = element_harness ("mobilenet threshold=0", properties);

  gst_harness_set_live (h, !file);
  gst_harness_set_drop_buffers (h, TRUE);
  mobilenet_set_caps (h, "NV12", 640, 480);
  g_free (properties);
  return h;
}

static gpointer
push_all (gpointer data)
{
  Stream *stream = data;
  guint i;

  for (i = 0; i < stream->frames; i++)
    fail_unless_equals_int (gst_harness_push (stream->h,
            gst_buffer_ref (stream->picture)), GST_FLOW_OK);
  fail_unless (gst_harness_push_event (stream->h, gst_event_new_eos ()));
  return NULL;
}

/* Seconds for all frames, divided between so many streams. */
static gdouble
run (const gchar * mode, guint n, GstBuffer * picture, glong * resident)
{
  Stream streams[STREAMS];
  GThread *threads[STREAMS];
  guint64 classified = 0;
  gint64 began, took;
  guint i;

  for (i = 0; i < n; i++) {
    streams[i] = (Stream) {
    stream_harness (mode), picture, FRAMES / n};
    /* opens the model */
    fail_unless_equals_int (gst_harness_push (streams[i].h,
            gst_buffer_ref (picture)), GST_FLOW_OK);
  }
  began = g_get_monotonic_time ();
  for (i = 0; i < n; i++)
    threads[i] = g_thread_new ("stream", push_all, &streams[i]);
  for (i = 0; i < n; i++)
    g_thread_join (threads[i]);
  took = g_get_monotonic_time () - began;
  *resident = resident_kib ();
  for (i = 0; i < n; i++) {
    classified += mobilenet_stat (streams[i].h->element, "classified");
    gst_harness_teardown (streams[i].h);
  }
  if (!g_str_equal (mode, "async"))
    fail_unless_equals_uint64 (classified, FRAMES + n);
#if defined (__GLIBC__)
  /* so that the next ones don't live on what these have given back */
  malloc_trim (0);
#endif
  return took / 1e6;
}

GST_START_TEST (streams_share_what_there_is)
{
  static const gchar *const modes[] = { "async", "sync", "file" };
  const gchar *mode = modes[__i__];
  gdouble one[ROUNDS], all[ROUNDS], memory[ROUNDS];
  GstVideoInfo info;
  GstBuffer *picture;
  guint i;

  frame_info (&info, "NV12", 640, 480);
  picture = frame_new (&info, 1, 0);
  for (i = 0; i < ROUNDS; i++) {
    glong resident_one, resident_all;

    one[i] = run (mode, 1, picture, &resident_one);
    all[i] = run (mode, STREAMS, picture, &resident_all);
    memory[i] = (resident_all - resident_one) / 1024. / (STREAMS - 1);
  }
  sort_numbers (one, ROUNDS);
  sort_numbers (all, ROUNDS);
  sort_numbers (memory, ROUNDS);
  g_print ("%s: %u streams take %.2f MiB more each", mode, STREAMS,
      memory[ROUNDS - 1]);
  if (!g_str_equal (mode, "async")) {
    g_print ("; %u frames take %.3f s in one stream (%.3f to %.3f) and %.3f s "
        "in all of them (%.3f to %.3f)", FRAMES, one[ROUNDS / 2], one[0],
        one[ROUNDS - 1], all[ROUNDS / 2], all[0], all[ROUNDS - 1]);
    if (MEASURES)
      fail_unless (all[ROUNDS / 2] < 1.5 * one[ROUNDS / 2]);
  }
  g_print ("\n");
  if (MEASURES)
    fail_unless (memory[ROUNDS - 1] < 3);
  gst_buffer_unref (picture);
}

GST_END_TEST;

static Suite *
streams_suite (void)
{
  Suite *s = suite_create ("streams");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, streams_share_what_there_is, 0, 3);
  return s;
}

GST_CHECK_MAIN (streams);
