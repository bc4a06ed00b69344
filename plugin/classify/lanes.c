#include "plugin/classify/lanes.h"

struct _GstMobilenetLanes
{
  GstMobilenetLaneWork work;
  GstMobilenetLaneLeave leave;
  gpointer data;

  guint n_threads, room;
  gsize job_bytes;
  guint8 *jobs;                 /* job n is at n modulo room, as is whether it is done */
  gboolean *done;
  GThread **threads;

  GMutex lock;
  GCond changed;
  guint64 queued, started, left;        /* how many were until now */
  gboolean leaving;             /* a thread lets jobs leave */
  gboolean quit;
};

typedef struct
{
  GstMobilenetLanes *lanes;
  guint lane;
} Lane;

static gpointer
job_at (GstMobilenetLanes * lanes, guint64 n)
{
  return lanes->jobs + n % lanes->room * lanes->job_bytes;
}

/* With the lock, which is given up for each job. */
static void
let_leave (GstMobilenetLanes * lanes)
{
  lanes->leaving = TRUE;
  while (lanes->done[lanes->left % lanes->room]) {
    g_mutex_unlock (&lanes->lock);
    lanes->leave (lanes->data, job_at (lanes, lanes->left));
    g_mutex_lock (&lanes->lock);
    lanes->done[lanes->left % lanes->room] = FALSE;
    lanes->left++;
    g_cond_broadcast (&lanes->changed);
  }
  lanes->leaving = FALSE;
}

static gpointer
lane_main (gpointer data)
{
  Lane *lane = data;
  GstMobilenetLanes *lanes = lane->lanes;

  g_mutex_lock (&lanes->lock);
  while (!lanes->quit) {
    if (lanes->started < lanes->queued) {
      guint64 n = lanes->started++;

      g_mutex_unlock (&lanes->lock);
      lanes->work (lanes->data, lane->lane, job_at (lanes, n));
      g_mutex_lock (&lanes->lock);
      lanes->done[n % lanes->room] = TRUE;
      if (!lanes->leaving)
        let_leave (lanes);
    } else {
      g_cond_wait (&lanes->changed, &lanes->lock);
    }
  }
  g_mutex_unlock (&lanes->lock);
  g_free (lane);
  return NULL;
}

GstMobilenetLanes *
gst_mobilenet_lanes_new (guint n_lanes, gsize job_bytes,
    GstMobilenetLaneWork work, GstMobilenetLaneLeave leave, gpointer data)
{
  GstMobilenetLanes *lanes = g_new0 (GstMobilenetLanes, 1);
  guint i;

  lanes->work = work;
  lanes->leave = leave;
  lanes->data = data;
  lanes->n_threads = n_lanes;
  lanes->room = 2 * n_lanes;
  lanes->job_bytes = job_bytes;
  lanes->jobs = g_malloc0_n (lanes->room, job_bytes);
  lanes->done = g_new0 (gboolean, lanes->room);
  lanes->threads = g_new0 (GThread *, n_lanes);
  g_mutex_init (&lanes->lock);
  g_cond_init (&lanes->changed);
  for (i = 0; i < n_lanes; i++) {
    Lane *lane = g_new (Lane, 1);

    lane->lanes = lanes;
    lane->lane = i;
    lanes->threads[i] = g_thread_new ("mobilenet-lane", lane_main, lane);
  }
  return lanes;
}

void
gst_mobilenet_lanes_free (GstMobilenetLanes * lanes)
{
  guint i;

  g_mutex_lock (&lanes->lock);
  lanes->quit = TRUE;
  g_cond_broadcast (&lanes->changed);
  g_mutex_unlock (&lanes->lock);
  for (i = 0; i < lanes->n_threads; i++)
    g_thread_join (lanes->threads[i]);

  g_free (lanes->threads);
  g_free (lanes->done);
  g_free (lanes->jobs);
  g_mutex_clear (&lanes->lock);
  g_cond_clear (&lanes->changed);
  g_free (lanes);
}

gpointer
gst_mobilenet_lanes_begin (GstMobilenetLanes * lanes)
{
  gpointer job;

  g_mutex_lock (&lanes->lock);
  while (lanes->queued - lanes->left == lanes->room)
    g_cond_wait (&lanes->changed, &lanes->lock);
  job = job_at (lanes, lanes->queued);
  g_mutex_unlock (&lanes->lock);
  return job;
}

void
gst_mobilenet_lanes_end (GstMobilenetLanes * lanes)
{
  g_mutex_lock (&lanes->lock);
  lanes->queued++;
  g_cond_broadcast (&lanes->changed);
  g_mutex_unlock (&lanes->lock);
}

gboolean
gst_mobilenet_lanes_are_busy (GstMobilenetLanes * lanes)
{
  gboolean busy;

  g_mutex_lock (&lanes->lock);
  busy = lanes->left < lanes->queued;
  g_mutex_unlock (&lanes->lock);
  return busy;
}

void
gst_mobilenet_lanes_drain (GstMobilenetLanes * lanes)
{
  g_mutex_lock (&lanes->lock);
  while (lanes->left < lanes->queued)
    g_cond_wait (&lanes->changed, &lanes->lock);
  g_mutex_unlock (&lanes->lock);
}
