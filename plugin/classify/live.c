/*
 * Time: whether the pipeline is live, how long frames wait, and which are late.
 */
#include "plugin/classify/gstmobilenet.h"

gboolean
gst_mobilenet_is_async (GstMobilenet * self, GstMobilenetMode mode)
{
  if (!self->live_known) {
    GstQuery *query = gst_query_new_latency ();

    self->live_known =
        gst_pad_peer_query (GST_BASE_TRANSFORM_SINK_PAD (self), query);
    if (self->live_known)
      gst_query_parse_latency (query, &self->live, NULL, NULL);
    gst_query_unref (query);
  }
  if (mode == GST_MOBILENET_MODE_AUTO)
    return self->live;
  return mode == GST_MOBILENET_MODE_ASYNC;
}

/* A quarter more than was seen, so that not every slower frame changes it, in
 * whole milliseconds. */
static GstClockTime
with_margin (GstClockTime waited)
{
  return (waited + waited / 4 + GST_MSECOND - 1) / GST_MSECOND * GST_MSECOND;
}

/* It falls only where it has long been far too large. */
static GstClockTime
falling (GstMobilenet * self)
{
  const GstMobilenetStats *stats = &self->stats;
  GstClockTime enough;

  if (stats->inference.count % 256)
    return self->latency;
  enough = with_margin (gst_mobilenet_histogram_percentile (&stats->inference,
          99) + gst_mobilenet_histogram_percentile (&stats->preprocess, 99));
  return enough < self->latency / 2 ? enough : self->latency;
}

void
gst_mobilenet_update_latency (GstMobilenet * self, GstClockTime waited)
{
  GstClockTime before, latency;

  if (!self->live)
    return;
  GST_OBJECT_LOCK (self);
  before = self->latency;
  if (!waited)
    latency = 0;
  else
    latency = waited > before ? with_margin (waited) : falling (self);
  self->latency = latency;
  GST_OBJECT_UNLOCK (self);

  if (latency != before)
    gst_element_post_message (GST_ELEMENT (self),
        gst_message_new_latency (GST_OBJECT (self)));
}

gboolean
gst_mobilenet_query_latency (GstMobilenet * self, GstQuery * query)
{
  GstClockTime latency, min, max;
  gboolean live;

  if (!gst_pad_peer_query (GST_BASE_TRANSFORM_SINK_PAD (self), query))
    return FALSE;
  gst_query_parse_latency (query, &live, &min, &max);

  GST_OBJECT_LOCK (self);
  latency = self->latency;
  GST_OBJECT_UNLOCK (self);
  min += latency;
  if (GST_CLOCK_TIME_IS_VALID (max))
    max += latency;
  gst_query_set_latency (query, live, min, max);
  return TRUE;
}

void
gst_mobilenet_take_qos (GstMobilenet * self, GstEvent * event)
{
  GstClockTime timestamp, earliest = GST_CLOCK_TIME_NONE;
  GstClockTimeDiff late;

  gst_event_parse_qos (event, NULL, NULL, &late, &timestamp);
  /* a late sink needs time to catch up, so twice of what it is late */
  if (GST_CLOCK_TIME_IS_VALID (timestamp) && late > 0)
    earliest = timestamp + 2 * late;

  GST_OBJECT_LOCK (self);
  self->earliest = earliest;
  GST_OBJECT_UNLOCK (self);
}

gboolean
gst_mobilenet_is_late (GstMobilenet * self, GstBuffer * buffer)
{
  GstBaseTransform *trans = GST_BASE_TRANSFORM (self);
  GstClockTime time, earliest;

  if (!gst_base_transform_is_qos_enabled (trans))
    return FALSE;
  GST_OBJECT_LOCK (self);
  earliest = self->earliest;
  GST_OBJECT_UNLOCK (self);
  if (!GST_CLOCK_TIME_IS_VALID (earliest) || !GST_BUFFER_PTS_IS_VALID (buffer)
      || trans->segment.format != GST_FORMAT_TIME)
    return FALSE;
  time = gst_segment_to_running_time (&trans->segment, GST_FORMAT_TIME,
      GST_BUFFER_PTS (buffer));
  return GST_CLOCK_TIME_IS_VALID (time) && time < earliest;
}
