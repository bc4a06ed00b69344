/*
 * What happens to each frame.
 */
#include "plugin/classify/gstmobilenet.h"

#include <string.h>

#include "plugin/classify/bridge.h"
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
  gst_mobilenet_region_cache_clear (self->region_results);
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
  gst_mobilenet_dump_set_location (&self->dump, self->settings.dump_input);
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
static void
publish (GstMobilenet * self, const GstMobilenetFinished * finished)
{
  count_finished (self, finished);
  if (finished->job.looks[0].whole
      && g_atomic_int_get (&self->stream) == (gint) finished->job.stream)
    gst_mobilenet_announce (self, finished->results[0]);
}

static void
worker_done (gpointer data, const GstMobilenetFinished * finished,
    const MnetError * error)
{
  GstMobilenet *self = data;

  if (!finished->failed) {
    publish (self, finished);
  } else {
    count (self, GST_MOBILENET_FRAME_FAILED, NULL);
    GST_WARNING_OBJECT (self, "not classified: %s", error->message);
  }
}

/* What was seen holds from now on. TRUE where that says something about the
 * frame as a whole. */
static gboolean
keep_results (GstMobilenet * self, GstMobilenetFinished * finished)
{
  const GstMobilenetJob *job = &finished->job;
  gboolean whole = FALSE;
  guint i;

  gst_mobilenet_pacing_spend (&self->pacing, finished->began,
      cpu_time (self->classifier, finished));
  for (i = 0; i < job->n_looks; i++) {
    if (job->looks[i].whole) {
      set_result (self, gst_mobilenet_result_ref (finished->results[i]),
          &job->looks[i].region.rect, job->frame);
      whole = TRUE;
    } else {
      gst_mobilenet_region_cache_store (self->region_results,
          &job->looks[i].region, job->frame, finished->results[i]);
    }
  }
  return whole;
}

static gboolean
take_finished (GstMobilenet * self)
{
  GstMobilenetFinished finished;
  gboolean whole = FALSE;

  if (!self->worker || !gst_mobilenet_worker_take (self->worker,
          g_atomic_int_get (&self->stream), &finished))
    return FALSE;
  if (finished.failed)
    drop_result (self);
  else
    whole = keep_results (self, &finished);
  gst_mobilenet_finished_clear (&finished);
  return whole;
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
  gst_mobilenet_dump_set_location (&self->dump, NULL);
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

static MnetImage
image_of (const GstMobilenetImageMap * map, const GstMobilenetLook * look)
{
  MnetImage image = map->image;

  if (!look->whole) {
    const GstVideoRectangle *rect = &look->region.rect;

    image.crop = (MnetRect) {
    rect->x, rect->y, rect->w, rect->h};
  }
  return image;
}

/* The frame's own look, made ready in a tensor, is of no use where the scene
 * stands still: then it goes from the job. */
static void
leave_static (GstMobilenet * self, const GstMobilenetFrameSettings * settings,
    GstMobilenetJob * job, gconstpointer tensor)
{
  if (job->looks[0].whole && is_static (self, settings, tensor)) {
    job->n_looks--;
    memmove (job->looks, job->looks + 1, job->n_looks * sizeof (*job->looks));
  }
}

static void
dump_tensor (GstMobilenet * self, gconstpointer tensor)
{
  GError *error = NULL;

  if (!gst_mobilenet_dump_write (&self->dump,
          gst_mobilenet_classifier_info (self->classifier), tensor, &error)) {
    GST_ELEMENT_WARNING (self, RESOURCE, WRITE,
        ("What the network sees can't be written: %s", error->message), (NULL));
    g_error_free (error);
  }
}

/* Where no tensor is at hand, one is made for this. */
static void
dump_image (GstMobilenet * self, const MnetImage * image)
{
  gpointer tensor;

  if (!self->dump.location)
    return;
  tensor = g_malloc (gst_mobilenet_classifier_info (self->classifier)
      ->input_bytes);
  if (gst_mobilenet_classifier_prepare (self->classifier, image, tensor, NULL))
    dump_tensor (self, tensor);
  g_free (tensor);
}

/* Shows one look to the classifier, by way of a tensor where that is to be
 * compared with. FALSE with *error filled. */
static gboolean
look_sync (GstMobilenet * self, const GstMobilenetImageMap * map,
    const GstMobilenetJob * job, guint i, gconstpointer tensor,
    GstMobilenetResult ** result, MnetError * error)
{
  gboolean whole = job->looks[i].whole;
  const GstMobilenetSteadySettings *steady =
      whole ? &job->steady : &job->region_steady;
  guint stream = whole ? job->stream : GST_MOBILENET_APART;
  MnetImage image = image_of (map, &job->looks[i]);

  if (whole && tensor) {
    dump_tensor (self, tensor);
    *result = gst_mobilenet_classifier_run_tensor (self->classifier, tensor,
        steady, stream, job->pts, job->preprocess_time, error);
  } else {
    dump_image (self, &image);
    *result = gst_mobilenet_classifier_run_image (self->classifier, &image,
        steady, stream, job->pts, error);
  }
  return *result != NULL;
}

/* Shows the image to the classifier now. */
static void
classify_sync (GstMobilenet * self, const GstMobilenetFrameSettings * settings,
    const GstMobilenetImageMap * map, GstMobilenetJob * job,
    GstClockTime duration)
{
  const MnetModelInfo *info = gst_mobilenet_classifier_info (self->classifier);
  GstMobilenetFinished finished = {.began = monotonic_now () };
  guint8 *tensor = NULL;
  MnetError error;
  guint i;

  gst_mobilenet_pacing_begin (&self->pacing, &settings->pacing, job->pts,
      duration);
  g_usleep (job->debug_delay * 1000);
  if (settings->pacing.static_threshold > 0 && job->looks[0].whole) {
    GstClockTime began = monotonic_now ();

    if (!self->tensor)
      self->tensor = g_malloc (info->input_bytes);
    tensor = self->tensor;
    if (!gst_mobilenet_classifier_prepare (self->classifier, &map->image,
            tensor, &error)) {
      frame_failed (self, error.message);
      return;
    }
    job->preprocess_time = monotonic_now () - began;
    leave_static (self, settings, job, tensor);
    if (!job->n_looks) {
      count (self, GST_MOBILENET_FRAME_STATIC, NULL);
      return;
    }
  }
  for (i = 0; i < job->n_looks; i++) {
    if (!look_sync (self, map, job, i, tensor, &finished.results[i], &error)) {
      finished.job.n_looks = i;
      gst_mobilenet_finished_clear (&finished);
      frame_failed (self, error.message);
      return;
    }
  }
  finished.job = *job;
  keep_results (self, &finished);
  gst_mobilenet_update_latency (self, monotonic_now () - finished.began);
  publish (self, &finished);
  gst_mobilenet_finished_clear (&finished);
}

/* Brings all looks of a job into tensors. FALSE with *error filled. */
static gboolean
prepare_looks (GstMobilenet * self, const GstMobilenetImageMap * map,
    const GstMobilenetJob * job, guint8 * tensors, MnetError * error)
{
  gsize bytes = gst_mobilenet_classifier_info (self->classifier)->input_bytes;
  guint i;

  for (i = 0; i < job->n_looks; i++) {
    MnetImage image = image_of (map, &job->looks[i]);

    if (!gst_mobilenet_classifier_prepare (self->classifier, &image,
            tensors + i * bytes, error))
      return FALSE;
  }
  return TRUE;
}

/* Gives the image to the worker, unless a newer one will do. */
static void
classify_async (GstMobilenet * self, const GstMobilenetFrameSettings * settings,
    const GstMobilenetImageMap * map, GstMobilenetJob * job,
    GstClockTime duration)
{
  gsize bytes = gst_mobilenet_classifier_info (self->classifier)->input_bytes;
  guint n_prepared = job->n_looks;
  GstClockTime began;
  gboolean replaced;
  guint8 *tensors;
  MnetError error;
  guint i;

  /* two frames before the worker is expected back, in case it is early */
  tensors = gst_mobilenet_worker_begin (self->worker, bytes * n_prepared,
      2 * duration, &replaced);
  if (replaced) {
    count (self, GST_MOBILENET_FRAME_BUSY, NULL);
    /* what is to be compared with has never been classified */
    self->has_reference = FALSE;
  }
  if (!tensors) {
    count (self, GST_MOBILENET_FRAME_BUSY, NULL);
    return;
  }
  began = monotonic_now ();
  gst_mobilenet_pacing_begin (&self->pacing, &settings->pacing, job->pts,
      duration);
  if (!prepare_looks (self, map, job, tensors, &error)) {
    gst_mobilenet_worker_end (self->worker, NULL);
    frame_failed (self, error.message);
    return;
  }
  leave_static (self, settings, job, tensors);
  if (!job->n_looks) {
    gst_mobilenet_worker_end (self->worker, NULL);
    count (self, GST_MOBILENET_FRAME_STATIC, NULL);
    return;
  }
  if (job->n_looks < n_prepared)
    memmove (tensors, tensors + bytes, bytes * job->n_looks);
  job->preprocess_time = monotonic_now () - began;
  for (i = 0; i < job->n_looks; i++)
    dump_tensor (self, tensors + i * bytes);
  gst_mobilenet_worker_end (self->worker, job);
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

/* A tracked region keeps its result for a while. */
static gboolean
is_region_due (GstMobilenet * self, const GstMobilenetFrameSettings * settings,
    const GstMobilenetRegion * region)
{
  guint64 computed_on;

  return !region->tracked
      || !gst_mobilenet_region_cache_look_up (self->region_results, region,
      self->frame, &computed_on)
      || self->frame - computed_on >= settings->reclassify_interval;
}

/* What is to be looked at of this frame; its own look, if any, comes first. */
static void
plan_looks (GstMobilenet * self, const GstMobilenetFrameSettings * settings,
    const GstVideoRectangle * rect, GstMobilenetJob * job)
{
  guint i;

  job->n_looks = 0;
  if (settings->roi != GST_MOBILENET_ROI_REGIONS) {
    GstMobilenetLook *look = &job->looks[job->n_looks++];

    look->whole = TRUE;
    look->region.rect = *rect;
  }
  for (i = 0; i < self->n_regions; i++) {
    if (is_region_due (self, settings, &self->regions[i])) {
      GstMobilenetLook *look = &job->looks[job->n_looks++];

      look->whole = FALSE;
      look->region = self->regions[i];
    }
  }
}

/* Looks at a frame. */
static void
classify (GstMobilenet * self, GstBuffer * buffer,
    const GstMobilenetFrameSettings * settings, gboolean async)
{
  GstVideoOrientationMethod orientation = settings->orientation;
  GstMobilenetJob job = {
    .classifier = self->classifier,
    .steady = gst_mobilenet_frame_settings_steady (settings, async),
    .region_steady = gst_mobilenet_frame_settings_region (settings, async),
    .pts = GST_BUFFER_PTS (buffer),
    .frame = self->frame,
    .stream = g_atomic_int_get (&self->stream),
    .debug_delay = settings->debug_delay
  };
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
  plan_looks (self, settings, &map.region, &job);
  if (!job.n_looks)
    count (self, GST_MOBILENET_FRAME_OFF, NULL);
  else if (async)
    classify_async (self, settings, &map, &job, duration_of (self, buffer));
  else
    classify_sync (self, settings, &map, &job, duration_of (self, buffer));
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

static GstBuffer *
attach_results (GstMobilenet * self, GstBuffer * buffer,
    const GstMobilenetFrameSettings * settings)
{
  GstMobilenetResult *result;
  guint64 computed_on;
  guint i;

  if (self->result && settings->roi != GST_MOBILENET_ROI_REGIONS) {
    buffer = gst_buffer_make_writable (buffer);
    gst_buffer_add_mobilenet_meta (buffer, self->result, &self->region,
        self->frame - self->result_frame);
    gst_mobilenet_bridge_attach (buffer, self->result, &self->region,
        &self->info, settings->attach);
  }
  for (i = 0; i < self->n_regions; i++) {
    result = gst_mobilenet_region_cache_look_up (self->region_results,
        &self->regions[i], self->frame, &computed_on);
    if (result)
      gst_mobilenet_region_attach (buffer, &self->regions[i], result,
          self->frame - computed_on, settings->attach);
  }
  return buffer;
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

  if (settings.roi != GST_MOBILENET_ROI_FRAME) {
    /* regions are those of a buffer; at most its head is copied here, its
     * memory stays the same */
    buffer = gst_buffer_make_writable (buffer);
    self->n_regions = gst_mobilenet_regions_collect (buffer, &self->info,
        settings.region_types[0] ? settings.region_types : NULL, self->regions,
        settings.max_regions);
  } else {
    self->n_regions = 0;
  }

  async = gst_mobilenet_is_async (self, settings.mode);
  enter_mode (self, async);
  /* asked before its result is taken, so that no cost stays unknown */
  unpaid = settings.pacing.cpu_budget > 0 && async
      && gst_mobilenet_worker_is_busy (self->worker);
  take_finished (self);
  if (is_wanted (self, buffer, &settings, async, unpaid))
    classify (self, buffer, &settings, async);
  return attach_results (self, buffer, &settings);
}
