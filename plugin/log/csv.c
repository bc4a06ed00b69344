#include "plugin/log/records.h"

#include <string.h>

#include "plugin/meta/gstmobilenetmeta.h"

/* RFC 4180, with the newline of the system. */
static void
append_text (GString * out, const gchar * text)
{
  gchar *valid = g_utf8_make_valid (text, -1);
  const gchar *at;

  if (!strpbrk (valid, "\",\r\n")) {
    g_string_append (out, valid);
  } else {
    g_string_append_c (out, '"');
    for (at = valid; *at; at++) {
      if (*at == '"')
        g_string_append_c (out, '"');
      g_string_append_c (out, *at);
    }
    g_string_append_c (out, '"');
  }
  g_free (valid);
}

void
gst_mobilenet_append_csv_header (GString * out, gboolean timing)
{
  g_string_append (out, "frame,pts,x,y,width,height,rank,index,label,"
      "probability,age,");
  if (timing)
    g_string_append (out, "preprocess_ms,inference_ms,");
  g_string_append (out, "model\n");
}

static void
append_frame (GString * out, guint64 frame, GstBuffer * buffer)
{
  if (frame != GST_MOBILENET_NO_FRAME)
    g_string_append_printf (out, "%" G_GUINT64_FORMAT, frame);
  g_string_append_c (out, ',');
  if (GST_BUFFER_PTS_IS_VALID (buffer))
    g_string_append_printf (out, "%" G_GUINT64_FORMAT, GST_BUFFER_PTS (buffer));
  g_string_append_c (out, ',');
}

/* One class of a result; or its absence, with `rank` one past the last. */
static void
append_class (GString * out, const GstMobilenetMeta * meta, guint rank,
    gboolean timing)
{
  const GstMobilenetResult *result = meta->result;

  if (meta->region.w > 0 && meta->region.h > 0)
    g_string_append_printf (out, "%d,%d,%d,%d,", meta->region.x,
        meta->region.y, meta->region.w, meta->region.h);
  else
    g_string_append (out, ",,,,");

  if (rank < result->n_classes) {
    const GstMobilenetCategory *category = &result->classes[rank];

    g_string_append_printf (out, "%u,%u,", rank + 1, category->index);
    append_text (out, category->label);
    g_string_append_c (out, ',');
    gst_mobilenet_append_number (out, "%.5g", category->probability, "");
    g_string_append_c (out, ',');
  } else {
    g_string_append (out, ",,,,");
  }

  g_string_append_printf (out, "%u,", meta->age);
  if (timing) {
    gst_mobilenet_append_ms (out, result->preprocess_time, "");
    g_string_append_c (out, ',');
    gst_mobilenet_append_ms (out, result->inference_time, "");
    g_string_append_c (out, ',');
  }
  append_text (out, result->model);
  g_string_append_c (out, '\n');
}

void
gst_mobilenet_append_csv (GString * out, guint64 frame, GstBuffer * buffer,
    gboolean timing)
{
  gpointer state = NULL;
  GstMobilenetMeta *meta = gst_buffer_iterate_mobilenet_meta (buffer, &state);

  if (!meta) {
    append_frame (out, frame, buffer);
    g_string_append (out, timing ? ",,,,,,,,,,,\n" : ",,,,,,,,,\n");
    return;
  }
  for (; meta; meta = gst_buffer_iterate_mobilenet_meta (buffer, &state)) {
    guint rank = 0;

    do {
      append_frame (out, frame, buffer);
      append_class (out, meta, rank, timing);
    } while (++rank < meta->result->n_classes);
  }
}
