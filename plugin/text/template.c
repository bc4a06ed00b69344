#include "plugin/text/template.h"

#include <math.h>
#include <string.h>

/* Far beyond what a line shows; the text of an MP4 track may not reach 64 KiB. */
#define MAX_SIZE 1024

gboolean
gst_mobilenet_template_is_valid (const gchar * template)
{
  const gchar *at = template;

  if (!template || !g_utf8_validate (template, -1, NULL))
    return FALSE;
  while ((at = strchr (at, '%'))) {
    if (at[1] == '\0' || !strchr ("lpim%", at[1]))
      return FALSE;
    at += 2;
  }
  return TRUE;
}

static gint
percent (gfloat probability)
{
  return isfinite (probability) ? (gint) lrintf (CLAMP (probability, 0.0f,
          1.0f) * 100.0f) : 0;
}

/* A name is one line, or part of one. */
static void
append_name (GString * out, const gchar * name)
{
  gchar *valid = g_utf8_make_valid (name, -1);
  gchar *at;

  for (at = valid; *at; at++) {
    if (g_ascii_iscntrl (*at))
      *at = ' ';
  }
  g_string_append (out, valid);
  g_free (valid);
}

static void
append_field (GString * out, gchar letter, const GstMobilenetResult * result)
{
  const GstMobilenetCategory *category = &result->classes[0];

  switch (letter) {
    case 'l':
      append_name (out, category->label);
      break;
    case 'p':
      g_string_append_printf (out, "%d", percent (category->probability));
      break;
    case 'i':
      g_string_append_printf (out, "%u", category->index);
      break;
    case 'm':
      append_name (out, result->model);
      break;
    default:
      g_string_append_c (out, letter);
      break;
  }
}

/* An empty line would end a cue of SRT or WebVTT in its middle. */
static GString *
tidy_lines (GString * text)
{
  GString *tidy = g_string_sized_new (text->len);
  gchar **lines = g_strsplit_set (text->str, "\r\n", -1);
  guint i;

  for (i = 0; lines[i]; i++) {
    gchar *at;

    for (at = lines[i]; *at; at++) {
      if (g_ascii_iscntrl (*at))
        *at = ' ';
    }
    g_strstrip (lines[i]);
    if (*lines[i])
      g_string_append_printf (tidy, "%s%s", tidy->len ? "\n" : "", lines[i]);
  }
  g_strfreev (lines);
  g_string_free (text, TRUE);
  return tidy;
}

GString *
gst_mobilenet_template_fill (const gchar * template,
    const GstMobilenetResult * result)
{
  GString *text = g_string_new (NULL);
  const gchar *at;

  if (result->classes[0].index == GST_MOBILENET_INDEX_UNKNOWN)
    template = "%l";
  for (at = template; *at; at++) {
    if (*at == '%')
      append_field (text, *++at, result);
    else
      g_string_append_c (text, *at);
  }
  text = tidy_lines (text);
  if (text->len > MAX_SIZE) {
    gsize size = MAX_SIZE;

    while ((text->str[size] & 0xc0) == 0x80)    /* amid a character */
      size--;
    g_string_truncate (text, size);
  }
  return text;
}
