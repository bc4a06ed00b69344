/**
 * SECTION:element-mobilenetlog
 * @title: mobilenetlog
 *
 * Writes what `mobilenet` saw, a line a frame, and passes the frames on untouched. Each line is handed to the system whole
 * before the frame goes on and the next line is begun.
 *
 * ## JSON Lines (format=json)
 * One object a frame, without spaces, its members always there and in this order:
 * - `frame`: number of the frame since the start, from 0, or null (see below)
 * - `pts`: its timestamp in nanoseconds, or null
 * - `region`: what was looked at in pixels of this frame (`x`, `y`, `width`, `height`), or null: the whole frame
 * - `labels`: array, the best first, of `index` (in the model's output), `label` and `probability` (0 to 1, 5 digits)
 * - `age`: frames since the one that was classified; 0: this one
 * - `timing`: `preprocess_ms` and `inference_ms` of that classification; left out with timing=false
 * - `model`: its name
 *
 * A frame without a result has null in these, and no labels. Where a frame carries results of several classifiers, the
 * first is written as above, and a last member `more` is an array of the others, with the members from `region` on.
 *
 * In async mode a result may be ready only after the last frame has passed. It is then the last line, with null for
 * `frame` and `region`, the timestamp of the frame that was classified, and an age of 0.
 *
 * ## CSV (format=csv)
 * A header and one row a class, with the same things as columns: frame, pts, x, y, width, height, rank (from 1), index,
 * label, probability, age, preprocess_ms, inference_ms, model. A frame without classes has one row with empty fields.
 * Quoting is that of RFC 4180; lines end in LF. With #GstMobilenetLog:append, a file that isn't empty gets no other header.
 *
 * A log that can't be opened, a full disk and a pipe whose reader has gone are errors on the bus.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 filesrc location=video.mp4 ! decodebin ! mobilenet ! mobilenetlog location=labels.jsonl ! fakesink
 * ]|
 * |[
 * gst-launch-1.0 -q v4l2src ! mobilenet ! mobilenetlog ! fakesink | jq -r '.labels[0].label'
 * ]|
 */
#include "plugin/log/gstmobilenetlog.h"

#include <errno.h>

#include "plugin/log/records.h"
#include "plugin/meta/gstmobilenetmeta.h"

GST_DEBUG_CATEGORY_STATIC (gst_mobilenet_log_debug);
#define GST_CAT_DEFAULT gst_mobilenet_log_debug

/* Only metas are read, so that frames in any memory pass. */
#define CAPS "video/x-raw(ANY)"

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));

enum
{
  PROP_0,
  PROP_LOCATION,
  PROP_APPEND,
  PROP_FORMAT,
  PROP_TIMING
};

#define gst_mobilenet_log_parent_class parent_class
G_DEFINE_TYPE_WITH_CODE (GstMobilenetLog, gst_mobilenet_log,
    GST_TYPE_BASE_TRANSFORM, GST_DEBUG_CATEGORY_INIT (gst_mobilenet_log_debug,
        "mobilenetlog", 0, "log of classifications"));
GST_ELEMENT_REGISTER_DEFINE (mobilenetlog, "mobilenetlog", GST_RANK_NONE,
    GST_TYPE_MOBILENET_LOG);

static GType
format_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_MOBILENET_LOG_JSON, "JSON Lines: one object a frame", "json"},
    {GST_MOBILENET_LOG_CSV, "A header, then one row a class", "csv"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type)) {
    GType new_type = g_enum_register_static ("GstMobilenetLogFormat", values);
    g_once_init_leave (&type, new_type);
  }
  return type;
}

static void
post_write_error (GstMobilenetLog * self, gint error)
{
  const gchar *name = self->location ? self->location : "standard output";

  if (error == ENOSPC)
    GST_ELEMENT_ERROR (self, RESOURCE, NO_SPACE_LEFT,
        ("No space left for the log \"%s\".", name), (NULL));
  else
    GST_ELEMENT_ERROR (self, RESOURCE, WRITE,
        ("The log \"%s\" can't be written: %s.", name, g_strerror (error)),
        (NULL));
}

static GstFlowReturn
write_lines (GstMobilenetLog * self)
{
  gint error = gst_mobilenet_line_writer_write (self->writer, self->line->str,
      self->line->len);

  if (error == 0)
    return GST_FLOW_OK;
  if (error == EBUSY)
    return GST_FLOW_FLUSHING;
  post_write_error (self, error);
  return GST_FLOW_ERROR;
}

static GstFlowReturn
write_record (GstMobilenetLog * self, guint64 frame, GstBuffer * buffer)
{
  g_string_truncate (self->line, 0);
  if (self->running_format == GST_MOBILENET_LOG_CSV)
    gst_mobilenet_append_csv (self->line, frame, buffer, self->running_timing);
  else
    gst_mobilenet_append_json (self->line, frame, buffer, self->running_timing);
  return write_lines (self);
}

static GstFlowReturn
gst_mobilenet_log_transform_ip (GstBaseTransform * trans, GstBuffer * buffer)
{
  GstMobilenetLog *self = GST_MOBILENET_LOG (trans);

  return write_record (self, self->frame++, buffer);
}

/* A result that came too late for any frame. */
static void
write_result (GstMobilenetLog * self, GstMobilenetResult * result)
{
  GstBuffer *buffer = gst_buffer_new ();

  GST_BUFFER_PTS (buffer) = result->pts;
  gst_buffer_add_mobilenet_meta (buffer, result, NULL, 0);
  write_record (self, GST_MOBILENET_NO_FRAME, buffer);
  gst_buffer_unref (buffer);
}

static gboolean
gst_mobilenet_log_start (GstBaseTransform * trans)
{
  GstMobilenetLog *self = GST_MOBILENET_LOG (trans);
  GstMobilenetLineWriter *writer;
  gboolean was_empty;

  writer = gst_mobilenet_line_writer_open (self->location, self->append);
  if (!writer) {
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_WRITE,
        ("The log \"%s\" can't be opened for writing: %s. Set the property "
            "location to a file that can be written.", self->location ?
            self->location : "standard output", g_strerror (errno)), (NULL));
    return FALSE;
  }
  was_empty = gst_mobilenet_line_writer_was_empty (writer);

  GST_OBJECT_LOCK (self);
  self->writer = writer;
  self->running_format = self->format;
  self->running_timing = self->timing;
  GST_OBJECT_UNLOCK (self);
  self->frame = 0;
  self->line = g_string_sized_new (1024);

  if (self->running_format == GST_MOBILENET_LOG_CSV
      && !(self->append && !was_empty)) {
    gst_mobilenet_append_csv_header (self->line, self->running_timing);
    return write_lines (self) == GST_FLOW_OK;
  }
  return TRUE;
}

static gboolean
gst_mobilenet_log_stop (GstBaseTransform * trans)
{
  GstMobilenetLog *self = GST_MOBILENET_LOG (trans);
  GstMobilenetLineWriter *writer;
  gint error;

  GST_OBJECT_LOCK (self);
  writer = g_steal_pointer (&self->writer);
  GST_OBJECT_UNLOCK (self);
  error = gst_mobilenet_line_writer_close (writer);
  if (error)
    post_write_error (self, error);
  if (self->line)
    g_string_free (g_steal_pointer (&self->line), TRUE);
  return error == 0;
}

static void
gst_mobilenet_log_interrupt (GstMobilenetLog * self, gboolean interrupt)
{
  GST_OBJECT_LOCK (self);
  if (self->writer)
    gst_mobilenet_line_writer_interrupt (self->writer, interrupt);
  GST_OBJECT_UNLOCK (self);
}

/* A reader that has stopped reading must not hold up a seek or the end. */
static gboolean
gst_mobilenet_log_sink_event (GstBaseTransform * trans, GstEvent * event)
{
  GstMobilenetLog *self = GST_MOBILENET_LOG (trans);
  GstMobilenetResult *result = NULL;

  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_START)
    gst_mobilenet_log_interrupt (self, TRUE);
  else if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
    gst_mobilenet_log_interrupt (self, FALSE);
  else if (gst_event_has_name (event, "mobilenet-result"))
    gst_structure_get (gst_event_get_structure (event), "result",
        GST_TYPE_MOBILENET_RESULT, &result, NULL);

  if (result) {
    write_result (self, result);
    gst_mobilenet_result_unref (result);
  }
  return GST_BASE_TRANSFORM_CLASS (parent_class)->sink_event (trans, event);
}

static GstStateChangeReturn
gst_mobilenet_log_change_state (GstElement * element, GstStateChange transition)
{
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    gst_mobilenet_log_interrupt (GST_MOBILENET_LOG (element), TRUE);
  return GST_ELEMENT_CLASS (parent_class)->change_state (element, transition);
}

static void
gst_mobilenet_log_set_property (GObject * object, guint prop_id,
    const GValue * value, GParamSpec * pspec)
{
  GstMobilenetLog *self = GST_MOBILENET_LOG (object);

  GST_OBJECT_LOCK (self);
  if (self->writer) {
    GST_OBJECT_UNLOCK (self);
    g_warning ("mobilenetlog: %s can't be changed while the log is open",
        pspec->name);
    return;
  }
  switch (prop_id) {
    case PROP_LOCATION:
      g_free (self->location);
      self->location = g_value_dup_string (value);
      break;
    case PROP_APPEND:
      self->append = g_value_get_boolean (value);
      break;
    case PROP_FORMAT:
      self->format = g_value_get_enum (value);
      break;
    case PROP_TIMING:
      self->timing = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_mobilenet_log_get_property (GObject * object, guint prop_id,
    GValue * value, GParamSpec * pspec)
{
  GstMobilenetLog *self = GST_MOBILENET_LOG (object);

  GST_OBJECT_LOCK (self);
  switch (prop_id) {
    case PROP_LOCATION:
      g_value_set_string (value, self->location);
      break;
    case PROP_APPEND:
      g_value_set_boolean (value, self->append);
      break;
    case PROP_FORMAT:
      g_value_set_enum (value, self->format);
      break;
    case PROP_TIMING:
      g_value_set_boolean (value, self->timing);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_mobilenet_log_finalize (GObject * object)
{
  g_free (GST_MOBILENET_LOG (object)->location);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

#define FLAGS (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)

static void
install_properties (GObjectClass * klass)
{
  g_object_class_install_property (klass, PROP_LOCATION,
      g_param_spec_string ("location", "Location",
          "File, pipe or device to write to; NULL, \"-\" or \"/dev/stdout\": "
          "standard output", NULL, FLAGS));
  g_object_class_install_property (klass, PROP_APPEND,
      g_param_spec_boolean ("append", "Append",
          "Keep what is in the file and write behind it; otherwise it is "
          "emptied each time the element goes to PAUSED", FALSE, FLAGS));
  g_object_class_install_property (klass, PROP_FORMAT,
      g_param_spec_enum ("format", "Format", "What a line is",
          format_get_type (), GST_MOBILENET_LOG_JSON, FLAGS));
  g_object_class_install_property (klass, PROP_TIMING,
      g_param_spec_boolean ("timing", "Timing",
          "Write how long preprocessing and inference took; without, the logs "
          "of two runs over the same frames are the same", TRUE, FLAGS));
  gst_type_mark_as_plugin_api (format_get_type (), 0);
}

static void
gst_mobilenet_log_class_init (GstMobilenetLogClass * klass)
{
  GObjectClass *gobject_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);

  gobject_class->set_property = gst_mobilenet_log_set_property;
  gobject_class->get_property = gst_mobilenet_log_get_property;
  gobject_class->finalize = gst_mobilenet_log_finalize;
  install_properties (gobject_class);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class,
      "MobileNet log", "Filter/Analyzer/Video",
      "Writes what a classifier saw as JSON Lines or CSV, a line a frame",
      "mnet");

  element_class->change_state =
      GST_DEBUG_FUNCPTR (gst_mobilenet_log_change_state);
  trans_class->start = GST_DEBUG_FUNCPTR (gst_mobilenet_log_start);
  trans_class->stop = GST_DEBUG_FUNCPTR (gst_mobilenet_log_stop);
  trans_class->sink_event = GST_DEBUG_FUNCPTR (gst_mobilenet_log_sink_event);
  trans_class->transform_ip =
      GST_DEBUG_FUNCPTR (gst_mobilenet_log_transform_ip);
}

static void
gst_mobilenet_log_init (GstMobilenetLog * self)
{
  self->timing = TRUE;
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), TRUE);
}
