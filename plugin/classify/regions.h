/*
 * The regions of a frame that a detector upstream has found, to classify each: object detection mtds (GStreamer 1.24 and
 * newer) and GstVideoRegionOfInterestMeta. Those that an element of ours made for its results are left out.
 *
 * A region of interest and an mtd of the same id and place are one region, as DL Streamer's gvadetect writes both. A region
 * is tracked where an mtd of a tracker is related to it, or its region of interest has the parameter "object_id" with an
 * "id", as DL Streamer's gvatrack writes it.
 */
#ifndef __GST_MOBILENET_REGIONS_H__
#define __GST_MOBILENET_REGIONS_H__

#include "plugin/classify/bridge.h"

G_BEGIN_DECLS

/*
 * A list of labels with commas between them, for gst_mobilenet_regions_collect(): ended by 0, to be freed with g_free().
 * NULL of NULL or of a list without a label: any region.
 */
GQuark *gst_mobilenet_region_types_parse (const gchar * list);

/*
 * Fills `regions` with at most `max_regions` of the frame's that have one of `types` (NULL: any), and returns how many:
 * the largest first, and of the same area in the order in which they were attached. Rectangles are clipped to the frame;
 * what lies outside, or is empty, is left out. The buffer stays as it is, but regions are good only for it: call this
 * after gst_buffer_make_writable().
 */
guint gst_mobilenet_regions_collect (GstBuffer * buffer, const GstVideoInfo * info, const GQuark * types,
    GstMobilenetRegion * regions, guint max_regions);

/* Attaches a result of a region to the writable buffer that has it: a GstMobilenetMeta, and what `which` asks for. */
void gst_mobilenet_region_attach (GstBuffer * buffer, const GstMobilenetRegion * region,
    GstMobilenetResult * result, guint age, GstMobilenetBridges which);

G_END_DECLS

#endif
