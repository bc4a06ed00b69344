/*
 * From the scores of one classification to the classes of its result: smoothing over time, a label that changes only where
 * another is clearly better, and an explicit unknown.
 */
#ifndef __GST_MOBILENET_STEADY_H__
#define __GST_MOBILENET_STEADY_H__

#include <gst/gst.h>

#include "nn/mnet.h"
#include "plugin/meta/gstmobilenetmeta.h"

G_BEGIN_DECLS

/* All zero: classes as they are. */
typedef struct {
  gdouble threshold;            /* classes of a lower probability are left out */
  GstClockTime time_constant;   /* of the scores' exponential mean; 0: none */
  gdouble enter;                /* a label holds from this probability on, 0: no hysteresis, the best class comes first */
  gdouble leave;                /* until it falls below this one, or another is better by enter - leave */
  gboolean unknown;             /* where no label holds, GST_MOBILENET_INDEX_UNKNOWN comes first */
} GstMobilenetSteadySettings;

typedef struct _GstMobilenetSteady GstMobilenetSteady;

/* Results have up to top_k classes of a model's n_scores, and the unknown. */
GstMobilenetSteady *gst_mobilenet_steady_new (guint n_scores, guint top_k);
void gst_mobilenet_steady_free (GstMobilenetSteady * steady);
/* Forgets what was seen before. */
void gst_mobilenet_steady_reset (GstMobilenetSteady * steady);

/*
 * The next classification, of a frame with this time; GST_CLOCK_TIME_NONE, or one that isn't later, smooths nothing. *classes is valid until
 * the next call; labels are those of `seen`. Returns how many there are. Allocates nothing.
 */
guint gst_mobilenet_steady_update (GstMobilenetSteady * steady, const GstMobilenetSteadySettings * settings,
    const MnetResult * seen, const MnetModel * model, GstClockTime pts, const GstMobilenetCategory ** classes);

G_END_DECLS

#endif
