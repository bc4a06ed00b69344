/*
 * How applications hear of a new label: an element message on the bus and a
 * signal.
 */
#include "plugin/classify/gstmobilenet.h"

static guint label_changed;

void
gst_mobilenet_announce_install (GstMobilenetClass * klass)
{
  /**
   * GstMobilenet::label-changed:
   * @label: (nullable): the best class, "unknown", or %NULL for none
   * @probability: its probability
   * @previous: (nullable): the label before
   * @timestamp: PTS of the frame that shows it
   *
   * Comes from the streaming thread in sync mode, from a worker in async mode.
   */
  label_changed = g_signal_new ("label-changed", G_TYPE_FROM_CLASS (klass),
      G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 4, G_TYPE_STRING,
      G_TYPE_DOUBLE, G_TYPE_STRING, G_TYPE_UINT64);
}

void
gst_mobilenet_announce (GstMobilenet * self, const GstMobilenetResult * result)
{
  const GstMobilenetCategory *best = result->n_classes ? result->classes : NULL;
  const gchar *label = best ? best->label : NULL;
  gdouble probability = best ? best->probability : 0;
  gchar *previous = NULL;
  gboolean changed;

  GST_OBJECT_LOCK (self);
  changed = g_strcmp0 (label, self->label) != 0;
  if (changed) {
    previous = self->label;
    self->label = g_strdup (label);
  }
  GST_OBJECT_UNLOCK (self);
  if (!changed)
    return;

  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self),
          gst_structure_new ("mobilenet-classification",
              "label", G_TYPE_STRING, label,
              "probability", G_TYPE_DOUBLE, probability,
              "previous", G_TYPE_STRING, previous,
              "timestamp", G_TYPE_UINT64, result->pts,
              "model", G_TYPE_STRING, result->model, NULL)));
  g_signal_emit (self, label_changed, 0, label, probability, previous,
      result->pts);
  g_free (previous);
}
