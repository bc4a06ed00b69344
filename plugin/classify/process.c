/*
 * What happens to each frame.
 */
#include "plugin/classify/gstmobilenet.h"

GstClockTime
gst_mobilenet_duration_of (GstMobilenet * self, GstBuffer * buffer)
{
  if (GST_BUFFER_DURATION_IS_VALID (buffer))
    return GST_BUFFER_DURATION (buffer);
  if (GST_VIDEO_INFO_FPS_N (&self->info) > 0)
    return gst_util_uint64_scale (GST_SECOND,
        GST_VIDEO_INFO_FPS_D (&self->info), GST_VIDEO_INFO_FPS_N (&self->info));
  return 0;
}

/* The properties of this frame, and the new classifier where one waits. */
static void
update (GstMobilenet * self, GstMobilenetFrameSettings * settings)
{
  GstMobilenetClassifier *classifier;

  GST_OBJECT_LOCK (self);
  *settings = self->settings.frame;
  classifier = g_steal_pointer (&self->pending);
  gst_mobilenet_stats_add_frame (&self->stats);
  gst_mobilenet_dump_set_location (&self->dump, self->settings.dump_input);
  GST_OBJECT_UNLOCK (self);

  if (classifier) {
    gst_mobilenet_ahead_stop (self);
    g_clear_pointer (&self->classifier, gst_mobilenet_classifier_unref);
    self->classifier = classifier;
    self->warned = FALSE;
    g_clear_pointer (&self->tensor, g_free);
    g_clear_pointer (&self->reference, g_free);
    gst_mobilenet_forget (self);
  }
}

void
gst_mobilenet_process_stop (GstMobilenet * self)
{
  gst_mobilenet_ahead_stop (self);
  gst_mobilenet_dump_set_location (&self->dump, NULL);
  g_clear_pointer (&self->worker, gst_mobilenet_worker_free);
  g_clear_pointer (&self->classifier, gst_mobilenet_classifier_unref);
  g_clear_pointer (&self->tensor, g_free);
  g_clear_pointer (&self->reference, g_free);
  gst_mobilenet_forget (self);
}

/* TRUE where nothing keeps the frame from being classified; else that is
 * counted. */
static gboolean
is_wanted (GstMobilenet * self, GstBuffer * buffer,
    const GstMobilenetFrameSettings * settings, gboolean async, gboolean unpaid)
{
  static const GstMobilenetFrameOutcome outcomes[] = {
    [GST_MOBILENET_PACE_INTERVAL] = GST_MOBILENET_FRAME_INTERVAL,
    [GST_MOBILENET_PACE_RATE] = GST_MOBILENET_FRAME_RATE,
    [GST_MOBILENET_PACE_BUDGET] = GST_MOBILENET_FRAME_BUDGET
  };
  GstMobilenetPace pace = gst_mobilenet_pacing_ask (&self->pacing,
      &settings->pacing, GST_BUFFER_PTS (buffer),
      gst_mobilenet_duration_of (self, buffer),
      gst_util_get_timestamp ());

  if (pace == GST_MOBILENET_PACE_GO && unpaid)
    pace = GST_MOBILENET_PACE_BUDGET;
  if (pace != GST_MOBILENET_PACE_GO) {
    gst_mobilenet_count (self, outcomes[pace], NULL);
    return FALSE;
  }
  /* there is something to show in its place */
  if (!async && self->pacing.started && gst_mobilenet_is_late (self, buffer)) {
    gst_mobilenet_count (self, GST_MOBILENET_FRAME_QOS, NULL);
    return FALSE;
  }
  return TRUE;
}

/* Changes between the modes, which wait for the worker once, and where they are
 * entered. */
static void
enter_mode (GstMobilenet * self, gboolean async)
{
  if (async && !self->worker) {
    self->worker = gst_mobilenet_worker_new (gst_mobilenet_worker_done, self);
    gst_mobilenet_update_latency (self, 0);
  } else if (!async && self->worker) {
    gst_mobilenet_drain (self);
    g_clear_pointer (&self->worker, gst_mobilenet_worker_free);
  }
}

static gboolean
has_picture (GstBuffer * buffer)
{
  return !GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP)
      && gst_buffer_n_memory (buffer) > 0;
}

/* By itself, after all that came before it. */
static GstBuffer *
process_now (GstMobilenet * self, GstBuffer * buffer,
    const GstMobilenetFrameSettings * settings)
{
  gboolean async, unpaid;

  if (!settings->enabled) {
    gst_mobilenet_forget (self);
    gst_mobilenet_count (self, GST_MOBILENET_FRAME_OFF, NULL);
    return buffer;
  }
  if (!has_picture (buffer)) {
    gst_mobilenet_count (self, GST_MOBILENET_FRAME_OFF, NULL);
    return buffer;
  }

  if (settings->roi != GST_MOBILENET_ROI_FRAME) {
    /* regions are those of a buffer; at most its head is copied here, its
     * memory stays the same */
    buffer = gst_buffer_make_writable (buffer);
    self->n_regions = gst_mobilenet_regions_collect (buffer, &self->info,
        settings->region_types[0] ? settings->region_types : NULL,
        self->regions, settings->max_regions);
  } else {
    self->n_regions = 0;
  }

  async = gst_mobilenet_is_async (self, settings->mode);
  enter_mode (self, async);
  /* asked before its result is taken, so that no cost stays unknown */
  unpaid = settings->pacing.cpu_budget > 0 && async
      && gst_mobilenet_worker_is_busy (self->worker);
  gst_mobilenet_take_finished (self);
  if (is_wanted (self, buffer, settings, async, unpaid))
    gst_mobilenet_classify (self, buffer, settings, async);
  return gst_mobilenet_attach_results (self, buffer, settings);
}

GstBuffer *
gst_mobilenet_process (GstMobilenet * self, GstBuffer * buffer)
{
  GstMobilenetFrameSettings settings;
  GstClockTime began;

  update (self, &settings);
  self->frame++;

  if (settings.enabled && has_picture (buffer)
      && !gst_mobilenet_is_async (self, settings.mode)
      && gst_mobilenet_ahead_take (self, buffer, &settings)) {
    buffer = NULL;
  } else {
    gst_mobilenet_ahead_drain (self);
    began = gst_util_get_timestamp ();
    buffer = process_now (self, buffer, &settings);
    self->took = gst_util_get_timestamp () - began;
  }
  self->passed = gst_util_get_timestamp ();
  return buffer;
}
