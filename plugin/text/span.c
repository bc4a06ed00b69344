#include "plugin/text/span.h"

void
gst_mobilenet_seen_init (GstMobilenetSeen * seen,
    const GstMobilenetResult * result, gdouble min_probability)
{
  *seen = (GstMobilenetSeen) {
  NULL};
  if (result && result->n_classes > 0
      && (result->classes[0].index == GST_MOBILENET_INDEX_UNKNOWN
          || result->classes[0].probability >= min_probability))
    seen->result = gst_mobilenet_result_ref ((GstMobilenetResult *) result);
}

void
gst_mobilenet_seen_clear (GstMobilenetSeen * seen)
{
  g_clear_pointer (&seen->result, gst_mobilenet_result_unref);
}

gboolean
gst_mobilenet_seen_same_label (const GstMobilenetSeen * a,
    const GstMobilenetSeen * b)
{
  return a->result && b->result
      && a->result->classes[0].index == b->result->classes[0].index
      && !g_strcmp0 (a->result->classes[0].label, b->result->classes[0].label);
}

void
gst_mobilenet_span_open (GstMobilenetSpan * span, GstMobilenetSeen * seen,
    GstClockTime start)
{
  gst_mobilenet_seen_clear (&span->seen);
  span->seen = *seen;
  span->start = span->end = start;
  seen->result = NULL;
}

void
gst_mobilenet_span_add (GstMobilenetSpan * span, GstMobilenetSeen * seen,
    gboolean newest)
{
  GstMobilenetResult *old = span->seen.result;

  if (newest
      || seen->result->classes[0].probability > old->classes[0].probability) {
    span->seen = *seen;
    seen->result = old;
  }
  gst_mobilenet_seen_clear (seen);
}
