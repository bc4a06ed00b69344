#include "plugin/classify/pacing.h"

#include <math.h>

/* Longer than any stream, and far from the end of what a time can be. */
#define FOREVER ((gdouble) (G_MAXINT64 / 4))

static GstClockTime
rate_step (const GstMobilenetPacingSettings * settings)
{
  return MIN (GST_SECOND / settings->max_rate, FOREVER);
}

/* A frame that comes a little early is not one too many: else 10 a second of
 * 30 would become 7.5, as frame times are rounded. */
static GstClockTime
tolerance (GstClockTime duration, GstClockTime step)
{
  return GST_CLOCK_TIME_IS_VALID (duration) ? MIN (duration, step) / 2 : 0;
}

/* No classification has made a later one due by more than two steps, but before
 * time went back, or the rate was lower. */
static gboolean
is_due (const GstMobilenetPacing * pacing, GstClockTime pts,
    GstClockTime duration, GstClockTime step)
{
  return pts + tolerance (duration, step) >= pacing->due
      || pacing->due - pts > 2 * step;
}

static gboolean
is_rested (const GstMobilenetPacing * pacing,
    const GstMobilenetPacingSettings * settings, GstClockTime now)
{
  GstClockTime took = MIN (pacing->cpu_time * 100.0 / settings->cpu_budget,
      FOREVER);

  return now >= pacing->began + took;
}

GstMobilenetPace
gst_mobilenet_pacing_ask (GstMobilenetPacing * pacing,
    const GstMobilenetPacingSettings * settings, GstClockTime pts,
    GstClockTime duration, GstClockTime now)
{
  pacing->frames++;
  if (!pacing->started)
    return GST_MOBILENET_PACE_GO;
  if (pacing->frames < settings->interval)
    return GST_MOBILENET_PACE_INTERVAL;
  if (settings->max_rate > 0 && GST_CLOCK_TIME_IS_VALID (pts)
      && !is_due (pacing, pts, duration, rate_step (settings)))
    return GST_MOBILENET_PACE_RATE;
  if (settings->cpu_budget > 0 && !is_rested (pacing, settings, now))
    return GST_MOBILENET_PACE_BUDGET;
  return GST_MOBILENET_PACE_GO;
}

void
gst_mobilenet_pacing_begin (GstMobilenetPacing * pacing,
    const GstMobilenetPacingSettings * settings, GstClockTime pts,
    GstClockTime duration)
{
  pacing->frames = 0;
  if (settings->max_rate > 0 && GST_CLOCK_TIME_IS_VALID (pts)) {
    GstClockTime step = rate_step (settings);

    /* counted from when it was due, unless frames come more slowly anyway */
    if (!pacing->started || pacing->due + step <= pts
        || pacing->due > pts + tolerance (duration, step))
      pacing->due = pts;
    pacing->due += step;
  }
  pacing->started = TRUE;
}

void
gst_mobilenet_pacing_spend (GstMobilenetPacing * pacing, GstClockTime began,
    GstClockTime cpu_time)
{
  pacing->began = began;
  pacing->cpu_time = cpu_time;
}

static gdouble
bytes_difference (const gint8 * a, const gint8 * b, gsize count)
{
  guint64 sum = 0;
  gsize i;

  for (i = 0; i < count; i++)
    sum += ABS ((gint) a[i] - (gint) b[i]);
  return sum;
}

static gdouble
floats_difference (const gfloat * a, const gfloat * b, gsize count)
{
  gdouble sum = 0;
  gsize i;

  for (i = 0; i < count; i++)
    sum += fabsf (a[i] - b[i]);
  return sum;
}

void
gst_mobilenet_pacing_stretch (GstMobilenetResult * result, guint least)
{
  GstClockTime now = gst_util_get_timestamp ();
  GstClockTime began = now - result->inference_time;
  GstClockTime end = began + least * GST_MSECOND;

  if (now < end) {
    g_usleep (GST_TIME_AS_USECONDS (end - now));
    result->inference_time = gst_util_get_timestamp () - began;
  }
}

gdouble
gst_mobilenet_tensor_difference (const MnetModelInfo * info,
    gconstpointer a, gconstpointer b)
{
  gsize count = (gsize) info->input_width * info->input_height *
      info->input_channels;
  gdouble sum, range = 0;
  gint i;

  for (i = 0; i < info->input_channels; i++)
    range += fabs (255.0 * info->normalization.scale[i]) / info->input_channels;
  if (info->prepared_dtype == MNET_DTYPE_F32) {
    sum = floats_difference (a, b, count);
  } else {
    sum = bytes_difference (a, b, count);
    range = info->prepared_scale ? MIN (range / info->prepared_scale, 255)
        : 255;
  }
  return range > 0 && count ? 100 * sum / (range * count) : 0;
}
