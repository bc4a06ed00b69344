/*
 * The last results of tracked regions, so that an object needn't be classified on each frame that it is on. Of a fixed
 * size: a new object takes the place of the one that wasn't looked up for the longest time. Not thread-safe.
 */
#ifndef __GST_MOBILENET_REGION_CACHE_H__
#define __GST_MOBILENET_REGION_CACHE_H__

#include "plugin/meta/gstmobilenetmeta.h"

G_BEGIN_DECLS

typedef struct _GstMobilenetRegionCache GstMobilenetRegionCache;

/* For at most `size` objects, more than none. */
GstMobilenetRegionCache *gst_mobilenet_region_cache_new (guint size);
void gst_mobilenet_region_cache_free (GstMobilenetRegionCache * cache);
void gst_mobilenet_region_cache_clear (GstMobilenetRegionCache * cache);

/* Once a frame: ages count from here. */
void gst_mobilenet_region_cache_next_frame (GstMobilenetRegionCache * cache);

/* (transfer none): the object's result and its age in frames, or NULL. Good until the next store or clear. */
GstMobilenetResult *gst_mobilenet_region_cache_look_up (GstMobilenetRegionCache * cache, guint64 tracking_id,
    guint * age);

/* The result of this frame; the cache takes a reference of its own. */
void gst_mobilenet_region_cache_store (GstMobilenetRegionCache * cache, guint64 tracking_id,
    GstMobilenetResult * result);

G_END_DECLS

#endif
