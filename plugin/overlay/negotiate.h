/* Who draws: this element into the frame, or the one downstream that is handed frame and overlay apart. */
#ifndef __GST_MOBILENET_OVERLAY_NEGOTIATE_H__
#define __GST_MOBILENET_OVERLAY_NEGOTIATE_H__

#include <gst/gst.h>

G_BEGIN_DECLS

/* Sets caps on `srcpad` for frames with `caps`, and says in `attach` whether downstream draws the overlay. FALSE where
 * downstream takes no such frames. */
gboolean gst_mobilenet_overlay_negotiate (GstPad * srcpad, GstCaps * caps, gboolean * attach);

/* What can come in, from what `srcpad`'s peer takes; and what can go out, from what `sinkpad`'s peer has. */
GstCaps *gst_mobilenet_overlay_sink_caps (GstPad * srcpad, GstCaps * filter);
GstCaps *gst_mobilenet_overlay_src_caps (GstPad * sinkpad, GstCaps * filter);

G_END_DECLS

#endif
