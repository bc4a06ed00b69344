#include "plugin/meta/gstmobilenetmeta.h"

#include <string.h>

static gboolean
is_whole_frame (const GstVideoRectangle * region)
{
  return !region || (!region->x && !region->y && !region->w && !region->h);
}

static gboolean
mobilenet_meta_init (GstMeta * meta, gpointer params, GstBuffer * buffer)
{
  GstMobilenetMeta *self = (GstMobilenetMeta *) meta;

  self->result = NULL;
  memset (&self->region, 0, sizeof (self->region));
  self->age = 0;
  return TRUE;
}

static void
mobilenet_meta_free (GstMeta * meta, GstBuffer * buffer)
{
  GstMobilenetMeta *self = (GstMobilenetMeta *) meta;

  g_clear_pointer (&self->result, gst_mobilenet_result_unref);
}

/* Both edges are scaled, not the size, so that regions that touch still do. */
static gboolean
scale_region (GstVideoRectangle * region, const GstVideoMetaTransform * scale)
{
  gint in_w = GST_VIDEO_INFO_WIDTH (scale->in_info);
  gint in_h = GST_VIDEO_INFO_HEIGHT (scale->in_info);
  gint out_w = GST_VIDEO_INFO_WIDTH (scale->out_info);
  gint out_h = GST_VIDEO_INFO_HEIGHT (scale->out_info);
  gint right, bottom;

  if (in_w <= 0 || in_h <= 0)
    return FALSE;

  right = gst_util_uint64_scale_int_round (region->x + region->w, out_w, in_w);
  bottom = gst_util_uint64_scale_int_round (region->y + region->h, out_h, in_h);
  region->x = gst_util_uint64_scale_int_round (region->x, out_w, in_w);
  region->y = gst_util_uint64_scale_int_round (region->y, out_h, in_h);
  region->w = MAX (right - region->x, 1);
  region->h = MAX (bottom - region->y, 1);
  return TRUE;
}

static gboolean
mobilenet_meta_transform (GstBuffer * dest, GstMeta * meta, GstBuffer * src,
    GQuark type, gpointer data)
{
  GstMobilenetMeta *self = (GstMobilenetMeta *) meta;
  GstVideoRectangle region = self->region;

  if (GST_META_TRANSFORM_IS_COPY (type)) {
    const GstMetaTransformCopy *copy = data;

    /* some of a frame's bytes are no frame; to leave the meta out is no failure */
    if (copy->region && (copy->offset != 0
            || (copy->size != (gsize) - 1
                && copy->size != gst_buffer_get_size (src))))
      return TRUE;
  } else if (GST_VIDEO_META_TRANSFORM_IS_SCALE (type)) {
    if (!is_whole_frame (&region) && !scale_region (&region, data))
      return FALSE;
  } else {
    return FALSE;
  }

  return gst_buffer_add_mobilenet_meta (dest, self->result, &region, self->age)
      != NULL;
}

GType
gst_mobilenet_meta_api_get_type (void)
{
  static const gchar *tags[] = { GST_META_TAG_VIDEO_STR, NULL };
  static GType type = 0;

  if (g_once_init_enter (&type)) {
    GType new_type = gst_meta_api_type_register ("GstMobilenetMetaAPI", tags);
    g_once_init_leave (&type, new_type);
  }
  return type;
}

GType
gst_mobilenet_region_meta_api_get_type (void)
{
  static const gchar *tags[] = { GST_META_TAG_VIDEO_STR,
    GST_META_TAG_VIDEO_SIZE_STR, GST_META_TAG_VIDEO_ORIENTATION_STR, NULL
  };
  static GType type = 0;

  if (g_once_init_enter (&type)) {
    GType new_type =
        gst_meta_api_type_register ("GstMobilenetRegionMetaAPI", tags);
    g_once_init_leave (&type, new_type);
  }
  return type;
}

const GstMetaInfo *
gst_mobilenet_meta_get_info (void)
{
  static const GstMetaInfo *info = NULL;

  if (g_once_init_enter ((GstMetaInfo **) & info)) {
    const GstMetaInfo *new_info =
        gst_meta_register (GST_MOBILENET_META_API_TYPE, "GstMobilenetMeta",
        sizeof (GstMobilenetMeta), mobilenet_meta_init, mobilenet_meta_free,
        mobilenet_meta_transform);
    g_once_init_leave ((GstMetaInfo **) & info, (GstMetaInfo *) new_info);
  }
  return info;
}

const GstMetaInfo *
gst_mobilenet_region_meta_get_info (void)
{
  static const GstMetaInfo *info = NULL;

  if (g_once_init_enter ((GstMetaInfo **) & info)) {
    const GstMetaInfo *new_info =
        gst_meta_register (GST_MOBILENET_REGION_META_API_TYPE,
        "GstMobilenetRegionMeta", sizeof (GstMobilenetMeta),
        mobilenet_meta_init, mobilenet_meta_free, mobilenet_meta_transform);
    g_once_init_leave ((GstMetaInfo **) & info, (GstMetaInfo *) new_info);
  }
  return info;
}

GstMobilenetMeta *
gst_buffer_add_mobilenet_meta (GstBuffer * buffer, GstMobilenetResult * result,
    const GstVideoRectangle * region, guint age)
{
  gboolean whole = is_whole_frame (region);
  GstMobilenetMeta *meta;

  g_return_val_if_fail (GST_IS_BUFFER (buffer), NULL);
  g_return_val_if_fail (result != NULL, NULL);
  g_return_val_if_fail (whole || (region->x >= 0 && region->y >= 0
          && region->w > 0 && region->h > 0), NULL);

  meta = (GstMobilenetMeta *) gst_buffer_add_meta (buffer,
      whole ? GST_MOBILENET_META_INFO : GST_MOBILENET_REGION_META_INFO, NULL);
  if (!meta)
    return NULL;

  meta->result = gst_mobilenet_result_ref (result);
  if (!whole)
    meta->region = *region;
  meta->age = age;
  return meta;
}

GstMobilenetMeta *
gst_buffer_iterate_mobilenet_meta (GstBuffer * buffer, gpointer * state)
{
  GstMeta *meta;

  while ((meta = gst_buffer_iterate_meta (buffer, state))) {
    if (meta->info->api == GST_MOBILENET_META_API_TYPE
        || meta->info->api == GST_MOBILENET_REGION_META_API_TYPE)
      return (GstMobilenetMeta *) meta;
  }
  return NULL;
}

GstMobilenetMeta *
gst_buffer_get_mobilenet_meta (GstBuffer * buffer)
{
  gpointer state = NULL;

  return gst_buffer_iterate_mobilenet_meta (buffer, &state);
}

GstMobilenetMeta *
gst_buffer_get_nth_mobilenet_meta (GstBuffer * buffer, guint n)
{
  GstMobilenetMeta *meta;
  gpointer state = NULL;

  do {
    meta = gst_buffer_iterate_mobilenet_meta (buffer, &state);
  } while (meta && n--);
  return meta;
}

GstMobilenetResult *
gst_mobilenet_meta_get_result (const GstMobilenetMeta * meta)
{
  g_return_val_if_fail (meta != NULL, NULL);

  return gst_mobilenet_result_ref (meta->result);
}
