#include "plugin/classify/bridge.h"

#ifdef HAVE_GST_ANALYTICS
#include "plugin/classify/analytics.h"
#endif

GType
gst_mobilenet_bridges_get_type (void)
{
  static const GFlagsValue values[] = {
#ifdef HAVE_GST_ANALYTICS
    {GST_MOBILENET_BRIDGES_ANALYTICS,
        "GstAnalytics classifications: the best class, then all", "analytics"},
    {GST_MOBILENET_BRIDGES_PROXY_REGION,
          "And a GstAnalytics detection inside of the frame with the best label",
        "proxy-region"},
#endif
    {GST_MOBILENET_BRIDGES_ROI,
          "A region of interest with the best label and a classification structure",
        "roi"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type)) {
    GType new_type = g_flags_register_static ("GstMobilenetBridges", values);
    g_once_init_leave (&type, new_type);
  }
  return type;
}

static GstStructure *
classification_new (const GstMobilenetResult * result, gboolean proxy,
    gint detection)
{
  const GstMobilenetCategory *best = &result->classes[0];
  GstStructure *classification = gst_structure_new ("classification",
      "label", G_TYPE_STRING, best->label,
      "label_id", G_TYPE_INT, (gint) best->index,
      "confidence", G_TYPE_DOUBLE, (gdouble) best->probability,
      "model", G_TYPE_STRING, result->model,
      "model_name", G_TYPE_STRING, result->model, NULL);

  if (proxy)
    gst_structure_set (classification, "proxy", G_TYPE_BOOLEAN, TRUE, NULL);
  /* DL Streamer's mark of a structure that is there as an mtd as well, so that
   * it doesn't count twice */
  if (detection >= 0)
    gst_structure_set (classification, "type", G_TYPE_STRING,
        "classification_result", NULL);
  return classification;
}

static void
attach_roi (GstBuffer * buffer, const GstMobilenetResult * result,
    const GstMobilenetRegion * region, gint detection, gboolean proxy)
{
  GstVideoRegionOfInterestMeta *roi = region->roi;
  const GstVideoRectangle *rect = &region->rect;

  if (!roi) {
    roi = gst_buffer_add_video_region_of_interest_meta_id (buffer, region->type,
        rect->x, rect->y, rect->w, rect->h);
    if (region->detection >= 0)
      roi->id = region->detection;
    else if (detection >= 0)
      roi->id = detection;
  }
  gst_video_region_of_interest_meta_add_param (roi,
      classification_new (result, proxy, detection));
}

/* `proxy`: the region is ours, no detector found it. */
static void
attach (GstBuffer * buffer, const GstMobilenetResult * result,
    const GstMobilenetRegion * region, gboolean proxy,
    GstMobilenetBridges which)
{
  gint detection = -1;

#ifdef HAVE_GST_ANALYTICS
  if (which & (GST_MOBILENET_BRIDGES_ANALYTICS |
          GST_MOBILENET_BRIDGES_PROXY_REGION))
    detection = gst_mobilenet_analytics_attach (buffer, result, region,
        (which & GST_MOBILENET_BRIDGES_PROXY_REGION) != 0);
#endif
  if (which & GST_MOBILENET_BRIDGES_ROI)
    attach_roi (buffer, result, region, detection, proxy);
}

void
gst_mobilenet_bridge_attach (GstBuffer * buffer,
    const GstMobilenetResult * result, const GstVideoRectangle * region,
    const GstVideoInfo * info, GstMobilenetBridges which)
{
  GstMobilenetRegion frame = {
    .rect = {0, 0, GST_VIDEO_INFO_WIDTH (info), GST_VIDEO_INFO_HEIGHT (info)},
    .detection = -1
  };

  if (!which || !result->n_classes)
    return;
  if (region && region->w > 0 && region->h > 0)
    frame.rect = *region;
  frame.type = g_quark_from_string (result->classes[0].label);
  attach (buffer, result, &frame, TRUE, which);
}

void
gst_mobilenet_bridge_attach_region (GstBuffer * buffer,
    const GstMobilenetResult * result, const GstMobilenetRegion * region,
    GstMobilenetBridges which)
{
  if (which && result->n_classes)
    attach (buffer, result, region, FALSE, which);
}

gboolean
gst_mobilenet_bridge_is_proxy (GstVideoRegionOfInterestMeta * roi)
{
  const GList *param;

  for (param = roi->params; param; param = param->next) {
    gboolean proxy;

    if (gst_structure_has_name (param->data, "classification")
        && gst_structure_get_boolean (param->data, "proxy", &proxy) && proxy)
      return TRUE;
  }
  return FALSE;
}
