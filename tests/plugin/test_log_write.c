/* Where the log goes: files, pipes, standard output, and what happens when they can't take it. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/plugin/test_log.h"

#define LINE "{\"frame\":%d,\"pts\":%d,\"region\":null,\"labels\":[]," \
    "\"age\":null,\"model\":null}\n"

/* Lines of frames without results, as one text. */
static void
assert_lines (LogTest * test, const gint * frames, guint n)
{
  GString *expected = g_string_new (NULL);
  guint i;

  for (i = 0; i < n; i++)
    g_string_append_printf (expected, LINE, frames[i], frames[i] * 40000000);
  assert_log (test, expected->str);
  g_string_free (expected, TRUE);
}

static void
push_frames (LogTest * test, guint n)
{
  while (n--)
    fail_unless_equals_int (log_push (test, log_frame (test, NULL, 0)),
        GST_FLOW_OK);
}

/* An error of this code, whose text names the log. */
static void
assert_error (LogTest * test, gint code, const gchar * name)
{
  GstMessage *message = gst_bus_pop_filtered (test->bus, GST_MESSAGE_ERROR);
  GError *error = NULL;

  fail_unless (message != NULL, "no error on the bus");
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR, code), "%s",
      error->message);
  fail_unless (strstr (error->message, name) != NULL, "%s", error->message);
  g_error_free (error);
  gst_message_unref (message);
}

GST_START_TEST (each_line_is_there_before_its_frame_goes_on)
{
  static const gint frames[] = { 0, 1, 2 };
  LogTest test = log_test_begin ();
  guint i;

  log_test_start (&test, test.path, "timing=false");
  for (i = 0; i < 3; i++) {
    push_frames (&test, 1);
    assert_lines (&test, frames, i + 1);
  }
  log_test_stop (&test);
  log_test_end (&test);
}

GST_END_TEST;

GST_START_TEST (a_file_is_emptied_or_appended_to)
{
  static const gint once[] = { 0, 1 }, twice[] = { 0, 1, 0, 1 };
  LogTest test = log_test_begin ();

  log_test_start (&test, test.path, "timing=false");
  push_frames (&test, 2);
  log_test_stop (&test);
  log_test_start (&test, test.path, "timing=false");
  push_frames (&test, 2);
  log_test_stop (&test);
  assert_lines (&test, once, 2);
  log_test_start (&test, test.path, "timing=false append=true");
  push_frames (&test, 2);
  log_test_stop (&test);
  assert_lines (&test, twice, 4);
  log_test_end (&test);
}

GST_END_TEST;

GST_START_TEST (an_appended_csv_has_one_header)
{
  LogTest test = log_test_begin ();
  gint i;

  for (i = 0; i < 2; i++) {
    log_test_start (&test, test.path, "timing=false append=true format=csv");
    push_frames (&test, 1);
    log_test_stop (&test);
  }
  assert_log (&test, "frame,pts,x,y,width,height,rank,index,label,probability,"
      "age,model\n0,0,,,,,,,,,,\n0,0,,,,,,,,,,\n");
  log_test_end (&test);
}

GST_END_TEST;

GST_START_TEST (states_and_flushes)
{
  static const gint frames[] = { 0, 1, 2 };
  LogTest test = log_test_begin ();
  GstSegment segment;
  gint i;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  log_test_start (&test, test.path, "timing=false");
  for (i = 0; i < 3; i++) {
    test.n = 0;
    push_frames (&test, 2);
    gst_harness_push_event (test.h, gst_event_new_flush_start ());
    gst_harness_push_event (test.h, gst_event_new_flush_stop (TRUE));
    gst_harness_push_event (test.h, gst_event_new_segment (&segment));
    push_frames (&test, 1);
    assert_lines (&test, frames, 3);
    gst_element_set_state (test.h->element, GST_STATE_NULL);
    assert_lines (&test, frames, 3);
    gst_harness_play (test.h);
    gst_harness_push_event (test.h, gst_event_new_stream_start ("again"));
    gst_harness_set_src_caps (test.h, frame_caps ("GRAY8", 4, 4));
    gst_harness_push_event (test.h, gst_event_new_segment (&segment));
  }
  fail_unless (gst_harness_push_event (test.h, gst_event_new_eos ()));
  log_test_stop (&test);
  log_test_end (&test);
}

GST_END_TEST;

GST_START_TEST (a_full_disk_is_an_error)
{
  LogTest test = log_test_begin ();

  log_test_start (&test, "/dev/full", "");
  fail_unless_equals_int (log_push (&test, log_frame (&test, "cat", 1)),
      GST_FLOW_ERROR);
  assert_error (&test, GST_RESOURCE_ERROR_NO_SPACE_LEFT, "/dev/full");
  log_test_stop (&test);
  log_test_end (&test);
}

GST_END_TEST;

/* A pipe in the folder, with a reader. */
static gint
make_pipe (LogTest * test)
{
  gint fd;

  fail_unless_equals_int (mkfifo (test->path, 0600), 0);
  fd = open (test->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  fail_unless (fd >= 0);
  return fd;
}

/* The process has no handler, so that the signal would end this test. */
GST_START_TEST (a_closed_pipe_is_an_error)
{
  LogTest test = log_test_begin ();
  gint reader = make_pipe (&test);
  gchar text[500];
  sigset_t mask, pending;

  signal (SIGPIPE, SIG_DFL);
  log_test_start (&test, test.path, "");
  push_frames (&test, 1);
  fail_unless (read (reader, text, sizeof text) > 50);
  close (reader);
  fail_unless_equals_int (log_push (&test, log_frame (&test, "cat", 1)),
      GST_FLOW_ERROR);
  assert_error (&test, GST_RESOURCE_ERROR_WRITE, test.path);

  /* the signal is neither left waiting nor blocked */
  pthread_sigmask (SIG_BLOCK, NULL, &mask);
  sigpending (&pending);
  fail_if (sigismember (&mask, SIGPIPE) || sigismember (&pending, SIGPIPE));
  log_test_stop (&test);
  log_test_end (&test);
}

GST_END_TEST;

static gpointer
push_until_it_ends (gpointer data)
{
  LogTest *test = data;
  GstFlowReturn flow;

  do
    flow = log_push (test, log_frame (test, "cat", 3));
  while (flow == GST_FLOW_OK);
  return GINT_TO_POINTER (flow);
}

/* More than a pipe holds, and nobody reads. */
GST_START_TEST (a_stalled_reader_holds_up_no_shutdown)
{
  LogTest test = log_test_begin ();
  gint reader = make_pipe (&test);
  GThread *thread;

  log_test_start (&test, test.path, "");
  thread = g_thread_new ("push", push_until_it_ends, &test);
  g_usleep (200000);
  gst_element_set_state (test.h->element, GST_STATE_NULL);
  fail_unless_equals_int (GPOINTER_TO_INT (g_thread_join (thread)),
      GST_FLOW_FLUSHING);
  fail_if (gst_bus_pop_filtered (test.bus, GST_MESSAGE_ERROR));
  close (reader);
  log_test_stop (&test);
  log_test_end (&test);
}

GST_END_TEST;

static gpointer
read_all (gpointer data)
{
  GString *text = g_string_new (NULL);
  gchar chunk[1000];
  gssize n;

  while ((n = read (GPOINTER_TO_INT (data), chunk, sizeof chunk)) > 0) {
    g_string_append_len (text, chunk, n);
    g_usleep (1000);
  }
  return g_string_free (text, FALSE);
}

GST_START_TEST (a_slow_reader_gets_every_byte)
{
  LogTest test = log_test_begin ();
  gint reader = make_pipe (&test), n = 400;
  gchar *label = g_strnfill (300, 'x'), *text, **lines;
  GThread *thread;

  fcntl (reader, F_SETFL, 0);
  log_test_start (&test, test.path, "");
  thread = g_thread_new ("read", read_all, GINT_TO_POINTER (reader));
  while (n--)
    fail_unless_equals_int (log_push (&test, log_frame (&test, label, 3)),
        GST_FLOW_OK);
  log_test_stop (&test);
  text = g_thread_join (thread);
  lines = g_strsplit (text, "\n", -1);
  fail_unless_equals_int (g_strv_length (lines), 401);
  for (n = 0; n < 400; n++)
    fail_unless (g_str_has_prefix (lines[n], "{\"frame\":")
        && g_str_has_suffix (lines[n], "\"model\":\"net\"}"), "%s", lines[n]);
  g_strfreev (lines);
  g_free (text);
  g_free (label);
  close (reader);
  log_test_end (&test);
}

GST_END_TEST;

GST_START_TEST (what_cannot_be_opened_stops_the_start)
{
  static const gchar *const locations[] = { "/nonexistent/log", "/", "" };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (locations); i++) {
    GstElement *element = gst_element_factory_make ("mobilenetlog", NULL);
    LogTest test = {.bus = gst_bus_new () };

    g_object_set (element, "location", locations[i], NULL);
    gst_element_set_bus (element, test.bus);
    fail_unless_equals_int (gst_element_set_state (element, GST_STATE_PAUSED),
        GST_STATE_CHANGE_FAILURE);
    assert_error (&test, GST_RESOURCE_ERROR_OPEN_WRITE, locations[i]);
    gst_element_set_state (element, GST_STATE_NULL);

    /* and a better location then works */
    g_object_set (element, "location", "/dev/null", NULL);
    fail_unless (gst_element_set_state (element, GST_STATE_PAUSED)
        != GST_STATE_CHANGE_FAILURE);
    gst_element_set_state (element, GST_STATE_NULL);
    gst_element_set_bus (element, NULL);
    gst_object_unref (test.bus);
    gst_object_unref (element);
  }
}

GST_END_TEST;

GST_START_TEST (standard_output)
{
  static const gchar *const names[] = { NULL, "-", "/dev/stdout" };
  static const gint frames[] = { 0, 1, 0, 1, 0, 1 };
  LogTest test = log_test_begin ();
  gint file = open (test.path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  gint saved;
  guint i;

  fail_unless (file >= 0);
  fflush (stdout);
  saved = fcntl (STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  dup2 (file, STDOUT_FILENO);
  for (i = 0; i < G_N_ELEMENTS (names); i++) {
    log_test_start (&test, names[i], "timing=false");
    push_frames (&test, 2);
    log_test_stop (&test);
  }
  dup2 (saved, STDOUT_FILENO);
  close (saved);
  close (file);
  assert_lines (&test, frames, 6);
  log_test_end (&test);
}

GST_END_TEST;

static Suite *
log_write_suite (void)
{
  Suite *s = suite_create ("mobilenetlog writing");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, each_line_is_there_before_its_frame_goes_on);
  tcase_add_test (tc, a_file_is_emptied_or_appended_to);
  tcase_add_test (tc, an_appended_csv_has_one_header);
  tcase_add_test (tc, states_and_flushes);
  tcase_add_test (tc, a_full_disk_is_an_error);
  tcase_add_test (tc, a_closed_pipe_is_an_error);
  tcase_add_test (tc, a_stalled_reader_holds_up_no_shutdown);
  tcase_add_test (tc, a_slow_reader_gets_every_byte);
  tcase_add_test (tc, what_cannot_be_opened_stops_the_start);
  tcase_add_test (tc, standard_output);
  return s;
}

GST_CHECK_MAIN (log_write);
