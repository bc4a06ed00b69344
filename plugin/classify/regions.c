#include "plugin/classify/regions.h"

#include <string.h>

#ifdef HAVE_GST_ANALYTICS
#include "plugin/classify/analytics.h"
#endif

GQuark *
gst_mobilenet_region_types_parse (const gchar * list)
{
  gchar **labels = g_strsplit (list ? list : "", ",", -1);
  GQuark *types = g_new0 (GQuark, g_strv_length (labels) + 1);
  guint i, n = 0;

  for (i = 0; labels[i]; i++) {
    if (*g_strstrip (labels[i]))
      types[n++] = g_quark_from_string (labels[i]);
  }
  g_strfreev (labels);
  if (!n)
    g_clear_pointer (&types, g_free);
  return types;
}

static gboolean
has_type (const GstMobilenetRegion * region, const GQuark * types)
{
  if (!types)
    return TRUE;
  for (; *types; types++) {
    if (*types == region->type)
      return TRUE;
  }
  return FALSE;
}

/* In 64 bits: what a detector says may lie anywhere. */
static gboolean
clip (GstVideoRectangle * rect, gint64 x, gint64 y, gint64 w, gint64 h,
    const GstVideoInfo * info)
{
  gint64 right = MIN (x + w, GST_VIDEO_INFO_WIDTH (info));
  gint64 bottom = MIN (y + h, GST_VIDEO_INFO_HEIGHT (info));

  x = MAX (x, 0);
  y = MAX (y, 0);
  if (w <= 0 || h <= 0 || x >= right || y >= bottom)
    return FALSE;
  rect->x = x;
  rect->y = y;
  rect->w = right - x;
  rect->h = bottom - y;
  return TRUE;
}

/* Largest first; one as large as another goes behind it. Returns their number. */
static guint
insert (GstMobilenetRegion * regions, guint n, guint max,
    const GstMobilenetRegion * region)
{
  gint64 area = (gint64) region->rect.w * region->rect.h;
  guint at = n;

  while (at > 0
      && area > (gint64) regions[at - 1].rect.w * regions[at - 1].rect.h)
    at--;
  if (at == max)
    return n;
  n = MIN (n + 1, max);
  memmove (&regions[at + 1], &regions[at], (n - 1 - at) * sizeof (*regions));
  regions[at] = *region;
  return n;
}

static void
get_object_id (GstMobilenetRegion * region)
{
  const GstStructure *object =
      gst_video_region_of_interest_meta_get_param (region->roi, "object_id");
  gint id;

  if (object && gst_structure_get_int (object, "id", &id)) {
    region->tracked = TRUE;
    region->tracking_id = id;
  }
}

#ifdef HAVE_GST_ANALYTICS
/* The same id alone says little: it is 0 of the first mtd, and of a region of
 * interest that was given none. Scaling rounds each its own way. */
static gboolean
is_same (const GstMobilenetRegion * region,
    const GstVideoRegionOfInterestMeta * roi)
{
  const GstVideoRectangle *rect = &region->rect;

  return roi->id == region->detection
      && ABS ((gint64) roi->x - rect->x) <= 2
      && ABS ((gint64) roi->y - rect->y) <= 2
      && ABS ((gint64) roi->w - rect->w) <= 2
      && ABS ((gint64) roi->h - rect->h) <= 2;
}

/* The region of interest that says the same as an mtd, or NULL. */
static GstVideoRegionOfInterestMeta *
find_roi (GstBuffer * buffer, const GstMobilenetRegion * region)
{
  gpointer state = NULL;
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))) {
    if (is_same (region, (GstVideoRegionOfInterestMeta *) meta))
      return (GstVideoRegionOfInterestMeta *) meta;
  }
  return NULL;
}

static gboolean
has_detection (GstBuffer * buffer, const GstVideoRegionOfInterestMeta * roi)
{
  GstMobilenetRegion region;
  gpointer state = NULL;

  while (gst_mobilenet_analytics_iterate (buffer, &state, &region)) {
    if (is_same (&region, roi))
      return TRUE;
  }
  return FALSE;
}

static guint
collect_detections (GstBuffer * buffer, const GstVideoInfo * info,
    const GQuark * types, GstMobilenetRegion * regions, guint max_regions)
{
  GstMobilenetRegion region;
  gpointer state = NULL;
  guint n = 0;

  while (gst_mobilenet_analytics_iterate (buffer, &state, &region)) {
    GstVideoRectangle rect = region.rect;

    if (!has_type (&region, types))
      continue;
    region.roi = find_roi (buffer, &region);
    if (region.roi && !region.tracked)
      get_object_id (&region);
    if (clip (&region.rect, rect.x, rect.y, rect.w, rect.h, info))
      n = insert (regions, n, max_regions, &region);
  }
  return n;
}
#endif

guint
gst_mobilenet_regions_collect (GstBuffer * buffer, const GstVideoInfo * info,
    const GQuark * types, GstMobilenetRegion * regions, guint max_regions)
{
  gpointer state = NULL;
  GstMeta *meta;
  guint n = 0;

#ifdef HAVE_GST_ANALYTICS
  n = collect_detections (buffer, info, types, regions, max_regions);
#endif
  while ((meta = gst_buffer_iterate_meta_filtered (buffer, &state,
              GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))) {
    GstVideoRegionOfInterestMeta *roi = (GstVideoRegionOfInterestMeta *) meta;
    GstMobilenetRegion region = {
      .type = roi->roi_type,
      .detection = -1,
      .roi = roi
    };

    if (!has_type (&region, types)
        || !clip (&region.rect, roi->x, roi->y, roi->w, roi->h, info)
        || gst_mobilenet_bridge_is_proxy (roi))
      continue;
#ifdef HAVE_GST_ANALYTICS
    if (has_detection (buffer, roi))
      continue;
#endif
    get_object_id (&region);
    n = insert (regions, n, max_regions, &region);
  }
  return n;
}

void
gst_mobilenet_region_attach (GstBuffer * buffer,
    const GstMobilenetRegion * region, GstMobilenetResult * result, guint age,
    GstMobilenetBridges which)
{
  gst_buffer_add_mobilenet_meta (buffer, result, &region->rect, age);
  gst_mobilenet_bridge_attach_region (buffer, result, region, which);
}
