#include "plugin/classify/steady.h"

#include <math.h>

#define NONE G_MAXUINT

struct _GstMobilenetSteady
{
  guint n_scores, top_k;
  gfloat *scores;               /* smoothed */
  GstClockTime pts;             /* of the last one */
  gboolean has_scores;
  guint held;                   /* the label that holds, or NONE */
  guint *best;                  /* top_k of them */
  GstMobilenetCategory *classes;        /* room for top_k, the held one and the unknown */
};

GstMobilenetSteady *
gst_mobilenet_steady_new (guint n_scores, guint top_k)
{
  GstMobilenetSteady *steady = g_new0 (GstMobilenetSteady, 1);

  steady->n_scores = n_scores;
  steady->top_k = MIN (top_k, n_scores);
  steady->scores = g_new0 (gfloat, n_scores);
  steady->best = g_new0 (guint, steady->top_k);
  steady->classes = g_new0 (GstMobilenetCategory, steady->top_k + 2);
  gst_mobilenet_steady_reset (steady);
  return steady;
}

void
gst_mobilenet_steady_free (GstMobilenetSteady * steady)
{
  g_free (steady->scores);
  g_free (steady->best);
  g_free (steady->classes);
  g_free (steady);
}

void
gst_mobilenet_steady_reset (GstMobilenetSteady * steady)
{
  steady->has_scores = FALSE;
  steady->held = NONE;
}

/* As in MnetResult; a NaN would stay in the mean for good. */
static gfloat
probability (gfloat score)
{
  return score >= 0 ? MIN (score, 1) : 0;
}

/* A score's weight falls to 1/e in the time constant, however often frames are
 * classified. */
static void
smooth (GstMobilenetSteady * steady, GstClockTime time_constant,
    const gfloat * scores, GstClockTime pts)
{
  gfloat *mean = steady->scores;
  gfloat weight = 1;
  guint i;

  /* at the same time again nothing would count any more */
  if (steady->has_scores && time_constant && GST_CLOCK_TIME_IS_VALID (pts)
      && GST_CLOCK_TIME_IS_VALID (steady->pts) && pts > steady->pts)
    weight = -expm1 (-((gdouble) (pts - steady->pts)) / time_constant);
  steady->pts = pts;
  steady->has_scores = TRUE;
  for (i = 0; i < steady->n_scores; i++) {
    gfloat score = probability (scores[i]);

    mean[i] = weight == 1 ? score : mean[i] + weight * (score - mean[i]);
  }
}

/* Of equals, the lower index first, as in MnetResult. */
static guint
find_best (GstMobilenetSteady * steady)
{
  const gfloat *scores = steady->scores;
  guint *best = steady->best;
  guint n = 0;
  guint i, at;

  for (i = 0; i < steady->n_scores; i++) {
    if (n == steady->top_k && !(scores[i] > scores[best[n - 1]]))
      continue;
    at = n < steady->top_k ? n++ : n - 1;
    for (; at > 0 && scores[i] > scores[best[at - 1]]; at--)
      best[at] = best[at - 1];
    best[at] = i;
  }
  return n;
}

static void
hold (GstMobilenetSteady * steady, const GstMobilenetSteadySettings * settings,
    guint best)
{
  gfloat score = steady->scores[best];

  if (settings->enter <= 0) {
    steady->held = score >= settings->threshold ? best : NONE;
    return;
  }
  if (steady->held != NONE && steady->scores[steady->held] < settings->leave)
    steady->held = NONE;
  if (score >= settings->enter && (steady->held == NONE
          || score - steady->scores[steady->held] >=
          MAX (settings->enter - settings->leave, 0)))
    steady->held = best;
}

static void
add (GstMobilenetSteady * steady, guint * n, const MnetModel * model,
    guint index)
{
  GstMobilenetCategory *category = &steady->classes[(*n)++];

  category->index = index;
  category->label = mnet_model_label (model, index);
  category->probability = steady->scores[index];
}

guint
gst_mobilenet_steady_update (GstMobilenetSteady * steady,
    const GstMobilenetSteadySettings * settings, const MnetResult * seen,
    const MnetModel * model, GstClockTime pts,
    const GstMobilenetCategory ** classes)
{
  guint n = 0;
  guint n_best, i;

  smooth (steady, settings->time_constant, seen->scores, pts);
  n_best = find_best (steady);
  hold (steady, settings, steady->best[0]);

  *classes = steady->classes;
  if (steady->held != NONE) {
    add (steady, &n, model, steady->held);
  } else if (settings->unknown) {
    steady->classes[n].index = GST_MOBILENET_INDEX_UNKNOWN;
    steady->classes[n].label = GST_MOBILENET_LABEL_UNKNOWN;
    steady->classes[n++].probability = 0;
  } else {
    return 0;
  }
  for (i = 0; i < n_best && n < steady->top_k; i++) {
    if (steady->scores[steady->best[i]] < settings->threshold)
      break;
    if (steady->best[i] != steady->held)
      add (steady, &n, model, steady->best[i]);
  }
  return n;
}
