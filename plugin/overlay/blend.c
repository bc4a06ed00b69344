#include "plugin/overlay/blend.h"

static void
set_colorimetry (GstVideoInfo * out, const GstVideoInfo * info)
{
  out->colorimetry = info->colorimetry;
  if (out->colorimetry.matrix == GST_VIDEO_COLOR_MATRIX_UNKNOWN
      || out->colorimetry.matrix == GST_VIDEO_COLOR_MATRIX_RGB)
    out->colorimetry.matrix = GST_VIDEO_INFO_HEIGHT (info) < 720 ?
        GST_VIDEO_COLOR_MATRIX_BT601 : GST_VIDEO_COLOR_MATRIX_BT709;
  if (out->colorimetry.range == GST_VIDEO_COLOR_RANGE_UNKNOWN)
    out->colorimetry.range = GST_VIDEO_COLOR_RANGE_16_235;
}

static GstBuffer *
convert (GstBuffer * pixels, const GstVideoInfo * info, guint width,
    guint height)
{
  GstVideoInfo argb, ayuv;
  GstVideoFrame from, to;
  GstVideoConverter *converter;
  GstBuffer *converted;

  gst_video_info_set_format (&argb, GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB,
      width, height);
  gst_video_info_set_format (&ayuv, GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_YUV,
      width, height);
  set_colorimetry (&ayuv, info);

  converted = gst_buffer_new_allocate (NULL, ayuv.size, NULL);
  gst_buffer_add_video_meta (converted, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_YUV, width, height);
  gst_video_frame_map (&from, &argb, pixels, GST_MAP_READ);
  gst_video_frame_map (&to, &ayuv, converted, GST_MAP_WRITE);
  converter = gst_video_converter_new (&argb, &ayuv, NULL);
  gst_video_converter_frame (converter, &from, &to);
  gst_video_converter_free (converter);
  gst_video_frame_unmap (&to);
  gst_video_frame_unmap (&from);
  return converted;
}

GstVideoOverlayRectangle *
gst_mobilenet_panel_in_colors_of (GstVideoOverlayRectangle * panel,
    const GstVideoInfo * info)
{
  GstVideoOverlayRectangle *result;
  GstBuffer *pixels;
  guint width, height;
  gint x, y;

  if (GST_VIDEO_INFO_IS_RGB (info))
    return gst_video_overlay_rectangle_ref (panel);

  gst_video_overlay_rectangle_get_render_rectangle (panel, &x, &y, &width,
      &height);
  /* straight alpha, as premultiplied chroma has no meaning */
  pixels = gst_video_overlay_rectangle_get_pixels_unscaled_argb (panel,
      GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE);
  pixels = convert (pixels, info, width, height);
  result = gst_video_overlay_rectangle_new_raw (pixels, x, y, width, height,
      GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE);
  gst_buffer_unref (pixels);
  return result;
}

/* At its place in the whole picture, of which a crop meta shows a part. */
static GstVideoOverlayComposition *
new_composition (GstVideoOverlayRectangle * panel, GstBuffer * buffer)
{
  GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta (buffer);
  GstVideoOverlayComposition *composition;
  GstVideoOverlayRectangle *moved;
  guint width, height;
  gint x, y;

  if (!crop || (crop->x == 0 && crop->y == 0))
    return gst_video_overlay_composition_new (panel);

  moved = gst_video_overlay_rectangle_copy (panel);
  gst_video_overlay_rectangle_get_render_rectangle (moved, &x, &y, &width,
      &height);
  gst_video_overlay_rectangle_set_render_rectangle (moved, x + crop->x,
      y + crop->y, width, height);
  composition = gst_video_overlay_composition_new (moved);
  gst_video_overlay_rectangle_unref (moved);
  return composition;
}

gboolean
gst_mobilenet_panel_blend (GstVideoOverlayRectangle * panel,
    const GstVideoInfo * info, GstBuffer * buffer)
{
  GstVideoOverlayComposition *composition;
  GstVideoFrame frame;
  gboolean done;

  if (!gst_video_frame_map (&frame, info, buffer, GST_MAP_READWRITE))
    return FALSE;
  composition = new_composition (panel, buffer);
  done = gst_video_overlay_composition_blend (composition, &frame);
  gst_video_overlay_composition_unref (composition);
  gst_video_frame_unmap (&frame);
  return done;
}
