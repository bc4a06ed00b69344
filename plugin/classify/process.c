/*
 * What happens to each frame.
 */
#include "plugin/classify/gstmobilenet.h"

#include <string.h>

#include "plugin/classify/imagemap.h"

static GstClockTime
monotonic_now (void)
{
  return g_get_monotonic_time () * GST_USECOND;
}

static void
drop_result (GstMobilenet * self)
{
  g_clear_pointer (&self->result, gst_mobilenet_result_unref);
  self->has_reference = FALSE;
  self->pacing.started = FALSE;
}

void
gst_mobilenet_forget (GstMobilenet * self)
{
  drop_result (self);
  g_atomic_int_inc (&self->stream);
}

static void
count (GstMobilenet * self, GstMobilenetFrameOutcome outcome,
    const GstMobilenetResult * result)
{
  GST_OBJECT_LOCK (self);
  gst_mobilenet_stats_add_outcome (&self->stats, outcome,
      result ? result->preprocess_time : 0,
      result ? result->inference_time : 0);
  GST_OBJECT_UNLOCK (self);
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
  GST_OBJECT_UNLOCK (self);

  if (classifier) {
    g_clear_pointer (&self->classifier, gst_mobilenet_classifier_unref);
    self->classifier = classifier;
    self->warned = FALSE;
    g_clear_pointer (&self->tensor, g_free);
    g_clear_pointer (&self->reference, g_free);
    gst_mobilenet_forget (self);
  }
}

static void
frame_failed (GstMobilenet * self, const gchar * reason)
{
  drop_result (self);
  count (self, GST_MOBILENET_FRAME_FAILED, NULL);
  GST_LOG_OBJECT (self, "not classified: %s", reason);
  if (!self->warned) {
    self->warned = TRUE;
    GST_ELEMENT_WARNING (self, STREAM, FAILED,
        ("Frames pass without being classified: %s", reason), (NULL));
  }
}

static void
set_result (GstMobilenet * self, GstMobilenetResult * result,
    const GstVideoRectangle * region, guint64 frame)
{
  g_clear_pointer (&self->result, gst_mobilenet_result_unref);
  self->result = result;
  self->region = *region;
  self->result_frame = frame;
}

/* What a run of the classifier costs on all its threads together. */
static GstClockTime
cpu_time (const GstMobilenetClassifier * classifier,
    const GstMobilenetResult * result)
{
  return result->preprocess_time +
      result->inference_time * gst_mobilenet_classifier_threads (classifier);
}

/* In the worker. */
static void
worker_done (gpointer data, const GstMobilenetFinished * finished,
    const MnetError * error)
{
  GstMobilenet *self = data;

  if (finished->result) {
    count (self, GST_MOBILENET_FRAME_CLASSIFIED, finished->result);
    if (g_atomic_int_get (&self->stream) == (gint) finished->job.stream)
      gst_mobilenet_announce (self, finished->result);
  } else {
    count (self, GST_MOBILENET_FRAME_FAILED, NULL);
    GST_WARNING_OBJECT (self, "not classified: %s", error->message);
  }
}

static gboolean
take_finished (GstMobilenet * self)
{
  GstMobilenetFinished finished;

  if (!self->worker || !gst_mobilenet_worker_take (self->worker,
          g_atomic_int_get (&self->stream), &finished))
    return FALSE;
  if (!finished.result) {
    drop_result (self);
    return FALSE;
  }
  gst_mobilenet_pacing_spend (&self->pacing, finished.began,
      cpu_time (self->classifier, finished.result));
  set_result (self, finished.result, &finished.job.region, finished.job.frame);
  return TRUE;
}

gboolean
gst_mobilenet_drain (GstMobilenet * self)
{
  if (!self->worker)
    return FALSE;
  gst_mobilenet_worker_drain (self->worker);
  return take_finished (self);
}

void
gst_mobilenet_process_stop (GstMobilenet * self)
{
  g_clear_pointer (&self->worker, gst_mobilenet_worker_free);
  g_clear_pointer (&self->classifier, gst_mobilenet_classifier_unref);
  g_clear_pointer (&self->tensor, g_free);
  g_clear_pointer (&self->reference, g_free);
  gst_mobilenet_forget (self);
}

/* Whether the tensor is so like the one classified last that its result still
 * holds; else it is the one to compare the next with. */
static gboolean
is_static (GstMobilenet * self, const GstMobilenetFrameSettings * settings,
    gconstpointer tensor)
{
  const MnetModelInfo *info = gst_mobilenet_classifier_info (self->classifier);
  gdouble threshold = settings->pacing.static_threshold;

  if (threshold <= 0)
    return FALSE;
  if (self->has_reference && gst_mobilenet_tensor_difference (info, tensor,
          self->reference) < threshold)
    return TRUE;
  if (!self->reference)
    self->reference = g_malloc (info->input_bytes);
  memcpy (self->reference, tensor, info->input_bytes);
  self->has_reference = TRUE;
  return FALSE;
}

/* Shows the image to the classifier now. */
static void
classify_sync (GstMobilenet * self, const GstMobilenetFrameSettings * settings,
    const GstMobilenetImageMap * map, GstClockTime pts, GstClockTime duration)
{
  const MnetModelInfo *info = gst_mobilenet_classifier_info (self->classifier);
  const GstMobilenetSteadySettings steady =
      gst_mobilenet_frame_settings_steady (settings, FALSE);
  guint stream = g_atomic_int_get (&self->stream);
  GstClockTime began = monotonic_now (), prepare_began;
  GstMobilenetResult *result;
  MnetError error;

  gst_mobilenet_pacing_begin (&self->pacing, &settings->pacing, pts, duration);
  g_usleep (settings->debug_delay * 1000);
  prepare_began = monotonic_now ();
  if (settings->pacing.static_threshold > 0) {
    if (!self->tensor)
      self->tensor = g_malloc (info->input_bytes);
    if (!gst_mobilenet_classifier_prepare (self->classifier, &map->image,
            self->tensor, &error)) {
      frame_failed (self, error.message);
      return;
    }
    if (is_static (self, settings, self->tensor)) {
      count (self, GST_MOBILENET_FRAME_STATIC, NULL);
      return;
    }
    result = gst_mobilenet_classifier_run_tensor (self->classifier,
        self->tensor, &steady, stream, pts, monotonic_now () - prepare_began,
        &error);
  } else {
    result = gst_mobilenet_classifier_run_image (self->classifier, &map->image,
        &steady, stream, pts, &error);
  }
  if (!result) {
    frame_failed (self, error.message);
    return;
  }

  set_result (self, result, &map->region, self->frame);
  count (self, GST_MOBILENET_FRAME_CLASSIFIED, result);
  gst_mobilenet_pacing_spend (&self->pacing, began,
      cpu_time (self->classifier, result));
  gst_mobilenet_update_latency (self, monotonic_now () - began);
  gst_mobilenet_announce (self, result);
}

/* Gives the image to the worker, unless a newer one will do. */
static void
classify_async (GstMobilenet * self, const GstMobilenetFrameSettings * settings,
    const GstMobilenetImageMap * map, GstClockTime pts, GstClockTime duration)
{
  const MnetModelInfo *info = gst_mobilenet_classifier_info (self->classifier);
  GstMobilenetJob job = {
    .classifier = self->classifier,
    .steady = gst_mobilenet_frame_settings_steady (settings, TRUE),
    .region = map->region,
    .pts = pts,
    .frame = self->frame,
    .stream = g_atomic_int_get (&self->stream),
    .debug_delay = settings->debug_delay
  };
  GstClockTime began = monotonic_now ();
  gboolean replaced;
  gpointer tensor;
  MnetError error;

  /* two frames before the worker is expected back, in case it is early */
  tensor = gst_mobilenet_worker_begin (self->worker, info->input_bytes,
      2 * duration, &replaced);
  if (replaced) {
    count (self, GST_MOBILENET_FRAME_BUSY, NULL);
    /* what is to be compared with has never been classified */
    self->has_reference = FALSE;
  }
  if (!tensor) {
    count (self, GST_MOBILENET_FRAME_BUSY, NULL);
    return;
  }
  gst_mobilenet_pacing_begin (&self->pacing, &settings->pacing, pts, duration);
  if (!gst_mobilenet_classifier_prepare (self->classifier, &map->image, tensor,
          &error)) {
    gst_mobilenet_worker_end (self->worker, NULL);
    frame_failed (self, error.message);
  } else if (is_static (self, settings, tensor)) {
    gst_mobilenet_worker_end (self->worker, NULL);
    count (self, GST_MOBILENET_FRAME_STATIC, NULL);
  } else {
    job.preprocess_time = monotonic_now () - began;
    gst_mobilenet_worker_end (self->worker, &job);
  }
}

static GstClockTime
duration_of (GstMobilenet * self, GstBuffer * buffer)
{
  if (GST_BUFFER_DURATION_IS_VALID (buffer))
    return GST_BUFFER_DURATION (buffer);
  if (GST_VIDEO_INFO_FPS_N (&self->info) > 0)
    return gst_util_uint64_scale (GST_SECOND,
        GST_VIDEO_INFO_FPS_D (&self->info), GST_VIDEO_INFO_FPS_N (&self->info));
  return 0;
}

/* Looks at a frame. */
static void
classify (GstMobilenet * self, GstBuffer * buffer,
    const GstMobilenetFrameSettings * settings, gboolean async)
{
  GstVideoOrientationMethod orientation = settings->orientation;
  GstClockTime pts = GST_BUFFER_PTS (buffer);
  GstClockTime duration = duration_of (self, buffer);
  GstMobilenetImageMap map;
  const gchar *reason;
  MnetError error;

  if (orientation == GST_VIDEO_ORIENTATION_AUTO)
    orientation = self->tag_orientation;
  if (!gst_mobilenet_classifier_set_preprocess (self->classifier,
          &settings->preprocess, &error)) {
    frame_failed (self, error.message);
    return;
  }
  if (!gst_mobilenet_image_map (&map, buffer, &self->info, orientation,
          &reason)) {
    frame_failed (self, reason);
    return;
  }
  if (async)
    classify_async (self, settings, &map, pts, duration);
  else
    classify_sync (self, settings, &map, pts, duration);
  gst_mobilenet_image_unmap (&map);
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
      &settings->pacing, GST_BUFFER_PTS (buffer), duration_of (self, buffer),
      monotonic_now ());

  if (pace == GST_MOBILENET_PACE_GO && unpaid)
    pace = GST_MOBILENET_PACE_BUDGET;
  if (pace != GST_MOBILENET_PACE_GO) {
    count (self, outcomes[pace], NULL);
    return FALSE;
  }
  if (!async && self->result && gst_mobilenet_is_late (self, buffer)) {
    count (self, GST_MOBILENET_FRAME_QOS, NULL);
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
    self->worker = gst_mobilenet_worker_new (worker_done, self);
    gst_mobilenet_update_latency (self, 0);
  } else if (!async && self->worker) {
    gst_mobilenet_drain (self);
    g_clear_pointer (&self->worker, gst_mobilenet_worker_free);
  }
}

GstBuffer *
gst_mobilenet_process (GstMobilenet * self, GstBuffer * buffer)
{
  GstMobilenetFrameSettings settings;
  gboolean async, unpaid;

  update (self, &settings);
  self->frame++;

  if (!settings.enabled) {
    gst_mobilenet_forget (self);
    count (self, GST_MOBILENET_FRAME_OFF, NULL);
    return buffer;
  }
  if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP)
      || gst_buffer_n_memory (buffer) == 0) {
    count (self, GST_MOBILENET_FRAME_OFF, NULL);
    return buffer;
  }

  async = gst_mobilenet_is_async (self, settings.mode);
  enter_mode (self, async);
  /* asked before its result is taken, so that no cost stays unknown */
  unpaid = settings.pacing.cpu_budget > 0 && async
      && gst_mobilenet_worker_is_busy (self->worker);
  take_finished (self);
  if (is_wanted (self, buffer, &settings, async, unpaid))
    classify (self, buffer, &settings, async);

  if (self->result) {
    /* at most the buffer's head is copied here, its memory stays the same */
    buffer = gst_buffer_make_writable (buffer);
    gst_buffer_add_mobilenet_meta (buffer, self->result, &self->region,
        self->frame - self->result_frame);
  }
  return buffer;
}
