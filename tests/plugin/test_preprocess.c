/* How pictures become the model's input, changed while playing. */
#include "tests/plugin/frames.h"

static GstVideoInfo info;

static GstHarness *
preprocess_harness (void)
{
  GstHarness *h = mobilenet_harness ("");

  frame_info (&info, "RGB", 40, 30);
  mobilenet_set_caps (h, "RGB", 40, 30);
  return h;
}

GST_START_TEST (preprocessing_changes_while_playing)
{
  static const gchar *const settings[][2] = { {"fit", "crop"},
  {"crop-fraction", "0.5"}, {"fit", "letterbox"}, {"resize-method", "nearest"}
  };
  GstHarness *h = preprocess_harness ();
  GstMobilenetResult *before = mobilenet_result_of (h, &info);
  guint i;

  for (i = 0; i < G_N_ELEMENTS (settings); i++) {
    GstMobilenetResult *after;

    gst_util_set_object_arg (G_OBJECT (h->element), settings[i][0],
        settings[i][1]);
    after = mobilenet_result_of (h, &info);
    fail_if (after->classes[0].index == before->classes[0].index
        && after->classes[0].probability == before->classes[0].probability,
        "%s=%s changes nothing", settings[i][0], settings[i][1]);
    gst_mobilenet_result_unref (before);
    before = after;
  }
  gst_mobilenet_result_unref (before);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (normalization_is_read_from_launch_lines)
{
  static const struct
  {
    const gchar *text;
    guint n;
    gdouble first;
  } arrays[] = { {"<127.5, 127, 128>", 3, 127.5}, {"<1>", 1, 1.0},
  {"<3, 4, 5>", 3, 3.0}
  };
  GstElement *element = gst_element_factory_make ("mobilenet", NULL);
  GValue value = G_VALUE_INIT;
  guint i;

  for (i = 0; i < G_N_ELEMENTS (arrays); i++) {
    gst_util_set_object_arg (G_OBJECT (element), "mean", arrays[i].text);
    g_value_init (&value, GST_TYPE_ARRAY);
    g_object_get_property (G_OBJECT (element), "mean", &value);
    fail_unless_equals_int (gst_value_array_get_size (&value), arrays[i].n);
    fail_unless_equals_float (g_value_get_double (gst_value_array_get_value
            (&value, 0)), arrays[i].first);
    g_value_unset (&value);
  }
  gst_object_unref (element);
}

GST_END_TEST;

GST_START_TEST (normalization_changes_what_is_seen)
{
  GstHarness *h = preprocess_harness ();
  GstBus *bus = gst_bus_new ();
  GstMobilenetResult *given = mobilenet_result_of (h, &info), *other;

  gst_element_set_bus (h->element, bus);
  gst_util_set_object_arg (G_OBJECT (h->element), "scale", "<0>");
  fail_unless (gst_bus_have_pending (bus));
  gst_bus_set_flushing (bus, TRUE);
  gst_bus_set_flushing (bus, FALSE);

  gst_util_set_object_arg (G_OBJECT (h->element), "scale", "<0.001>");
  other = mobilenet_result_of (h, &info);
  fail_if (other->classes[0].probability == given->classes[0].probability);
  gst_mobilenet_result_unref (other);

  gst_util_set_object_arg (G_OBJECT (h->element), "scale", "<>");
  other = mobilenet_result_of (h, &info);
  fail_unless_equals_float (other->classes[0].probability,
      given->classes[0].probability);
  gst_mobilenet_result_unref (other);
  gst_mobilenet_result_unref (given);
  gst_element_set_bus (h->element, NULL);
  gst_object_unref (bus);
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
preprocess_suite (void)
{
  Suite *s = suite_create ("preprocess");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, preprocessing_changes_while_playing);
  tcase_add_test (tc, normalization_is_read_from_launch_lines);
  tcase_add_test (tc, normalization_changes_what_is_seen);
  return s;
}

GST_CHECK_MAIN (preprocess);
