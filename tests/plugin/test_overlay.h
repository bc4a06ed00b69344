/* What the tests of `mobilenetoverlay` share. */
#ifndef TESTS_PLUGIN_TEST_OVERLAY_H
#define TESTS_PLUGIN_TEST_OVERLAY_H

#include "tests/plugin/frames.h"

static inline void
add_result (GstBuffer * buffer, const gchar * label, gfloat probability)
{
  GstMobilenetCategory classes[] = { {7, label, probability}, {8, "other", probability / 4} };
  GstMobilenetResult *result = gst_mobilenet_result_new ("model", classes, 2, 0,
      GST_MSECOND, 12 * GST_MSECOND);

  gst_buffer_add_mobilenet_meta (buffer, result, NULL, 0);
  gst_mobilenet_result_unref (result);
}

/* Of the frames that labelled_frame() makes. */
#define WIDTH 320
#define HEIGHT 240

/* Without a result where `label` is NULL. */
static inline GstBuffer *
labelled_frame (const gchar * label, gfloat probability)
{
  GstVideoInfo info;
  GstBuffer *frame;

  frame_info (&info, "I420", WIDTH, HEIGHT);
  frame = frame_new (&info, 1, 0);
  if (label)
    add_result (frame, label, probability);
  return frame;
}

static inline void
push_labelled (GstHarness * h, const gchar * label, gfloat probability)
{
  gst_buffer_unref (mobilenet_push (h, labelled_frame (label, probability)));
}

static inline gboolean
same_bytes (GstBuffer * a, GstBuffer * b)
{
  GstMapInfo map;
  gboolean same;

  fail_unless (gst_buffer_map (a, &map, GST_MAP_READ));
  same = map.size == gst_buffer_get_size (b) && gst_buffer_memcmp (b, 0, map.data, map.size) == 0;
  gst_buffer_unmap (a, &map);
  return same;
}

static inline GstHarness *
overlay_harness (const gchar * properties, const gchar * format, gint width, gint height)
{
  GstHarness *h = element_harness ("mobilenetoverlay", properties);

  gst_harness_set_src_caps (h, frame_caps (format, width, height));
  return h;
}

/* One whose sink draws overlays itself. */
static inline GstHarness *
attach_harness (const gchar * properties, const gchar * format, gint width, gint height)
{
  GstHarness *h = element_harness ("mobilenetoverlay", properties);

  gst_harness_add_propose_allocation_meta (h,
      GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE, NULL);
  gst_harness_set_sink_caps_str (h,
      "video/x-raw(memory:SystemMemory, meta:GstVideoOverlayComposition)");
  gst_harness_set_src_caps (h, frame_caps (format, width, height));
  return h;
}

/* The one panel that is attached. */
static inline GstVideoOverlayRectangle *
attached_panel (GstBuffer * buffer)
{
  GstVideoOverlayCompositionMeta *meta = gst_buffer_get_video_overlay_composition_meta (buffer);

  fail_unless (meta != NULL, "no composition is attached");
  fail_unless_equals_int (gst_video_overlay_composition_n_rectangles (meta->overlay), 1);
  return gst_video_overlay_composition_get_rectangle (meta->overlay, 0);
}

static inline GstVideoRectangle
panel_place (GstVideoOverlayRectangle * panel)
{
  GstVideoRectangle place;
  guint w, h;

  fail_unless (gst_video_overlay_rectangle_get_render_rectangle (panel, &place.x, &place.y, &w, &h));
  place.w = w;
  place.h = h;
  return place;
}

#endif
