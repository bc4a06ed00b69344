/*
 * Counters and latency histograms of a mobilenet element. Nothing is allocated but the structure that
 * gst_mobilenet_stats_to_structure() returns. Not thread-safe: the element guards it with its object lock.
 */
#ifndef __GST_MOBILENET_STATS_H__
#define __GST_MOBILENET_STATS_H__

#include <gst/gst.h>

G_BEGIN_DECLS

/* 8 buckets for each power of two: a percentile is within 7 % of the true one. */
#define GST_MOBILENET_HISTOGRAM_SUB_BITS 3
#define GST_MOBILENET_HISTOGRAM_BUCKETS (64 << GST_MOBILENET_HISTOGRAM_SUB_BITS)

/* Of durations in nanoseconds. All zero: empty. */
typedef struct {
  guint64 count;
  guint64 sum;
  guint32 buckets[GST_MOBILENET_HISTOGRAM_BUCKETS];
} GstMobilenetHistogram;

/* From GST_MOBILENET_FRAME_OFF on, frames that passed on purpose without a classification of their own. */
typedef enum {
  GST_MOBILENET_FRAME_CLASSIFIED,
  GST_MOBILENET_FRAME_FAILED,   /* passed untouched, as it could not be classified */
  GST_MOBILENET_FRAME_OFF,      /* the element was disabled, or the frame a gap */
  GST_MOBILENET_FRAME_INTERVAL,
  GST_MOBILENET_FRAME_RATE,
  GST_MOBILENET_FRAME_BUDGET,
  GST_MOBILENET_FRAME_STATIC,
  GST_MOBILENET_FRAME_QOS,
  GST_MOBILENET_FRAME_BUSY,
  GST_MOBILENET_N_OUTCOMES
} GstMobilenetFrameOutcome;

typedef struct {
  guint64 frames;
  guint64 regions;
  guint64 outcomes[GST_MOBILENET_N_OUTCOMES];
  GstMobilenetHistogram preprocess;
  GstMobilenetHistogram inference;
} GstMobilenetStats;

void gst_mobilenet_histogram_add (GstMobilenetHistogram * histogram, guint64 duration);
guint64 gst_mobilenet_histogram_mean (const GstMobilenetHistogram * histogram);
/* The duration that `percent` of all stay within; 0 where there are none. */
guint64 gst_mobilenet_histogram_percentile (const GstMobilenetHistogram * histogram, guint percent);

void gst_mobilenet_stats_reset (GstMobilenetStats * stats);
/* A frame passes; its outcome may be known later. */
void gst_mobilenet_stats_add_frame (GstMobilenetStats * stats);
/* The times count only where the frame was classified. */
void gst_mobilenet_stats_add_outcome (GstMobilenetStats * stats, GstMobilenetFrameOutcome outcome,
    GstClockTime preprocess_time, GstClockTime inference_time);
/* A region of a frame was classified. */
void gst_mobilenet_stats_add_region (GstMobilenetStats * stats, GstClockTime preprocess_time,
    GstClockTime inference_time);
GstStructure *gst_mobilenet_stats_to_structure (const GstMobilenetStats * stats);

G_END_DECLS

#endif
