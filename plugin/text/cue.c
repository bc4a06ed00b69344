#include "plugin/text/cue.h"

#include <string.h>

#include "plugin/log/records.h"
#include "plugin/text/template.h"

/* U+2060, which isn't seen. */
#define WORD_JOINER "\342\201\240"

GstMobilenetCueFormat
gst_mobilenet_cue_format_from_caps (const GstCaps * caps)
{
  const GstStructure *structure = gst_caps_get_structure (caps, 0);

  if (gst_structure_has_name (structure, "application/x-json"))
    return GST_MOBILENET_CUE_JSON;
  if (gst_structure_has_name (structure, "application/x-subtitle"))
    return GST_MOBILENET_CUE_SRT;
  if (gst_structure_has_name (structure, "application/x-subtitle-vtt"))
    return GST_MOBILENET_CUE_WEBVTT;
  if (!g_strcmp0 (gst_structure_get_string (structure, "format"),
          "pango-markup"))
    return GST_MOBILENET_CUE_MARKUP;
  return GST_MOBILENET_CUE_UTF8;
}

gboolean
gst_mobilenet_cue_is_text (GstMobilenetCueFormat format)
{
  return format == GST_MOBILENET_CUE_UTF8 || format == GST_MOBILENET_CUE_MARKUP;
}

/* SRT has no escapes: what players would take for a tag or a time line is broken up. */
static void
append_srt_text (GString * out, const gchar * text)
{
  const gchar *at;

  for (at = text; *at; at++) {
    if (*at == '>' && at - text >= 2 && at[-1] == '-' && at[-2] == '-')
      g_string_append (out, WORD_JOINER);
    g_string_append_c (out, *at);
    if (*at == '<' || *at == '{')
      g_string_append (out, WORD_JOINER);
  }
}

static void
append_webvtt_text (GString * out, const gchar * text)
{
  for (; *text; text++) {
    if (*text == '&')
      g_string_append (out, "&amp;");
    else if (*text == '<')
      g_string_append (out, "&lt;");
    else if (*text == '>')
      g_string_append (out, "&gt;");
    else
      g_string_append_c (out, *text);
  }
}

static void
append_time (GString * out, GstClockTime time, gchar point)
{
  guint64 ms = gst_util_uint64_scale_round (time, 1, GST_MSECOND);

  g_string_append_printf (out, "%02" G_GUINT64_FORMAT ":%02u:%02u%c%03u",
      ms / 3600000, (guint) (ms / 60000 % 60), (guint) (ms / 1000 % 60), point,
      (guint) (ms % 1000));
}

static void
append_times (GString * out, const GstMobilenetSpan * span,
    GstClockTime position, gchar point)
{
  append_time (out, position, point);
  g_string_append (out, " --> ");
  append_time (out, position + span->end - span->start, point);
  g_string_append_c (out, '\n');
}

static GString *
json_new (const GstMobilenetSpan * span)
{
  GString *out = g_string_new (NULL);
  GstMobilenetMeta meta = {.result = span->seen.result,
    .region = span->seen.region,.age = span->seen.age
  };

  g_string_append_printf (out, "{\"pts\":%" G_GUINT64_FORMAT ",\"duration\":%"
      G_GUINT64_FORMAT ",", span->start, span->end - span->start);
  gst_mobilenet_append_json_result (out, &meta, FALSE);
  g_string_append (out, "}\n");
  return out;
}

GString *
gst_mobilenet_cue_new (GstMobilenetCueFormat format, const gchar * template,
    const GstMobilenetSpan * span, GstClockTime position, guint number)
{
  GString *text, *out;
  gchar *markup;

  if (format == GST_MOBILENET_CUE_JSON)
    return json_new (span);

  text = gst_mobilenet_template_fill (template, span->seen.result);
  if (text->len == 0) {
    g_string_free (text, TRUE);
    return NULL;
  }
  if (format == GST_MOBILENET_CUE_UTF8)
    return text;

  out = g_string_new (NULL);
  switch (format) {
    case GST_MOBILENET_CUE_SRT:
      g_string_append_printf (out, "%u\n", number);
      append_times (out, span, position, ',');
      append_srt_text (out, text->str);
      g_string_append (out, "\n\n");
      break;
    case GST_MOBILENET_CUE_WEBVTT:
      append_times (out, span, position, '.');
      append_webvtt_text (out, text->str);
      g_string_append (out, "\n\n");
      break;
    default:
      markup = g_markup_escape_text (text->str, text->len);
      g_string_append (out, markup);
      g_free (markup);
      break;
  }
  g_string_free (text, TRUE);
  return out;
}
