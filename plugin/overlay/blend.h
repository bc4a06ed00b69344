/* Draws a rendered panel into frames. */
#ifndef __GST_MOBILENET_OVERLAY_BLEND_H__
#define __GST_MOBILENET_OVERLAY_BLEND_H__

#include <gst/video/video.h>

G_BEGIN_DECLS

/* The panel in the colours of such frames: AYUV of the same matrix and range where they are YUV or gray. GStreamer would
 * otherwise convert it for each frame again, and always by BT.709. */
GstVideoOverlayRectangle *gst_mobilenet_panel_in_colors_of (GstVideoOverlayRectangle * panel,
    const GstVideoInfo * info);

/* Blends it into a writable buffer, in the part that a crop meta shows. FALSE where the buffer's memory can't be mapped or
 * doesn't match `info`. */
gboolean gst_mobilenet_panel_blend (GstVideoOverlayRectangle * panel, const GstVideoInfo * info,
    GstBuffer * buffer);

G_END_DECLS

#endif
