/* The latency histogram against durations whose order is known. */
#include "plugin/classify/stats.h"

#include <gst/check/gstcheck.h>

static void
assert_near (guint64 value, guint64 truth)
{
  fail_unless (value >= truth * 0.93 && value <= truth * 1.07,
      "%" G_GUINT64_FORMAT " for %" G_GUINT64_FORMAT, value, truth);
}

GST_START_TEST (an_empty_histogram_is_zero)
{
  GstMobilenetHistogram histogram = { 0, };

  fail_unless_equals_uint64 (gst_mobilenet_histogram_mean (&histogram), 0);
  fail_unless_equals_uint64 (gst_mobilenet_histogram_percentile (&histogram,
          99), 0);
}

GST_END_TEST;

GST_START_TEST (every_duration_is_within_its_bucket)
{
  guint shift, part;

  for (shift = 0; shift < 64; shift++) {
    for (part = 0; part < 16; part++) {
      GstMobilenetHistogram histogram = { 0, };
      guint64 duration = (G_GUINT64_CONSTANT (1) << shift)
          + (((G_GUINT64_CONSTANT (1) << shift) - 1) / 16) * part;

      gst_mobilenet_histogram_add (&histogram, duration);
      assert_near (gst_mobilenet_histogram_percentile (&histogram, 50),
          duration);
    }
  }
}

GST_END_TEST;

GST_START_TEST (percentiles_and_mean_are_those_of_the_durations)
{
  GstMobilenetHistogram histogram = { 0, };
  guint i;

  for (i = 1; i <= 1000; i++)
    gst_mobilenet_histogram_add (&histogram, i * 1000);
  fail_unless_equals_uint64 (gst_mobilenet_histogram_mean (&histogram), 500500);
  assert_near (gst_mobilenet_histogram_percentile (&histogram, 1), 10000);
  assert_near (gst_mobilenet_histogram_percentile (&histogram, 50), 500000);
  assert_near (gst_mobilenet_histogram_percentile (&histogram, 99), 990000);
  assert_near (gst_mobilenet_histogram_percentile (&histogram, 100), 1000000);
}

GST_END_TEST;

GST_START_TEST (times_count_only_for_classified_frames)
{
  GstMobilenetStats *stats = g_new0 (GstMobilenetStats, 1);
  guint64 value = 0;
  GstStructure *s;
  guint i;

  for (i = 0; i < 4; i++)
    gst_mobilenet_stats_add_frame (stats);
  gst_mobilenet_stats_add_outcome (stats, GST_MOBILENET_FRAME_INTERVAL, 5, 5);
  gst_mobilenet_stats_add_outcome (stats, GST_MOBILENET_FRAME_BUSY, 5, 5);
  gst_mobilenet_stats_add_outcome (stats, GST_MOBILENET_FRAME_FAILED, 5, 5);
  gst_mobilenet_stats_add_outcome (stats, GST_MOBILENET_FRAME_CLASSIFIED, 3, 4);
  s = gst_mobilenet_stats_to_structure (stats);
  fail_unless (gst_structure_get_uint64 (s, "frames", &value) && value == 4);
  fail_unless (gst_structure_get_uint64 (s, "classified", &value)
      && value == 1);
  fail_unless (gst_structure_get_uint64 (s, "skipped", &value) && value == 2);
  fail_unless (gst_structure_get_uint64 (s, "skipped-busy", &value)
      && value == 1);
  fail_unless (gst_structure_get_uint64 (s, "failed", &value) && value == 1);
  fail_unless (gst_structure_get_uint64 (s, "preprocess-mean", &value)
      && value == 3);
  fail_unless (gst_structure_get_uint64 (s, "inference-p99", &value)
      && value == 4);
  gst_structure_free (s);

  gst_mobilenet_stats_reset (stats);
  fail_unless_equals_uint64 (stats->frames, 0);
  g_free (stats);
}

GST_END_TEST;

static Suite *
stats_suite (void)
{
  Suite *s = suite_create ("stats");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, an_empty_histogram_is_zero);
  tcase_add_test (tc, every_duration_is_within_its_bucket);
  tcase_add_test (tc, percentiles_and_mean_are_those_of_the_durations);
  tcase_add_test (tc, times_count_only_for_classified_frames);
  return s;
}

GST_CHECK_MAIN (stats);
