/*
 * What of a frame is shown to the classifier, now or by way of the worker.
 */
#include "plugin/classify/gstmobilenet.h"

#include <string.h>

#include "plugin/classify/imagemap.h"

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
    self->reference = g_malloc (info->prepared_bytes);
  memcpy (self->reference, tensor, info->prepared_bytes);
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
      ->prepared_bytes);
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
    *result = gst_mobilenet_classifier_run_prepared (self->classifier, tensor,
        steady, stream, job->pts, job->preprocess_time, error);
  } else {
    dump_image (self, &image);
    *result = gst_mobilenet_classifier_run_image (self->classifier, &image,
        steady, stream, job->pts, error);
  }
  if (!*result)
    return FALSE;
  gst_mobilenet_pacing_stretch (*result, job->debug_time);
  return TRUE;
}

/* Shows the image to the classifier now. */
static void
classify_sync (GstMobilenet * self, const GstMobilenetFrameSettings * settings,
    const GstMobilenetImageMap * map, GstMobilenetJob * job,
    GstClockTime duration)
{
  const MnetModelInfo *info = gst_mobilenet_classifier_info (self->classifier);
  GstMobilenetFinished finished = {.began = gst_util_get_timestamp () };
  guint8 *tensor = NULL;
  MnetError error;
  guint i;

  gst_mobilenet_pacing_begin (&self->pacing, &settings->pacing, job->pts,
      duration);
  if (settings->pacing.static_threshold > 0 && job->looks[0].whole) {
    GstClockTime began = gst_util_get_timestamp ();

    if (!self->tensor)
      self->tensor = g_malloc (info->prepared_bytes);
    tensor = self->tensor;
    if (!gst_mobilenet_classifier_prepare (self->classifier, &map->image,
            tensor, &error)) {
      gst_mobilenet_frame_failed (self, error.message);
      return;
    }
    job->preprocess_time = gst_util_get_timestamp () - began;
    leave_static (self, settings, job, tensor);
    if (!job->n_looks) {
      gst_mobilenet_count (self, GST_MOBILENET_FRAME_STATIC, NULL);
      return;
    }
  }
  for (i = 0; i < job->n_looks; i++) {
    if (!look_sync (self, map, job, i, tensor, &finished.results[i], &error)) {
      finished.job.n_looks = i;
      gst_mobilenet_finished_clear (&finished);
      gst_mobilenet_frame_failed (self, error.message);
      return;
    }
  }
  finished.job = *job;
  gst_mobilenet_keep_results (self, &finished);
  gst_mobilenet_update_latency (self,
      gst_util_get_timestamp () - finished.began);
  gst_mobilenet_publish (self, &finished);
  gst_mobilenet_finished_clear (&finished);
}

/* Brings all looks of a job into tensors. FALSE with *error filled. */
static gboolean
prepare_looks (GstMobilenet * self, const GstMobilenetImageMap * map,
    const GstMobilenetJob * job, guint8 * tensors, MnetError * error)
{
  gsize bytes =
      gst_mobilenet_classifier_info (self->classifier)->prepared_bytes;
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
  gsize bytes =
      gst_mobilenet_classifier_info (self->classifier)->prepared_bytes;
  guint n_prepared = job->n_looks;
  GstClockTime began;
  gboolean replaced;
  guint8 *tensors;
  MnetError error;
  guint i;

  /* making ready is all that keeps frames waiting, so this is for the frame
   * alone that comes nearest to when the worker is expected back */
  tensors = gst_mobilenet_worker_begin (self->worker, bytes * n_prepared,
      duration / 2, &replaced);
  if (replaced) {
    gst_mobilenet_count (self, GST_MOBILENET_FRAME_BUSY, NULL);
    /* what is to be compared with has never been classified */
    self->has_reference = FALSE;
  }
  if (!tensors) {
    gst_mobilenet_count (self, GST_MOBILENET_FRAME_BUSY, NULL);
    return;
  }
  began = gst_util_get_timestamp ();
  gst_mobilenet_pacing_begin (&self->pacing, &settings->pacing, job->pts,
      duration);
  if (!prepare_looks (self, map, job, tensors, &error)) {
    gst_mobilenet_worker_end (self->worker, NULL);
    gst_mobilenet_frame_failed (self, error.message);
    return;
  }
  leave_static (self, settings, job, tensors);
  if (!job->n_looks) {
    gst_mobilenet_worker_end (self->worker, NULL);
    gst_mobilenet_count (self, GST_MOBILENET_FRAME_STATIC, NULL);
    return;
  }
  if (job->n_looks < n_prepared)
    memmove (tensors, tensors + bytes, bytes * job->n_looks);
  job->preprocess_time = gst_util_get_timestamp () - began;
  for (i = 0; i < job->n_looks; i++)
    dump_tensor (self, tensors + i * bytes);
  gst_mobilenet_worker_end (self->worker, job);
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

GstVideoOrientationMethod
gst_mobilenet_orientation (GstMobilenet * self,
    const GstMobilenetFrameSettings * settings)
{
  return settings->orientation == GST_VIDEO_ORIENTATION_AUTO
      ? self->tag_orientation : settings->orientation;
}

/* Looks at a frame. */
void
gst_mobilenet_classify (GstMobilenet * self, GstBuffer * buffer,
    const GstMobilenetFrameSettings * settings, gboolean async)
{
  GstMobilenetJob job = {
    .classifier = self->classifier,
    .steady = gst_mobilenet_frame_settings_steady (settings, async),
    .region_steady = gst_mobilenet_frame_settings_region (settings, async),
    .pts = GST_BUFFER_PTS (buffer),
    .frame = self->frame,
    .stream = g_atomic_int_get (&self->stream),
    .debug_time = settings->debug_time
  };
  GstMobilenetImageMap map;
  const gchar *reason;
  MnetError error;

  if (!gst_mobilenet_classifier_set_preprocess (self->classifier,
          &settings->preprocess, &error)) {
    gst_mobilenet_frame_failed (self, error.message);
    return;
  }
  if (!gst_mobilenet_image_map (&map, buffer, &self->info,
          gst_mobilenet_orientation (self, settings), &reason)) {
    gst_mobilenet_frame_failed (self, reason);
    return;
  }
  plan_looks (self, settings, &map.region, &job);
  if (!job.n_looks)
    gst_mobilenet_count (self, GST_MOBILENET_FRAME_OFF, NULL);
  else if (async)
    classify_async (self, settings, &map, &job, gst_mobilenet_duration_of (self,
            buffer));
  else
    classify_sync (self, settings, &map, &job, gst_mobilenet_duration_of (self,
            buffer));
  gst_mobilenet_image_unmap (&map);
}
