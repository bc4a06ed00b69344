/* What stands in the log: JSON that parses back to what the frames carry, and CSV. */
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "tests/plugin/test_log.h"

#define HEADER "frame,pts,x,y,width,height,rank,index,label,probability,age," \
    "preprocess_ms,inference_ms,model\n"

/* The member order and spelling that users' scripts rely on. */
GST_START_TEST (json_is_compact_and_ordered)
{
  LogTest test = log_test_begin ();

  log_test_start (&test, test.path, "");
  log_push (&test, log_frame (&test, "cat", 2));
  log_push (&test, log_frame (&test, NULL, 0));
  log_push (&test, log_frame (&test, "cat", 0));
  assert_log (&test,
      "{\"frame\":0,\"pts\":0,\"region\":null,\"labels\":["
      "{\"index\":3,\"label\":\"cat\",\"probability\":0.3},"
      "{\"index\":2,\"label\":\"cat\",\"probability\":0.12346}],\"age\":2,"
      "\"timing\":{\"preprocess_ms\":1.235,\"inference_ms\":12.000},"
      "\"model\":\"net\"}\n"
      "{\"frame\":1,\"pts\":40000000,\"region\":null,\"labels\":[],"
      "\"age\":null,\"timing\":null,\"model\":null}\n"
      "{\"frame\":2,\"pts\":80000000,\"region\":null,\"labels\":[],\"age\":2,"
      "\"timing\":{\"preprocess_ms\":1.235,\"inference_ms\":12.000},"
      "\"model\":\"net\"}\n");
  log_test_stop (&test);
  log_test_end (&test);
}

GST_END_TEST;

static JsonObject *
parse_line (JsonParser * parser, const gchar * line)
{
  GError *error = NULL;

  fail_unless (json_parser_load_from_data (parser, line, -1, &error), "%s: %s",
      line, error ? error->message : "");
  return json_node_get_object (json_parser_get_root (parser));
}

GST_START_TEST (json_strings_survive)
{
  static const gchar *const labels[] = { "a \"quoted\" \\ one", "two\nlines\t",
    "\001\037\177", "\303\274 \347\214\253 \360\237\220\210", "</script>&amp;",
    "", "{\"label\":\"x\"}"
  };
  LogTest test = log_test_begin ();
  JsonParser *parser = json_parser_new ();
  gchar *text, **lines;
  guint i;

  log_test_start (&test, test.path, "");
  for (i = 0; i < G_N_ELEMENTS (labels); i++)
    log_push (&test, log_frame (&test, labels[i], 3));
  text = log_text (&test);
  lines = g_strsplit (text, "\n", -1);
  fail_unless_equals_int (g_strv_length (lines), G_N_ELEMENTS (labels) + 1);
  for (i = 0; i < G_N_ELEMENTS (labels); i++) {
    JsonArray *classes =
        json_object_get_array_member (parse_line (parser, lines[i]), "labels");
    JsonObject *last = json_array_get_object_element (classes, 2);

    fail_unless_equals_string (json_object_get_string_member (last, "label"),
        labels[i]);
    fail_unless_equals_float (json_object_get_double_member (last,
            "probability"), 1e-6);
  }
  g_strfreev (lines);
  g_free (text);

  log_push (&test, log_frame (&test, "not UTF-8: \351", 1));
  text = log_text (&test);
  fail_unless (g_utf8_validate (text, -1, NULL));
  g_free (text);
  g_object_unref (parser);
  log_test_stop (&test);
  log_test_end (&test);
}

GST_END_TEST;

/* No number is one that JSON has no word for. */
GST_START_TEST (json_of_odd_numbers)
{
  GstMobilenetCategory classes[] = { {G_MAXUINT, "a", NAN}, {0, "b", INFINITY}
  };
  GstVideoRectangle region = { 1, 2, 3, 4 };
  LogTest test = log_test_begin ();
  GstMobilenetResult *result = gst_mobilenet_result_new (NULL, classes, 2,
      GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, 0);
  GstBuffer *frame = gst_buffer_new ();

  gst_buffer_add_mobilenet_meta (frame, result, &region, G_MAXUINT);
  gst_mobilenet_result_unref (result);
  log_test_start (&test, test.path, "");
  log_push (&test, frame);
  assert_log (&test, "{\"frame\":0,\"pts\":null,"
      "\"region\":{\"x\":1,\"y\":2,\"width\":3,\"height\":4},\"labels\":["
      "{\"index\":4294967295,\"label\":\"a\",\"probability\":null},"
      "{\"index\":0,\"label\":\"b\",\"probability\":null}],\"age\":4294967295,"
      "\"timing\":{\"preprocess_ms\":null,\"inference_ms\":0.000},"
      "\"model\":\"\"}\n");
  log_test_stop (&test);
  log_test_end (&test);
}

GST_END_TEST;

GST_START_TEST (several_results_are_one_line)
{
  LogTest test = log_test_begin ();
  JsonParser *parser = json_parser_new ();
  GstBuffer *frame = log_frame (&test, "cat", 1);
  JsonArray *more;
  gchar *text;
  guint i;

  for (i = 0; i < 2; i++) {
    GstMobilenetResult *result =
        gst_mobilenet_result_new (i ? "third" : "second", NULL, 0, 0, 0, 0);

    gst_buffer_add_mobilenet_meta (frame, result, NULL, 0);
    gst_mobilenet_result_unref (result);
  }
  log_test_start (&test, test.path, "timing=false");
  log_push (&test, frame);
  text = log_text (&test);
  more = json_object_get_array_member (parse_line (parser, text), "more");
  fail_unless_equals_int (json_array_get_length (more), 2);
  fail_unless_equals_string (json_object_get_string_member
      (json_array_get_object_element (more, 1), "model"), "third");
  fail_if (strstr (text, "timing"));
  g_free (text);
  g_object_unref (parser);
  log_test_stop (&test);
  log_test_end (&test);
}

GST_END_TEST;

GST_START_TEST (csv_has_a_row_a_class)
{
  LogTest test = log_test_begin ();

  log_test_start (&test, test.path, "format=csv");
  log_push (&test, log_frame (&test, "cat", 2));
  log_push (&test, log_frame (&test, NULL, 0));
  log_push (&test, log_frame (&test, "cat", 0));
  log_push (&test, log_frame (&test, "a, \"b\"\nc", 1));
  assert_log (&test, HEADER
      "0,0,,,,,1,3,cat,0.3,2,1.235,12.000,net\n"
      "0,0,,,,,2,2,cat,0.12346,2,1.235,12.000,net\n"
      "1,40000000,,,,,,,,,,,,\n"
      "2,80000000,,,,,,,,,2,1.235,12.000,net\n"
      "3,120000000,,,,,1,3,\"a, \"\"b\"\"\nc\",0.3,2,1.235,12.000,net\n");
  log_test_stop (&test);

  log_test_start (&test, test.path, "format=csv timing=false");
  log_push (&test, log_frame (&test, "cat", 1));
  log_push (&test, log_frame (&test, NULL, 0));
  assert_log (&test, "frame,pts,x,y,width,height,rank,index,label,probability,"
      "age,model\n0,0,,,,,1,3,cat,0.3,2,net\n1,40000000,,,,,,,,,,\n");
  log_test_stop (&test);
  log_test_end (&test);
}

GST_END_TEST;

static void
push_result (LogTest * test, GstMobilenetResult * result)
{
  fail_unless (gst_harness_push_event (test->h, gst_event_new_custom
          (GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new ("mobilenet-result",
                  "result", GST_TYPE_MOBILENET_RESULT, result, NULL))));
}

static void
check_late_result (const gchar * properties, const gchar * expected)
{
  GstMobilenetCategory cat = { 3, "cat", 0.25f };
  GstMobilenetResult *result = gst_mobilenet_result_new ("net", &cat, 1,
      30 * GST_MSECOND, 0, 0);
  LogTest test = log_test_begin ();
  GstEvent *event = NULL;

  log_test_start (&test, test.path, properties);
  log_push (&test, log_frame (&test, NULL, 0));
  push_result (&test, result);
  assert_log (&test, expected);
  /* it goes on to others, as any event does */
  do {
    g_clear_pointer (&event, gst_event_unref);
    event = gst_harness_try_pull_event (test.h);
    fail_unless (event != NULL);
  } while (!gst_event_has_name (event, "mobilenet-result"));
  gst_event_unref (event);
  /* and others' events are no results */
  gst_harness_push_event (test.h, gst_event_new_custom
      (GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty
          ("mobilenet-result")));
  push_result (&test, NULL);
  assert_log (&test, expected);
  log_test_stop (&test);
  log_test_end (&test);
  gst_mobilenet_result_unref (result);
}

GST_START_TEST (a_result_without_a_frame_has_a_line)
{
  check_late_result ("timing=false",
      "{\"frame\":0,\"pts\":0,\"region\":null,\"labels\":[],"
      "\"age\":null,\"model\":null}\n"
      "{\"frame\":null,\"pts\":30000000,\"region\":null,\"labels\":["
      "{\"index\":3,\"label\":\"cat\",\"probability\":0.25}],\"age\":0,"
      "\"model\":\"net\"}\n");
  check_late_result ("timing=false format=csv",
      "frame,pts,x,y,width,height,rank,index,label,probability,age,model\n"
      "0,0,,,,,,,,,,\n" ",30000000,,,,,1,3,cat,0.25,0,net\n");
}

GST_END_TEST;

static void
run_pipeline (const gchar * path)
{
  gchar *line = g_strdup_printf ("videotestsrc num-buffers=20 pattern=ball ! "
      "video/x-raw,width=64,height=48 ! mobilenet threshold=0 interval=4 ! "
      "mobilenetlog timing=false location=%s ! fakesink", path);
  GstElement *pipeline = gst_parse_launch (line, NULL);
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (pipeline);
  g_free (line);
}

GST_START_TEST (two_runs_write_the_same)
{
  LogTest test = log_test_begin ();
  gchar *first_run, *second_run, **lines;

  run_pipeline (test.path);
  first_run = log_text (&test);
  run_pipeline (test.path);
  second_run = log_text (&test);
  fail_unless_equals_string (first_run, second_run);
  lines = g_strsplit (first_run, "\n", -1);
  fail_unless_equals_int (g_strv_length (lines), 21);
  g_strfreev (lines);
  g_free (first_run);
  g_free (second_run);
  log_test_end (&test);
}

GST_END_TEST;

static Suite *
log_suite (void)
{
  Suite *s = suite_create ("mobilenetlog");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, json_is_compact_and_ordered);
  tcase_add_test (tc, json_strings_survive);
  tcase_add_test (tc, json_of_odd_numbers);
  tcase_add_test (tc, several_results_are_one_line);
  tcase_add_test (tc, csv_has_a_row_a_class);
  tcase_add_test (tc, a_result_without_a_frame_has_a_line);
  tcase_add_test (tc, two_runs_write_the_same);
  return s;
}

GST_CHECK_MAIN (log);
