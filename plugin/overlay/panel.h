/* Renders the panel with the labels. */
#ifndef __GST_MOBILENET_PANEL_H__
#define __GST_MOBILENET_PANEL_H__

#include <gst/video/video.h>
#include <pango/pangocairo.h>

#include "plugin/overlay/content.h"

G_BEGIN_DECLS

/* Fonts of their own, as those of Pango's default font map belong to one thread. Not to be used by two threads at once. */
PangoContext *gst_mobilenet_panel_context_new (void);

/* The panel for a frame with these caps, at its place on it: premultiplied ARGB, never larger than the frame, at even
 * coordinates where chroma is subsampled. `content` has at least one row. */
GstVideoOverlayRectangle *gst_mobilenet_panel_render (PangoContext * context,
    const GstMobilenetContent * content, const GstMobilenetOverlaySettings * settings,
    const GstVideoInfo * info);

G_END_DECLS

#endif
