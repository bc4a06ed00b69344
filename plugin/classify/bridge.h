/*
 * Results as metadata that other elements and programs know, beside our own GstMobilenetMeta.
 *
 * - analytics (GStreamer 1.24 and newer): in the buffer's GstAnalyticsRelationMeta, which is added where there is none,
 *   a classification mtd with the best class alone, and after it one with all classes, best first. The first is
 *   IS_PART_OF the second, which does CONTAIN it.
 * - proxy-region (implies analytics): what reads detections only shows a classification too. An object detection mtd
 *   with the best label, 20 pixels inside of the frame (less in a small one), so that text above its edge is seen. It
 *   does CONTAIN and RELATE_TO the first classification mtd, which IS_PART_OF it.
 * - roi: a GstVideoRegionOfInterestMeta with the best label as its type, and the parameters of a structure
 *   "classification" as Intel DL Streamer's elements write and read them: label (string), label_id (int), confidence
 *   (double, 0 to 1), model and model_name (string). "proxy" (boolean, TRUE) says that the region was made for the
 *   classification. Its id is that of the object detection mtd, if there is one.
 *
 * A result without classes leaves nothing. The class "unknown" is one as others, with the probability 0; its label_id is -1.
 *
 * What it allocates a frame: the metas (analytics: four blocks, and two that are freed again; roi: the structure with
 * its two strings). Labels become quarks: as many as the models have classes, and each a look-up from the second time on.
 */
#ifndef __GST_MOBILENET_BRIDGE_H__
#define __GST_MOBILENET_BRIDGE_H__

#include <gst/video/video.h>

#include "plugin/meta/gstmobilenetmeta.h"

G_BEGIN_DECLS

typedef enum {
  GST_MOBILENET_BRIDGES_NONE = 0,
  GST_MOBILENET_BRIDGES_ANALYTICS = 1 << 0,
  GST_MOBILENET_BRIDGES_PROXY_REGION = 1 << 1,
  GST_MOBILENET_BRIDGES_ROI = 1 << 2
} GstMobilenetBridges;

#define GST_TYPE_MOBILENET_BRIDGES (gst_mobilenet_bridges_get_type ())

/* What a detector found, on one buffer: gone with it, and with its copy in gst_buffer_make_writable(). */
typedef struct {
  GstVideoRectangle rect;       /* in pixels of the frame */
  GQuark type;                  /* of the detector's label; 0: none */
  gboolean tracked;
  guint64 tracking_id;          /* 0 unless tracked */
  gint detection;               /* id of the object detection mtd; -1: none */
  GstVideoRegionOfInterestMeta *roi;    /* or NULL */
} GstMobilenetRegion;

/* Has only what this build can do: analytics and proxy-region need GStreamer 1.24. */
GType gst_mobilenet_bridges_get_type (void);

/*
 * Attaches a result of the frame, or of `region` of it (NULL or all zero: the frame), to a writable buffer. What this
 * build can't do is left out.
 */
void gst_mobilenet_bridge_attach (GstBuffer * buffer, const GstMobilenetResult * result,
    const GstVideoRectangle * region, const GstVideoInfo * info, GstMobilenetBridges which);

/*
 * Attaches a result of a detector's region. The detector's own metas are used where it left them: the object detection
 * mtd does CONTAIN and RELATE_TO the classification (which IS_PART_OF it), and the "classification" becomes a parameter
 * of its region of interest. Otherwise as above, with the detector's label as the type of a new region of interest.
 */
void gst_mobilenet_bridge_attach_region (GstBuffer * buffer, const GstMobilenetResult * result,
    const GstMobilenetRegion * region, GstMobilenetBridges which);

/* Whether a region of interest was made by us for a classification, and isn't a detector's. */
gboolean gst_mobilenet_bridge_is_proxy (GstVideoRegionOfInterestMeta * roi);

G_END_DECLS

#endif
