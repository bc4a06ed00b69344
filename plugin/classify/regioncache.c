#include "plugin/classify/regioncache.h"

typedef struct
{
  GstMobilenetRegion region;    /* when it was seen last */
  GstMobilenetResult *result;   /* NULL: free */
  guint64 computed_on;          /* frame */
  guint64 used;                 /* frame */
} Entry;

struct _GstMobilenetRegionCache
{
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

/* What two rectangles share of what they cover together, 0 to 1. */
static gdouble
shared_part (const GstVideoRectangle * a, const GstVideoRectangle * b)
{
  gdouble w = MIN (a->x + a->w, b->x + b->w) - MAX (a->x, b->x);
  gdouble h = MIN (a->y + a->h, b->y + b->h) - MAX (a->y, b->y);
  gdouble shared = MAX (w, 0) * MAX (h, 0);

  return shared / ((gdouble) a->w * a->h + (gdouble) b->w * b->h - shared);
}

/* How well an entry fits a region, 0 to 1. */
static gdouble
fit (const Entry * entry, const GstMobilenetRegion * region)
{
  const GstMobilenetRegion *known = &entry->region;

  if (!entry->result || known->tracked != region->tracked)
    return 0;
  if (region->tracked)
    return known->tracking_id == region->tracking_id;
  return known->type == region->type ? shared_part (&known->rect,
      &region->rect) : 0;
}

static Entry *
find (GstMobilenetRegionCache * cache, const GstMobilenetRegion * region)
{
  Entry *best = NULL;
  gdouble best_fit = 0.5;
  guint i;

  for (i = 0; i < cache->size; i++) {
    gdouble this_fit = fit (&cache->entries[i], region);

    if (this_fit >= best_fit && !(best && this_fit == best_fit)) {
      best = &cache->entries[i];
      best_fit = this_fit;
    }
  }
  return best;
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

/* It may be there no more; what it points to least of all. */
static void
remember (Entry * entry, const GstMobilenetRegion * region)
{
  entry->region = *region;
  entry->region.roi = NULL;
}

GstMobilenetResult *
gst_mobilenet_region_cache_look_up (GstMobilenetRegionCache * cache,
    const GstMobilenetRegion * region, guint64 frame, guint64 * computed_on)
{
  Entry *entry = find (cache, region);

  if (!entry)
    return NULL;
  remember (entry, region);
  entry->used = frame;
  *computed_on = entry->computed_on;
  return entry->result;
}

void
gst_mobilenet_region_cache_store (GstMobilenetRegionCache * cache,
    const GstMobilenetRegion * region, guint64 frame,
    GstMobilenetResult * result)
{
  Entry *entry = find (cache, region);

  if (!entry) {
    entry = find_place (cache);
    remember (entry, region);
    entry->used = frame;
  }
  gst_mobilenet_result_ref (result);
  g_clear_pointer (&entry->result, gst_mobilenet_result_unref);
  entry->result = result;
  entry->computed_on = frame;
}
