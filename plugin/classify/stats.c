#include "plugin/classify/stats.h"

#include <string.h>

#define SUB_BITS GST_MOBILENET_HISTOGRAM_SUB_BITS

/* Durations below 2^SUB_BITS have a bucket each; above, a bucket is the
 * position of the highest bit and the SUB_BITS bits that follow it. */
static guint
bucket_of (guint64 duration)
{
  guint shift;

  if (duration < (1u << SUB_BITS))
    return duration;
  shift = 63 - __builtin_clzll (duration) - SUB_BITS;
  return (shift << SUB_BITS) + (guint) (duration >> shift);
}

static guint64
middle_of (guint bucket)
{
  guint64 leading, width;
  guint shift;

  if (bucket < (2u << SUB_BITS))
    return bucket;
  shift = (bucket >> SUB_BITS) - 1;
  width = G_GUINT64_CONSTANT (1) << shift;
  leading = (1u << SUB_BITS) + bucket % (1u << SUB_BITS);
  return leading * width + width / 2;
}

void
gst_mobilenet_histogram_add (GstMobilenetHistogram * histogram,
    guint64 duration)
{
  histogram->count++;
  histogram->sum += duration;
  histogram->buckets[bucket_of (duration)]++;
}

guint64
gst_mobilenet_histogram_mean (const GstMobilenetHistogram * histogram)
{
  return histogram->count ? histogram->sum / histogram->count : 0;
}

guint64
gst_mobilenet_histogram_percentile (const GstMobilenetHistogram * histogram,
    guint percent)
{
  guint64 wanted =
      gst_util_uint64_scale_int_ceil (histogram->count, percent, 100);
  guint64 seen = 0;
  guint i;

  for (i = 0; histogram->count && i < GST_MOBILENET_HISTOGRAM_BUCKETS; i++) {
    seen += histogram->buckets[i];
    if (seen >= MAX (wanted, 1))
      return middle_of (i);
  }
  return 0;
}

void
gst_mobilenet_stats_reset (GstMobilenetStats * stats)
{
  memset (stats, 0, sizeof (*stats));
}

void
gst_mobilenet_stats_add_frame (GstMobilenetStats * stats)
{
  stats->frames++;
}

void
gst_mobilenet_stats_add_outcome (GstMobilenetStats * stats,
    GstMobilenetFrameOutcome outcome, GstClockTime preprocess_time,
    GstClockTime inference_time)
{
  stats->outcomes[outcome]++;
  if (outcome != GST_MOBILENET_FRAME_CLASSIFIED)
    return;

  gst_mobilenet_histogram_add (&stats->preprocess, preprocess_time);
  gst_mobilenet_histogram_add (&stats->inference, inference_time);
}

void
gst_mobilenet_stats_add_region (GstMobilenetStats * stats,
    GstClockTime preprocess_time, GstClockTime inference_time)
{
  stats->regions++;
  gst_mobilenet_histogram_add (&stats->preprocess, preprocess_time);
  gst_mobilenet_histogram_add (&stats->inference, inference_time);
}

GstStructure *
gst_mobilenet_stats_to_structure (const GstMobilenetStats * stats)
{
  const GstMobilenetHistogram *preprocess = &stats->preprocess;
  const GstMobilenetHistogram *inference = &stats->inference;
  const guint64 *outcomes = stats->outcomes;
  guint64 skipped = 0;
  guint i;

  for (i = GST_MOBILENET_FRAME_OFF; i < GST_MOBILENET_N_OUTCOMES; i++)
    skipped += outcomes[i];
  return gst_structure_new ("mobilenet-stats",
      "frames", G_TYPE_UINT64, stats->frames,
      "classified", G_TYPE_UINT64, outcomes[GST_MOBILENET_FRAME_CLASSIFIED],
      "regions", G_TYPE_UINT64, stats->regions,
      "failed", G_TYPE_UINT64, outcomes[GST_MOBILENET_FRAME_FAILED],
      "skipped", G_TYPE_UINT64, skipped,
      "skipped-off", G_TYPE_UINT64, outcomes[GST_MOBILENET_FRAME_OFF],
      "skipped-interval", G_TYPE_UINT64, outcomes[GST_MOBILENET_FRAME_INTERVAL],
      "skipped-rate", G_TYPE_UINT64, outcomes[GST_MOBILENET_FRAME_RATE],
      "skipped-budget", G_TYPE_UINT64, outcomes[GST_MOBILENET_FRAME_BUDGET],
      "skipped-static", G_TYPE_UINT64, outcomes[GST_MOBILENET_FRAME_STATIC],
      "skipped-qos", G_TYPE_UINT64, outcomes[GST_MOBILENET_FRAME_QOS],
      "skipped-busy", G_TYPE_UINT64, outcomes[GST_MOBILENET_FRAME_BUSY],
      "inference-mean", G_TYPE_UINT64, gst_mobilenet_histogram_mean (inference),
      "inference-p50", G_TYPE_UINT64,
      gst_mobilenet_histogram_percentile (inference, 50),
      "inference-p99", G_TYPE_UINT64,
      gst_mobilenet_histogram_percentile (inference, 99),
      "preprocess-mean", G_TYPE_UINT64,
      gst_mobilenet_histogram_mean (preprocess),
      "preprocess-p50", G_TYPE_UINT64,
      gst_mobilenet_histogram_percentile (preprocess, 50),
      "preprocess-p99", G_TYPE_UINT64,
      gst_mobilenet_histogram_percentile (preprocess, 99), NULL);
}
