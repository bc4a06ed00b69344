#include "plugin/classify/classifier.h"

struct _GstMobilenetClassifier
{
  MnetModel *model;
  MnetSession *session;
  guint top_k;
  MnetPreprocess preprocess;    /* what the session has now */
  GstMobilenetSteady *steady;
  guint stream;                 /* that `steady` knows */
  GstMobilenetSteady *apart;
};

static GstMobilenetClassifier *
new_classifier (MnetModel * model, guint threads, guint top_k,
    const MnetPreprocess * preprocess, MnetError * error)
{
  MnetSessionOptions options = {
    .threads = threads,
    .top_k = top_k,
    .preprocess = *preprocess
  };
  MnetSession *session = NULL;
  GstMobilenetClassifier *classifier;

  if (mnet_session_open (model, &options, &session, error) != MNET_OK)
    return NULL;

  classifier = g_atomic_rc_box_new0 (GstMobilenetClassifier);
  classifier->model = mnet_model_ref (model);
  classifier->session = session;
  classifier->top_k = top_k;
  classifier->preprocess = *preprocess;
  classifier->steady =
      gst_mobilenet_steady_new (mnet_model_info (model)->n_classes, top_k);
  classifier->apart =
      gst_mobilenet_steady_new (mnet_model_info (model)->n_classes, top_k);
  return classifier;
}

GstMobilenetClassifier *
gst_mobilenet_classifier_new (MnetModel * model,
    const GstMobilenetModelSettings * settings,
    const MnetPreprocess * preprocess, MnetError * error)
{
  return new_classifier (model, settings->threads, settings->top_k, preprocess,
      error);
}

GstMobilenetClassifier *
gst_mobilenet_classifier_new_single (const GstMobilenetClassifier * classifier,
    MnetError * error)
{
  return new_classifier (classifier->model, 1, classifier->top_k,
      &classifier->preprocess, error);
}

static void
clear (gpointer data)
{
  GstMobilenetClassifier *classifier = data;

  mnet_session_close (&classifier->session);
  mnet_model_unref (&classifier->model);
  gst_mobilenet_steady_free (classifier->steady);
  gst_mobilenet_steady_free (classifier->apart);
}

GstMobilenetClassifier *
gst_mobilenet_classifier_ref (GstMobilenetClassifier * classifier)
{
  return g_atomic_rc_box_acquire (classifier);
}

void
gst_mobilenet_classifier_unref (GstMobilenetClassifier * classifier)
{
  g_atomic_rc_box_release_full (classifier, clear);
}

const MnetModelInfo *
gst_mobilenet_classifier_info (const GstMobilenetClassifier * classifier)
{
  return mnet_model_info (classifier->model);
}

guint
gst_mobilenet_classifier_threads (const GstMobilenetClassifier * classifier)
{
  return mnet_session_threads (classifier->session);
}

gboolean
gst_mobilenet_classifier_set_preprocess (GstMobilenetClassifier * classifier,
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

gboolean
gst_mobilenet_classifier_prepare (GstMobilenetClassifier * classifier,
    const MnetImage * image, gpointer tensor, MnetError * error)
{
  return mnet_session_prepare (classifier->session, image, tensor,
      error) == MNET_OK;
}

static GstMobilenetResult *
make_result (GstMobilenetClassifier * classifier, const MnetResult * seen,
    const GstMobilenetSteadySettings * settings, guint stream, GstClockTime pts,
    GstClockTime preprocess_time)
{
  GstMobilenetSteady *steady = classifier->steady;
  const GstMobilenetCategory *classes;
  guint n;

  if (stream == GST_MOBILENET_APART) {
    steady = classifier->apart;
    gst_mobilenet_steady_reset (steady);
  } else {
    if (stream != classifier->stream)
      gst_mobilenet_steady_reset (steady);
    classifier->stream = stream;
  }
  n = gst_mobilenet_steady_update (steady, settings, seen,
      classifier->model, pts, &classes);
  return gst_mobilenet_result_new (mnet_model_info (classifier->model)->name,
      classes, n, pts, preprocess_time, seen->inference_ms * GST_MSECOND);
}

GstMobilenetResult *
gst_mobilenet_classifier_run_image (GstMobilenetClassifier * classifier,
    const MnetImage * image, const GstMobilenetSteadySettings * settings,
    guint stream, GstClockTime pts, MnetError * error)
{
  const MnetResult *seen = NULL;

  if (mnet_session_run_image (classifier->session, image, &seen, error))
    return NULL;
  return make_result (classifier, seen, settings, stream, pts,
      seen->preprocess_ms * GST_MSECOND);
}

GstMobilenetResult *
gst_mobilenet_classifier_run_prepared (GstMobilenetClassifier * classifier,
    gconstpointer tensor, const GstMobilenetSteadySettings * settings,
    guint stream, GstClockTime pts, GstClockTime preprocess_time,
    MnetError * error)
{
  const MnetResult *seen = NULL;
  gsize bytes = mnet_model_info (classifier->model)->prepared_bytes;

  if (mnet_session_run_prepared (classifier->session, tensor, bytes, &seen,
          error))
    return NULL;
  return make_result (classifier, seen, settings, stream, pts, preprocess_time);
}
