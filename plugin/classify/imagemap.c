#include "plugin/classify/imagemap.h"

#include <string.h>

static MnetColorMatrix
color_matrix (GstVideoColorMatrix matrix)
{
  switch (matrix) {
    case GST_VIDEO_COLOR_MATRIX_BT601:
    case GST_VIDEO_COLOR_MATRIX_FCC:   /* differs by less than a step of 8 bits */
      return MNET_COLOR_MATRIX_BT601;
    case GST_VIDEO_COLOR_MATRIX_BT709:
    case GST_VIDEO_COLOR_MATRIX_SMPTE240M:     /* the nearest of ours */
      return MNET_COLOR_MATRIX_BT709;
    case GST_VIDEO_COLOR_MATRIX_BT2020:
      return MNET_COLOR_MATRIX_BT2020;
    default:
      return MNET_COLOR_MATRIX_DEFAULT;
  }
}

static MnetColorRange
color_range (GstVideoColorRange range)
{
  switch (range) {
    case GST_VIDEO_COLOR_RANGE_0_255:
      return MNET_COLOR_RANGE_FULL;
    case GST_VIDEO_COLOR_RANGE_16_235:
      return MNET_COLOR_RANGE_LIMITED;
    default:
      return MNET_COLOR_RANGE_DEFAULT;
  }
}

static MnetChromaSite
chroma_site (GstVideoChromaSite site)
{
  if (site == GST_VIDEO_CHROMA_SITE_UNKNOWN)
    return MNET_CHROMA_SITE_DEFAULT;
  if (site & GST_VIDEO_CHROMA_SITE_NONE)
    return MNET_CHROMA_SITE_CENTER;
  if ((site & GST_VIDEO_CHROMA_SITE_COSITED) == GST_VIDEO_CHROMA_SITE_COSITED)
    return MNET_CHROMA_SITE_TOP_LEFT;
  if (site & GST_VIDEO_CHROMA_SITE_H_COSITED)
    return MNET_CHROMA_SITE_LEFT;
  return MNET_CHROMA_SITE_DEFAULT;
}

/* The engine flips left-right, then rotates clockwise. */
static MnetOrientation
image_orientation (GstVideoOrientationMethod method)
{
  switch (method) {
    case GST_VIDEO_ORIENTATION_90R:
      return MNET_ORIENTATION_ROTATE_90;
    case GST_VIDEO_ORIENTATION_180:
      return MNET_ORIENTATION_ROTATE_180;
    case GST_VIDEO_ORIENTATION_90L:
      return MNET_ORIENTATION_ROTATE_270;
    case GST_VIDEO_ORIENTATION_HORIZ:
      return MNET_ORIENTATION_FLIP;
    case GST_VIDEO_ORIENTATION_VERT:
      return MNET_ORIENTATION_FLIP_ROTATE_180;
    case GST_VIDEO_ORIENTATION_UL_LR:
      return MNET_ORIENTATION_FLIP_ROTATE_270;
    case GST_VIDEO_ORIENTATION_UR_LL:
      return MNET_ORIENTATION_FLIP_ROTATE_90;
    default:
      return MNET_ORIENTATION_NONE;
  }
}

/* What gst_video_frame_map() takes for granted. */
static gboolean
meta_fits_caps (const GstVideoMeta * meta, const GstVideoInfo * info)
{
  return meta->format == GST_VIDEO_INFO_FORMAT (info)
      && meta->n_planes == GST_VIDEO_INFO_N_PLANES (info)
      && meta->width >= (guint) GST_VIDEO_INFO_WIDTH (info)
      && meta->height >= (guint) GST_VIDEO_INFO_HEIGHT (info)
      && meta->width <= G_MAXINT && meta->height <= G_MAXINT;
}

/* gst_video_frame_map() checks no size where there is a GstVideoMeta, whose
 * strides and offsets may be anything. */
static gboolean
planes_fit_memory (const GstVideoFrame * frame)
{
  const GstVideoFormatInfo *finfo = frame->info.finfo;
  guint i;

  for (i = 0; i < GST_VIDEO_FORMAT_INFO_N_COMPONENTS (finfo); i++) {
    guint plane = GST_VIDEO_FORMAT_INFO_PLANE (finfo, i);
    /* without a GstVideoMeta the whole buffer is one mapping */
    const GstMapInfo *map = &frame->map[frame->meta ? plane : 0];
    gint64 width = GST_VIDEO_FRAME_COMP_WIDTH (frame, i);
    gint64 height = GST_VIDEO_FRAME_COMP_HEIGHT (frame, i);
    gint64 start = (const guint8 *) frame->data[plane] - map->data;
    gint64 last_row =
        start + (height - 1) * GST_VIDEO_FRAME_PLANE_STRIDE (frame, plane);
    /* whole pixels: GStreamer's offset of P010's V within them is wrong */
    gint64 row = width * GST_VIDEO_FORMAT_INFO_PSTRIDE (finfo, i);

    if (MIN (start, last_row) < 0
        || MAX (start, last_row) + row > (gint64) map->size)
      return FALSE;
  }
  return TRUE;
}

static void
set_crop (GstMobilenetImageMap * map, const GstVideoCropMeta * crop)
{
  gint width = GST_VIDEO_FRAME_WIDTH (&map->frame);
  gint height = GST_VIDEO_FRAME_HEIGHT (&map->frame);
  guint x = MIN (crop->x, (guint) width);
  guint y = MIN (crop->y, (guint) height);
  gint w = MIN (crop->width, width - x);
  gint h = MIN (crop->height, height - y);

  /* an empty rectangle says nothing about the picture */
  if (w == 0 || h == 0 || (w == width && h == height))
    return;
  map->image.crop.x = map->region.x = x;
  map->image.crop.y = map->region.y = y;
  map->image.crop.width = map->region.w = w;
  map->image.crop.height = map->region.h = h;
}

gboolean
gst_mobilenet_image_map (GstMobilenetImageMap * map, GstBuffer * buffer,
    const GstVideoInfo * info, GstVideoOrientationMethod orientation,
    const gchar ** reason)
{
  const GstVideoMeta *meta = gst_buffer_get_video_meta (buffer);
  const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta (buffer);
  guint i;

  if (meta && !meta_fits_caps (meta, info)) {
    *reason = "the frame's GstVideoMeta contradicts the caps";
    return FALSE;
  }

  /* a buffer that is not writable is mapped without its memories being merged into a new one */
  gst_buffer_ref (buffer);
  if (!gst_video_frame_map (&map->frame, info, buffer, GST_MAP_READ)) {
    gst_buffer_unref (buffer);
    *reason = "the frame's memory can't be mapped for reading, or is too small";
    return FALSE;
  }
  if (!planes_fit_memory (&map->frame)) {
    gst_mobilenet_image_unmap (map);
    *reason = "the frame's strides and offsets lead out of its memory";
    return FALSE;
  }

  memset (&map->image, 0, sizeof (map->image));
  map->image.format = mnet_pixel_format_from_name (GST_VIDEO_INFO_NAME (info));
  map->image.width = GST_VIDEO_FRAME_WIDTH (&map->frame);
  map->image.height = GST_VIDEO_FRAME_HEIGHT (&map->frame);
  map->image.matrix = color_matrix (info->colorimetry.matrix);
  map->image.range = color_range (info->colorimetry.range);
  map->image.chroma_site = chroma_site (info->chroma_site);
  map->image.orientation = image_orientation (orientation);
  for (i = 0; i < GST_VIDEO_FRAME_N_PLANES (&map->frame); i++) {
    map->image.planes[i] = GST_VIDEO_FRAME_PLANE_DATA (&map->frame, i);
    map->image.strides[i] = GST_VIDEO_FRAME_PLANE_STRIDE (&map->frame, i);
  }
  memset (&map->region, 0, sizeof (map->region));
  if (crop)
    set_crop (map, crop);
  return TRUE;
}

void
gst_mobilenet_image_unmap (GstMobilenetImageMap * map)
{
  GstBuffer *buffer = map->frame.buffer;

  gst_video_frame_unmap (&map->frame);
  gst_buffer_unref (buffer);
}
