#ifndef __GST_MOBILENET_H__
#define __GST_MOBILENET_H__

#include <gst/base/gstbasetransform.h>

#include "plugin/classify/classifier.h"
#include "plugin/classify/dump.h"
#include "plugin/classify/lanes.h"
#include "plugin/classify/pacing.h"
#include "plugin/classify/regioncache.h"
#include "plugin/classify/stats.h"
#include "plugin/classify/worker.h"

G_BEGIN_DECLS

#define GST_TYPE_MOBILENET (gst_mobilenet_get_type ())
G_DECLARE_FINAL_TYPE (GstMobilenet, gst_mobilenet, GST, MOBILENET, GstBaseTransform)

typedef struct _GstMobilenetAhead GstMobilenetAhead;

struct _GstMobilenet {
  GstBaseTransform parent;

  /* Guarded by the object lock, which is held only to copy. */
  GstMobilenetSettings settings;
  GstMobilenetStats stats;
  GstMobilenetClassifier *pending;      /* takes over at the next frame */
  gchar *label;                         /* announced last; NULL for none */
  GstClockTime latency;                 /* that a frame waits here, as announced */
  GstClockTime earliest;                /* running time before which frames are too late, from QoS */

  /* Models are opened one at a time, by the thread that starts the element or sets a property. The streaming thread
   * never takes this lock while frames flow. */
  GMutex open_lock;
  gboolean started;
  GstMobilenetModelSettings applied;    /* what `model` and the newest classifier were opened with */
  MnetModel *model;

  gint stream;                          /* counts streams and all that makes results void; atomic, as the worker reads it */
  gint flow;                            /* GstFlowReturn of what lanes have pushed; atomic */

  /* The streaming thread's own. */
  GstMobilenetClassifier *classifier;
  GstVideoInfo info;
  GstVideoOrientationMethod tag_orientation;
  gboolean live, live_known;
  GstMobilenetPacing pacing;
  GstMobilenetWorker *worker;           /* in async mode, from its first frame on */
  GstMobilenetAhead *ahead;             /* once frames of a file have come fast */
  GstClockTime passed, took;            /* when the last frame was done with, and how long one took by all threads */
  guint64 frame;                        /* number of the frame that passes */
  GstMobilenetResult *result;           /* of the last classification, NULL where it no longer holds */
  guint64 result_frame;
  GstVideoRectangle region;
  GstMobilenetRegion regions[GST_MOBILENET_MAX_REGIONS];        /* of the frame that passes */
  guint n_regions;
  GstMobilenetRegionCache *region_results;
  guint8 *tensor, *reference;           /* of this frame, and of the one classified last, where static-threshold asks */
  gboolean has_reference;
  GstMobilenetDump dump;
  gboolean warned;                      /* that a frame could not be classified */
};

/* opening.c */

/* Opens the model at the start. FALSE after an error message. */
gboolean gst_mobilenet_open (GstMobilenet * self);
/* Where the properties ask for something else than what is open, opens that for the next frame. Where this fails, posts
 * a warning and sets the properties back. */
void gst_mobilenet_reopen (GstMobilenet * self);
/* Whether no other element of this process is started. Any thread. */
gboolean gst_mobilenet_is_alone (void);
/* Drops the model. The streaming thread has stopped. */
void gst_mobilenet_close (GstMobilenet * self);

/* process.c, all in the streaming thread */

/* Takes the buffer and returns it, or one that shares its memory, with what is known of it; or NULL where it will be
 * pushed later. */
GstBuffer *gst_mobilenet_process (GstMobilenet * self, GstBuffer * buffer);
/* Ends the worker, and frees what frames have left. The streaming thread may have stopped. */
void gst_mobilenet_process_stop (GstMobilenet * self);
/* Of a frame; 0 where nothing says. */
GstClockTime gst_mobilenet_duration_of (GstMobilenet * self, GstBuffer * buffer);

/* looks.c, all in the streaming thread */

/* Which way up the picture is. */
GstVideoOrientationMethod gst_mobilenet_orientation (GstMobilenet * self, const GstMobilenetFrameSettings * settings);
/* Shows what the settings ask for to the classifier, or gives it to the worker. */
void gst_mobilenet_classify (GstMobilenet * self, GstBuffer * buffer, const GstMobilenetFrameSettings * settings,
    gboolean async);

/* ahead.c, in the streaming thread */

/* Takes a frame that can be classified beside others, and will be pushed in its turn. FALSE where it is to be classified now. */
gboolean gst_mobilenet_ahead_take (GstMobilenet * self, GstBuffer * buffer,
    const GstMobilenetFrameSettings * settings);
/* Waits until all that were taken are pushed. */
void gst_mobilenet_ahead_drain (GstMobilenet * self);
/* The same, and ends the lanes. */
void gst_mobilenet_ahead_stop (GstMobilenet * self);

/* results.c, in the streaming thread but where it says more */

/* What was seen until now says nothing about the frames to come. */
void gst_mobilenet_forget (GstMobilenet * self);
/* The frame's own result holds no longer. */
void gst_mobilenet_drop_result (GstMobilenet * self);
/* A frame's outcome; with the times of `result`, which may be NULL. Any thread. */
void gst_mobilenet_count (GstMobilenet * self, GstMobilenetFrameOutcome outcome, const GstMobilenetResult * result);
void gst_mobilenet_frame_failed (GstMobilenet * self, const gchar * reason);
/* The same without dropping results; or in a lane. */
void gst_mobilenet_warn_failed (GstMobilenet * self, const gchar * reason);
/* What holds for the frame as a whole, a reference that is taken over; or in a lane. */
void gst_mobilenet_set_result (GstMobilenet * self, GstMobilenetResult * result, const GstVideoRectangle * region,
    guint64 frame);
/* Counts, and tells of a new label; in the worker, in async mode. */
void gst_mobilenet_publish (GstMobilenet * self, const GstMobilenetFinished * finished);
/* The worker's GstMobilenetWorkerDone; `data` is the element. */
void gst_mobilenet_worker_done (gpointer data, const GstMobilenetFinished * finished, const MnetError * error);
/* What was seen holds from now on. TRUE where that says something about the frame as a whole. */
gboolean gst_mobilenet_keep_results (GstMobilenet * self, GstMobilenetFinished * finished);
/* The same with what the worker has finished, if anything. */
gboolean gst_mobilenet_take_finished (GstMobilenet * self);
/* The same after what the worker looks at is done. */
gboolean gst_mobilenet_drain (GstMobilenet * self);
/* Takes the buffer and returns it, or one that shares its memory, with a result of so many frames ago. Any thread. */
GstBuffer *gst_mobilenet_attach (GstBuffer * buffer, GstMobilenetResult * result, const GstVideoRectangle * region,
    guint64 age, const GstVideoInfo * info, GstMobilenetBridges attach);
/* The same with all that holds for it. */
GstBuffer *gst_mobilenet_attach_results (GstMobilenet * self, GstBuffer * buffer,
    const GstMobilenetFrameSettings * settings);

/* live.c */

/* Whether frames pass without waiting. Streaming thread. */
gboolean gst_mobilenet_is_async (GstMobilenet * self, GstMobilenetMode mode);
/* A frame has waited so long for its result in sync mode, or, with 0, doesn't wait any more. */
void gst_mobilenet_update_latency (GstMobilenet * self, GstClockTime waited);
/* Answers a LATENCY query from downstream. */
gboolean gst_mobilenet_query_latency (GstMobilenet * self, GstQuery * query);
/* Takes what a QOS event from downstream says. */
void gst_mobilenet_take_qos (GstMobilenet * self, GstEvent * event);
/* Whether a frame would be too late for its sink anyway. Streaming thread. */
gboolean gst_mobilenet_is_late (GstMobilenet * self, GstBuffer * buffer);

/* announce.c */

/* Tells applications about a new top label. Any thread, one at a time. */
void gst_mobilenet_announce (GstMobilenet * self, const GstMobilenetResult * result);
/* The signal of class GstMobilenet. */
void gst_mobilenet_announce_install (GstMobilenetClass * klass);

GST_ELEMENT_REGISTER_DECLARE (mobilenet);

G_END_DECLS

#endif
