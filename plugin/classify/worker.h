/*
 * Classifies in a thread of its own, so that the streaming thread never waits. It holds the tensor of the frame that it looks
 * at and that of the newest one to come next, never a frame.
 */
#ifndef __GST_MOBILENET_WORKER_H__
#define __GST_MOBILENET_WORKER_H__

#include "plugin/classify/classifier.h"

G_BEGIN_DECLS

typedef struct _GstMobilenetWorker GstMobilenetWorker;

/* What is to be looked at. `stream` counts streams: a result of an older one than the newest job's is of no use to anyone. */
typedef struct {
  GstMobilenetClassifier *classifier;   /* the worker takes a reference of its own */
  GstMobilenetSteadySettings steady;
  GstVideoRectangle region;
  GstClockTime pts;
  GstClockTime preprocess_time;
  guint64 frame;
  guint stream;
  guint debug_delay;            /* ms */
} GstMobilenetJob;

typedef struct {
  GstMobilenetResult *result;   /* NULL: it failed */
  GstMobilenetJob job;          /* without its classifier */
  GstClockTime began;           /* by the monotonic clock */
} GstMobilenetFinished;

/* Called by the worker for each result, before it can be taken. */
typedef void (*GstMobilenetWorkerDone) (gpointer data, const GstMobilenetFinished * finished, const MnetError * error);

GstMobilenetWorker *gst_mobilenet_worker_new (GstMobilenetWorkerDone done, gpointer data);
/* Waits for what runs. */
void gst_mobilenet_worker_free (GstMobilenetWorker * worker);

/*
 * Where to write the next job's tensor, of `bytes`; NULL where the worker is busy for longer than `margin` by its own
 * experience, so that a newer frame will do. What waited there is lost, which *replaced tells. Never waits for a
 * classification.
 */
gpointer gst_mobilenet_worker_begin (GstMobilenetWorker * worker, gsize bytes, GstClockTime margin,
    gboolean * replaced);
/* Hands over what gst_mobilenet_worker_begin() gave, or, with job NULL, gives it back. */
void gst_mobilenet_worker_end (GstMobilenetWorker * worker, const GstMobilenetJob * job);

/* The newest result of that stream, which becomes the caller's; FALSE where there is no new one. */
gboolean gst_mobilenet_worker_take (GstMobilenetWorker * worker, guint stream, GstMobilenetFinished * finished);
/* Whether anything runs or waits. */
gboolean gst_mobilenet_worker_is_busy (GstMobilenetWorker * worker);
/* Waits until nothing runs or waits. */
void gst_mobilenet_worker_drain (GstMobilenetWorker * worker);

G_END_DECLS

#endif
