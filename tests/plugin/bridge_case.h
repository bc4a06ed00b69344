/* What the tests of bridges and regions share. */
#ifndef TESTS_PLUGIN_BRIDGE_CASE_H
#define TESTS_PLUGIN_BRIDGE_CASE_H

#include "plugin/classify/regions.h"
#include "tests/plugin/frames.h"

static inline GstMobilenetResult *
bridge_result (guint n_classes)
{
  static const GstMobilenetCategory classes[] = { { 285, "Egyptian cat", 0.75f }, { 281, "tabby", 0.125f },
    { 282, "tiger cat", 0.0625f } };

  return gst_mobilenet_result_new ("a model", classes, n_classes, 40, 7, 9);
}

static inline void
bridge_assert_rect (const GstVideoRectangle * rect, gint x, gint y, gint w, gint h)
{
  fail_unless (rect->x == x && rect->y == y && rect->w == w && rect->h == h, "%d,%d %dx%d, not %d,%d %dx%d",
      rect->x, rect->y, rect->w, rect->h, x, y, w, h);
}

/* The nth region of interest, or NULL. */
static inline GstVideoRegionOfInterestMeta *
bridge_roi (GstBuffer * buffer, guint n)
{
  gpointer state = NULL;
  GstMeta *meta;

  do {
    meta = gst_buffer_iterate_meta_filtered (buffer, &state, GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE);
  } while (meta && n--);
  return (GstVideoRegionOfInterestMeta *) meta;
}

#endif
