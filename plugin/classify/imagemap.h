/*
 * From GStreamer's description of a frame to the engine's: the pixels stay where they are.
 */
#ifndef __GST_MOBILENET_IMAGEMAP_H__
#define __GST_MOBILENET_IMAGEMAP_H__

#include <gst/video/video.h>

#include "nn/mnet.h"

G_BEGIN_DECLS

/* A frame that is mapped for reading, and the engine's view of it. */
typedef struct {
  GstVideoFrame frame;
  MnetImage image;
  GstVideoRectangle region;     /* of GstVideoCropMeta, clipped to the frame; all zero: the whole frame */
} GstMobilenetImageMap;

/*
 * Maps a buffer with the strides and offsets of its GstVideoMeta, and the crop rectangle of its GstVideoCropMeta.
 * On failure, FALSE with *reason (static) in words: every plane is checked to lie within its memory. Of interlaced
 * frames both fields are seen as one picture.
 */
gboolean gst_mobilenet_image_map (GstMobilenetImageMap * map, GstBuffer * buffer,
    const GstVideoInfo * info, GstVideoOrientationMethod orientation, const gchar ** reason);
void gst_mobilenet_image_unmap (GstMobilenetImageMap * map);

G_END_DECLS

#endif
