/*
 * The last results of regions, so that those on later frames which show the same object get them too: of a tracked region
 * by its id, of another one by its type and place. Of a fixed size: a new object takes the place of the one that wasn't
 * looked up for the longest time. Frames are numbers that rise by one. Not thread-safe.
 */
#ifndef __GST_MOBILENET_REGION_CACHE_H__
#define __GST_MOBILENET_REGION_CACHE_H__

#include "plugin/classify/regions.h"

G_BEGIN_DECLS

typedef struct _GstMobilenetRegionCache GstMobilenetRegionCache;

/* For at most `size` objects, more than none. */
GstMobilenetRegionCache *gst_mobilenet_region_cache_new (guint size);
void gst_mobilenet_region_cache_free (GstMobilenetRegionCache * cache);
void gst_mobilenet_region_cache_clear (GstMobilenetRegionCache * cache);

/*
 * (transfer none): the result of the object that a region of this frame shows, and the number of the frame that it was
 * computed on; or NULL. An untracked region is taken for the one before that it shares most with, at least half of what
 * both cover together. Good until the next store or clear.
 */
GstMobilenetResult *gst_mobilenet_region_cache_look_up (GstMobilenetRegionCache * cache,
    const GstMobilenetRegion * region, guint64 frame, guint64 * computed_on);

/* The result of a region of that frame; the cache takes a reference of its own. */
void gst_mobilenet_region_cache_store (GstMobilenetRegionCache * cache, const GstMobilenetRegion * region,
    guint64 frame, GstMobilenetResult * result);

G_END_DECLS

#endif
