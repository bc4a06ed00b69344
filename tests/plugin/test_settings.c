/* Properties before the start and while playing, and models and labels that can't be used. */
#include "tests/plugin/frames.h"

#include <glib/gstdio.h>
#include <string.h>

static gchar *folder;
static gchar *model_file;
static gchar *labels_file;
static GstVideoInfo info;

static gchar *
write_file (const gchar * name, const gchar * data, gssize size)
{
  gchar *path = g_build_filename (folder, name, NULL);

  fail_unless (g_file_set_contents (path, data, size, NULL));
  return path;
}

static void
setup (void)
{
  const gchar *source = g_getenv ("MNET_SOURCE");

  fail_unless (source != NULL, "MNET_SOURCE must name the source folder");
  folder = g_dir_make_tmp ("mobilenet-XXXXXX", NULL);
  model_file = g_build_filename (source, "nn", "models",
      "efficientnet_lite0_int8.onnx", NULL);
  labels_file = g_build_filename (source, "nn", "models",
      "imagenet_labels.txt", NULL);
  frame_info (&info, "RGB", 40, 30);
}

static void
teardown (void)
{
  GDir *dir = g_dir_open (folder, 0, NULL);
  const gchar *name;

  while ((name = g_dir_read_name (dir))) {
    gchar *path = g_build_filename (folder, name, NULL);

    g_unlink (path);
    g_free (path);
  }
  g_dir_close (dir);
  g_rmdir (folder);
  g_free (folder);
  g_free (model_file);
  g_free (labels_file);
}

static gchar *
make_labels (const gchar * prefix, guint n)
{
  GString *text = g_string_new (NULL);
  gchar *path;
  guint i;

  for (i = 0; i < n; i++)
    g_string_append_printf (text, "%s %u\n", prefix, i);
  path = write_file (prefix, text->str, text->len);
  g_string_free (text, TRUE);
  return path;
}

static GstHarness *
settings_harness (const gchar * properties, GstBus ** bus)
{
  GstHarness *h = mobilenet_harness (properties);

  *bus = gst_bus_new ();
  gst_element_set_bus (h->element, *bus);
  mobilenet_set_caps (h, "RGB", 40, 30);
  return h;
}

static void
settings_end (GstHarness * h, GstBus * bus)
{
  gst_element_set_bus (h->element, NULL);
  gst_object_unref (bus);
  gst_harness_teardown (h);
}

/* Starts an element on a model or labels that can't be used: an error that names the file, and no start. */
static void
assert_refused (const gchar * property, const gchar * path)
{
  GstElement *pipeline = gst_parse_launch ("videotestsrc num-buffers=3 ! "
      "mobilenet name=m ! fakesink", NULL);
  GstElement *element = gst_bin_get_by_name (GST_BIN (pipeline), "m");
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;
  GError *error = NULL;
  gchar *name = g_path_get_basename (path);

  g_object_set (element, property, path, NULL);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PLAYING),
      GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL, "no error for %s", path);
  fail_unless (GST_MESSAGE_SRC (message) == GST_OBJECT (element));
  gst_message_parse_error (message, &error, NULL);
  fail_unless (strstr (error->message, name) != NULL, "%s", error->message);
  g_clear_error (&error);
  gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);

  /* mended, it starts */
  g_object_set (element, "model", NULL, "labels", NULL, NULL);
  fail_unless (gst_element_set_state (pipeline, GST_STATE_PAUSED) !=
      GST_STATE_CHANGE_FAILURE);
  fail_unless_equals_int (gst_element_get_state (pipeline, NULL, NULL,
          60 * GST_SECOND), GST_STATE_CHANGE_SUCCESS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_free (name);
  gst_object_unref (bus);
  gst_object_unref (element);
  gst_object_unref (pipeline);
}

/* Sets it while playing: a warning, the property goes back, and the old model goes on. */
static void
assert_warned (const gchar * property, const gchar * path)
{
  GstBus *bus;
  GstHarness *h = settings_harness ("", &bus);
  GstMobilenetResult *before = mobilenet_result_of (h, &info), *after;
  GstMessage *message;
  gchar *value;

  g_object_set (h->element, property, path, NULL);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING);
  fail_unless (message != NULL, "no warning for %s", path);
  gst_message_unref (message);
  g_object_get (h->element, property, &value, NULL);
  fail_unless (value == NULL);

  after = mobilenet_result_of (h, &info);
  fail_unless_equals_string (after->model, before->model);
  fail_unless_equals_string (after->classes[0].label, before->classes[0].label);

  /* what was wrong doesn't stand in the way of what comes next */
  g_object_set (h->element, "top-k", 2, NULL);
  fail_if (gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING));
  gst_mobilenet_result_unref (after);
  after = mobilenet_result_of (h, &info);
  fail_unless_equals_int (after->n_classes, 2);
  gst_mobilenet_result_unref (before);
  gst_mobilenet_result_unref (after);
  settings_end (h, bus);
}

GST_START_TEST (models_that_cannot_be_used)
{
  gchar *data = NULL;
  gchar *paths[5];
  gsize size = 0;
  guint i;

  fail_unless (g_file_get_contents (model_file, &data, &size, NULL));
  paths[0] = write_file ("text.onnx", "this is no model\n", -1);
  paths[1] = write_file ("truncated.onnx", data, size / 2);
  paths[2] = write_file ("empty.tflite", "", 0);
  paths[3] = g_build_filename (folder, "missing.tflite", NULL);
  paths[4] = g_strdup (folder);
  g_free (data);
  for (i = 0; i < G_N_ELEMENTS (paths); i++) {
    assert_refused ("model", paths[i]);
    assert_warned ("model", paths[i]);
    g_free (paths[i]);
  }
}

GST_END_TEST;

GST_START_TEST (labels_that_cannot_be_used)
{
  gchar *few = make_labels ("few", 17);
  gchar *missing = g_build_filename (folder, "missing.txt", NULL);

  assert_refused ("labels", few);
  assert_warned ("labels", few);
  assert_refused ("labels", missing);
  assert_warned ("labels", missing);
  g_free (few);
  g_free (missing);
}

GST_END_TEST;

GST_START_TEST (model_and_labels_change_while_playing)
{
  GstBus *bus;
  GstHarness *h = settings_harness ("interval=100", &bus);
  GstMobilenetResult *builtin = mobilenet_result_of (h, &info), *result;
  gchar *labels = make_labels ("thing", 1000);
  gchar *label;

  fail_unless_equals_string (builtin->model, "builtin");

  g_object_set (h->element, "model", model_file, "labels", labels, NULL);
  result = mobilenet_result_of (h, &info);
  fail_unless_equals_string (result->model, "efficientnet_lite0_int8.onnx");
  fail_unless_equals_int (result->classes[0].index, builtin->classes[0].index);
  fail_unless_equals_float (result->classes[0].probability,
      builtin->classes[0].probability);
  label = g_strdup_printf ("thing %u", result->classes[0].index);
  fail_unless_equals_string (result->classes[0].label, label);
  g_free (label);
  gst_mobilenet_result_unref (result);

  g_object_set (h->element, "labels", labels_file, NULL);
  result = mobilenet_result_of (h, &info);
  fail_unless_equals_string (result->model, "efficientnet_lite0_int8.onnx");
  fail_if (g_str_has_prefix (result->classes[0].label, "thing"));
  gst_mobilenet_result_unref (result);

  g_object_set (h->element, "model", "builtin", "labels", NULL, NULL);
  result = mobilenet_result_of (h, &info);
  fail_unless_equals_string (result->model, "builtin");
  fail_unless_equals_string (result->classes[0].label,
      builtin->classes[0].label);
  gst_mobilenet_result_unref (result);

  fail_if (gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING));
  gst_mobilenet_result_unref (builtin);
  g_free (labels);
  settings_end (h, bus);
}

GST_END_TEST;

GST_START_TEST (a_change_before_the_next_frame_replaces_the_last)
{
  GstBus *bus;
  GstHarness *h = settings_harness ("", &bus);
  GstMobilenetResult *result;

  g_object_set (h->element, "model", model_file, NULL);
  g_object_set (h->element, "top-k", 3, NULL);
  g_object_set (h->element, "threads", 1, NULL);
  result = mobilenet_result_of (h, &info);
  fail_unless_equals_string (result->model, "efficientnet_lite0_int8.onnx");
  fail_unless_equals_int (result->n_classes, 3);
  gst_mobilenet_result_unref (result);
  settings_end (h, bus);
}

GST_END_TEST;

GST_START_TEST (threshold_and_top_k_bound_the_result)
{
  GstBus *bus;
  GstHarness *h = settings_harness ("top-k=4", &bus);
  GstMobilenetResult *result = mobilenet_result_of (h, &info);
  gdouble between = (result->classes[1].probability
      + result->classes[2].probability) / 2;
  guint i;

  fail_unless_equals_int (result->n_classes, 4);
  for (i = 1; i < 4; i++)
    fail_unless (result->classes[i].probability <=
        result->classes[i - 1].probability);
  gst_mobilenet_result_unref (result);

  if (between > 0) {
    g_object_set (h->element, "threshold", between, NULL);
    result = mobilenet_result_of (h, &info);
    fail_unless (result->n_classes > 0 && result->n_classes < 4);
    for (i = 0; i < result->n_classes; i++)
      fail_unless (result->classes[i].probability >= between);
    gst_mobilenet_result_unref (result);
  }

  g_object_set (h->element, "threshold", 1.0, NULL);
  result = mobilenet_result_of (h, &info);
  fail_unless_equals_int (result->n_classes, 0);
  gst_mobilenet_result_unref (result);

  g_object_set (h->element, "threshold", 0.0, "top-k", 65536, NULL);
  result = mobilenet_result_of (h, &info);
  fail_unless_equals_int (result->n_classes, 1000);
  gst_mobilenet_result_unref (result);
  settings_end (h, bus);
}

GST_END_TEST;

static gpointer
change_settings (gpointer data)
{
  GstElement *element = data;
  guint i;

  for (i = 0; i < 12; i++) {
    g_object_set (element, "model", i % 3 ? NULL : model_file, "top-k",
        1 + i % 4, "threshold", i % 2 ? 0.0 : 0.01, "interval", 1 + i % 3,
        NULL);
    g_usleep (2000);
  }
  return NULL;
}

GST_START_TEST (settings_change_from_another_thread)
{
  GstBus *bus;
  GstHarness *h = settings_harness ("", &bus);
  GThread *thread = g_thread_new ("settings", change_settings, h->element);
  guint i;

  for (i = 0; i < 10; i++)
    gst_mobilenet_result_unref (mobilenet_result_of (h, &info));
  g_thread_join (thread);
  gst_mobilenet_result_unref (mobilenet_result_of (h, &info));
  fail_if (gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING));
  settings_end (h, bus);
}

GST_END_TEST;

static Suite *
settings_suite (void)
{
  Suite *s = suite_create ("settings");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, models_that_cannot_be_used);
  tcase_add_test (tc, labels_that_cannot_be_used);
  tcase_add_test (tc, model_and_labels_change_while_playing);
  tcase_add_test (tc, a_change_before_the_next_frame_replaces_the_last);
  tcase_add_test (tc, threshold_and_top_k_bound_the_result);
  tcase_add_test (tc, settings_change_from_another_thread);
  return s;
}

GST_CHECK_MAIN (settings);
