/* A time in which the first label stayed the same. */
#ifndef __GST_MOBILENET_SPAN_H__
#define __GST_MOBILENET_SPAN_H__

#include "plugin/meta/gstmobilenetmeta.h"

G_BEGIN_DECLS

/* What a frame carries; `result` is NULL where there is no label to show. */
typedef struct {
  GstMobilenetResult *result;
  GstVideoRectangle region;
  guint age;
} GstMobilenetSeen;

/* `seen.result` is NULL while none is open. `end` is that of the last frame in it. */
typedef struct {
  GstMobilenetSeen seen;
  GstClockTime start;
  GstClockTime end;
} GstMobilenetSpan;

/* Refers to the result, so that the frame itself can go. Labels less probable than `min_probability` aren't seen,
 * but "unknown" always is. */
void gst_mobilenet_seen_init (GstMobilenetSeen * seen, const GstMobilenetResult * result,
    gdouble min_probability);
void gst_mobilenet_seen_clear (GstMobilenetSeen * seen);
gboolean gst_mobilenet_seen_same_label (const GstMobilenetSeen * a, const GstMobilenetSeen * b);

/* Takes over the reference of `seen`. */
void gst_mobilenet_span_open (GstMobilenetSpan * span, GstMobilenetSeen * seen, GstClockTime start);
/* Another frame of the same label, whose reference is taken over; what is kept is the more probable of the two, or this
 * one if `newest`. */
void gst_mobilenet_span_add (GstMobilenetSpan * span, GstMobilenetSeen * seen, gboolean newest);

G_END_DECLS

#endif
