/* What a text holds: formats, escapes and templates. */
#include <json-glib/json-glib.h>

#include "tests/plugin/test_text.h"

#define NASTY "<b>R&D</b> \"x\" --> {y}\n\n\001\377z"

/* All that comes of one frame of this label. */
static gchar *
text_of (const gchar * properties, const gchar * caps, const gchar * label)
{
  GstHarness *h = text_harness (properties, caps);
  GString *text = g_string_new (NULL);
  GstBuffer *buffer;

  text_push (h, 90250, label, 0.756f, 0);
  gst_harness_push_event (h, gst_event_new_eos ());
  while ((buffer = gst_harness_try_pull (h))) {
    gsize size = gst_buffer_get_size (buffer), old = text->len;

    g_string_set_size (text, old + size);
    gst_buffer_extract (buffer, 0, text->str + old, size);
    gst_buffer_unref (buffer);
  }
  gst_harness_teardown (h);
  return g_string_free (text, FALSE);
}

static void
assert_text_of (const gchar * properties, const gchar * caps,
    const gchar * label, const gchar * expected)
{
  gchar *text = text_of (properties, caps, label);

  fail_unless_equals_string (text, expected);
  g_free (text);
}

GST_START_TEST (caps_choose_the_format)
{
  assert_text_of ("", NULL, "a & b", "a & b 76%");
  assert_text_of ("", "text/x-raw, format=pango-markup", "a & b",
      "a &amp; b 76%");
  assert_text_of ("", "application/x-subtitle", "cat",
      "1\n01:00:10,000 --> 01:00:10,040\ncat 76%\n\n");
  assert_text_of ("", "application/x-subtitle-vtt", "cat",
      "WEBVTT\n\n01:00:10.000 --> 01:00:10.040\ncat 76%\n\n");
  assert_text_of ("format=webvtt", NULL, NULL, "WEBVTT\n\n");
  assert_text_of ("format=srt", NULL, NULL, "");
}

GST_END_TEST;

GST_START_TEST (refused_caps_are_an_error)
{
  GstHarness *h = element_harness ("mobilenettext", "format=srt");
  GstBus *bus = gst_bus_new ();
  GstMessage *message;

  gst_element_set_bus (h->element, bus);
  gst_harness_set_sink_caps_str (h, "application/x-json");
  gst_harness_set_src_caps_str (h, "video/x-raw, format=GRAY8, width=4, "
      "height=4");
  fail_unless_equals_int (gst_harness_push (h, gst_buffer_new ()),
      GST_FLOW_NOT_NEGOTIATED);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_unref (message);
  gst_element_set_bus (h->element, NULL);
  gst_object_unref (bus);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Labels come from files. U+2060 breaks up what SRT can't escape; U+FFFD stands for bytes that aren't UTF-8. */
GST_START_TEST (labels_are_escaped)
{
  assert_text_of ("template=%l", "text/x-raw, format=utf8", NASTY,
      "<b>R&D</b> \"x\" --> {y}   \357\277\275z");
  assert_text_of ("template=%l", "text/x-raw, format=pango-markup", NASTY,
      "&lt;b&gt;R&amp;D&lt;/b&gt; &quot;x&quot; --&gt; {y}   \357\277\275z");
  assert_text_of ("template=%l format=webvtt", NULL, NASTY,
      "WEBVTT\n\n01:00:10.000 --> 01:00:10.040\n"
      "&lt;b&gt;R&amp;D&lt;/b&gt; \"x\" --&gt; {y}   \357\277\275z\n\n");
  assert_text_of ("template=%l format=srt", NULL, NASTY,
      "1\n01:00:10,000 --> 01:00:10,040\n<\342\201\240b>R&D<\342\201\240/b> "
      "\"x\" --\342\201\240> {\342\201\240y}   \357\277\275z\n\n");
}

GST_END_TEST;

GST_START_TEST (json_is_the_record_of_the_log)
{
  gchar *text = text_of ("format=json", NULL, NASTY);
  JsonParser *parser = json_parser_new ();

  fail_unless (json_parser_load_from_data (parser, text, -1, NULL), "%s", text);
  g_object_unref (parser);
  g_free (text);
  assert_text_of ("", "application/x-json", "a \"cat\"",
      "{\"pts\":3610000000000,\"duration\":40000000,\"region\":null,"
      "\"labels\":[{\"index\":7,\"label\":\"a \\\"cat\\\"\","
      "\"probability\":0.756}],\"age\":0,\"model\":\"net\"}\n");
}

GST_END_TEST;

GST_START_TEST (templates)
{
  gchar *label = g_strnfill (3000, 'x'), *text;

  assert_text_of ("template=\"%l|%p%%|%i|%m\"", NULL, "cat", "cat|76%|7|net");
  assert_text_of ("template=\"%m:\n\n \n %l \n\" format=srt", NULL, "cat",
      "1\n01:00:10,000 --> 01:00:10,040\nnet:\ncat\n\n");
  assert_text_of ("template=%l format=srt", NULL, "\n", "");
  memcpy (label + 1022, "\303\274\303\274", 4);
  text = text_of ("template=%l", NULL, label);
  fail_unless_equals_int (strlen (text), 1024);
  fail_unless (g_utf8_validate (text, -1, NULL));
  g_free (text);
  label[1021] = '\303';
  label[1022] = '\274';
  label[1023] = '\303';
  label[1024] = '\274';
  text = text_of ("template=%l", NULL, label);
  fail_unless_equals_int (strlen (text), 1023);
  fail_unless (g_utf8_validate (text, -1, NULL));
  g_free (text);
  g_free (label);
}

GST_END_TEST;

/* What `mobilenet unknown=on` says has no probability. */
GST_START_TEST (unknown_is_written_alone)
{
  GstMobilenetCategory category = { GST_MOBILENET_INDEX_UNKNOWN, "unknown", 0 };
  GstMobilenetResult *result = gst_mobilenet_result_new ("net", &category, 1,
      0, 0, 0);
  GstHarness *h = text_harness ("emit=end", NULL);
  GstBuffer *frame = gst_buffer_new ();

  GST_BUFFER_PTS (frame) = 0;
  gst_buffer_add_mobilenet_meta (frame, result, NULL, 0);
  gst_mobilenet_result_unref (result);
  fail_unless_equals_int (gst_harness_push (h, frame), GST_FLOW_OK);
  gst_harness_push_event (h, gst_event_new_eos ());
  assert_text (h, "unknown", 0, 1);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (wrong_templates_are_refused)
{
  const gchar *const wrong[] = { "%", "%x", "a %l 100%", "\377" };
  GstHarness *h = element_harness ("mobilenettext", "template=\"%i\"");
  gchar *template;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "*template*");
    g_object_set (h->element, "template", wrong[i], NULL);
    g_test_assert_expected_messages ();
    g_object_get (h->element, "template", &template, NULL);
    fail_unless_equals_string (template, "%i");
    g_free (template);
  }
  g_object_set (h->element, "template", NULL, NULL);
  g_object_get (h->element, "template", &template, NULL);
  fail_unless_equals_string (template, "%l %p%%");
  g_free (template);
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
text_cue_suite (void)
{
  Suite *s = suite_create ("text_cue");
  TCase *tc = tcase_create ("formats");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, caps_choose_the_format);
  tcase_add_test (tc, refused_caps_are_an_error);
  tcase_add_test (tc, labels_are_escaped);
  tcase_add_test (tc, json_is_the_record_of_the_log);
  tcase_add_test (tc, templates);
  tcase_add_test (tc, unknown_is_written_alone);
  tcase_add_test (tc, wrong_templates_are_refused);
  return s;
}

GST_CHECK_MAIN (text_cue);
