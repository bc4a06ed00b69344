/*
 * Frames of a file, which nobody waits for: several at a time, one thread each,
 * instead of one after the other by all threads. Threads that share a frame
 * wait for each other many times, the longer the more a decoder beside them
 * takes of the processors. Frames leave in their order, with the same results.
 *
 * While lanes hold frames, the element's result and what it has warned of are
 * theirs; the streaming thread drains them before it looks at these.
 */
#include "plugin/classify/gstmobilenet.h"

#include "plugin/classify/bridge.h"
#include "plugin/classify/imagemap.h"

#define MOST_LANES 64

struct _GstMobilenetAhead
{
  GstMobilenetLanes *lanes;
  guint n;
  GstMobilenetClassifier *classifiers[MOST_LANES];      /* of one thread each */
};

typedef struct
{
  GstBuffer *buffer;
  guint64 frame;
  GstMobilenetFrameSettings settings;
  GstVideoOrientationMethod orientation;
  GstVideoRectangle region;
  GstMobilenetResult *result;   /* NULL: `error` says why */
  MnetError error;
} Frame;

static void
work (gpointer data, guint lane, gpointer job)
{
  GstMobilenet *self = data;
  GstMobilenetClassifier *classifier = self->ahead->classifiers[lane];
  Frame *frame = job;
  const GstMobilenetSteadySettings steady =
      gst_mobilenet_frame_settings_steady (&frame->settings, FALSE);
  GstMobilenetImageMap map;
  const gchar *reason;

  frame->result = NULL;
  if (!gst_mobilenet_classifier_set_preprocess (classifier,
          &frame->settings.preprocess, &frame->error))
    return;
  if (!gst_mobilenet_image_map (&map, frame->buffer, &self->info,
          frame->orientation, &reason)) {
    g_strlcpy (frame->error.message, reason, sizeof (frame->error.message));
    return;
  }
  frame->region = map.region;
  frame->result = gst_mobilenet_classifier_run_image (classifier, &map.image,
      &steady, GST_MOBILENET_APART, GST_BUFFER_PTS (frame->buffer),
      &frame->error);
  gst_mobilenet_image_unmap (&map);
  if (frame->result)
    gst_mobilenet_pacing_stretch (frame->result, frame->settings.debug_time);
}

static void
leave (gpointer data, gpointer job)
{
  GstMobilenet *self = data;
  Frame *frame = job;
  GstBuffer *buffer = g_steal_pointer (&frame->buffer);
  GstFlowReturn flow = g_atomic_int_get (&self->flow);

  if (flow != GST_FLOW_OK) {
    gst_buffer_unref (buffer);
    g_clear_pointer (&frame->result, gst_mobilenet_result_unref);
    return;
  }
  if (frame->result) {
    gst_mobilenet_count (self, GST_MOBILENET_FRAME_CLASSIFIED, frame->result);
    gst_mobilenet_announce (self, frame->result);
    buffer = gst_mobilenet_attach (buffer, frame->result, &frame->region, 0,
        &self->info, frame->settings.attach);
    gst_mobilenet_set_result (self, g_steal_pointer (&frame->result),
        &frame->region, frame->frame);
  } else {
    g_clear_pointer (&self->result, gst_mobilenet_result_unref);
    gst_mobilenet_warn_failed (self, frame->error.message);
  }
  flow = gst_pad_push (GST_BASE_TRANSFORM_SRC_PAD (self), buffer);
  if (flow != GST_FLOW_OK)
    g_atomic_int_set (&self->flow, flow);
}

void
gst_mobilenet_ahead_drain (GstMobilenet * self)
{
  if (self->ahead)
    gst_mobilenet_lanes_drain (self->ahead->lanes);
}

void
gst_mobilenet_ahead_stop (GstMobilenet * self)
{
  GstMobilenetAhead *ahead = self->ahead;
  guint i;

  if (!ahead)
    return;
  gst_mobilenet_lanes_drain (ahead->lanes);
  gst_mobilenet_lanes_free (ahead->lanes);
  self->ahead = NULL;
  for (i = 0; i < ahead->n; i++)
    gst_mobilenet_classifier_unref (ahead->classifiers[i]);
  g_free (ahead);
}

/* As many lanes as a frame would have threads; with fewer than two, none. */
static gboolean
open_lanes (GstMobilenet * self)
{
  guint threads = gst_mobilenet_classifier_threads (self->classifier);
  GstMobilenetAhead *ahead;
  MnetError error;

  if (self->ahead || threads < 2)
    return self->ahead != NULL;
  ahead = g_new0 (GstMobilenetAhead, 1);
  for (; ahead->n < MIN (threads, MOST_LANES); ahead->n++) {
    ahead->classifiers[ahead->n] =
        gst_mobilenet_classifier_new_single (self->classifier, &error);
    if (!ahead->classifiers[ahead->n])
      break;
  }
  if (ahead->n < 2) {
    GST_WARNING_OBJECT (self, "frames are classified one by one: %s",
        error.message);
    g_clear_pointer (&ahead->classifiers[0], gst_mobilenet_classifier_unref);
    g_free (ahead);
    return FALSE;
  }
  self->ahead = ahead;
  ahead->lanes = gst_mobilenet_lanes_new (ahead->n, sizeof (Frame), work, leave,
      self);
  return TRUE;
}

/* Whether this frame's result hangs on no other's, and is wanted. */
static gboolean
stands_alone (GstMobilenet * self, GstBuffer * buffer,
    const GstMobilenetFrameSettings * settings)
{
  const GstMobilenetPacingSettings *pacing = &settings->pacing;
  const GstMobilenetSteadySettings steady =
      gst_mobilenet_frame_settings_steady (settings, FALSE);

  return settings->roi == GST_MOBILENET_ROI_FRAME && !self->dump.location
      && !steady.time_constant && steady.enter <= 0 && pacing->interval <= 1
      && pacing->max_rate <= 0 && pacing->cpu_budget <= 0
      && pacing->static_threshold <= 0 && !gst_mobilenet_is_late (self, buffer);
}

/* Where frames come one at a time, each is best done at once by all threads;
 * the next one is there already where more come than can be done. Several
 * streams are beside each other as they are. */
static gboolean
is_behind (GstMobilenet * self)
{
  if (!gst_mobilenet_is_alone ())
    return FALSE;
  if (self->ahead && gst_mobilenet_lanes_are_busy (self->ahead->lanes))
    return TRUE;
  return gst_util_get_timestamp () < self->passed + self->took / 2;
}

gboolean
gst_mobilenet_ahead_take (GstMobilenet * self, GstBuffer * buffer,
    const GstMobilenetFrameSettings * settings)
{
  Frame *frame;

  /* the worker of another mode is to be done first */
  if (self->live || self->worker || !stands_alone (self, buffer, settings)
      || !is_behind (self) || !open_lanes (self))
    return FALSE;
  gst_mobilenet_pacing_begin (&self->pacing, &settings->pacing,
      GST_BUFFER_PTS (buffer), gst_mobilenet_duration_of (self, buffer));
  frame = gst_mobilenet_lanes_begin (self->ahead->lanes);
  frame->buffer = buffer;
  frame->frame = self->frame;
  frame->settings = *settings;
  frame->orientation = gst_mobilenet_orientation (self, settings);
  gst_mobilenet_lanes_end (self->ahead->lanes);
  return TRUE;
}
