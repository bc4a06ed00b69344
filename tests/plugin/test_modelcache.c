/* Who shares a model, and until when. */
#include "plugin/classify/modelcache.h"

#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>

static MnetModel *
acquire (const GstMobilenetModelSettings * settings)
{
  MnetError error;
  MnetModel *model = gst_mobilenet_model_acquire (settings, &error);

  fail_unless (model != NULL, "%s", error.message);
  return model;
}

/* Whether this names the same model. */
static gboolean
shares (const MnetModel * model, const GstMobilenetModelSettings * settings)
{
  MnetModel *other = acquire (settings);
  gboolean same = other == model;

  gst_mobilenet_model_release (&other);
  fail_unless (other == NULL);
  return same;
}

GST_START_TEST (the_same_settings_share_a_model)
{
  const GstMobilenetModelSettings plain = { 0 };
  const GstMobilenetModelSettings others[] = {
    {.scale = {1, {0.01}}}, {.scale = {3, {0.01, 0.01, 0.02}}},
    {.scale = {1, {0.01}},.mean = {1, {127}}},
    {.channel_order = MNET_CHANNEL_ORDER_BGR}
  };
  MnetModel *model = acquire (&plain);
  guint i;

  fail_unless (shares (model, &plain));
  /* sessions differ in these, models don't */
  fail_unless (shares (model, &(GstMobilenetModelSettings) {
          .threads = 3,.top_k = 7,.model = (gchar *) "builtin"}));
  /* a mean alone counts for nothing */
  fail_unless (shares (model, &(GstMobilenetModelSettings) {
          .mean = { 1, {127} }}));
  for (i = 0; i < G_N_ELEMENTS (others); i++) {
    MnetModel *other = acquire (&others[i]);

    fail_if (other == model);
    fail_unless (shares (other, &others[i]));
    fail_unless (shares (model, &plain));
    gst_mobilenet_model_release (&other);
  }
  gst_mobilenet_model_release (&model);
}

GST_END_TEST;

/* A reference of one's own keeps a model alive, but not in the cache. */
GST_START_TEST (it_stays_until_its_last_user_goes)
{
  const GstMobilenetModelSettings settings = { 0 };
  MnetModel *first = acquire (&settings), *second = acquire (&settings);
  MnetModel *kept = mnet_model_ref (first);

  gst_mobilenet_model_release (&first);
  fail_unless (shares (second, &settings));
  gst_mobilenet_model_release (&second);
  fail_if (shares (kept, &settings));
  mnet_model_unref (&kept);
  gst_mobilenet_model_release (&kept);
}

GST_END_TEST;

static void
write_file (const gchar * path, const gchar * text, gssize size)
{
  fail_unless (g_file_set_contents (path, text, size, NULL));
}

GST_START_TEST (a_changed_file_is_another_model)
{
  gchar *folder = g_dir_make_tmp ("modelcache-XXXXXX", NULL);
  gchar *labels = g_build_filename (folder, "labels.txt", NULL);
  GstMobilenetModelSettings settings = {.labels = labels };
  GString *text = g_string_new (NULL);
  MnetModel *old, *new;
  guint i;

  for (i = 0; i < 1000; i++)
    g_string_append_printf (text, "old %u\n", i);
  write_file (labels, text->str, -1);
  old = acquire (&settings);
  fail_unless_equals_string (mnet_model_label (old, 3), "old 3");
  fail_unless (shares (old, &settings));

  g_string_replace (text, "old", "new", 0);
  write_file (labels, text->str, -1);
  new = acquire (&settings);
  fail_if (old == new);
  fail_unless_equals_string (mnet_model_label (new, 3), "new 3");
  fail_unless_equals_string (mnet_model_label (old, 3), "old 3");
  gst_mobilenet_model_release (&old);
  fail_unless (shares (new, &settings));
  gst_mobilenet_model_release (&new);

  g_string_free (text, TRUE);
  g_remove (labels);
  g_rmdir (folder);
  g_free (labels);
  g_free (folder);
}

GST_END_TEST;

/* What stands beside a model says how pixels become its input. */
GST_START_TEST (a_file_beside_the_model_counts)
{
  gchar *folder = g_dir_make_tmp ("modelcache-XXXXXX", NULL);
  gchar *path = g_build_filename (folder, "net.onnx", NULL);
  gchar *source = g_build_filename (g_getenv ("MNET_SOURCE"), "nn", "models",
      "efficientnet_lite0_int8.onnx", NULL);
  gchar *beside[] = { g_build_filename (folder, "net.modelinfo", NULL),
    g_build_filename (folder, "net.onnx.modelinfo", NULL)
  };
  GstMobilenetModelSettings settings = {.model = path };
  MnetModel *model, *before;
  gchar *bytes;
  gsize size;
  guint i;

  fail_unless (g_file_get_contents (source, &bytes, &size, NULL));
  write_file (path, bytes, size);
  before = acquire (&settings);
  for (i = 0; i < G_N_ELEMENTS (beside); i++) {
    write_file (beside[i], "[modelinfo]\nversion=1.0\n", -1);
    model = acquire (&settings);
    fail_if (model == before);
    gst_mobilenet_model_release (&before);
    before = model;
    fail_unless (shares (model, &settings));
  }
  gst_mobilenet_model_release (&before);

  for (i = 0; i < G_N_ELEMENTS (beside); i++) {
    g_remove (beside[i]);
    g_free (beside[i]);
  }
  g_remove (path);
  g_rmdir (folder);
  g_free (bytes);
  g_free (source);
  g_free (path);
  g_free (folder);
}

GST_END_TEST;

GST_START_TEST (what_cannot_be_opened_leaves_nothing)
{
  GstMobilenetModelSettings settings = {.model = (gchar *) "/nonexistent" };
  GstMobilenetModelSettings odd = {.scale = {1, {0}
      }
  };
  MnetError error = { 0 };
  guint i;

  for (i = 0; i < 2; i++) {
    fail_unless (gst_mobilenet_model_acquire (&settings, &error) == NULL);
    fail_unless_equals_int (error.status, MNET_ERROR_IO);
    fail_unless (gst_mobilenet_model_acquire (&odd, &error) == NULL);
    fail_unless_equals_int (error.status, MNET_ERROR_ARGUMENT);
  }
}

GST_END_TEST;

static gpointer
acquire_in_thread (gpointer settings)
{
  return acquire (settings);
}

GST_START_TEST (threads_that_start_together_share_one)
{
  GstMobilenetModelSettings settings = { 0 };
  GThread *threads[8];
  MnetModel *models[G_N_ELEMENTS (threads)];
  guint i;

  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("open", acquire_in_thread, &settings);
  for (i = 0; i < G_N_ELEMENTS (threads); i++) {
    models[i] = g_thread_join (threads[i]);
    fail_unless (models[i] == models[0]);
  }
  for (i = 0; i < G_N_ELEMENTS (threads); i++)
    gst_mobilenet_model_release (&models[i]);
}

GST_END_TEST;

static Suite *
modelcache_suite (void)
{
  Suite *s = suite_create ("modelcache");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, the_same_settings_share_a_model);
  tcase_add_test (tc, it_stays_until_its_last_user_goes);
  tcase_add_test (tc, a_changed_file_is_another_model);
  tcase_add_test (tc, a_file_beside_the_model_counts);
  tcase_add_test (tc, what_cannot_be_opened_leaves_nothing);
  tcase_add_test (tc, threads_that_start_together_share_one);
  return s;
}

GST_CHECK_MAIN (modelcache);
