#include "plugin/text/timeline.h"

/* A piece of text is this long: labels don't change faster for the eye, and a queue of default size lasts longer. */
#define PIECE_DURATION (500 * GST_MSECOND)
/* What a text lasts whose frames say nothing of their duration, at least; SRT and WebVTT count in it. */
#define MIN_DURATION GST_MSECOND

GstFlowReturn
gst_mobilenet_timeline_push_header (GstMobilenetText * self)
{
  GstBuffer *header;

  if (self->output != GST_MOBILENET_CUE_WEBVTT || self->wrote_header
      || !gst_pad_has_current_caps (self->srcpad))
    return GST_FLOW_OK;
  self->wrote_header = TRUE;
  header = gst_buffer_new_memdup (GST_MOBILENET_WEBVTT_HEADER,
      sizeof GST_MOBILENET_WEBVTT_HEADER - 1);
  GST_BUFFER_FLAG_SET (header, GST_BUFFER_FLAG_HEADER);
  return gst_pad_push (self->srcpad, header);
}

static GstFlowReturn
push_buffer (GstMobilenetText * self, GstBuffer * buffer, GstClockTime start,
    GstClockTime end)
{
  GstFlowReturn flow = gst_mobilenet_timeline_push_header (self);

  GST_BUFFER_PTS (buffer) = start;
  GST_BUFFER_DURATION (buffer) = end - start;
  if (flow != GST_FLOW_OK) {
    gst_buffer_unref (buffer);
    return flow;
  }
  return gst_pad_push (self->srcpad, buffer);
}

/* Borrows the span's result. */
static GstFlowReturn
push_span (GstMobilenetText * self, GstMobilenetSpan span)
{
  GstClockTime stream_time;
  GString *cue;
  gchar *template;
  gsize size;

  self->covered = span.end;
  if (span.end <= span.start
      || !gst_segment_clip (&self->segment, GST_FORMAT_TIME, span.start,
          span.end, &span.start, &span.end))
    return GST_FLOW_OK;
  stream_time = gst_segment_to_stream_time (&self->segment, GST_FORMAT_TIME,
      span.start);
  if (!GST_CLOCK_TIME_IS_VALID (stream_time))
    stream_time = span.start;

  GST_OBJECT_LOCK (self);
  template = g_strdup (self->settings.template);
  GST_OBJECT_UNLOCK (self);
  cue = gst_mobilenet_cue_new (self->output, template, &span, stream_time,
      self->n_cues + 1);
  g_free (template);
  if (!cue)
    return GST_FLOW_OK;
  self->n_cues++;
  self->told = span.start;

  size = cue->len;
  return push_buffer (self, gst_buffer_new_wrapped (g_string_free (cue, FALSE),
          size), span.start, span.end);
}

/* Ends the open span, if there is one, at `end`. */
static GstFlowReturn
close_span (GstMobilenetText * self, GstClockTime end)
{
  GstFlowReturn flow = GST_FLOW_OK;

  if (self->span.seen.result && !self->at_start) {
    self->span.end = end;
    flow = push_span (self, self->span);
  }
  gst_mobilenet_seen_clear (&self->span.seen);
  return flow;
}

GstFlowReturn
gst_mobilenet_timeline_finish (GstMobilenetText * self)
{
  return close_span (self, MAX (self->span.end,
          self->span.start + MIN_DURATION));
}

void
gst_mobilenet_timeline_forget (GstMobilenetText * self)
{
  gst_mobilenet_seen_clear (&self->span.seen);
  self->position = GST_CLOCK_TIME_NONE;
  self->told = GST_CLOCK_TIME_NONE;
  self->covered = 0;
}

/* Where the label changed: a result that is late came with a later frame than the one it was computed on. With `at_start`
 * that time is over. */
static GstClockTime
change_time (GstMobilenetText * self, GstClockTime pts, GstClockTime since)
{
  GstClockTime earliest = self->span.seen.result ? self->span.start :
      MAX (self->covered, self->segment.start);

  if (!self->at_start && GST_CLOCK_TIME_IS_VALID (since) && since < pts
      && since >= earliest)
    return since;
  return pts;
}

/* A piece of the open span for the time that begins in this frame. */
static GstFlowReturn
push_piece (GstMobilenetText * self, GstClockTime pts, GstClockTime duration)
{
  GstMobilenetSpan piece = self->span;

  piece.start = MAX (self->covered, self->span.start);
  if (duration <= pts && piece.start <= pts - duration) /* frames are missing */
    piece.start = pts;
  piece.end = piece.start + duration;
  return push_span (self, piece);
}

/* That there is no label is told now and then by an empty text: mp4mux and its kin don't heed GAP events. It is short, so
 * that a label can follow at once. */
static GstFlowReturn
push_blank (GstMobilenetText * self, GstClockTime pts, GstClockTime end)
{
  self->told = pts;
  if (!gst_segment_clip (&self->segment, GST_FORMAT_TIME, pts,
          MAX (end, pts + MIN_DURATION), &pts, &end))
    return GST_FLOW_OK;
  return push_buffer (self, gst_buffer_new (), pts, end);
}

/* Tells what this frame adds: text, or that nothing else begins in it. */
static GstFlowReturn
tell (GstMobilenetText * self, GstClockTime pts, GstClockTime end,
    GstClockTime max_duration)
{
  gboolean labelled = self->span.seen.result != NULL;

  if (self->at_start && MAX (end, pts + 1) > self->covered) {
    if (labelled)
      return push_piece (self, pts, max_duration);
    if (gst_mobilenet_cue_is_text (self->output) && pts >= self->covered
        && (!GST_CLOCK_TIME_IS_VALID (self->told)
            || pts - self->told >= max_duration))
      return push_blank (self, pts, end);
  }
  gst_pad_push_event (self->srcpad, gst_event_new_gap (pts,
          end > pts ? end - pts : GST_CLOCK_TIME_NONE));
  return GST_FLOW_OK;
}

GstFlowReturn
gst_mobilenet_timeline_take (GstMobilenetText * self, GstClockTime pts,
    GstClockTime end, GstClockTime since, GstMobilenetSeen * seen)
{
  GstFlowReturn flow = GST_FLOW_OK;
  GstClockTime max_duration;

  GST_OBJECT_LOCK (self);
  max_duration = self->settings.max_duration;
  GST_OBJECT_UNLOCK (self);
  if (max_duration == 0)
    max_duration = self->at_start ? PIECE_DURATION : GST_CLOCK_TIME_NONE;

  if (GST_CLOCK_TIME_IS_VALID (self->position) && pts < self->position) {
    flow = gst_mobilenet_timeline_finish (self);        /* played backwards */
    gst_mobilenet_timeline_forget (self);
  }
  if (!gst_mobilenet_seen_same_label (&self->span.seen, seen)) {
    GstClockTime at = change_time (self, pts, since);

    if (flow == GST_FLOW_OK)
      flow = close_span (self, at);
    if (seen->result)
      gst_mobilenet_span_open (&self->span, seen, at);
  } else if (!self->at_start && pts - self->span.start >= max_duration) {
    flow = close_span (self, pts);
    gst_mobilenet_span_open (&self->span, seen, pts);
  } else {
    gst_mobilenet_span_add (&self->span, seen, self->at_start);
  }
  self->span.end = self->position_end = end;
  self->position = pts;

  return flow == GST_FLOW_OK ? tell (self, pts, end, max_duration) : flow;
}
