/**
 * SECTION:element-mobilenetoverlay
 * @title: mobilenetoverlay
 *
 * Draws what `mobilenet` saw onto the frames: the labels, each with its probability as a number and a bar, and the
 * inference time if asked for. Sizes follow the frame. Nothing is converted: the panel is blended into the frame in its own
 * format, or, where downstream says that it draws overlays (glimagesink and others), attached to it as a
 * #GstVideoOverlayCompositionMeta.
 *
 * A frame without a result, or without a class over #GstMobilenetOverlay:min-probability, passes as it is. One that others
 * also hold, as behind a tee, is copied before it is drawn on.
 *
 * The panel is rendered again only when it would look otherwise: a label or whole percent, a property or the caps changed.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 v4l2src ! mobilenet ! mobilenetoverlay ! videoconvert ! autovideosink
 * ]|
 * Labels on a camera's picture.
 * |[
 * gst-launch-1.0 filesrc location=in.mp4 ! decodebin ! mobilenet ! mobilenetoverlay position=bottom max-labels=1 show-timing=true ! x264enc ! matroskamux ! filesink location=out.mkv
 * ]|
 * One label in the lower middle of a file.
 */
#include "plugin/overlay/gstmobilenetoverlay.h"

#include "plugin/formats.h"
#include "plugin/overlay/blend.h"
#include "plugin/overlay/negotiate.h"
#include "plugin/overlay/panel.h"

GST_DEBUG_CATEGORY_STATIC (gst_mobilenet_overlay_debug);
#define GST_CAT_DEFAULT gst_mobilenet_overlay_debug

#define CAPS GST_MOBILENET_RAW_CAPS "; " GST_MOBILENET_RAW_OVERLAY_CAPS

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));

enum
{
  PROP_STATS = GST_MOBILENET_OVERLAY_N_SETTINGS
};

#define gst_mobilenet_overlay_parent_class parent_class
G_DEFINE_TYPE_WITH_CODE (GstMobilenetOverlay, gst_mobilenet_overlay,
    GST_TYPE_ELEMENT, GST_DEBUG_CATEGORY_INIT (gst_mobilenet_overlay_debug,
        "mobilenetoverlay", 0, "classifications drawn on video"));
GST_ELEMENT_REGISTER_DEFINE (mobilenetoverlay, "mobilenetoverlay",
    GST_RANK_NONE, GST_TYPE_MOBILENET_OVERLAY);

/* Settles with downstream who draws, for the caps that have come in. */
static gboolean
gst_mobilenet_overlay_negotiate_caps (GstMobilenetOverlay * self,
    GstCaps * caps)
{
  gst_pad_check_reconfigure (self->srcpad);
  self->negotiated =
      gst_mobilenet_overlay_negotiate (self->srcpad, caps, &self->attach);
  if (!self->negotiated)
    gst_pad_mark_reconfigure (self->srcpad);
  g_clear_pointer (&self->panel, gst_video_overlay_rectangle_unref);
  GST_DEBUG_OBJECT (self, "negotiated: %d, the panel is %s", self->negotiated,
      self->attach ? "attached" : "blended");
  return self->negotiated;
}

static gboolean
gst_mobilenet_overlay_set_caps (GstMobilenetOverlay * self, GstCaps * caps)
{
  if (!gst_video_info_from_caps (&self->info, caps))
    return FALSE;
  self->warned = FALSE;
  return gst_mobilenet_overlay_negotiate_caps (self, caps);
}

static void
gst_mobilenet_overlay_renegotiate (GstMobilenetOverlay * self)
{
  GstCaps *caps = gst_pad_get_current_caps (self->sinkpad);

  if (caps) {
    gst_mobilenet_overlay_negotiate_caps (self, caps);
    gst_caps_unref (caps);
  }
}

static void
gst_mobilenet_overlay_render (GstMobilenetOverlay * self)
{
  GstVideoOverlayRectangle *panel;

  if (!self->context)
    self->context = gst_mobilenet_panel_context_new ();
  panel = gst_mobilenet_panel_render (self->context, &self->content,
      &self->current, &self->info);
  if (self->attach) {
    self->panel = panel;
  } else {
    self->panel = gst_mobilenet_panel_in_colors_of (panel, &self->info);
    gst_video_overlay_rectangle_unref (panel);
  }
}

/* Takes over the properties and what the frame says, and renders where needed. FALSE where there is nothing to draw. */
static gboolean
gst_mobilenet_overlay_update (GstMobilenetOverlay * self, GstBuffer * buffer)
{
  gboolean changed, shown, render;

  GST_OBJECT_LOCK (self);
  changed = self->settings_changed;
  if (changed)
    gst_mobilenet_overlay_settings_copy (&self->current, &self->settings);
  self->settings_changed = FALSE;
  GST_OBJECT_UNLOCK (self);

  if (gst_mobilenet_content_update (&self->content, buffer, &self->current)
      || changed)
    g_clear_pointer (&self->panel, gst_video_overlay_rectangle_unref);

  shown = self->content.rows->len > 0 && self->current.opacity > 0;
  render = shown && !self->panel;
  if (render)
    gst_mobilenet_overlay_render (self);

  GST_OBJECT_LOCK (self);
  self->frames++;
  self->drawn += shown;
  self->renders += render;
  GST_OBJECT_UNLOCK (self);
  return shown;
}

static GstBuffer *
gst_mobilenet_overlay_attach (GstMobilenetOverlay * self, GstBuffer * buffer)
{
  GstVideoOverlayCompositionMeta *meta;
  GstVideoOverlayComposition *composition;

  buffer = gst_buffer_make_writable (buffer);
  meta = gst_buffer_get_video_overlay_composition_meta (buffer);
  if (meta) {
    /* on top of what is attached already; the metas of other buffers may share that */
    meta->overlay = gst_video_overlay_composition_make_writable (meta->overlay);
    gst_video_overlay_composition_add_rectangle (meta->overlay, self->panel);
  } else {
    composition = gst_video_overlay_composition_new (self->panel);
    gst_buffer_add_video_overlay_composition_meta (buffer, composition);
    gst_video_overlay_composition_unref (composition);
  }
  return buffer;
}

static GstBuffer *
gst_mobilenet_overlay_blend (GstMobilenetOverlay * self, GstBuffer * buffer)
{
  buffer = gst_buffer_make_writable (buffer);
  if (!gst_mobilenet_panel_blend (self->panel, &self->info, buffer)
      && !self->warned) {
    self->warned = TRUE;
    GST_ELEMENT_WARNING (self, STREAM, FAILED,
        ("Frames pass without labels drawn on them."),
        ("a frame's memory can't be mapped, or doesn't match its caps"));
  }
  return buffer;
}

static GstFlowReturn
gst_mobilenet_overlay_chain (GstPad * pad, GstObject * parent,
    GstBuffer * buffer)
{
  GstMobilenetOverlay *self = GST_MOBILENET_OVERLAY (parent);

  if (gst_pad_needs_reconfigure (self->srcpad))
    gst_mobilenet_overlay_renegotiate (self);
  if (!self->negotiated) {
    gst_buffer_unref (buffer);
    return GST_PAD_IS_FLUSHING (self->srcpad) ? GST_FLOW_FLUSHING :
        GST_FLOW_NOT_NEGOTIATED;
  }

  if (gst_mobilenet_overlay_update (self, buffer))
    buffer = self->attach ? gst_mobilenet_overlay_attach (self, buffer)
        : gst_mobilenet_overlay_blend (self, buffer);
  return gst_pad_push (self->srcpad, buffer);
}

static gboolean
gst_mobilenet_overlay_sink_event (GstPad * pad, GstObject * parent,
    GstEvent * event)
{
  GstCaps *caps;
  gboolean ok;

  if (GST_EVENT_TYPE (event) != GST_EVENT_CAPS)
    return gst_pad_event_default (pad, parent, event);

  gst_event_parse_caps (event, &caps);
  ok = gst_mobilenet_overlay_set_caps (GST_MOBILENET_OVERLAY (parent), caps);
  gst_event_unref (event);
  return ok;
}

static gboolean
gst_mobilenet_overlay_query (GstPad * pad, GstObject * parent, GstQuery * query)
{
  GstMobilenetOverlay *self = GST_MOBILENET_OVERLAY (parent);
  GstCaps *filter, *caps;

  if (GST_QUERY_TYPE (query) != GST_QUERY_CAPS)
    return gst_pad_query_default (pad, parent, query);

  gst_query_parse_caps (query, &filter);
  caps = pad == self->sinkpad
      ? gst_mobilenet_overlay_sink_caps (self->srcpad, filter)
      : gst_mobilenet_overlay_src_caps (self->sinkpad, filter);
  gst_query_set_caps_result (query, caps);
  gst_caps_unref (caps);
  return TRUE;
}

static void
gst_mobilenet_overlay_reset (GstMobilenetOverlay * self)
{
  g_clear_pointer (&self->panel, gst_video_overlay_rectangle_unref);
  g_clear_object (&self->context);
  gst_mobilenet_content_clear (&self->content);
  gst_mobilenet_content_init (&self->content);
  gst_video_info_init (&self->info);
  self->negotiated = FALSE;
  self->attach = FALSE;
  self->warned = FALSE;
}

static GstStateChangeReturn
gst_mobilenet_overlay_change_state (GstElement * element,
    GstStateChange transition)
{
  GstMobilenetOverlay *self = GST_MOBILENET_OVERLAY (element);
  GstStateChangeReturn result;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    GST_OBJECT_LOCK (self);
    self->frames = self->drawn = self->renders = 0;
    GST_OBJECT_UNLOCK (self);
  }
  result = GST_ELEMENT_CLASS (parent_class)->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    gst_mobilenet_overlay_reset (self);
  return result;
}

static void
gst_mobilenet_overlay_set_property (GObject * object, guint prop_id,
    const GValue * value, GParamSpec * pspec)
{
  GstMobilenetOverlay *self = GST_MOBILENET_OVERLAY (object);
  gboolean known;

  GST_OBJECT_LOCK (self);
  known = gst_mobilenet_overlay_settings_set (&self->settings, prop_id, value);
  self->settings_changed = TRUE;
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
gst_mobilenet_overlay_get_property (GObject * object, guint prop_id,
    GValue * value, GParamSpec * pspec)
{
  GstMobilenetOverlay *self = GST_MOBILENET_OVERLAY (object);
  gboolean known = TRUE;

  GST_OBJECT_LOCK (self);
  if (prop_id == PROP_STATS)
    g_value_take_boxed (value,
        gst_structure_new ("mobilenetoverlay-stats",
            "frames", G_TYPE_UINT64, self->frames,
            "drawn", G_TYPE_UINT64, self->drawn,
            "renders", G_TYPE_UINT64, self->renders, NULL));
  else
    known =
        gst_mobilenet_overlay_settings_get (&self->settings, prop_id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
}

static void
gst_mobilenet_overlay_finalize (GObject * object)
{
  GstMobilenetOverlay *self = GST_MOBILENET_OVERLAY (object);

  gst_mobilenet_content_clear (&self->content);
  gst_mobilenet_overlay_settings_clear (&self->settings);
  gst_mobilenet_overlay_settings_clear (&self->current);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_mobilenet_overlay_class_init (GstMobilenetOverlayClass * klass)
{
  GObjectClass *gobject_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  gobject_class->set_property = gst_mobilenet_overlay_set_property;
  gobject_class->get_property = gst_mobilenet_overlay_get_property;
  gobject_class->finalize = gst_mobilenet_overlay_finalize;

  gst_mobilenet_overlay_settings_install (gobject_class);
  g_object_class_install_property (gobject_class, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Since the start, as uint64: frames, drawn (those with a panel), "
          "renders (how often the panel was rendered)", GST_TYPE_STRUCTURE,
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class,
      "MobileNet overlay", "Filter/Editor/Video",
      "Draws the labels and probabilities that a classifier found", "mnet");

  element_class->change_state =
      GST_DEBUG_FUNCPTR (gst_mobilenet_overlay_change_state);
}

static void
gst_mobilenet_overlay_init (GstMobilenetOverlay * self)
{
  gst_mobilenet_overlay_settings_init (&self->settings);
  gst_mobilenet_content_init (&self->content);
  gst_video_info_init (&self->info);
  self->settings_changed = TRUE;

  self->sinkpad = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sinkpad,
      GST_DEBUG_FUNCPTR (gst_mobilenet_overlay_chain));
  gst_pad_set_event_function (self->sinkpad,
      GST_DEBUG_FUNCPTR (gst_mobilenet_overlay_sink_event));
  gst_pad_set_query_function (self->sinkpad,
      GST_DEBUG_FUNCPTR (gst_mobilenet_overlay_query));
  GST_PAD_SET_PROXY_ALLOCATION (self->sinkpad);
  gst_element_add_pad (GST_ELEMENT (self), self->sinkpad);

  self->srcpad = gst_pad_new_from_static_template (&src_template, "src");
  gst_pad_set_query_function (self->srcpad,
      GST_DEBUG_FUNCPTR (gst_mobilenet_overlay_query));
  gst_element_add_pad (GST_ELEMENT (self), self->srcpad);
}
