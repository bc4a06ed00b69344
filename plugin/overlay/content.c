#include "plugin/overlay/content.h"

#include <math.h>
#include <string.h>

#include "plugin/meta/gstmobilenetmeta.h"

#define FRAMES_BETWEEN_TIMINGS 15

static void
row_clear (gpointer row)
{
  g_free (((GstMobilenetRow *) row)->label);
}

static GArray *
rows_new (void)
{
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (GstMobilenetRow));

  g_array_set_clear_func (rows, row_clear);
  return rows;
}

void
gst_mobilenet_content_init (GstMobilenetContent * content)
{
  memset (content, 0, sizeof *content);
  content->rows = rows_new ();
}

void
gst_mobilenet_content_clear (GstMobilenetContent * content)
{
  g_clear_pointer (&content->rows, g_array_unref);
}

static void
append_rows (GArray * rows, const GstMobilenetResult * result,
    const GstMobilenetOverlaySettings * settings)
{
  guint i, n = MIN (result->n_classes, settings->max_labels);

  for (i = 0; i < n; i++) {
    gdouble probability = result->classes[i].probability;
    GstMobilenetRow row;

    row.unknown = result->classes[i].index == GST_MOBILENET_INDEX_UNKNOWN;
    /* written so that a NaN isn't drawn */
    if (!row.unknown && !(probability >= settings->min_probability))
      continue;
    row.label = g_utf8_make_valid (result->classes[i].label, -1);
    row.percent = row.unknown ? 0 : lrint (100 * MIN (probability, 1));
    row.first = i == 0;
    g_array_append_val (rows, row);
  }
}

static gboolean
rows_equal (const GArray * a, const GArray * b)
{
  guint i;

  if (a->len != b->len)
    return FALSE;
  for (i = 0; i < a->len; i++) {
    const GstMobilenetRow *x = &g_array_index (a, GstMobilenetRow, i);
    const GstMobilenetRow *y = &g_array_index (b, GstMobilenetRow, i);

    if (x->percent != y->percent || x->first != y->first
        || x->unknown != y->unknown || g_strcmp0 (x->label, y->label))
      return FALSE;
  }
  return TRUE;
}

/* Two digits are all that holds still from frame to frame. */
static void
format_ms (gchar * text, gsize size, gdouble ms)
{
  gchar number[G_ASCII_DTOSTR_BUF_SIZE];

  g_ascii_formatd (number, sizeof number,
      ms >= 9.95 ? "%.0f" : ms >= 0.995 ? "%.1f" : "%.2f", ms);
  g_snprintf (text, size, "%s ms", number);
}

static gboolean
update_timing (GstMobilenetContent * content, const GstMobilenetMeta * meta,
    gboolean show)
{
  gchar text[sizeof content->timing] = "";
  gboolean changed;

  if (meta && meta->age == 0
      && GST_CLOCK_TIME_IS_VALID (meta->result->inference_time)) {
    gdouble ms = meta->result->inference_time / 1e6;

    content->mean += (ms - content->mean) / (content->mean > 0 ? 8 : 1);
  }
  if (content->shown == 0 || ++content->frames >= FRAMES_BETWEEN_TIMINGS) {
    content->shown = content->mean;
    content->frames = 0;
  }
  if (show && content->shown > 0)
    format_ms (text, sizeof text, content->shown);

  changed = g_strcmp0 (text, content->timing) != 0;
  g_strlcpy (content->timing, text, sizeof text);
  return changed;
}

gboolean
gst_mobilenet_content_update (GstMobilenetContent * content,
    GstBuffer * buffer, const GstMobilenetOverlaySettings * settings)
{
  GstMobilenetMeta *first = gst_buffer_get_mobilenet_meta (buffer), *meta;
  GArray *rows = rows_new ();
  gpointer state = NULL;
  gboolean changed;

  while ((meta = gst_buffer_iterate_mobilenet_meta (buffer, &state)))
    append_rows (rows, meta->result, settings);

  changed = !rows_equal (rows, content->rows);
  g_array_unref (content->rows);
  content->rows = rows;
  return update_timing (content, first, settings->show_timing) || changed;
}
