/*
 * A model with a session, and what it sees as a GstMobilenetResult.
 */
#ifndef __GST_MOBILENET_CLASSIFIER_H__
#define __GST_MOBILENET_CLASSIFIER_H__

#include "plugin/classify/settings.h"
#include "plugin/classify/steady.h"
#include "plugin/meta/gstmobilenetmeta.h"

G_BEGIN_DECLS

typedef struct _GstMobilenetClassifier GstMobilenetClassifier;

/* In place of a stream: an image by itself, as a region of a frame is. */
#define GST_MOBILENET_APART G_MAXUINT

/*
 * Opens a session on a model, of which it takes a reference. Allocates all that a run needs, but its result.
 * On failure NULL, with *error filled. One thread at a time may run it, and another prepare tensors for it meanwhile.
 */
GstMobilenetClassifier *gst_mobilenet_classifier_new (MnetModel * model,
    const GstMobilenetModelSettings * settings, const MnetPreprocess * preprocess, MnetError * error);
/* The same with a session of its own that runs on one thread. Results are the same. */
GstMobilenetClassifier *gst_mobilenet_classifier_new_single (const GstMobilenetClassifier * classifier, MnetError * error);
GstMobilenetClassifier *gst_mobilenet_classifier_ref (GstMobilenetClassifier * classifier);
void gst_mobilenet_classifier_unref (GstMobilenetClassifier * classifier);

const MnetModelInfo *gst_mobilenet_classifier_info (const GstMobilenetClassifier * classifier);
/* Threads that a run uses. */
guint gst_mobilenet_classifier_threads (const GstMobilenetClassifier * classifier);

/* How the next images are brought to the model's size. FALSE with *error filled. */
gboolean gst_mobilenet_classifier_set_preprocess (GstMobilenetClassifier * classifier,
    const MnetPreprocess * preprocess, MnetError * error);

/* Image to prepared input, of prepared_bytes of the info. FALSE with *error filled. */
gboolean gst_mobilenet_classifier_prepare (GstMobilenetClassifier * classifier, const MnetImage * image,
    gpointer tensor, MnetError * error);

/*
 * Looks at an image, or at a prepared input made of one in preprocess_time. `stream` tells streams apart: what was seen of another one
 * doesn't count for steady labels. `pts` becomes the result's. Returns a new reference, or NULL with *error filled.
 */
GstMobilenetResult *gst_mobilenet_classifier_run_image (GstMobilenetClassifier * classifier,
    const MnetImage * image, const GstMobilenetSteadySettings * settings, guint stream, GstClockTime pts,
    MnetError * error);
GstMobilenetResult *gst_mobilenet_classifier_run_prepared (GstMobilenetClassifier * classifier,
    gconstpointer tensor, const GstMobilenetSteadySettings * settings, guint stream, GstClockTime pts,
    GstClockTime preprocess_time, MnetError * error);

G_END_DECLS

#endif
