/*
 * A model with a session, and what it sees as a GstMobilenetResult.
 */
#ifndef __GST_MOBILENET_CLASSIFIER_H__
#define __GST_MOBILENET_CLASSIFIER_H__

#include "plugin/classify/settings.h"
#include "plugin/meta/gstmobilenetmeta.h"

G_BEGIN_DECLS

typedef struct _GstMobilenetClassifier GstMobilenetClassifier;

/* Opens the model that the settings name. On failure NULL, with *error filled. */
MnetModel *gst_mobilenet_model_open (const GstMobilenetModelSettings * settings, MnetError * error);

/*
 * Opens a session on a model, of which it takes a reference. Allocates all that a run needs, but its result.
 * On failure NULL, with *error filled. One thread at a time may use it.
 */
GstMobilenetClassifier *gst_mobilenet_classifier_new (MnetModel * model,
    const GstMobilenetModelSettings * settings, const MnetPreprocess * preprocess, MnetError * error);
void gst_mobilenet_classifier_free (GstMobilenetClassifier * classifier);

/*
 * Looks at an image. Keeps the classes of at least that probability; `pts` becomes the result's.
 * Returns a new reference, or NULL with *error filled.
 */
GstMobilenetResult *gst_mobilenet_classifier_run (GstMobilenetClassifier * classifier,
    const MnetImage * image, const MnetPreprocess * preprocess, gdouble threshold,
    GstClockTime pts, MnetError * error);

G_END_DECLS

#endif
