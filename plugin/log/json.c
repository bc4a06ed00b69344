#include "plugin/log/records.h"

#include <json-glib/json-glib.h>
#include <math.h>

#include "plugin/meta/gstmobilenetmeta.h"

void
gst_mobilenet_append_number (GString * out, const gchar * format,
    gdouble value, const gchar * missing)
{
  gchar text[G_ASCII_DTOSTR_BUF_SIZE];

  if (isfinite (value))
    g_string_append (out, g_ascii_formatd (text, sizeof text, format, value));
  else
    g_string_append (out, missing);
}

void
gst_mobilenet_append_ms (GString * out, GstClockTime time,
    const gchar * missing)
{
  gdouble ms = GST_CLOCK_TIME_IS_VALID (time) ? time / 1e6 : INFINITY;

  gst_mobilenet_append_number (out, "%.3f", ms, missing);
}

static void
append_string (GString * out, const gchar * text)
{
  gchar *valid = g_utf8_make_valid (text, -1);
  JsonNode *node = json_node_init_string (json_node_alloc (), valid);
  gchar *json = json_to_string (node, FALSE);

  g_string_append (out, json);
  g_free (json);
  json_node_unref (node);
  g_free (valid);
}

static void
append_labels (GString * out, const GstMobilenetResult * result)
{
  guint i;

  g_string_append (out, "\"labels\":[");
  for (i = 0; result && i < result->n_classes; i++) {
    const GstMobilenetCategory *category = &result->classes[i];

    g_string_append_printf (out, "%s{\"index\":%u,\"label\":", i ? "," : "",
        category->index);
    append_string (out, category->label);
    g_string_append (out, ",\"probability\":");
    gst_mobilenet_append_number (out, "%.5g", category->probability, "null");
    g_string_append_c (out, '}');
  }
  g_string_append_c (out, ']');
}

/* Numbers are written here and not by json-glib, which gives each double 17 digits. */
void
gst_mobilenet_append_json_result (GString * out, const GstMobilenetMeta * meta,
    gboolean timing)
{
  const GstMobilenetResult *result = meta ? meta->result : NULL;

  if (meta && meta->region.w > 0 && meta->region.h > 0)
    g_string_append_printf (out,
        "\"region\":{\"x\":%d,\"y\":%d,\"width\":%d,\"height\":%d},",
        meta->region.x, meta->region.y, meta->region.w, meta->region.h);
  else
    g_string_append (out, "\"region\":null,");

  append_labels (out, result);

  if (meta)
    g_string_append_printf (out, ",\"age\":%u", meta->age);
  else
    g_string_append (out, ",\"age\":null");

  if (timing && result) {
    g_string_append (out, ",\"timing\":{\"preprocess_ms\":");
    gst_mobilenet_append_ms (out, result->preprocess_time, "null");
    g_string_append (out, ",\"inference_ms\":");
    gst_mobilenet_append_ms (out, result->inference_time, "null");
    g_string_append_c (out, '}');
  } else if (timing) {
    g_string_append (out, ",\"timing\":null");
  }

  g_string_append (out, ",\"model\":");
  if (result)
    append_string (out, result->model);
  else
    g_string_append (out, "null");
}

void
gst_mobilenet_append_json (GString * out, guint64 frame, GstBuffer * buffer,
    gboolean timing)
{
  gpointer state = NULL;
  GstMobilenetMeta *meta = gst_buffer_iterate_mobilenet_meta (buffer, &state);
  gboolean more = FALSE;

  g_string_append (out, "{\"frame\":");
  if (frame != GST_MOBILENET_NO_FRAME)
    g_string_append_printf (out, "%" G_GUINT64_FORMAT, frame);
  else
    g_string_append (out, "null");
  g_string_append (out, ",\"pts\":");
  if (GST_BUFFER_PTS_IS_VALID (buffer))
    g_string_append_printf (out, "%" G_GUINT64_FORMAT ",",
        GST_BUFFER_PTS (buffer));
  else
    g_string_append (out, "null,");
  gst_mobilenet_append_json_result (out, meta, timing);

  while (meta && (meta = gst_buffer_iterate_mobilenet_meta (buffer, &state))) {
    g_string_append (out, more ? ",{" : ",\"more\":[{");
    gst_mobilenet_append_json_result (out, meta, timing);
    g_string_append_c (out, '}');
    more = TRUE;
  }
  g_string_append (out, more ? "]}\n" : "}\n");
}
