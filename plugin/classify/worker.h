/*
 * Classifies in a thread of its own, so that the streaming thread never waits. It holds the tensor of the frame that it looks
 * at and that of the newest one to come next, never a frame.
 */
#ifndef __GST_MOBILENET_WORKER_H__
#define __GST_MOBILENET_WORKER_H__

#include "plugin/classify/classifier.h"
#include "plugin/classify/regions.h"

G_BEGIN_DECLS

typedef struct _GstMobilenetWorker GstMobilenetWorker;

/* The frame and its regions. */
#define GST_MOBILENET_MAX_LOOKS (1 + GST_MOBILENET_MAX_REGIONS)

/* A part of a frame to look at. */
typedef struct {
  gboolean whole;               /* the frame, whose rectangle is all zero without a crop meta; else a detector's region */
  GstMobilenetRegion region;
} GstMobilenetLook;

/* What is to be looked at, the tensors of which lie one behind the other. `stream` counts streams: a result of an older one than the newest job's is of no use to anyone. */
typedef struct {
  GstMobilenetClassifier *classifier;   /* the worker takes a reference of its own */
  GstMobilenetSteadySettings steady;    /* of the frame */
  GstMobilenetSteadySettings region_steady;
  guint n_looks;
  GstMobilenetLook looks[GST_MOBILENET_MAX_LOOKS];
  GstClockTime pts;
  GstClockTime preprocess_time; /* of all looks */
  guint64 frame;
  guint stream;
  guint debug_time;             /* ms that it takes at least */
} GstMobilenetJob;

typedef struct {
  GstMobilenetJob job;          /* without its classifier */
  gboolean failed;
  GstMobilenetResult *results[GST_MOBILENET_MAX_LOOKS]; /* of each look; none where it failed */
  GstClockTime began;           /* by the monotonic clock */
} GstMobilenetFinished;

/* Called by the worker for each job, before its results can be taken; error is NULL unless it failed. */
typedef void (*GstMobilenetWorkerDone) (gpointer data, const GstMobilenetFinished * finished, const MnetError * error);

/* Gives back the results. */
void gst_mobilenet_finished_clear (GstMobilenetFinished * finished);

GstMobilenetWorker *gst_mobilenet_worker_new (GstMobilenetWorkerDone done, gpointer data);
/* Waits for what runs. */
void gst_mobilenet_worker_free (GstMobilenetWorker * worker);

/*
 * Where to write the next job's tensors, of `bytes`; NULL where the worker is busy for longer than `margin`, so that a newer
 * frame will do. It expects a job to take what the last one took, and the first one to outlast any margin. What waited there
 * is lost, which *replaced tells. Never waits for a classification.
 */
gpointer gst_mobilenet_worker_begin (GstMobilenetWorker * worker, gsize bytes, GstClockTime margin,
    gboolean * replaced);
/* Hands over what gst_mobilenet_worker_begin() gave, or, with job NULL, gives it back. */
void gst_mobilenet_worker_end (GstMobilenetWorker * worker, const GstMobilenetJob * job);

/* The newest results of that stream, which become the caller's to clear; FALSE where there are no new ones. */
gboolean gst_mobilenet_worker_take (GstMobilenetWorker * worker, guint stream, GstMobilenetFinished * finished);
/* Whether anything runs or waits. */
gboolean gst_mobilenet_worker_is_busy (GstMobilenetWorker * worker);
/* Waits until nothing runs or waits. */
void gst_mobilenet_worker_drain (GstMobilenetWorker * worker);

G_END_DECLS

#endif
