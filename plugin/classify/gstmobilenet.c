/**
 * SECTION:element-mobilenet
 * @title: mobilenet
 *
 * Says what a video shows: a network of the MobileNet family looks at each
 * frame, and the result is attached to it as a #GstMobilenetMeta. The frame
 * itself passes as it is: the same memory, neither copied nor converted.
 *
 * Without properties it uses the built-in model, with 1000 classes of everyday
 * things and animals.
 *
 * In a live pipeline frames pass at once, and a worker classifies the newest one;
 * each frame gets the last result that is ready, with its age. Elsewhere, or with
 * #GstMobilenet:mode=sync, each frame waits for its own result; the element then
 * tells a live pipeline its latency, and passes frames that would be too late for
 * the sink without looking at them (#GstBaseTransform:qos). Live labels are kept
 * steady: by #GstMobilenet:smoothing, #GstMobilenet:enter-threshold and
 * #GstMobilenet:leave-threshold, and where none holds, the result says "unknown".
 *
 * When the best label changes, an element message "mobilenet-classification" is
 * posted, with the fields label, probability, previous, timestamp and model, and
 * #GstMobilenet::label-changed is emitted.
 *
 * With #GstMobilenet:roi it classifies the regions that a detector has attached.
 *
 * Where the frames of a file come faster than they can be classified, as many as
 * there are threads are classified side by side; they leave in their order, with
 * the same results. This needs frames whose results don't hang on each other, as
 * with #GstMobilenet:smoothing or #GstMobilenet:interval, and one element alone in
 * its process: streams are beside each other already.
 *
 * Elements of a process that name the same model share its weights.
 *
 * A frame that can't be classified (its memory can't be read, or contradicts
 * its caps) passes untouched and without a result; the first such frame is
 * answered with a warning on the bus. Frames marked GAP have no picture of their
 * own and pass without a result too. Interlaced frames are seen as progressive.
 *
 * At the start, a model or label file that can't be used is an error, and the
 * element doesn't start. While playing it is a warning: the model in use stays,
 * and the properties go back to it.
 *
 * With #GstMobilenet:interval a result holds until the next classification; a
 * flush, a new segment, new caps and another model end it at once.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 v4l2src ! mobilenet ! mobilenetoverlay ! videoconvert ! \
 *     autovideosink
 * ]| Labels on a camera's picture, never late.
 * |[
 * gst-launch-1.0 filesrc location=video.mp4 ! decodebin ! \
 *     mobilenet interval=5 ! mobilenetlog location=labels.jsonl ! fakesink
 * ]| A log of what a file shows.
 * |[
 * gst-launch-1.0 videotestsrc ! mobilenet model=model.tflite labels=labels.txt \
 *     mean="<127.5>" scale="<0.00784314>" ! fakesink
 * ]| A model of one's own that says nothing about its normalisation.
 */
#include "plugin/classify/gstmobilenet.h"

#include "plugin/formats.h"

GST_DEBUG_CATEGORY_STATIC (gst_mobilenet_debug);
#define GST_CAT_DEFAULT gst_mobilenet_debug

/* An overlay that is attached, not drawn, hides nothing. */
#define CAPS GST_MOBILENET_RAW_CAPS "; " GST_MOBILENET_RAW_OVERLAY_CAPS

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));

/* Objects that leave the picture for a moment are known again. */
#define REMEMBERED_REGIONS (2 * GST_MOBILENET_MAX_REGIONS)

enum
{
  PROP_STATS = GST_MOBILENET_N_SETTINGS
};

#define gst_mobilenet_parent_class parent_class
G_DEFINE_TYPE_WITH_CODE (GstMobilenet, gst_mobilenet, GST_TYPE_BASE_TRANSFORM,
    GST_DEBUG_CATEGORY_INIT (gst_mobilenet_debug, "mobilenet", 0,
        "image classification"));
GST_ELEMENT_REGISTER_DEFINE (mobilenet, "mobilenet", GST_RANK_NONE,
    GST_TYPE_MOBILENET);

/* The base class is in passthrough, so that allocation is between upstream and
 * downstream. Its own in-place path would either give us buffers that can't
 * carry a new meta, or copy their memory to make them writable. */
static GstFlowReturn
gst_mobilenet_generate_output (GstBaseTransform * trans, GstBuffer ** outbuf)
{
  GstMobilenet *self = GST_MOBILENET (trans);
  GstBuffer *buffer = g_steal_pointer (&trans->queued_buf);
  GstFlowReturn flow = g_atomic_int_get (&self->flow);

  *outbuf = NULL;
  if (!buffer)
    return GST_FLOW_OK;
  if (flow != GST_FLOW_OK) {
    gst_buffer_unref (buffer);
    return flow;
  }

  if (GST_VIDEO_INFO_FORMAT (&self->info) == GST_VIDEO_FORMAT_UNKNOWN) {
    gst_buffer_unref (buffer);
    GST_ELEMENT_ERROR (self, CORE, NEGOTIATION, (NULL),
        ("frames came before their caps"));
    return GST_FLOW_NOT_NEGOTIATED;
  }

  *outbuf = gst_mobilenet_process (self, buffer);
  return GST_FLOW_OK;
}

static gboolean
gst_mobilenet_set_caps (GstBaseTransform * trans, GstCaps * incaps,
    GstCaps * outcaps)
{
  GstMobilenet *self = GST_MOBILENET (trans);

  gst_mobilenet_ahead_drain (self);
  gst_mobilenet_forget (self);
  self->warned = FALSE;
  return gst_video_info_from_caps (&self->info, incaps);
}

static void
gst_mobilenet_set_tag_orientation (GstMobilenet * self,
    GstVideoOrientationMethod method)
{
  if (self->tag_orientation == method)
    return;
  GST_DEBUG_OBJECT (self, "the picture's orientation is now %d", method);
  self->tag_orientation = method;
  gst_mobilenet_forget (self);
}

/* The last result where no frame comes any more to carry it. */
static void
gst_mobilenet_push_result (GstMobilenet * self)
{
  gst_pad_push_event (GST_BASE_TRANSFORM_SRC_PAD (self),
      gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
          gst_structure_new ("mobilenet-result", "result",
              GST_TYPE_MOBILENET_RESULT, self->result, NULL)));
}

/* Upstream hears of an error by its next frame, but after the last one. */
static void
tell_of_flow (GstMobilenet * self)
{
  GstFlowReturn flow = g_atomic_int_get (&self->flow);

  if (flow == GST_FLOW_NOT_LINKED || flow < GST_FLOW_EOS)
    GST_ELEMENT_FLOW_ERROR (self, flow);
}

static gboolean
gst_mobilenet_sink_event (GstBaseTransform * trans, GstEvent * event)
{
  GstMobilenet *self = GST_MOBILENET (trans);

  if (GST_EVENT_IS_SERIALIZED (event))
    gst_mobilenet_ahead_drain (self);
  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_STREAM_START:
      g_atomic_int_set (&self->flow, GST_FLOW_OK);
      gst_mobilenet_forget (self);
      self->live_known = FALSE;
      gst_mobilenet_set_tag_orientation (self, GST_VIDEO_ORIENTATION_IDENTITY);
      break;
    case GST_EVENT_FLUSH_STOP:
    case GST_EVENT_SEGMENT:
      g_atomic_int_set (&self->flow, GST_FLOW_OK);
      gst_mobilenet_forget (self);
      GST_OBJECT_LOCK (self);
      self->earliest = GST_CLOCK_TIME_NONE;
      GST_OBJECT_UNLOCK (self);
      break;
    case GST_EVENT_EOS:
      tell_of_flow (self);
      if (gst_mobilenet_drain (self))
        gst_mobilenet_push_result (self);
      break;
    case GST_EVENT_TAG:{
      GstVideoOrientationMethod method;
      GstTagList *tags;

      gst_event_parse_tag (event, &tags);
      if (gst_video_orientation_from_tag (tags, &method))
        gst_mobilenet_set_tag_orientation (self, method);
      break;
    }
    default:
      break;
  }
  return GST_BASE_TRANSFORM_CLASS (parent_class)->sink_event (trans, event);
}

/* QoS is for the classifications here, not for the base class, which would drop
 * frames. */
static gboolean
gst_mobilenet_src_event (GstBaseTransform * trans, GstEvent * event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_QOS) {
    gst_mobilenet_take_qos (GST_MOBILENET (trans), event);
    return gst_pad_push_event (GST_BASE_TRANSFORM_SINK_PAD (trans), event);
  }
  return GST_BASE_TRANSFORM_CLASS (parent_class)->src_event (trans, event);
}

static gboolean
gst_mobilenet_query (GstBaseTransform * trans, GstPadDirection direction,
    GstQuery * query)
{
  if (direction == GST_PAD_SINK && GST_QUERY_IS_SERIALIZED (query))
    gst_mobilenet_ahead_drain (GST_MOBILENET (trans));
  if (direction == GST_PAD_SRC && GST_QUERY_TYPE (query) == GST_QUERY_LATENCY)
    return gst_mobilenet_query_latency (GST_MOBILENET (trans), query);
  return GST_BASE_TRANSFORM_CLASS (parent_class)->query (trans, direction,
      query);
}

static gboolean
gst_mobilenet_start (GstBaseTransform * trans)
{
  GstMobilenet *self = GST_MOBILENET (trans);

  GST_OBJECT_LOCK (self);
  gst_mobilenet_stats_reset (&self->stats);
  g_clear_pointer (&self->label, g_free);
  self->latency = 0;
  self->earliest = GST_CLOCK_TIME_NONE;
  GST_OBJECT_UNLOCK (self);

  gst_video_info_init (&self->info);
  self->tag_orientation = GST_VIDEO_ORIENTATION_IDENTITY;
  self->live = self->live_known = FALSE;
  self->passed = self->took = 0;
  g_atomic_int_set (&self->flow, GST_FLOW_OK);
  self->frame = 0;
  self->warned = FALSE;
  return gst_mobilenet_open (self);
}

static gboolean
gst_mobilenet_stop (GstBaseTransform * trans)
{
  GstMobilenet *self = GST_MOBILENET (trans);

  gst_mobilenet_close (self);
  gst_mobilenet_process_stop (self);
  return TRUE;
}

static void
gst_mobilenet_set_property (GObject * object, guint prop_id,
    const GValue * value, GParamSpec * pspec)
{
  GstMobilenet *self = GST_MOBILENET (object);
  gboolean known;

  GST_OBJECT_LOCK (self);
  known = gst_mobilenet_settings_set (&self->settings, prop_id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
gst_mobilenet_get_property (GObject * object, guint prop_id, GValue * value,
    GParamSpec * pspec)
{
  GstMobilenet *self = GST_MOBILENET (object);
  gboolean known = TRUE;

  GST_OBJECT_LOCK (self);
  if (prop_id == PROP_STATS)
    g_value_take_boxed (value, gst_mobilenet_stats_to_structure (&self->stats));
  else
    known = gst_mobilenet_settings_get (&self->settings, prop_id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

/* Comes once after all properties of a g_object_set() are set, so that a new
 * model and its labels are opened together. */
static void
gst_mobilenet_dispatch_properties_changed (GObject * object, guint n_pspecs,
    GParamSpec ** pspecs)
{
  G_OBJECT_CLASS (parent_class)->dispatch_properties_changed (object, n_pspecs,
      pspecs);
  gst_mobilenet_reopen (GST_MOBILENET (object));
}

static void
gst_mobilenet_finalize (GObject * object)
{
  GstMobilenet *self = GST_MOBILENET (object);

  gst_mobilenet_settings_clear (&self->settings);
  gst_mobilenet_region_cache_free (self->region_results);
  g_free (self->label);
  g_mutex_clear (&self->open_lock);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_mobilenet_class_init (GstMobilenetClass * klass)
{
  GObjectClass *gobject_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);

  gobject_class->set_property = gst_mobilenet_set_property;
  gobject_class->get_property = gst_mobilenet_get_property;
  gobject_class->dispatch_properties_changed =
      gst_mobilenet_dispatch_properties_changed;
  gobject_class->finalize = gst_mobilenet_finalize;

  gst_mobilenet_settings_install (gobject_class);
  g_object_class_install_property (gobject_class, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Since the start, as uint64: frames = classified + skipped (passed on "
          "purpose without a classification of their own; skipped-... say why) + "
          "failed (could not be classified), regions, and the times of preprocessing (frame to tensor) and "
          "inference in nanoseconds, each as -mean, -p50 and -p99 (these two "
          "within 7 %)", GST_TYPE_STRUCTURE,
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));

  gst_mobilenet_announce_install (klass);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class,
      "MobileNet classifier", "Filter/Analyzer/Video",
      "Says what each frame shows, as a meta on the untouched frame", "mnet");

  trans_class->start = GST_DEBUG_FUNCPTR (gst_mobilenet_start);
  trans_class->stop = GST_DEBUG_FUNCPTR (gst_mobilenet_stop);
  trans_class->set_caps = GST_DEBUG_FUNCPTR (gst_mobilenet_set_caps);
  trans_class->src_event = GST_DEBUG_FUNCPTR (gst_mobilenet_src_event);
  trans_class->query = GST_DEBUG_FUNCPTR (gst_mobilenet_query);
  trans_class->sink_event = GST_DEBUG_FUNCPTR (gst_mobilenet_sink_event);
  trans_class->generate_output =
      GST_DEBUG_FUNCPTR (gst_mobilenet_generate_output);
}

static void
gst_mobilenet_init (GstMobilenet * self)
{
  gst_mobilenet_settings_init (&self->settings);
  self->region_results = gst_mobilenet_region_cache_new (REMEMBERED_REGIONS);
  g_mutex_init (&self->open_lock);
  gst_video_info_init (&self->info);
  gst_base_transform_set_qos_enabled (GST_BASE_TRANSFORM (self), TRUE);
}
