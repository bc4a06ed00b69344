/* Which frames are classified, in the stream's time and by the clock, and how far two tensors are from each other. */
#include "plugin/classify/pacing.h"

#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

/* Asks, and begins where the answer is GO. */
static gboolean
goes (GstMobilenetPacing * pacing, const GstMobilenetPacingSettings * settings,
    GstClockTime pts, GstClockTime duration)
{
  if (gst_mobilenet_pacing_ask (pacing, settings, pts, duration, 0)
      != GST_MOBILENET_PACE_GO)
    return FALSE;
  gst_mobilenet_pacing_begin (pacing, settings, pts, duration);
  return TRUE;
}

GST_START_TEST (all_go_by_default)
{
  const GstMobilenetPacingSettings settings = { 0 };
  GstMobilenetPacing pacing = { 0 };
  guint i;

  for (i = 0; i < 10; i++)
    fail_unless (goes (&pacing, &settings, i % 3 ? i : GST_CLOCK_TIME_NONE,
            GST_CLOCK_TIME_NONE));
}

GST_END_TEST;

GST_START_TEST (the_interval_counts_frames)
{
  const GstMobilenetPacingSettings settings = {.interval = 4 };
  GstMobilenetPacing pacing = { 0 };
  guint i;

  for (i = 0; i < 40; i++)
    fail_unless_equals_int (goes (&pacing, &settings, GST_CLOCK_TIME_NONE, 0),
        i % 4 == 0);

  /* where one can't be classified, the next may */
  for (i = 0; i < 3; i++)
    fail_if (goes (&pacing, &settings, i, 0) != (i == 0));
  fail_if (goes (&pacing, &settings, 3, 0));
  for (i = 0; i < 3; i++)
    fail_unless_equals_int (gst_mobilenet_pacing_ask (&pacing, &settings, 0, 0,
            0), GST_MOBILENET_PACE_GO);
}

GST_END_TEST;

/* How many of `frames` at fps_n / fps_d go with this max-rate. At no time are
 * there more than the rate allows until then, with the one at the start. */
static guint
count (gdouble max_rate, guint fps_n, guint fps_d, guint frames)
{
  const GstMobilenetPacingSettings settings = {.max_rate = max_rate };
  const GstClockTime start = 7 * GST_SECOND;
  GstMobilenetPacing pacing = { 0 };
  GstClockTime duration = gst_util_uint64_scale_int (GST_SECOND, fps_d, fps_n);
  guint i, n = 0;

  for (i = 0; i < frames; i++) {
    GstClockTime time = gst_util_uint64_scale (i, GST_SECOND * fps_d, fps_n);

    n += goes (&pacing, &settings, start + time, duration);
    fail_unless (n <= 1 + (time + duration / 2) * max_rate / GST_SECOND,
        "%u of %u frames, at %g of %u/%u", n, i, max_rate, fps_n, fps_d);
  }
  return n;
}

GST_START_TEST (the_rate_is_kept_and_not_exceeded)
{
  fail_unless_equals_int (count (10, 30, 1, 3000), 1000);
  fail_unless_equals_int (count (15, 30, 1, 3000), 1500);
  fail_unless_equals_int (count (30, 30, 1, 3000), 3000);
  fail_unless_equals_int (count (1, 30, 1, 3000), 100);
  /* 100.1 s */
  fail_unless_equals_int (count (10, 30000, 1001, 3000), 1001);
  fail_unless_equals_int (count (10, 25, 1, 2500), 1000);
  fail_unless_equals_int (count (24, 25, 1, 2500), 2400);
  fail_unless_equals_int (count (0.1, 25, 1, 2500), 10);
  /* faster than frames come */
  fail_unless_equals_int (count (10, 7, 1, 700), 700);
  fail_unless_equals_int (count (10000, 25, 1, 250), 250);
}

GST_END_TEST;

GST_START_TEST (every_third_of_30_a_second)
{
  const GstMobilenetPacingSettings settings = {.max_rate = 10 };
  GstMobilenetPacing pacing = { 0 };
  guint i;

  for (i = 0; i < 300; i++)
    fail_unless_equals_int (goes (&pacing, &settings,
            gst_util_uint64_scale (i, GST_SECOND, 30), GST_SECOND / 30),
        i % 3 == 0);
}

GST_END_TEST;

GST_START_TEST (gaps_are_not_caught_up)
{
  const GstMobilenetPacingSettings settings = {.max_rate = 1 };
  GstMobilenetPacing pacing = { 0 };
  GstClockTime frame = 40 * GST_MSECOND;
  guint i, n = 0;

  fail_unless (goes (&pacing, &settings, 0, frame));
  for (i = 0; i < 50; i++)
    n += goes (&pacing, &settings, 100 * GST_SECOND + i * frame, frame);
  fail_unless_equals_int (n, 2);
}

GST_END_TEST;

GST_START_TEST (time_may_jump_back)
{
  const GstMobilenetPacingSettings settings = {.max_rate = 10 };
  GstMobilenetPacing pacing = { 0 };
  GstClockTime frame = GST_SECOND / 30;
  guint i, n = 0;

  fail_unless (goes (&pacing, &settings, 3600 * GST_SECOND, frame));
  for (i = 0; i < 30; i++)
    n += goes (&pacing, &settings, i * frame, frame);
  fail_unless_equals_int (n, 10);

  /* frames without a time aren't limited, and those after them are */
  fail_unless (goes (&pacing, &settings, GST_CLOCK_TIME_NONE, frame));
  n = 0;
  for (; i < 60; i++)
    n += goes (&pacing, &settings, i * frame, frame);
  fail_unless_equals_int (n, 10);
}

GST_END_TEST;

GST_START_TEST (another_rate_counts_at_once)
{
  const GstMobilenetPacingSettings slow = {.max_rate = 0.001 };
  const GstMobilenetPacingSettings tiny = {.max_rate = 1e-300 };
  const GstMobilenetPacingSettings fast = {.max_rate = 10 };
  GstMobilenetPacing pacing = { 0 };
  GstClockTime frame = GST_SECOND / 30;

  fail_unless (goes (&pacing, &slow, 0, frame));
  fail_if (goes (&pacing, &slow, 30 * frame, frame));
  fail_unless (goes (&pacing, &fast, 31 * frame, frame));
  fail_if (goes (&pacing, &fast, 32 * frame, frame));
  fail_unless (goes (&pacing, &fast, 34 * frame, frame));

  pacing.started = FALSE;
  fail_unless (goes (&pacing, &tiny, 0, frame));
  fail_if (goes (&pacing, &tiny, 1000000 * GST_SECOND, frame));
}

GST_END_TEST;

GST_START_TEST (the_budget_is_paid_off)
{
  GstMobilenetPacingSettings settings = {.cpu_budget = 10 };
  GstMobilenetPacing pacing = { 0 };
  GstClockTime now = 5 * GST_SECOND;

  fail_unless_equals_int (gst_mobilenet_pacing_ask (&pacing, &settings, 0, 0,
          now), GST_MOBILENET_PACE_GO);
  gst_mobilenet_pacing_begin (&pacing, &settings, 0, 0);
  gst_mobilenet_pacing_spend (&pacing, now, 20 * GST_MSECOND);
  fail_unless_equals_int (gst_mobilenet_pacing_ask (&pacing, &settings, 0, 0,
          now + 199 * GST_MSECOND), GST_MOBILENET_PACE_BUDGET);
  fail_unless_equals_int (gst_mobilenet_pacing_ask (&pacing, &settings, 0, 0,
          now + 200 * GST_MSECOND), GST_MOBILENET_PACE_GO);

  /* more than one core, a new budget, none, and next to none */
  settings.cpu_budget = 400;
  fail_unless_equals_int (gst_mobilenet_pacing_ask (&pacing, &settings, 0, 0,
          now + 4 * GST_MSECOND), GST_MOBILENET_PACE_BUDGET);
  fail_unless_equals_int (gst_mobilenet_pacing_ask (&pacing, &settings, 0, 0,
          now + 5 * GST_MSECOND), GST_MOBILENET_PACE_GO);
  settings.cpu_budget = 0;
  fail_unless_equals_int (gst_mobilenet_pacing_ask (&pacing, &settings, 0, 0,
          now), GST_MOBILENET_PACE_GO);
  settings.cpu_budget = 1e-300;
  fail_unless_equals_int (gst_mobilenet_pacing_ask (&pacing, &settings, 0, 0,
          now + 1000000 * GST_SECOND), GST_MOBILENET_PACE_BUDGET);
}

GST_END_TEST;

static void
assert_difference (const MnetModelInfo * info, gconstpointer a,
    gconstpointer b, gdouble expected)
{
  gdouble seen = gst_mobilenet_tensor_difference (info, a, b);

  fail_unless (fabs (seen - expected) <= 1e-5 * expected + 1e-9, "%g, not %g",
      seen, expected);
  fail_unless (gst_mobilenet_tensor_difference (info, b, a) == seen);
  fail_unless (gst_mobilenet_tensor_difference (info, a, a) == 0);
}

#define SIDE 5
#define COUNT (SIDE * SIDE * 3)

static MnetModelInfo
info_of (MnetDtype dtype, gint channels, gfloat scale)
{
  MnetModelInfo info = {
    .prepared_dtype = dtype,.input_width = SIDE,.input_height = SIDE,
    .input_channels = channels,.prepared_scale = scale,
    .normalization = {.scale = {0.02f, -0.01f, 0.015f}}
  };

  return info;
}

/* The range is what 0 and 255 become, and no more than the type holds. */
GST_START_TEST (differences_of_bytes)
{
  MnetModelInfo info = info_of (MNET_DTYPE_QS8, 3, 0.02f);
  gdouble range = 255 * (0.02 + 0.01 + 0.015) / 3;
  gint8 a[COUNT], b[COUNT];
  gdouble sum = 0;
  guint i;

  for (i = 0; i < COUNT; i++) {
    a[i] = i * 89;
    b[i] = i * 31 + 128;
    sum += abs (a[i] - b[i]);
  }
  assert_difference (&info, a, b, 100 * sum / COUNT / (range / 0.02));
  info.prepared_scale = 0.001f;
  assert_difference (&info, a, b, 100 * sum / COUNT / 255);
  memset (a, -128, COUNT);
  memset (b, 127, COUNT);
  assert_difference (&info, a, b, 100);
}

GST_END_TEST;

GST_START_TEST (differences_of_floats)
{
  MnetModelInfo info = info_of (MNET_DTYPE_F32, 3, 0);
  gfloat a[COUNT], b[COUNT];
  gdouble sum = 0;
  guint i;

  for (i = 0; i < COUNT; i++) {
    a[i] = sinf (i);
    b[i] = cosf (3 * i);
    sum += fabs (a[i] - b[i]);
  }
  assert_difference (&info, a, b,
      100 * sum / COUNT / (255 * (0.02 + 0.01 + 0.015) / 3));

  /* a grey one has the first channel's */
  info = info_of (MNET_DTYPE_F32, 1, 0);
  for (i = 0, sum = 0; i < COUNT / 3; i++)
    sum += fabs (a[i] - b[i]);
  assert_difference (&info, a, b, 100 * sum / (COUNT / 3) / (255 * 0.02));
}

GST_END_TEST;

static Suite *
pacing_suite (void)
{
  Suite *s = suite_create ("pacing");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, all_go_by_default);
  tcase_add_test (tc, the_interval_counts_frames);
  tcase_add_test (tc, the_rate_is_kept_and_not_exceeded);
  tcase_add_test (tc, every_third_of_30_a_second);
  tcase_add_test (tc, gaps_are_not_caught_up);
  tcase_add_test (tc, time_may_jump_back);
  tcase_add_test (tc, another_rate_counts_at_once);
  tcase_add_test (tc, the_budget_is_paid_off);
  tcase_add_test (tc, differences_of_bytes);
  tcase_add_test (tc, differences_of_floats);
  return s;
}

GST_CHECK_MAIN (pacing);
