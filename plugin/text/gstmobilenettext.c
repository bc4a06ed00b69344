/**
 * SECTION:element-mobilenettext
 * @title: mobilenettext
 *
 * Turns what `mobilenet` saw into text: for a subtitle track, a subtitle file, a text overlay or an application. Only the
 * metas of the frames are read.
 *
 * A span is a time in which the most probable label stays the same. It ends with another label, with none (nothing
 * over `min-probability`, or a frame without a result), at a seek, a new segment, and the end of the stream.
 *
 * ## What goes out
 * Downstream's caps decide, or the property `format` where anything is taken, as by filesink:
 * - `text/x-raw`, format utf8 or pango-markup: the text of #GstMobilenetText:template, in the latter escaped
 * - `application/x-json`: a line with `pts` and `duration` in nanoseconds, and the members that `mobilenetlog` writes
 *   from `region` on, of the span's most probable frame
 * - `application/x-subtitle`: SubRip, `application/x-subtitle-vtt`: WebVTT. Their times are stream time, which is the
 *   file's own also after a seek
 *
 * ## When
 * With `emit=end` a span goes out when it is over: one buffer with exact times. Files want that, and for text in a
 * container or on a picture it is too late. With `emit=start`, the default of `text/x-raw`, a span goes out as it begins,
 * in pieces of `max-duration` that follow each other without overlap; a label that comes amid a piece is shown after it.
 *
 * Each frame's time that no buffer begins in is told by a GAP event, so that nothing downstream waits for text; with
 * `emit=end` also while a span is open, whose buffer then comes after these. Nothing is added to the latency.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 filesrc location=video.mp4 ! decodebin ! mobilenet ! mobilenettext format=webvtt ! filesink location=labels.vtt
 * ]|
 * |[
 * gst-launch-1.0 filesrc location=video.mp4 ! parsebin ! tee name=t t. ! queue ! matroskamux name=mux ! \
 *   filesink location=labelled.mkv t. ! queue ! decodebin ! mobilenet ! mobilenettext ! mux.subtitle_0
 * ]|
 */
#include "plugin/text/gstmobilenettext.h"

#include "plugin/text/timeline.h"

GST_DEBUG_CATEGORY_STATIC (gst_mobilenet_text_debug);
#define GST_CAT_DEFAULT gst_mobilenet_text_debug

#define TEXT_CAPS "text/x-raw, format = (string) { utf8, pango-markup }"
#define JSON_CAPS "application/x-json"
#define SRT_CAPS "application/x-subtitle"
#define WEBVTT_CAPS "application/x-subtitle-vtt"
#define ALL_CAPS TEXT_CAPS "; " JSON_CAPS "; " SRT_CAPS "; " WEBVTT_CAPS

static const gchar *const format_caps[] = {
  [GST_MOBILENET_TEXT_AUTO] = ALL_CAPS,
  [GST_MOBILENET_TEXT_TEXT] = TEXT_CAPS,
  [GST_MOBILENET_TEXT_JSON] = JSON_CAPS,
  [GST_MOBILENET_TEXT_SRT] = SRT_CAPS,
  [GST_MOBILENET_TEXT_WEBVTT] = WEBVTT_CAPS,
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS ("video/x-raw(ANY)"));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (ALL_CAPS));

#define gst_mobilenet_text_parent_class parent_class
G_DEFINE_TYPE_WITH_CODE (GstMobilenetText, gst_mobilenet_text,
    GST_TYPE_ELEMENT, GST_DEBUG_CATEGORY_INIT (gst_mobilenet_text_debug,
        "mobilenettext", 0, "labels as text"));
GST_ELEMENT_REGISTER_DEFINE (mobilenettext, "mobilenettext", GST_RANK_NONE,
    GST_TYPE_MOBILENET_TEXT);

static gboolean
gst_mobilenet_text_negotiate (GstMobilenetText * self)
{
  GstCaps *wanted, *caps;
  GstMobilenetTextEmit emit;
  gboolean negotiated;

  GST_OBJECT_LOCK (self);
  wanted = gst_caps_from_string (format_caps[self->settings.format]);
  emit = self->settings.emit;
  GST_OBJECT_UNLOCK (self);

  caps = gst_pad_peer_query_caps (self->srcpad, wanted);
  if (gst_caps_is_empty (caps)) {
    GST_ELEMENT_ERROR (self, STREAM, FORMAT,
        ("What is linked behind takes no text, or another format of it."),
        ("wanted: %" GST_PTR_FORMAT, wanted));
    gst_caps_unref (wanted);
    gst_caps_unref (caps);
    return FALSE;
  }
  gst_caps_unref (wanted);
  caps = gst_caps_fixate (caps);
  self->output = gst_mobilenet_cue_format_from_caps (caps);
  if (emit == GST_MOBILENET_TEXT_EMIT_AUTO)
    self->at_start = gst_mobilenet_cue_is_text (self->output);
  else
    self->at_start = emit == GST_MOBILENET_TEXT_EMIT_START;
  negotiated = gst_pad_set_caps (self->srcpad, caps);
  gst_caps_unref (caps);
  return negotiated;
}

static void
init_seen (GstMobilenetText * self, GstMobilenetSeen * seen,
    const GstMobilenetResult * result)
{
  gdouble min_probability;

  GST_OBJECT_LOCK (self);
  min_probability = self->settings.min_probability;
  GST_OBJECT_UNLOCK (self);
  gst_mobilenet_seen_init (seen, result, min_probability);
}

static GstFlowReturn
gst_mobilenet_text_chain (GstPad * pad, GstObject * parent, GstBuffer * frame)
{
  GstMobilenetText *self = GST_MOBILENET_TEXT (parent);
  GstMobilenetMeta *meta = gst_buffer_get_mobilenet_meta (frame);
  GstClockTime pts = GST_BUFFER_PTS (frame);
  GstClockTime duration = GST_BUFFER_DURATION (frame);
  GstClockTime since = meta ? meta->result->pts : GST_CLOCK_TIME_NONE;
  GstMobilenetSeen seen;

  init_seen (self, &seen, meta ? meta->result : NULL);
  if (meta) {
    seen.region = meta->region;
    seen.age = meta->age;
  }
  /* a camera's frame isn't held while something downstream blocks */
  gst_buffer_unref (frame);

  if (gst_pad_check_reconfigure (self->srcpad)
      && !gst_mobilenet_text_negotiate (self)) {
    gst_pad_mark_reconfigure (self->srcpad);
    gst_mobilenet_seen_clear (&seen);
    return GST_PAD_IS_FLUSHING (self->srcpad) ? GST_FLOW_FLUSHING :
        GST_FLOW_NOT_NEGOTIATED;
  }
  if (!GST_CLOCK_TIME_IS_VALID (pts)) {
    GST_DEBUG_OBJECT (pad, "a frame without a time has no place in the text");
    gst_mobilenet_seen_clear (&seen);
    return GST_FLOW_OK;
  }
  if (!GST_CLOCK_TIME_IS_VALID (duration))
    duration = self->frame_duration;
  return gst_mobilenet_timeline_take (self, pts, pts + duration, since, &seen);
}

/* The last result of a `mobilenet` that doesn't wait for it, after the last frame. */
static void
take_result_event (GstMobilenetText * self, GstEvent * event)
{
  GstMobilenetResult *result = NULL;
  GstMobilenetSeen seen;

  if (!gst_structure_get (gst_event_get_structure (event), "result",
          GST_TYPE_MOBILENET_RESULT, &result, NULL) || !result)
    return;
  if (GST_CLOCK_TIME_IS_VALID (self->position)) {
    init_seen (self, &seen, result);
    gst_mobilenet_timeline_take (self, self->position, self->position_end,
        result->pts, &seen);
  }
  gst_mobilenet_result_unref (result);
}

static gboolean
take_caps (GstMobilenetText * self, GstEvent * event)
{
  GstCaps *caps;
  gint rate_n = 0, rate_d = 1;

  gst_event_parse_caps (event, &caps);
  gst_structure_get_fraction (gst_caps_get_structure (caps, 0), "framerate",
      &rate_n, &rate_d);
  self->frame_duration = rate_n > 0 ?
      gst_util_uint64_scale_int (GST_SECOND, rate_d, rate_n) : 0;
  gst_event_unref (event);

  return (gst_pad_has_current_caps (self->srcpad)
      && !gst_pad_check_reconfigure (self->srcpad))
      || gst_mobilenet_text_negotiate (self);
}

/* A stream of its own, in which buffers are rare. */
static GstEvent *
text_stream_start (GstEvent * event)
{
  const gchar *video_id;
  gchar *id;
  GstEvent *start;
  guint group;

  gst_event_parse_stream_start (event, &video_id);
  id = g_strconcat (video_id, "/mobilenettext", NULL);
  start = gst_event_new_stream_start (id);
  g_free (id);
  gst_event_set_stream_flags (start, GST_STREAM_FLAG_SPARSE);
  if (gst_event_parse_group_id (event, &group))
    gst_event_set_group_id (start, group);
  gst_event_set_seqnum (start, gst_event_get_seqnum (event));
  gst_event_unref (event);
  return start;
}

static gboolean
take_segment (GstMobilenetText * self, GstEvent * event)
{
  gst_mobilenet_timeline_finish (self);
  gst_mobilenet_timeline_forget (self);
  gst_event_copy_segment (event, &self->segment);
  if (self->segment.format == GST_FORMAT_TIME)
    return TRUE;
  GST_ELEMENT_ERROR (self, STREAM, FORMAT,
      ("The video has no times."), ("segment: %" GST_PTR_FORMAT, event));
  return FALSE;
}

static gboolean
gst_mobilenet_text_sink_event (GstPad * pad, GstObject * parent,
    GstEvent * event)
{
  GstMobilenetText *self = GST_MOBILENET_TEXT (parent);
  GstTagList *tags;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_STREAM_START:
      gst_mobilenet_timeline_finish (self);
      event = text_stream_start (event);
      break;
    case GST_EVENT_CAPS:
      return take_caps (self, event);
    case GST_EVENT_SEGMENT:
      if (!take_segment (self, event)) {
        gst_event_unref (event);
        return FALSE;
      }
      break;
    case GST_EVENT_TAG:
      gst_event_parse_tag (event, &tags);
      if (gst_tag_list_get_scope (tags) == GST_TAG_SCOPE_STREAM) {
        gst_event_unref (event);        /* codec and bitrate of the video */
        return TRUE;
      }
      break;
    case GST_EVENT_CUSTOM_DOWNSTREAM:
      if (gst_event_has_name (event, "mobilenet-result")) {
        take_result_event (self, event);
        gst_event_unref (event);
        return TRUE;
      }
      break;
    case GST_EVENT_FLUSH_STOP:
      gst_mobilenet_timeline_forget (self);
      gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
      break;
    case GST_EVENT_SEGMENT_DONE:
    case GST_EVENT_EOS:
      gst_mobilenet_timeline_finish (self);
      gst_mobilenet_timeline_push_header (self);
      break;
    default:
      break;
  }
  return gst_pad_event_default (pad, parent, event);
}

static gboolean
gst_mobilenet_text_sink_query (GstPad * pad, GstObject * parent,
    GstQuery * query)
{
  /* pixels aren't read, so that no layout of theirs is wrong */
  if (GST_QUERY_TYPE (query) == GST_QUERY_ALLOCATION) {
    gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
    gst_query_add_allocation_meta (query, GST_VIDEO_CROP_META_API_TYPE, NULL);
    return TRUE;
  }
  return gst_pad_query_default (pad, parent, query);
}

static gboolean
gst_mobilenet_text_src_event (GstPad * pad, GstObject * parent,
    GstEvent * event)
{
  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_QOS:        /* late text is no reason to drop frames */
    case GST_EVENT_RECONFIGURE:        /* the video's caps don't depend on ours */
      gst_event_unref (event);
      return TRUE;
    default:
      return gst_pad_event_default (pad, parent, event);
  }
}

static void
reset (GstMobilenetText * self)
{
  gst_mobilenet_timeline_forget (self);
  gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
  self->frame_duration = 0;
  self->n_cues = 0;
  self->wrote_header = FALSE;
}

static GstStateChangeReturn
gst_mobilenet_text_change_state (GstElement * element,
    GstStateChange transition)
{
  GstStateChangeReturn change =
      GST_ELEMENT_CLASS (parent_class)->change_state (element, transition);

  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    reset (GST_MOBILENET_TEXT (element));
  return change;
}

static void
gst_mobilenet_text_finalize (GObject * object)
{
  GstMobilenetText *self = GST_MOBILENET_TEXT (object);

  gst_mobilenet_seen_clear (&self->span.seen);
  g_free (self->settings.template);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_mobilenet_text_class_init (GstMobilenetTextClass * klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  gst_mobilenet_text_install_properties (G_OBJECT_CLASS (klass));
  G_OBJECT_CLASS (klass)->finalize = gst_mobilenet_text_finalize;

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class,
      "MobileNet text", "Converter/Video/Subtitle",
      "Labels of a classifier as timed text, JSON, SubRip or WebVTT", "mnet");
  element_class->change_state =
      GST_DEBUG_FUNCPTR (gst_mobilenet_text_change_state);
}

static void
gst_mobilenet_text_init (GstMobilenetText * self)
{
  gst_mobilenet_text_init_settings (self);

  self->sinkpad = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sinkpad,
      GST_DEBUG_FUNCPTR (gst_mobilenet_text_chain));
  gst_pad_set_event_function (self->sinkpad,
      GST_DEBUG_FUNCPTR (gst_mobilenet_text_sink_event));
  gst_pad_set_query_function (self->sinkpad,
      GST_DEBUG_FUNCPTR (gst_mobilenet_text_sink_query));
  gst_element_add_pad (GST_ELEMENT (self), self->sinkpad);

  self->srcpad = gst_pad_new_from_static_template (&src_template, "src");
  gst_pad_set_event_function (self->srcpad,
      GST_DEBUG_FUNCPTR (gst_mobilenet_text_src_event));
  gst_element_add_pad (GST_ELEMENT (self), self->srcpad);
  reset (self);
}
