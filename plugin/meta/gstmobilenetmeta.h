/*
 * GstMobilenetMeta: what a classifier saw on a video frame.
 *
 * A result (GstMobilenetResult) is immutable and reference-counted, so that the frames between two classifications share
 * it; the meta on each frame adds where (region, in pixels of this frame) and how old the result is.
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
 * GstMobilenetClass:
 * @index: position in the model's output
 * @label: UTF-8, owned by the result
 * @probability: 0 to 1
 */
typedef struct {
  guint index;
  const gchar *label;
  gfloat probability;
} GstMobilenetClass;

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
  const GstMobilenetClass *classes;
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
 * @result: what was seen
 * @region: where, in pixels of this frame
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
#define GST_TYPE_MOBILENET_RESULT (gst_mobilenet_result_get_type ())

GST_MOBILENET_API GType gst_mobilenet_meta_api_get_type (void);
GST_MOBILENET_API const GstMetaInfo *gst_mobilenet_meta_get_info (void);
GST_MOBILENET_API GType gst_mobilenet_result_get_type (void);

/* Copies classes, labels and model name. Free with gst_mobilenet_result_unref(). */
GST_MOBILENET_API GstMobilenetResult *gst_mobilenet_result_new (const gchar * model,
    const GstMobilenetClass * classes, guint n_classes, GstClockTime pts,
    GstClockTime preprocess_time, GstClockTime inference_time);
GST_MOBILENET_API GstMobilenetResult *gst_mobilenet_result_ref (GstMobilenetResult * result);
GST_MOBILENET_API void gst_mobilenet_result_unref (GstMobilenetResult * result);

/* Adds a meta to a writable buffer; takes a reference of the result of its own. region NULL: all zero (the whole frame). */
GST_MOBILENET_API GstMobilenetMeta *gst_buffer_add_mobilenet_meta (GstBuffer * buffer,
    GstMobilenetResult * result, const GstVideoRectangle * region, guint age);
/* First such meta of a buffer, or NULL. */
GST_MOBILENET_API GstMobilenetMeta *gst_buffer_get_mobilenet_meta (GstBuffer * buffer);

G_END_DECLS

#endif
