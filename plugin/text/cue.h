/* What one span is in each output format. */
#ifndef __GST_MOBILENET_CUE_H__
#define __GST_MOBILENET_CUE_H__

#include "plugin/text/span.h"

G_BEGIN_DECLS

typedef enum {
  GST_MOBILENET_CUE_UTF8,       /* the text */
  GST_MOBILENET_CUE_MARKUP,     /* the text, escaped for Pango */
  GST_MOBILENET_CUE_JSON,       /* a line, as mobilenetlog writes it */
  GST_MOBILENET_CUE_SRT,
  GST_MOBILENET_CUE_WEBVTT
} GstMobilenetCueFormat;

#define GST_MOBILENET_WEBVTT_HEADER "WEBVTT\n\n"

/* Which of them caps ask for, fixed and from the element's own template. */
GstMobilenetCueFormat gst_mobilenet_cue_format_from_caps (const GstCaps * caps);

/* Whether it is text/x-raw. */
gboolean gst_mobilenet_cue_is_text (GstMobilenetCueFormat format);

/* The bytes of a cue. `position` is where the span begins on the time line of the whole video, for the formats that write
 * it; `number` counts from 1. NULL where the template leaves no text. Free with g_string_free(). */
GString *gst_mobilenet_cue_new (GstMobilenetCueFormat format, const gchar * template,
    const GstMobilenetSpan * span, GstClockTime position, guint number);

G_END_DECLS

#endif
