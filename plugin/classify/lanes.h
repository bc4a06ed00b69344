/*
 * Work that is done side by side and leaves in its order: a few threads, each of which takes the next job, and a fixed number
 * of jobs between them.
 */
#ifndef __GST_MOBILENET_LANES_H__
#define __GST_MOBILENET_LANES_H__

#include <glib.h>

G_BEGIN_DECLS

typedef struct _GstMobilenetLanes GstMobilenetLanes;

/* Does a job, in a thread of its lane, while other lanes do theirs. */
typedef void (*GstMobilenetLaneWork) (gpointer data, guint lane, gpointer job);
/* Comes for each job that is done, in the order of the jobs and one at a time, in any lane's thread. */
typedef void (*GstMobilenetLaneLeave) (gpointer data, gpointer job);

/* `lanes` threads, and room for twice as many jobs of `job_bytes`. */
GstMobilenetLanes *gst_mobilenet_lanes_new (guint lanes, gsize job_bytes, GstMobilenetLaneWork work,
    GstMobilenetLaneLeave leave, gpointer data);
/* All jobs must have left. */
void gst_mobilenet_lanes_free (GstMobilenetLanes * lanes);

/* Where to write the next job; waits for room. One thread at a time. */
gpointer gst_mobilenet_lanes_begin (GstMobilenetLanes * lanes);
/* Hands over what gst_mobilenet_lanes_begin() gave. */
void gst_mobilenet_lanes_end (GstMobilenetLanes * lanes);

/* Whether jobs are there that haven't left. */
gboolean gst_mobilenet_lanes_are_busy (GstMobilenetLanes * lanes);
/* Waits until all jobs have left. */
void gst_mobilenet_lanes_drain (GstMobilenetLanes * lanes);

G_END_DECLS

#endif
