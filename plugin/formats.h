/* The raw video that the elements take: the formats of MnetPixelFormat (nn/mnet.h), in their order, at any size. */
#ifndef __GST_MOBILENET_FORMATS_H__
#define __GST_MOBILENET_FORMATS_H__

#include <gst/video/video.h>

#define GST_MOBILENET_RAW_FIELDS "format = { I420, YV12, NV12, NV21, Y42B, Y444, YUY2, UYVY, " \
    "I420_10LE, P010_10LE, RGB, BGR, RGBA, BGRA, ARGB, ABGR, RGBx, BGRx, xRGB, " \
    "xBGR, RGBP, GRAY8 }, width = [ 1, 8192 ], height = [ 1, 8192 ], " \
    "framerate = " GST_VIDEO_FPS_RANGE

#define GST_MOBILENET_RAW_CAPS "video/x-raw, " GST_MOBILENET_RAW_FIELDS

/* The same frames with an overlay that is attached, not drawn. */
#define GST_MOBILENET_OVERLAY_FEATURES GST_CAPS_FEATURE_MEMORY_SYSTEM_MEMORY ", " \
    GST_CAPS_FEATURE_META_GST_VIDEO_OVERLAY_COMPOSITION
#define GST_MOBILENET_RAW_OVERLAY_CAPS \
    "video/x-raw(" GST_MOBILENET_OVERLAY_FEATURES "), " GST_MOBILENET_RAW_FIELDS

#endif
