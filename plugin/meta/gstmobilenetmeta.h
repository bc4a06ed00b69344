/*
 * GstMobilenetMeta: what a classifier saw on a video frame.
 *
 * A result (GstMobilenetResult) is immutable and reference-counted, so that the frames between two classifications share
 * it; the meta on each frame adds where (region, in pixels of this frame) and how old the result is.
 *
 * Two meta APIs share this struct, because GStreamer decides by the tags of the API which transformations keep a meta:
 * - GST_MOBILENET_META_API_TYPE, of the whole frame: depends on no size, so every video filter keeps it, whether it
 *   scales, converts, crops or flips.
 * - GST_MOBILENET_REGION_META_API_TYPE, of a part of the frame: scaling scales the region; a filter that can't say where
 *   the region went (videoflip, and before 1.28 a videocrop that copies) drops it.
 * gst_buffer_add_mobilenet_meta() picks one by the region; the get and iterate functions find both.
 *
 * A copy of the buffer keeps the meta, also one that shares the memory; a copy of some of its bytes doesn't.
 * pkg-config: gstreamer-mobilenet-1.0
 */
#ifndef __GST_MOBILENET_META_H__
#define __GST_MOBILENET_META_H__

#include <gst/gst.h>
#include <gst/video/video.h>

G_BEGIN_DECLS

#ifndef GST_MOBILENET_API
#define GST_MOBILENET_API __attribute__ ((visibility ("default")))
#endif

/**
 * GST_MOBILENET_INDEX_UNKNOWN:
 *
 * Index of the category that says that no class is probable enough. Its label is %GST_MOBILENET_LABEL_UNKNOWN, its
 * probability 0.
 */
#define GST_MOBILENET_INDEX_UNKNOWN G_MAXUINT
#define GST_MOBILENET_LABEL_UNKNOWN "unknown"

/**
 * GstMobilenetCategory:
 * @index: position in the model's output, or %GST_MOBILENET_INDEX_UNKNOWN
 * @label: UTF-8, owned by the result
 * @probability: 0 to 1
 */
typedef struct {
  guint index;
  const gchar *label;
  gfloat probability;
} GstMobilenetCategory;

/**
 * GstMobilenetResult:
 * @classes: (array length=n_classes): best first, those over the threshold
 * @n_classes: how many; may be 0
 * @model: name of the model, owned by the result
 * @pts: of the frame it was computed on, or GST_CLOCK_TIME_NONE
 * @preprocess_time: frame to tensor, in nanoseconds
 * @inference_time: in nanoseconds
 *
 * Read-only. Use gst_mobilenet_result_ref() to keep one beyond the buffer.
 */
typedef struct {
  const GstMobilenetCategory *classes;
  guint n_classes;
  const gchar *model;
  GstClockTime pts;
  GstClockTime preprocess_time;
  GstClockTime inference_time;

  /*< private >*/
  gint ref_count;
  gpointer _gst_reserved[4];
} GstMobilenetResult;

/**
 * GstMobilenetMeta:
 * @meta: parent
 * @result: what was seen
 * @region: where, in pixels of this frame; all zero: the whole frame
 * @age: frames since the one it was computed on; 0 on that frame itself
 */
typedef struct {
  GstMeta meta;
  GstMobilenetResult *result;
  GstVideoRectangle region;
  guint age;
} GstMobilenetMeta;

#define GST_MOBILENET_META_API_TYPE (gst_mobilenet_meta_api_get_type ())
#define GST_MOBILENET_META_INFO (gst_mobilenet_meta_get_info ())
#define GST_MOBILENET_REGION_META_API_TYPE (gst_mobilenet_region_meta_api_get_type ())
#define GST_MOBILENET_REGION_META_INFO (gst_mobilenet_region_meta_get_info ())
#define GST_TYPE_MOBILENET_RESULT (gst_mobilenet_result_get_type ())

GST_MOBILENET_API GType gst_mobilenet_meta_api_get_type (void);
GST_MOBILENET_API const GstMetaInfo *gst_mobilenet_meta_get_info (void);
GST_MOBILENET_API GType gst_mobilenet_region_meta_api_get_type (void);
GST_MOBILENET_API const GstMetaInfo *gst_mobilenet_region_meta_get_info (void);
GST_MOBILENET_API GType gst_mobilenet_result_get_type (void);

/**
 * gst_mobilenet_result_new:
 * @model: (nullable): name of the model
 * @classes: (array length=n_classes) (nullable): best first
 * @n_classes: how many
 * @pts: of the frame, or GST_CLOCK_TIME_NONE
 * @preprocess_time: in nanoseconds
 * @inference_time: in nanoseconds
 *
 * Copies classes, labels and model name; a NULL string becomes an empty one.
 *
 * Returns: (transfer full): free with gst_mobilenet_result_unref()
 */
GST_MOBILENET_API GstMobilenetResult *gst_mobilenet_result_new (const gchar * model,
    const GstMobilenetCategory * classes, guint n_classes, GstClockTime pts,
    GstClockTime preprocess_time, GstClockTime inference_time);
GST_MOBILENET_API GstMobilenetResult *gst_mobilenet_result_ref (GstMobilenetResult * result);
GST_MOBILENET_API void gst_mobilenet_result_unref (GstMobilenetResult * result);

/**
 * gst_mobilenet_result_get_class:
 * @result: a result
 * @i: which one, 0 being the best
 * @index: (out) (optional): position in the model's output
 * @label: (out) (optional) (transfer none): its name
 * @probability: (out) (optional): 0 to 1
 *
 * For languages that can't read the array itself.
 *
 * Returns: FALSE where there are no more than @i classes
 */
GST_MOBILENET_API gboolean gst_mobilenet_result_get_class (const GstMobilenetResult * result, guint i,
    guint * index, const gchar ** label, gfloat * probability);

/**
 * gst_buffer_add_mobilenet_meta:
 * @buffer: (transfer none): a writable buffer
 * @result: (transfer none): the meta takes a reference of its own
 * @region: (nullable): in pixels; NULL or all zero: the whole frame
 * @age: frames since the one that the result was computed on
 *
 * Returns: (transfer none): the new meta, owned by the buffer
 */
GST_MOBILENET_API GstMobilenetMeta *gst_buffer_add_mobilenet_meta (GstBuffer * buffer,
    GstMobilenetResult * result, const GstVideoRectangle * region, guint age);

/**
 * gst_buffer_get_mobilenet_meta:
 * @buffer: any buffer
 *
 * Returns: (transfer none) (nullable): the first of its metas, or NULL
 */
GST_MOBILENET_API GstMobilenetMeta *gst_buffer_get_mobilenet_meta (GstBuffer * buffer);

/**
 * gst_buffer_get_nth_mobilenet_meta:
 * @buffer: any buffer
 * @n: which one, from 0 on
 *
 * For languages that can't call gst_buffer_iterate_mobilenet_meta().
 *
 * Returns: (transfer none) (nullable): that of its metas, in the order in which they were added, or NULL
 */
GST_MOBILENET_API GstMobilenetMeta *gst_buffer_get_nth_mobilenet_meta (GstBuffer * buffer, guint n);

/**
 * gst_mobilenet_meta_get_result:
 * @meta: a meta
 *
 * Returns: (transfer full): its result, which may be kept beyond the buffer
 */
GST_MOBILENET_API GstMobilenetResult *gst_mobilenet_meta_get_result (const GstMobilenetMeta * meta);

/**
 * gst_buffer_iterate_mobilenet_meta: (skip)
 * @buffer: any buffer
 * @state: (inout): NULL at first; the place between calls
 *
 * All of a buffer's metas, in the order in which they were added.
 *
 * Returns: (transfer none) (nullable): the next one, or NULL after the last
 */
GST_MOBILENET_API GstMobilenetMeta *gst_buffer_iterate_mobilenet_meta (GstBuffer * buffer,
    gpointer * state);

G_END_DECLS

#endif
