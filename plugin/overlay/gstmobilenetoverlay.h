#ifndef __GST_MOBILENET_OVERLAY_H__
#define __GST_MOBILENET_OVERLAY_H__

#include <gst/video/video.h>
#include <pango/pangocairo.h>

#include "plugin/overlay/content.h"
#include "plugin/overlay/settings.h"

G_BEGIN_DECLS

#define GST_TYPE_MOBILENET_OVERLAY (gst_mobilenet_overlay_get_type ())
G_DECLARE_FINAL_TYPE (GstMobilenetOverlay, gst_mobilenet_overlay, GST, MOBILENET_OVERLAY, GstElement)

struct _GstMobilenetOverlay {
  GstElement parent;

  GstPad *sinkpad, *srcpad;

  /* Guarded by the object lock, which is held only to copy. */
  GstMobilenetOverlaySettings settings;
  gboolean settings_changed;
  guint64 frames, drawn, renders;

  /* The streaming thread's own. */
  GstVideoInfo info;
  gboolean negotiated;
  gboolean attach;              /* downstream draws the composition */
  gboolean warned;              /* that a frame could not be drawn on */
  GstMobilenetOverlaySettings current;
  GstMobilenetContent content;
  PangoContext *context;
  GstVideoOverlayRectangle *panel;      /* what `content` looks like; NULL until it is rendered */
};

GST_ELEMENT_REGISTER_DECLARE (mobilenetoverlay);

G_END_DECLS

#endif
