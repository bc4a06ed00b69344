/* From scores to classes: the mean over time, the label that holds, and the unknown. */
#include "plugin/classify/steady.h"

#include <gst/check/gstcheck.h>
#include <math.h>

#define N_SCORES 4

static MnetModel *model;        /* for its labels */

static void
setup (void)
{
  MnetError error;

  fail_if (mnet_model_open (NULL, NULL, &model, &error), "%s", error.message);
}

static void
teardown (void)
{
  mnet_model_unref (&model);
}

static guint
update (GstMobilenetSteady * steady,
    const GstMobilenetSteadySettings * settings, const gfloat * scores,
    GstClockTime pts, const GstMobilenetCategory ** classes)
{
  MnetResult seen = {.scores = scores,.n_scores = N_SCORES };

  return gst_mobilenet_steady_update (steady, settings, &seen, model, pts,
      classes);
}

/* The label that comes first: its index, or -1 where there is none. */
static gint64
top_label (GstMobilenetSteady * steady,
    const GstMobilenetSteadySettings * settings, gfloat a, gfloat b)
{
  const GstMobilenetCategory *classes;
  gfloat scores[N_SCORES] = { a, b };

  return update (steady, settings, scores, GST_CLOCK_TIME_NONE, &classes)
      ? (gint64) classes[0].index : -1;
}

/* The probability of class 0 after it was seen with this score. */
static gfloat
mean (GstMobilenetSteady * steady, const GstMobilenetSteadySettings * settings,
    gfloat score, GstClockTime pts)
{
  const GstMobilenetCategory *classes;
  gfloat scores[N_SCORES] = { score };
  guint n = update (steady, settings, scores, pts, &classes), i;

  for (i = 0; i < n; i++) {
    if (classes[i].index == 0)
      return classes[i].probability;
  }
  fail ("class 0 is left out");
  return 0;
}

static void
assert_near (gdouble value, gdouble expected)
{
  fail_unless (fabs (value - expected) < 1e-5, "%g, not %g", value, expected);
}

GST_START_TEST (the_mean_is_the_same_at_any_rate)
{
  const GstMobilenetSteadySettings settings = {
    .time_constant = 300 * GST_MSECOND
  };
  static const guint rates[] = { 1, 5, 25, 60, 1000 };
  guint i, n;

  for (i = 0; i < G_N_ELEMENTS (rates); i++) {
    GstMobilenetSteady *steady = gst_mobilenet_steady_new (N_SCORES, N_SCORES);
    gfloat value = mean (steady, &settings, 1, 5 * GST_SECOND);

    assert_near (value, 1);
    for (n = 1; n <= rates[i]; n++)
      value = mean (steady, &settings, 0.25,
          5 * GST_SECOND + n * GST_SECOND / rates[i]);
    assert_near (value, 0.25 + 0.75 * exp (-1 / 0.3));
    gst_mobilenet_steady_free (steady);
  }
}

GST_END_TEST;

GST_START_TEST (the_mean_begins_anew)
{
  const GstMobilenetSteadySettings settings = {.time_constant = GST_SECOND };
  const GstMobilenetSteadySettings off = { 0 };
  GstMobilenetSteady *steady = gst_mobilenet_steady_new (N_SCORES, N_SCORES);

  mean (steady, &settings, 1, 0);
  fail_unless (mean (steady, &settings, 0, GST_MSECOND) > 0.9);
  gst_mobilenet_steady_reset (steady);
  assert_near (mean (steady, &settings, 0, 2 * GST_MSECOND), 0);

  /* no time, on either side of a step */
  assert_near (mean (steady, &settings, 1, GST_CLOCK_TIME_NONE), 1);
  assert_near (mean (steady, &settings, 0, 3 * GST_MSECOND), 0);
  /* time that goes back, or stands still */
  assert_near (mean (steady, &settings, 1, 2 * GST_MSECOND), 1);
  assert_near (mean (steady, &settings, 0, 2 * GST_MSECOND), 0);
  fail_unless (mean (steady, &settings, 1, 3 * GST_MSECOND) < 0.1);
  /* and without a time constant */
  assert_near (mean (steady, &off, 0.5, 4 * GST_MSECOND), 0.5);
  gst_mobilenet_steady_free (steady);
}

GST_END_TEST;

GST_START_TEST (scores_are_probabilities)
{
  const GstMobilenetSteadySettings settings = {.time_constant = GST_SECOND };
  GstMobilenetSteady *steady = gst_mobilenet_steady_new (N_SCORES, N_SCORES);

  assert_near (mean (steady, &settings, NAN, 0), 0);
  assert_near (mean (steady, &settings, 1, GST_SECOND), 1 - exp (-1));
  gst_mobilenet_steady_reset (steady);
  assert_near (mean (steady, &settings, INFINITY, 0), 1);
  assert_near (mean (steady, &settings, -1, GST_SECOND), exp (-1));
  gst_mobilenet_steady_free (steady);
}

GST_END_TEST;

GST_START_TEST (a_label_holds_between_enter_and_leave)
{
  const GstMobilenetSteadySettings settings = {.enter = 0.5,.leave = 0.3 };
  GstMobilenetSteady *steady = gst_mobilenet_steady_new (N_SCORES, N_SCORES);

  fail_unless_equals_int64 (top_label (steady, &settings, 0.49, 0), -1);
  fail_unless_equals_int64 (top_label (steady, &settings, 0.5, 0), 0);
  fail_unless_equals_int64 (top_label (steady, &settings, 0.31, 0), 0);
  /* another one that is better, and not clearly, or not enough to enter */
  fail_unless_equals_int64 (top_label (steady, &settings, 0.45, 0.55), 0);
  fail_unless_equals_int64 (top_label (steady, &settings, 0.31, 0.49), 0);
  fail_unless_equals_int64 (top_label (steady, &settings, 0.29, 0.49), -1);
  fail_unless_equals_int64 (top_label (steady, &settings, 0.31, 0.32), -1);

  /* at once where it is clearly better, and where the one before has left */
  fail_unless_equals_int64 (top_label (steady, &settings, 0.5, 0), 0);
  fail_unless_equals_int64 (top_label (steady, &settings, 0.35, 0.65), 1);
  fail_unless_equals_int64 (top_label (steady, &settings, 0.5, 0.2), 0);
  gst_mobilenet_steady_reset (steady);
  fail_unless_equals_int64 (top_label (steady, &settings, 0.4, 0.1), -1);
  gst_mobilenet_steady_free (steady);
}

GST_END_TEST;

GST_START_TEST (two_alike_do_not_flicker)
{
  const GstMobilenetSteadySettings settings = {.enter = 0.2,.leave = 0.1 };
  const GstMobilenetSteadySettings off = {.threshold = 0.1 };
  GstMobilenetSteady *steady = gst_mobilenet_steady_new (N_SCORES, 1);
  guint i;

  for (i = 0; i < 20; i++)
    fail_unless_equals_int64 (top_label (steady, &settings, i % 2 ? 0.44 : 0.45,
            i % 2 ? 0.45 : 0.44), 0);
  for (i = 0; i < 20; i++)
    fail_unless_equals_int64 (top_label (steady, &off, i % 2 ? 0.44 : 0.45,
            i % 2 ? 0.45 : 0.44), i % 2);
  gst_mobilenet_steady_free (steady);
}

GST_END_TEST;

/* The one that holds comes first, though another is more probable. */
GST_START_TEST (the_others_follow_the_one_that_holds)
{
  const GstMobilenetSteadySettings settings = {
    .threshold = 0.1,.enter = 0.4,.leave = 0.2
  };
  const gfloat before[N_SCORES] = { 0.5 };
  const gfloat scores[N_SCORES] = { 0.25, 0.3, 0.05, 0.35 };
  GstMobilenetSteady *steady = gst_mobilenet_steady_new (N_SCORES, N_SCORES);
  const GstMobilenetCategory *classes;

  update (steady, &settings, before, 0, &classes);
  fail_unless_equals_int (update (steady, &settings, scores, 1, &classes), 3);
  fail_unless_equals_int (classes[0].index, 0);
  fail_unless_equals_int (classes[1].index, 3);
  fail_unless_equals_int (classes[2].index, 1);
  fail_unless_equals_float (classes[1].probability, 0.35f);
  fail_unless_equals_string (classes[1].label, mnet_model_label (model, 3));
  gst_mobilenet_steady_free (steady);

  /* it is one of top-k */
  steady = gst_mobilenet_steady_new (N_SCORES, 2);
  update (steady, &settings, before, 0, &classes);
  fail_unless_equals_int (update (steady, &settings, scores, 1, &classes), 2);
  fail_unless_equals_int (classes[0].index, 0);
  fail_unless_equals_int (classes[1].index, 3);
  gst_mobilenet_steady_free (steady);
}

GST_END_TEST;

GST_START_TEST (unknown_is_said_or_not)
{
  static const gfloat scores[N_SCORES] = { 0.3, 0.2, 0.05 };
  GstMobilenetSteadySettings settings = {.threshold = 0.1,.enter = 0.5 };
  GstMobilenetSteady *steady = gst_mobilenet_steady_new (N_SCORES, 2);
  const GstMobilenetCategory *classes;

  fail_unless_equals_int (update (steady, &settings, scores, 0, &classes), 0);
  settings.unknown = TRUE;
  fail_unless_equals_int (update (steady, &settings, scores, 0, &classes), 2);
  fail_unless (classes[0].index == GST_MOBILENET_INDEX_UNKNOWN);
  fail_unless_equals_string (classes[0].label, GST_MOBILENET_LABEL_UNKNOWN);
  fail_unless (classes[0].probability == 0);
  fail_unless_equals_int (classes[1].index, 0);

  /* without hysteresis, where none is over the threshold */
  settings.enter = 0;
  fail_unless_equals_int (update (steady, &settings, scores, 0, &classes), 2);
  fail_unless_equals_int (classes[0].index, 0);
  settings.threshold = 0.31;
  fail_unless_equals_int (update (steady, &settings, scores, 0, &classes), 1);
  fail_unless (classes[0].index == GST_MOBILENET_INDEX_UNKNOWN);
  settings.unknown = FALSE;
  fail_unless_equals_int (update (steady, &settings, scores, 0, &classes), 0);
  gst_mobilenet_steady_free (steady);
}

GST_END_TEST;

GST_START_TEST (the_threshold_is_part_of_it)
{
  const gfloat scores[N_SCORES] = { 0.25, 0.5, 0.125, 0.124 };
  const GstMobilenetSteadySettings settings = {.threshold = 0.125 };
  GstMobilenetSteady *steady = gst_mobilenet_steady_new (N_SCORES, 100);
  const GstMobilenetCategory *classes;

  fail_unless_equals_int (update (steady, &settings, scores, 0, &classes), 3);
  fail_unless_equals_int (classes[2].index, 2);
  gst_mobilenet_steady_free (steady);
}

GST_END_TEST;

/* Without smoothing and hysteresis the classes are the engine's, ties too. */
GST_START_TEST (classes_are_those_of_the_engine)
{
  const GstMobilenetSteadySettings settings = { 0 };
  const gfloat tied[N_SCORES] = { 0.125, 0.25, 0.125, 0.25 };
  GstMobilenetSteady *steady = gst_mobilenet_steady_new (N_SCORES, 100);
  const MnetModelInfo *info = mnet_model_info (model);
  const GstMobilenetCategory *classes;
  MnetSessionOptions options = {.threads = 1,.top_k = 1000 };
  guint8 *tensor = g_malloc (info->input_bytes);
  MnetSession *session = NULL;
  const MnetResult *seen;
  guint n, i;

  fail_unless_equals_int (update (steady, &settings, tied, 0, &classes), 4);
  for (i = 0; i < 4; i++)
    fail_unless_equals_int (classes[i].index, ((gint[]) {
            1, 3, 0, 2}
      )[i]);
  gst_mobilenet_steady_free (steady);

  for (i = 0; i < info->input_bytes; i++)
    tensor[i] = i * 7;
  fail_if (mnet_session_open (model, &options, &session, NULL));
  fail_if (mnet_session_run_tensor (session, tensor, info->input_bytes, &seen,
          NULL));
  steady = gst_mobilenet_steady_new (seen->n_scores, 1000);
  n = gst_mobilenet_steady_update (steady, &settings, seen, model, 0, &classes);
  fail_unless_equals_int (n, seen->n_classes);
  for (i = 0; i < n; i++) {
    fail_unless_equals_int (classes[i].index, seen->classes[i].index);
    fail_unless_equals_float (classes[i].probability,
        seen->classes[i].probability);
  }
  gst_mobilenet_steady_free (steady);
  mnet_session_close (&session);
  g_free (tensor);
}

GST_END_TEST;

static Suite *
steady_suite (void)
{
  Suite *s = suite_create ("steady");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, the_mean_is_the_same_at_any_rate);
  tcase_add_test (tc, the_mean_begins_anew);
  tcase_add_test (tc, scores_are_probabilities);
  tcase_add_test (tc, a_label_holds_between_enter_and_leave);
  tcase_add_test (tc, two_alike_do_not_flicker);
  tcase_add_test (tc, the_others_follow_the_one_that_holds);
  tcase_add_test (tc, unknown_is_said_or_not);
  tcase_add_test (tc, the_threshold_is_part_of_it);
  tcase_add_test (tc, classes_are_those_of_the_engine);
  return s;
}

GST_CHECK_MAIN (steady);
