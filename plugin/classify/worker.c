#include "plugin/classify/worker.h"

#include <pthread.h>

#include "plugin/classify/pacing.h"

typedef enum
{
  SLOT_EMPTY,
  SLOT_WRITING,                 /* by the streaming thread */
  SLOT_FULL
} Slot;

typedef struct
{
  gpointer data;
  gsize size;
} Tensor;

struct _GstMobilenetWorker
{
  GstMobilenetWorkerDone done;
  gpointer data;
  GThread *thread;

  GMutex lock;
  GCond changed;
  gboolean quit, busy;
  Slot slot;
  GstMobilenetJob job;          /* of the slot, where it is full */
  Tensor next, running;
  GstClockTime began, duration; /* of what runs; of the last one that ran */
  GstMobilenetFinished finished;
  gboolean has_finished;
};

static void
forget_job (GstMobilenetJob * job)
{
  g_clear_pointer (&job->classifier, gst_mobilenet_classifier_unref);
}

void
gst_mobilenet_finished_clear (GstMobilenetFinished * finished)
{
  guint i;

  for (i = 0; i < finished->job.n_looks; i++)
    g_clear_pointer (&finished->results[i], gst_mobilenet_result_unref);
}

static void
forget_finished (GstMobilenetWorker * worker)
{
  if (worker->has_finished)
    gst_mobilenet_finished_clear (&worker->finished);
  worker->has_finished = FALSE;
}

static gboolean
look (const GstMobilenetJob * job, const guint8 * tensors,
    GstMobilenetResult ** results, MnetError * error)
{
  gsize bytes = gst_mobilenet_classifier_info (job->classifier)->prepared_bytes;
  guint i;

  for (i = 0; i < job->n_looks; i++) {
    gboolean whole = job->looks[i].whole;

    results[i] = gst_mobilenet_classifier_run_prepared (job->classifier,
        tensors + i * bytes, whole ? &job->steady : &job->region_steady,
        whole ? job->stream : GST_MOBILENET_APART, job->pts,
        job->preprocess_time / job->n_looks, error);
    if (!results[i])
      return FALSE;
    gst_mobilenet_pacing_stretch (results[i], job->debug_time);
  }
  return TRUE;
}

/* With the lock. */
static gboolean
is_busy (const GstMobilenetWorker * worker)
{
  return worker->busy || worker->slot == SLOT_FULL;
}

/* With the lock, which is given up while the job runs. */
static void
run_job (GstMobilenetWorker * worker)
{
  GstMobilenetFinished finished = {.job = worker->job,.began =
        gst_util_get_timestamp ()
  };
  Tensor tensor = worker->next;
  MnetError error;

  worker->next = worker->running;
  worker->running = tensor;
  worker->slot = SLOT_EMPTY;
  worker->busy = TRUE;
  worker->began = finished.began;
  g_mutex_unlock (&worker->lock);

  finished.failed = !look (&finished.job, tensor.data, finished.results,
      &error);
  if (finished.failed)
    gst_mobilenet_finished_clear (&finished);
  worker->done (worker->data, &finished, finished.failed ? &error : NULL);
  forget_job (&finished.job);

  g_mutex_lock (&worker->lock);
  forget_finished (worker);
  worker->finished = finished;
  worker->has_finished = TRUE;
  worker->duration = gst_util_get_timestamp () - worker->began;
  worker->busy = FALSE;
  g_cond_broadcast (&worker->changed);
}

/* The worker has time: no thread leaves its core when this one wakes up, least
 * of all the one that brings frames. */
static void
give_way (void)
{
  struct sched_param param;
  int policy;

  if (!pthread_getschedparam (pthread_self (), &policy, &param)
      && policy == SCHED_OTHER)
    pthread_setschedparam (pthread_self (), SCHED_BATCH, &param);
}

static gpointer
worker_main (gpointer data)
{
  GstMobilenetWorker *worker = data;

  give_way ();
  g_mutex_lock (&worker->lock);
  while (!worker->quit) {
    if (worker->slot == SLOT_FULL)
      run_job (worker);
    else
      g_cond_wait (&worker->changed, &worker->lock);
  }
  g_mutex_unlock (&worker->lock);
  return NULL;
}

GstMobilenetWorker *
gst_mobilenet_worker_new (GstMobilenetWorkerDone done, gpointer data)
{
  GstMobilenetWorker *worker = g_new0 (GstMobilenetWorker, 1);

  worker->done = done;
  worker->data = data;
  g_mutex_init (&worker->lock);
  g_cond_init (&worker->changed);
  worker->thread = g_thread_new ("mobilenet", worker_main, worker);
  return worker;
}

void
gst_mobilenet_worker_free (GstMobilenetWorker * worker)
{
  g_mutex_lock (&worker->lock);
  worker->quit = TRUE;
  g_cond_broadcast (&worker->changed);
  g_mutex_unlock (&worker->lock);
  g_thread_join (worker->thread);

  if (worker->slot == SLOT_FULL)
    forget_job (&worker->job);
  forget_finished (worker);
  g_free (worker->next.data);
  g_free (worker->running.data);
  g_mutex_clear (&worker->lock);
  g_cond_clear (&worker->changed);
  g_free (worker);
}

gpointer
gst_mobilenet_worker_begin (GstMobilenetWorker * worker, gsize bytes,
    GstClockTime margin, gboolean * replaced)
{
  gpointer tensor = NULL;

  *replaced = FALSE;
  g_mutex_lock (&worker->lock);
  if (!worker->busy || (worker->duration && gst_util_get_timestamp () + margin
          >= worker->began + worker->duration)) {
    *replaced = worker->slot == SLOT_FULL;
    if (*replaced)
      forget_job (&worker->job);
    worker->slot = SLOT_WRITING;
    if (worker->next.size < bytes) {
      g_free (worker->next.data);
      worker->next.data = g_malloc (bytes);
      worker->next.size = bytes;
    }
    tensor = worker->next.data;
  }
  g_mutex_unlock (&worker->lock);
  return tensor;
}

void
gst_mobilenet_worker_end (GstMobilenetWorker * worker,
    const GstMobilenetJob * job)
{
  g_mutex_lock (&worker->lock);
  worker->slot = SLOT_EMPTY;
  if (job) {
    worker->slot = SLOT_FULL;
    worker->job = *job;
    gst_mobilenet_classifier_ref (job->classifier);
  }
  g_cond_broadcast (&worker->changed);
  g_mutex_unlock (&worker->lock);
}

gboolean
gst_mobilenet_worker_take (GstMobilenetWorker * worker, guint stream,
    GstMobilenetFinished * finished)
{
  gboolean taken;

  g_mutex_lock (&worker->lock);
  taken = worker->has_finished && worker->finished.job.stream == stream;
  if (taken)
    *finished = worker->finished;
  else
    forget_finished (worker);
  worker->has_finished = FALSE;
  g_mutex_unlock (&worker->lock);
  return taken;
}

gboolean
gst_mobilenet_worker_is_busy (GstMobilenetWorker * worker)
{
  gboolean busy;

  g_mutex_lock (&worker->lock);
  busy = is_busy (worker);
  g_mutex_unlock (&worker->lock);
  return busy;
}

void
gst_mobilenet_worker_drain (GstMobilenetWorker * worker)
{
  g_mutex_lock (&worker->lock);
  while (is_busy (worker))
    g_cond_wait (&worker->changed, &worker->lock);
  g_mutex_unlock (&worker->lock);
}
