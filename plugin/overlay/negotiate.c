#include "plugin/overlay/negotiate.h"

#include "plugin/formats.h"

static GstStaticCaps raw_caps = GST_STATIC_CAPS (GST_MOBILENET_RAW_CAPS);
static GstStaticCaps overlay_caps =
GST_STATIC_CAPS (GST_MOBILENET_RAW_OVERLAY_CAPS);

static GstCaps *
with_features (const GstCaps * caps, const gchar * features)
{
  GstCaps *copy = gst_caps_copy (caps);
  guint i;

  for (i = 0; i < gst_caps_get_size (copy); i++)
    gst_caps_set_features (copy, i, gst_caps_features_from_string (features));
  return copy;
}

static gboolean
has_overlay (GstCaps * caps)
{
  GstCapsFeatures *features = gst_caps_get_features (caps, 0);

  return features && gst_caps_features_contains (features,
      GST_CAPS_FEATURE_META_GST_VIDEO_OVERLAY_COMPOSITION);
}

/* Caps alone don't say it: a file sink takes any, and would write frames without their overlay. */
static gboolean
downstream_draws (GstPad * srcpad, GstCaps * caps)
{
  GstQuery *query = gst_query_new_allocation (caps, FALSE);
  gboolean draws = gst_pad_peer_query (srcpad, query)
      && gst_query_find_allocation_meta (query,
      GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE, NULL);

  gst_query_unref (query);
  return draws;
}

gboolean
gst_mobilenet_overlay_negotiate (GstPad * srcpad, GstCaps * caps,
    gboolean * attach)
{
  GstCaps *wanted;

  /* frames that come with an overlay go on with one */
  *attach = TRUE;
  if (has_overlay (caps))
    return gst_pad_set_caps (srcpad, caps);

  /* many elements answer an allocation query only for the caps that they have */
  wanted = with_features (caps, GST_MOBILENET_OVERLAY_FEATURES);
  *attach = gst_pad_peer_query_accept_caps (srcpad, wanted)
      && gst_pad_set_caps (srcpad, wanted) && downstream_draws (srcpad, wanted);
  gst_caps_unref (wanted);
  return *attach || gst_pad_set_caps (srcpad, caps);
}

/* `first` and `second`, which are freed, and of these what the filter lets through. */
static GstCaps *
merge_and_filter (GstCaps * first, GstCaps * second, GstCaps * filter)
{
  GstCaps *caps = gst_caps_merge (first, second), *filtered;

  if (!filter)
    return caps;
  filtered = gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);
  gst_caps_unref (caps);
  return filtered;
}

static GstCaps *
intersect (GstCaps * caps, GstStaticCaps * with)
{
  GstCaps *template = gst_static_caps_get (with);
  GstCaps *result =
      gst_caps_intersect_full (caps, template, GST_CAPS_INTERSECT_FIRST);

  gst_caps_unref (template);
  return result;
}

/* Plain frames come first in both, so that upstream never promises an overlay for us. */
GstCaps *
gst_mobilenet_overlay_sink_caps (GstPad * srcpad, GstCaps * filter)
{
  GstCaps *peer = gst_pad_peer_query_caps (srcpad, NULL);
  GstCaps *plain = intersect (peer, &raw_caps);
  GstCaps *overlay = intersect (peer, &overlay_caps);

  gst_caps_unref (peer);
  plain = gst_caps_merge (plain, with_features (overlay,
          GST_CAPS_FEATURE_MEMORY_SYSTEM_MEMORY));
  return merge_and_filter (plain, overlay, filter);
}

GstCaps *
gst_mobilenet_overlay_src_caps (GstPad * sinkpad, GstCaps * filter)
{
  GstCaps *peer = gst_pad_peer_query_caps (sinkpad, NULL);
  GstCaps *plain = intersect (peer, &raw_caps);
  GstCaps *overlay = intersect (peer, &overlay_caps);

  gst_caps_unref (peer);
  overlay = gst_caps_merge (overlay, with_features (plain,
          GST_MOBILENET_OVERLAY_FEATURES));
  return merge_and_filter (plain, overlay, filter);
}
