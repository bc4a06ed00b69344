/*
 * Which frames are classified, where not all are to be: at most so many a second, at most so much of a CPU, and not where the
 * picture has hardly changed. Not thread-safe: the streaming thread's own.
 */
#ifndef __GST_MOBILENET_PACING_H__
#define __GST_MOBILENET_PACING_H__

#include <gst/gst.h>

#include "nn/mnet.h"
#include "plugin/meta/gstmobilenetmeta.h"

G_BEGIN_DECLS

/* All zero: every frame. */
typedef struct {
  guint interval;               /* frames from one classification to the next */
  gdouble max_rate;             /* classifications a second of the stream's time; 0: any */
  gdouble cpu_budget;           /* percent of one core; 0: any */
  gdouble static_threshold;     /* percent of the values' range; 0: never static */
} GstMobilenetPacingSettings;

typedef enum {
  GST_MOBILENET_PACE_GO,
  GST_MOBILENET_PACE_INTERVAL,
  GST_MOBILENET_PACE_RATE,
  GST_MOBILENET_PACE_BUDGET
} GstMobilenetPace;

/* All zero: nothing was classified yet. */
typedef struct {
  gboolean started;
  guint frames;                 /* since the last classification */
  GstClockTime due;             /* when the rate allows the next one, in the stream's time */
  GstClockTime began, cpu_time; /* of the last one that is known; by the monotonic clock */
} GstMobilenetPacing;

/*
 * Whether to classify a frame with this time and duration in the stream (GST_CLOCK_TIME_NONE where unknown), now by the
 * monotonic clock. To be asked once for each frame.
 */
GstMobilenetPace gst_mobilenet_pacing_ask (GstMobilenetPacing * pacing,
    const GstMobilenetPacingSettings * settings, GstClockTime pts, GstClockTime duration, GstClockTime now);
/* The frame that was asked for last is being classified. */
void gst_mobilenet_pacing_begin (GstMobilenetPacing * pacing, const GstMobilenetPacingSettings * settings,
    GstClockTime pts, GstClockTime duration);
/* A classification that began at `began` has taken so much CPU time. */
void gst_mobilenet_pacing_spend (GstMobilenetPacing * pacing, GstClockTime began, GstClockTime cpu_time);

/* Sleeps for what an inference of `least` ms would have taken longer, and counts that as its time. */
void gst_mobilenet_pacing_stretch (GstMobilenetResult * result, guint least);

/* Mean absolute difference of two prepared inputs of a model, in percent of the range that pixels have there. */
gdouble gst_mobilenet_tensor_difference (const MnetModelInfo * info, gconstpointer a, gconstpointer b);

G_END_DECLS

#endif
