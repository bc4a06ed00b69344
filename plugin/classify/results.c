/*
 * What was seen: how it is counted, told to applications, kept, and attached to
 * frames.
 */
#include "plugin/classify/gstmobilenet.h"

#include "plugin/classify/bridge.h"

void
gst_mobilenet_drop_result (GstMobilenet * self)
{
  g_clear_pointer (&self->result, gst_mobilenet_result_unref);
  self->has_reference = FALSE;
  self->pacing.started = FALSE;
}

void
gst_mobilenet_forget (GstMobilenet * self)
{
  gst_mobilenet_drop_result (self);
  gst_mobilenet_region_cache_clear (self->region_results);
  g_atomic_int_inc (&self->stream);
}

void
gst_mobilenet_count (GstMobilenet * self, GstMobilenetFrameOutcome outcome,
    const GstMobilenetResult * result)
{
  GST_OBJECT_LOCK (self);
  gst_mobilenet_stats_add_outcome (&self->stats, outcome,
      result ? result->preprocess_time : 0,
      result ? result->inference_time : 0);
  GST_OBJECT_UNLOCK (self);
}

void
gst_mobilenet_frame_failed (GstMobilenet * self, const gchar * reason)
{
  gst_mobilenet_drop_result (self);
  gst_mobilenet_warn_failed (self, reason);
}

void
gst_mobilenet_warn_failed (GstMobilenet * self, const gchar * reason)
{
  gst_mobilenet_count (self, GST_MOBILENET_FRAME_FAILED, NULL);
  GST_LOG_OBJECT (self, "not classified: %s", reason);
  if (!self->warned) {
    self->warned = TRUE;
    GST_ELEMENT_WARNING (self, STREAM, FAILED,
        ("Frames pass without being classified: %s", reason), (NULL));
  }
}

void
gst_mobilenet_set_result (GstMobilenet * self, GstMobilenetResult * result,
    const GstVideoRectangle * region, guint64 frame)
{
  g_clear_pointer (&self->result, gst_mobilenet_result_unref);
  self->result = result;
  self->region = *region;
  self->result_frame = frame;
}

/* What runs of the classifier cost on all its threads together. */
static GstClockTime
cpu_time (const GstMobilenetClassifier * classifier,
    const GstMobilenetFinished * finished)
{
  guint threads = gst_mobilenet_classifier_threads (classifier);
  GstClockTime sum = 0;
  guint i;

  for (i = 0; i < finished->job.n_looks; i++)
    sum += finished->results[i]->preprocess_time +
        finished->results[i]->inference_time * threads;
  return sum;
}

/* The frame counts once, by its own look or, without one, by its regions'. */
static void
count_finished (GstMobilenet * self, const GstMobilenetFinished * finished)
{
  const GstMobilenetJob *job = &finished->job;
  guint i;

  GST_OBJECT_LOCK (self);
  for (i = 0; i < job->n_looks; i++) {
    const GstMobilenetResult *result = finished->results[i];

    if (job->looks[i].whole)
      gst_mobilenet_stats_add_outcome (&self->stats,
          GST_MOBILENET_FRAME_CLASSIFIED, result->preprocess_time,
          result->inference_time);
    else
      gst_mobilenet_stats_add_region (&self->stats, result->preprocess_time,
          result->inference_time);
  }
  if (!job->looks[0].whole)
    self->stats.outcomes[GST_MOBILENET_FRAME_CLASSIFIED]++;
  GST_OBJECT_UNLOCK (self);
}

/* Counts, and tells of a new label. In the worker, in async mode. */
void
gst_mobilenet_publish (GstMobilenet * self,
    const GstMobilenetFinished * finished)
{
  count_finished (self, finished);
  if (finished->job.looks[0].whole
      && g_atomic_int_get (&self->stream) == (gint) finished->job.stream)
    gst_mobilenet_announce (self, finished->results[0]);
}

void
gst_mobilenet_worker_done (gpointer data, const GstMobilenetFinished * finished,
    const MnetError * error)
{
  GstMobilenet *self = data;

  if (!finished->failed) {
    gst_mobilenet_publish (self, finished);
  } else {
    gst_mobilenet_count (self, GST_MOBILENET_FRAME_FAILED, NULL);
    GST_WARNING_OBJECT (self, "not classified: %s", error->message);
  }
}

/* What was seen holds from now on. TRUE where that says something about the
 * frame as a whole. */
gboolean
gst_mobilenet_keep_results (GstMobilenet * self,
    GstMobilenetFinished * finished)
{
  const GstMobilenetJob *job = &finished->job;
  gboolean whole = FALSE;
  guint i;

  gst_mobilenet_pacing_spend (&self->pacing, finished->began,
      cpu_time (self->classifier, finished));
  for (i = 0; i < job->n_looks; i++) {
    if (job->looks[i].whole) {
      gst_mobilenet_set_result (self,
          gst_mobilenet_result_ref (finished->results[i]),
          &job->looks[i].region.rect, job->frame);
      whole = TRUE;
    } else {
      gst_mobilenet_region_cache_store (self->region_results,
          &job->looks[i].region, job->frame, finished->results[i]);
    }
  }
  return whole;
}

gboolean
gst_mobilenet_take_finished (GstMobilenet * self)
{
  GstMobilenetFinished finished;
  gboolean whole = FALSE;

  if (!self->worker || !gst_mobilenet_worker_take (self->worker,
          g_atomic_int_get (&self->stream), &finished))
    return FALSE;
  if (finished.failed)
    gst_mobilenet_drop_result (self);
  else
    whole = gst_mobilenet_keep_results (self, &finished);
  gst_mobilenet_finished_clear (&finished);
  return whole;
}

gboolean
gst_mobilenet_drain (GstMobilenet * self)
{
  if (!self->worker)
    return FALSE;
  gst_mobilenet_worker_drain (self->worker);
  return gst_mobilenet_take_finished (self);
}

GstBuffer *
gst_mobilenet_attach (GstBuffer * buffer, GstMobilenetResult * result,
    const GstVideoRectangle * region, guint64 age, const GstVideoInfo * info,
    GstMobilenetBridges attach)
{
  buffer = gst_buffer_make_writable (buffer);
  gst_buffer_add_mobilenet_meta (buffer, result, region, age);
  gst_mobilenet_bridge_attach (buffer, result, region, info, attach);
  return buffer;
}

GstBuffer *
gst_mobilenet_attach_results (GstMobilenet * self, GstBuffer * buffer,
    const GstMobilenetFrameSettings * settings)
{
  GstMobilenetResult *result;
  guint64 computed_on;
  guint i;

  if (self->result && settings->roi != GST_MOBILENET_ROI_REGIONS)
    buffer = gst_mobilenet_attach (buffer, self->result, &self->region,
        self->frame - self->result_frame, &self->info, settings->attach);
  for (i = 0; i < self->n_regions; i++) {
    result = gst_mobilenet_region_cache_look_up (self->region_results,
        &self->regions[i], self->frame, &computed_on);
    if (result)
      gst_mobilenet_region_attach (buffer, &self->regions[i], result,
          self->frame - computed_on, settings->attach);
  }
  return buffer;
}
