#include "plugin/classify/classifier.h"

#include <math.h>

struct _GstMobilenetClassifier
{
  MnetModel *model;
  MnetSession *session;
  MnetPreprocess preprocess;    /* what the session has now */
  GstMobilenetCategory *classes;        /* room for a result's */
};

static void
set_error (MnetError * error, MnetStatus status, const gchar * message)
{
  error->status = status;
  g_strlcpy (error->message, message, sizeof (error->message));
}

static void
triple_to_floats (const GstMobilenetTriple * triple, gfloat floats[3])
{
  guint i;

  for (i = 0; i < 3 && triple->n; i++)
    floats[i] = triple->values[triple->n == 3 ? i : 0];
}

MnetModel *
gst_mobilenet_model_open (const GstMobilenetModelSettings * settings,
    MnetError * error)
{
  MnetModelOptions options = { 0 };
  MnetNormalization *normalization = &options.normalization;
  MnetModel *model = NULL;
  guint i;

  options.labels = settings->labels;
  normalization->order = settings->channel_order;
  if (settings->scale.n) {
    triple_to_floats (&settings->mean, normalization->mean);
    triple_to_floats (&settings->scale, normalization->scale);
    for (i = 0; i < 3; i++) {
      if (normalization->scale[i] == 0.0f || !isfinite (normalization->scale[i])
          || !isfinite (normalization->mean[i])) {
        set_error (error, MNET_ERROR_ARGUMENT,
            "mean and scale must be finite numbers, and scale not zero");
        return NULL;
      }
    }
  }

  if (mnet_model_open (settings->model, &options, &model, error) != MNET_OK)
    return NULL;
  return model;
}

GstMobilenetClassifier *
gst_mobilenet_classifier_new (MnetModel * model,
    const GstMobilenetModelSettings * settings,
    const MnetPreprocess * preprocess, MnetError * error)
{
  MnetSessionOptions options = {
    .threads = settings->threads,
    .top_k = settings->top_k,
    .preprocess = *preprocess
  };
  MnetSession *session = NULL;
  GstMobilenetClassifier *classifier;

  if (mnet_session_open (model, &options, &session, error) != MNET_OK)
    return NULL;

  classifier = g_new0 (GstMobilenetClassifier, 1);
  classifier->model = mnet_model_ref (model);
  classifier->session = session;
  classifier->preprocess = *preprocess;
  classifier->classes = g_new (GstMobilenetCategory, settings->top_k);
  return classifier;
}

void
gst_mobilenet_classifier_free (GstMobilenetClassifier * classifier)
{
  mnet_session_close (&classifier->session);
  mnet_model_unref (&classifier->model);
  g_free (classifier->classes);
  g_free (classifier);
}

static gboolean
update_preprocess (GstMobilenetClassifier * classifier,
    const MnetPreprocess * wanted, MnetError * error)
{
  const MnetPreprocess *now = &classifier->preprocess;

  if (now->fit == wanted->fit && now->resize == wanted->resize
      && now->crop_fraction == wanted->crop_fraction)
    return TRUE;
  if (mnet_session_set_preprocess (classifier->session, wanted, error))
    return FALSE;
  classifier->preprocess = *wanted;
  return TRUE;
}

GstMobilenetResult *
gst_mobilenet_classifier_run (GstMobilenetClassifier * classifier,
    const MnetImage * image, const MnetPreprocess * preprocess,
    gdouble threshold, GstClockTime pts, MnetError * error)
{
  const MnetResult *seen = NULL;
  guint n = 0;
  gint i;

  if (!update_preprocess (classifier, preprocess, error)
      || mnet_session_run_image (classifier->session, image, &seen, error))
    return NULL;

  for (i = 0; i < seen->n_classes; i++) {
    if (seen->classes[i].probability < threshold)
      break;
    classifier->classes[n].index = seen->classes[i].index;
    classifier->classes[n].label = seen->classes[i].label;
    classifier->classes[n].probability = seen->classes[i].probability;
    n++;
  }
  return gst_mobilenet_result_new (mnet_model_info (classifier->model)->name,
      classifier->classes, n, pts, seen->preprocess_ms * GST_MSECOND,
      seen->inference_ms * GST_MSECOND);
}
