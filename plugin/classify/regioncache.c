#include "plugin/classify/regioncache.h"

typedef struct
{
  guint64 tracking_id;
  GstMobilenetResult *result;   /* NULL: free */
  guint64 classified;           /* frame */
  guint64 used;                 /* frame */
} Entry;

struct _GstMobilenetRegionCache
{
  guint64 frame;
  guint size;
  Entry entries[];
};

GstMobilenetRegionCache *
gst_mobilenet_region_cache_new (guint size)
{
  GstMobilenetRegionCache *cache =
      g_malloc0 (sizeof (*cache) + size * sizeof (Entry));

  cache->size = size;
  return cache;
}

void
gst_mobilenet_region_cache_free (GstMobilenetRegionCache * cache)
{
  gst_mobilenet_region_cache_clear (cache);
  g_free (cache);
}

void
gst_mobilenet_region_cache_clear (GstMobilenetRegionCache * cache)
{
  guint i;

  for (i = 0; i < cache->size; i++)
    g_clear_pointer (&cache->entries[i].result, gst_mobilenet_result_unref);
}

void
gst_mobilenet_region_cache_next_frame (GstMobilenetRegionCache * cache)
{
  cache->frame++;
}

static Entry *
find (GstMobilenetRegionCache * cache, guint64 tracking_id)
{
  guint i;

  for (i = 0; i < cache->size; i++) {
    Entry *entry = &cache->entries[i];

    if (entry->result && entry->tracking_id == tracking_id)
      return entry;
  }
  return NULL;
}

/* A free place, or that of the object not seen for the longest time. */
static Entry *
find_place (GstMobilenetRegionCache * cache)
{
  Entry *oldest = &cache->entries[0];
  guint i;

  for (i = 0; i < cache->size && oldest->result; i++) {
    Entry *entry = &cache->entries[i];

    if (!entry->result || entry->used < oldest->used)
      oldest = entry;
  }
  return oldest;
}

GstMobilenetResult *
gst_mobilenet_region_cache_look_up (GstMobilenetRegionCache * cache,
    guint64 tracking_id, guint * age)
{
  Entry *entry = find (cache, tracking_id);

  if (!entry)
    return NULL;
  entry->used = cache->frame;
  *age = cache->frame - entry->classified;
  return entry->result;
}

void
gst_mobilenet_region_cache_store (GstMobilenetRegionCache * cache,
    guint64 tracking_id, GstMobilenetResult * result)
{
  Entry *entry = find (cache, tracking_id);

  if (!entry)
    entry = find_place (cache);
  gst_mobilenet_result_ref (result);
  g_clear_pointer (&entry->result, gst_mobilenet_result_unref);
  entry->tracking_id = tracking_id;
  entry->result = result;
  entry->classified = entry->used = cache->frame;
}
