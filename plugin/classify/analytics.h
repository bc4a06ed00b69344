/*
 * What there is of GstAnalytics: only in builds with GStreamer 1.24 or newer (HAVE_GST_ANALYTICS).
 */
#ifndef __GST_MOBILENET_ANALYTICS_H__
#define __GST_MOBILENET_ANALYTICS_H__

#include "plugin/classify/bridge.h"

G_BEGIN_DECLS

/*
 * Adds the classification mtds of a result with at least one class, and relates them to the region's object detection
 * mtd. Where the region has none and `proxy` is set, one is added, inside of the region's rectangle. Returns the id of
 * the object detection mtd, or -1 without one.
 */
gint gst_mobilenet_analytics_attach (GstBuffer * buffer, const GstMobilenetResult * result,
    const GstMobilenetRegion * region, gboolean proxy);

/*
 * The next object detection mtd that isn't a proxy of ours, with its rectangle as it is there. *state is NULL at first.
 * FALSE after the last.
 */
gboolean gst_mobilenet_analytics_iterate (GstBuffer * buffer, gpointer * state, GstMobilenetRegion * region);

G_END_DECLS

#endif
