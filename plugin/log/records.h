/* What one frame is in the log: a JSON object, or rows of CSV. */
#ifndef __GST_MOBILENET_RECORDS_H__
#define __GST_MOBILENET_RECORDS_H__

#include "plugin/meta/gstmobilenetmeta.h"

G_BEGIN_DECLS

/* The number of a result that no frame carries. */
#define GST_MOBILENET_NO_FRAME G_MAXUINT64

/* Each appends whole lines that end in a newline. `frame` counts from 0; the metas of `buffer` are read, its memory isn't.
 * Without `timing` nothing is written that differs between two runs over the same frames. */
void gst_mobilenet_append_json (GString * out, guint64 frame, GstBuffer * buffer, gboolean timing);
void gst_mobilenet_append_csv_header (GString * out, gboolean timing);
void gst_mobilenet_append_csv (GString * out, guint64 frame, GstBuffer * buffer, gboolean timing);

/* The members of one result, from `region` on, without braces; `meta` is NULL where there is none. */
void gst_mobilenet_append_json_result (GString * out, const GstMobilenetMeta * meta, gboolean timing);

/* Shared by both: a number in the C locale with `format`, or `missing` where it isn't finite. */
void gst_mobilenet_append_number (GString * out, const gchar * format, gdouble value, const gchar * missing);
/* Shared by both: a time in ms, or `missing`. */
void gst_mobilenet_append_ms (GString * out, GstClockTime time, const gchar * missing);

G_END_DECLS

#endif
