/* From what frames carry to buffers of text in time: spans, and when they go out. All in the streaming thread. */
#ifndef __GST_MOBILENET_TIMELINE_H__
#define __GST_MOBILENET_TIMELINE_H__

#include "plugin/text/gstmobilenettext.h"

G_BEGIN_DECLS

/* What is seen at `pts`, until `end`, and was computed on a frame at `since`. Takes over the reference of `seen`. */
GstFlowReturn gst_mobilenet_timeline_take (GstMobilenetText * self, GstClockTime pts,
    GstClockTime end, GstClockTime since, GstMobilenetSeen * seen);

/* The end of all that came so far. */
GstFlowReturn gst_mobilenet_timeline_finish (GstMobilenetText * self);

/* Nothing came so far. */
void gst_mobilenet_timeline_forget (GstMobilenetText * self);

/* What a file begins with, unless it was pushed. */
GstFlowReturn gst_mobilenet_timeline_push_header (GstMobilenetText * self);

G_END_DECLS

#endif
