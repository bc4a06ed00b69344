#include "plugin/meta/gstmobilenetmeta.h"

#include <string.h>

G_DEFINE_BOXED_TYPE (GstMobilenetResult, gst_mobilenet_result,
    gst_mobilenet_result_ref, gst_mobilenet_result_unref);

static gsize
text_size (const gchar * text)
{
  return text ? strlen (text) + 1 : 1;
}

/* Copies a string to *end, which moves past it. */
static const gchar *
put_text (gchar ** end, const gchar * text)
{
  gchar *start = *end;
  gsize size = text_size (text);

  *end += size;
  return memcpy (start, text ? text : "", size);
}

GstMobilenetResult *
gst_mobilenet_result_new (const gchar * model,
    const GstMobilenetCategory * classes, guint n_classes, GstClockTime pts,
    GstClockTime preprocess_time, GstClockTime inference_time)
{
  gsize size = sizeof (GstMobilenetResult) + text_size (model);
  GstMobilenetResult *result;
  GstMobilenetCategory *copies;
  gchar *end;
  guint i;

  g_return_val_if_fail (classes || !n_classes, NULL);

  for (i = 0; i < n_classes; i++)
    size += sizeof (GstMobilenetCategory) + text_size (classes[i].label);

  /* one block: the struct, the classes, then all strings */
  result = g_malloc0 (size);
  copies = (GstMobilenetCategory *) (result + 1);
  end = (gchar *) (copies + n_classes);

  for (i = 0; i < n_classes; i++) {
    copies[i] = classes[i];
    copies[i].label = put_text (&end, classes[i].label);
  }
  result->classes = copies;
  result->n_classes = n_classes;
  result->model = put_text (&end, model);
  result->pts = pts;
  result->preprocess_time = preprocess_time;
  result->inference_time = inference_time;
  result->ref_count = 1;
  return result;
}

GstMobilenetResult *
gst_mobilenet_result_ref (GstMobilenetResult * result)
{
  g_return_val_if_fail (result != NULL, NULL);

  g_atomic_int_inc (&result->ref_count);
  return result;
}

void
gst_mobilenet_result_unref (GstMobilenetResult * result)
{
  g_return_if_fail (result != NULL);

  if (g_atomic_int_dec_and_test (&result->ref_count))
    g_free (result);
}

gboolean
gst_mobilenet_result_get_class (const GstMobilenetResult * result, guint i,
    guint * index, const gchar ** label, gfloat * probability)
{
  const GstMobilenetCategory *found;

  g_return_val_if_fail (result != NULL, FALSE);

  if (i >= result->n_classes)
    return FALSE;
  found = &result->classes[i];
  if (index)
    *index = found->index;
  if (label)
    *label = found->label;
  if (probability)
    *probability = found->probability;
  return TRUE;
}
