/*
 * When a mobilenet element opens its model: at the start, and when a property changes.
 */
#include "plugin/classify/gstmobilenet.h"

#include "plugin/classify/modelcache.h"

/* Elements of this process that are started; atomic. */
static gint n_open;

gboolean
gst_mobilenet_is_alone (void)
{
  return g_atomic_int_get (&n_open) == 1;
}

static void
post (GstMobilenet * self, GstMessageType type, const MnetError * error)
{
  GQuark domain = GST_RESOURCE_ERROR;
  gint code = GST_RESOURCE_ERROR_FAILED;

  switch (error->status) {
    case MNET_ERROR_IO:
      code = GST_RESOURCE_ERROR_OPEN_READ;
      break;
    case MNET_ERROR_MEMORY:
      code = GST_RESOURCE_ERROR_NO_SPACE_LEFT;
      break;
    case MNET_ERROR_FORMAT:
      domain = GST_STREAM_ERROR;
      code = GST_STREAM_ERROR_WRONG_TYPE;
      break;
    case MNET_ERROR_UNSUPPORTED:
      domain = GST_STREAM_ERROR;
      code = GST_STREAM_ERROR_NOT_IMPLEMENTED;
      break;
    case MNET_ERROR_ARGUMENT:
      domain = GST_LIBRARY_ERROR;
      code = GST_LIBRARY_ERROR_SETTINGS;
      break;
    case MNET_OK:
      break;
  }
  gst_element_message_full (GST_ELEMENT (self), type, domain, code,
      g_strdup (error->message), NULL, __FILE__, GST_FUNCTION, __LINE__);
}

/* Called with the open lock. */
static gboolean
open_wanted (GstMobilenet * self, MnetError * error)
{
  GstMobilenetModelSettings wanted;
  GstMobilenetClassifier *classifier = NULL, *replaced;
  MnetPreprocess preprocess;
  MnetModel *model;

  GST_OBJECT_LOCK (self);
  gst_mobilenet_model_settings_copy (&wanted, &self->settings.model);
  preprocess = self->settings.frame.preprocess;
  GST_OBJECT_UNLOCK (self);

  model = gst_mobilenet_model_acquire (&wanted, error);
  if (model)
    classifier =
        gst_mobilenet_classifier_new (model, &wanted, &preprocess, error);
  if (!classifier) {
    gst_mobilenet_model_release (&model);
    gst_mobilenet_model_settings_clear (&wanted);
    return FALSE;
  }

  gst_mobilenet_model_release (&self->model);
  self->model = model;
  gst_mobilenet_model_settings_clear (&self->applied);
  self->applied = wanted;

  GST_OBJECT_LOCK (self);
  replaced = self->pending;
  self->pending = classifier;
  GST_OBJECT_UNLOCK (self);
  g_clear_pointer (&replaced, gst_mobilenet_classifier_unref);
  return TRUE;
}

gboolean
gst_mobilenet_open (GstMobilenet * self)
{
  MnetError error;
  gboolean opened;

  g_mutex_lock (&self->open_lock);
  opened = self->started = open_wanted (self, &error);
  g_mutex_unlock (&self->open_lock);

  if (opened)
    g_atomic_int_inc (&n_open);
  else
    post (self, GST_MESSAGE_ERROR, &error);
  return opened;
}

static gboolean
is_open_as_wanted (GstMobilenet * self)
{
  gboolean equal;

  GST_OBJECT_LOCK (self);
  equal = gst_mobilenet_model_settings_equal (&self->settings.model,
      &self->applied);
  GST_OBJECT_UNLOCK (self);
  return equal;
}

static void
set_back (GstMobilenet * self)
{
  GST_OBJECT_LOCK (self);
  gst_mobilenet_model_settings_clear (&self->settings.model);
  gst_mobilenet_model_settings_copy (&self->settings.model, &self->applied);
  GST_OBJECT_UNLOCK (self);
}

static void
notify_all (GstMobilenet * self)
{
  static const gchar *const names[] = { "model", "labels", "threads", "top-k",
    "mean", "scale", "channel-order"
  };
  guint i;

  g_object_freeze_notify (G_OBJECT (self));
  for (i = 0; i < G_N_ELEMENTS (names); i++)
    g_object_notify (G_OBJECT (self), names[i]);
  g_object_thaw_notify (G_OBJECT (self));
}

void
gst_mobilenet_reopen (GstMobilenet * self)
{
  gboolean failed = FALSE;
  MnetError error;

  g_mutex_lock (&self->open_lock);
  if (self->started && !is_open_as_wanted (self)) {
    failed = !open_wanted (self, &error);
    if (failed)
      set_back (self);
  }
  g_mutex_unlock (&self->open_lock);

  if (failed) {
    post (self, GST_MESSAGE_WARNING, &error);
    notify_all (self);
  }
}

void
gst_mobilenet_close (GstMobilenet * self)
{
  GstMobilenetClassifier *pending;

  g_mutex_lock (&self->open_lock);
  if (self->started)
    g_atomic_int_add (&n_open, -1);
  self->started = FALSE;
  gst_mobilenet_model_release (&self->model);
  gst_mobilenet_model_settings_clear (&self->applied);
  GST_OBJECT_LOCK (self);
  pending = g_steal_pointer (&self->pending);
  GST_OBJECT_UNLOCK (self);
  g_mutex_unlock (&self->open_lock);

  g_clear_pointer (&pending, gst_mobilenet_classifier_unref);
}
