#include "plugin/classify/analytics.h"

#include <string.h>

#include <gst/analytics/analytics.h>

/* An overlay writes the label above the edge of a detection. */
#define PROXY_INSET 20

#define DETECTION_TO_CLASS (GST_ANALYTICS_REL_TYPE_CONTAIN | GST_ANALYTICS_REL_TYPE_RELATE_TO)

static GstAnalyticsRelationMeta *
ensure_relation_meta (GstBuffer * buffer, guint n_classes)
{
  /* room for ours and as many of others, each with a head of some pointers and
   * at most this payload */
  GstAnalyticsRelationMetaInitParams params = {
    .initial_relation_order = 6,
    .initial_buf_size = 6 * (8 * sizeof (gpointer) +
        (n_classes + 1) * (sizeof (gfloat) + sizeof (GQuark)))
  };

  return gst_buffer_add_analytics_relation_meta_full (buffer, &params);
}

static gboolean
add_all_classes (GstAnalyticsRelationMeta * meta,
    const GstMobilenetResult * result, GstAnalyticsClsMtd * mtd)
{
  gfloat *levels = g_new (gfloat, result->n_classes);
  GQuark *quarks = g_new (GQuark, result->n_classes);
  gboolean added;
  guint i;

  for (i = 0; i < result->n_classes; i++) {
    levels[i] = result->classes[i].probability;
    quarks[i] = g_quark_from_string (result->classes[i].label);
  }
  added = gst_analytics_relation_meta_add_cls_mtd (meta, result->n_classes,
      levels, quarks, mtd);
  g_free (levels);
  g_free (quarks);
  return added;
}

static gint
add_proxy (GstAnalyticsRelationMeta * meta, const GstMobilenetResult * result,
    const GstVideoRectangle * rect)
{
  const GstMobilenetCategory *best = &result->classes[0];
  gint inset = MIN (PROXY_INSET, (MIN (rect->w, rect->h) - 1) / 2);
  GstAnalyticsODMtd mtd;

  if (!gst_analytics_relation_meta_add_od_mtd (meta,
          g_quark_from_string (best->label), rect->x + inset, rect->y + inset,
          rect->w - 2 * inset, rect->h - 2 * inset, best->probability, &mtd))
    return -1;
  return mtd.id;
}

gint
gst_mobilenet_analytics_attach (GstBuffer * buffer,
    const GstMobilenetResult * result, const GstMobilenetRegion * region,
    gboolean proxy)
{
  const GstMobilenetCategory *best = &result->classes[0];
  GstAnalyticsRelationMeta *meta =
      ensure_relation_meta (buffer, result->n_classes);
  gint detection = region->detection;
  GstAnalyticsClsMtd top, all;

  if (!meta || !gst_analytics_relation_meta_add_one_cls_mtd (meta,
          best->probability, g_quark_from_string (best->label), &top)
      || !add_all_classes (meta, result, &all))
    return -1;
  gst_analytics_relation_meta_set_relation (meta,
      GST_ANALYTICS_REL_TYPE_CONTAIN, all.id, top.id);
  gst_analytics_relation_meta_set_relation (meta,
      GST_ANALYTICS_REL_TYPE_IS_PART_OF, top.id, all.id);

  if (detection < 0 && proxy)
    detection = add_proxy (meta, result, &region->rect);
  if (detection >= 0) {
    /* only the best class, as DL Streamer joins all labels that a detection
     * contains */
    gst_analytics_relation_meta_set_relation (meta, DETECTION_TO_CLASS,
        detection, top.id);
    gst_analytics_relation_meta_set_relation (meta,
        GST_ANALYTICS_REL_TYPE_IS_PART_OF, top.id, detection);
  }
  return detection;
}

/* As add_proxy() makes them: with the label of a class that was there before.
 * A detector's mtd was there before its class. */
static gboolean
is_proxy (GstAnalyticsODMtd * mtd, GQuark type)
{
  gpointer state = NULL;
  GstAnalyticsClsMtd top;

  while (gst_analytics_relation_meta_get_direct_related (mtd->meta, mtd->id,
          GST_ANALYTICS_REL_TYPE_CONTAIN,
          gst_analytics_cls_mtd_get_mtd_type (), &state, &top)) {
    if (top.id < mtd->id && gst_analytics_cls_mtd_get_length (&top) == 1
        && gst_analytics_cls_mtd_get_quark (&top, 0) == type
        && gst_analytics_relation_meta_get_relation (mtd->meta, mtd->id,
            top.id) == DETECTION_TO_CLASS)
      return TRUE;
  }
  return FALSE;
}

static void
get_tracking (GstAnalyticsODMtd * mtd, GstMobilenetRegion * region)
{
  GstClockTime first_seen, last_seen;
  GstAnalyticsTrackingMtd tracking;
  gpointer state = NULL;
  gboolean lost;

  region->tracked =
      gst_analytics_relation_meta_get_direct_related (mtd->meta, mtd->id,
      GST_ANALYTICS_REL_TYPE_ANY, gst_analytics_tracking_mtd_get_mtd_type (),
      &state, &tracking)
      && gst_analytics_tracking_mtd_get_info (&tracking, &region->tracking_id,
      &first_seen, &last_seen, &lost);
}

gboolean
gst_mobilenet_analytics_iterate (GstBuffer * buffer, gpointer * state,
    GstMobilenetRegion * region)
{
  GstAnalyticsRelationMeta *meta =
      gst_buffer_get_analytics_relation_meta (buffer);
  GstAnalyticsODMtd mtd;

  while (meta && gst_analytics_relation_meta_iterate (meta, state,
          gst_analytics_od_mtd_get_mtd_type (), &mtd)) {
    GstVideoRectangle *rect = &region->rect;
    gfloat confidence;

    memset (region, 0, sizeof (*region));
    region->type = gst_analytics_od_mtd_get_obj_type (&mtd);
    region->detection = mtd.id;
    if (gst_analytics_od_mtd_get_location (&mtd, &rect->x, &rect->y, &rect->w,
            &rect->h, &confidence) && !is_proxy (&mtd, region->type)) {
      get_tracking (&mtd, region);
      return TRUE;
    }
  }
  return FALSE;
}
