/* The worker under a streaming thread that does everything in any order. tests/run.sh has it run under TSan too. */
#include "plugin/classify/worker.h"
#include "tests/plugin/require.h"

#include <string.h>

#define STEPS 400

typedef struct
{
  GstMobilenetClassifier *classifier;
  GstMobilenetWorker *worker;
  gsize bytes;
  guint n_handed, n_replaced, n_taken;
  gint n_done;                  /* atomic, as the worker counts */
  guint64 newest;               /* frame of the last result */
  guint stream;
} Stress;

static void
done (gpointer data, const GstMobilenetFinished * finished,
    const MnetError * error)
{
  Stress *stress = data;

  REQUIRE (!finished->failed && !error);
  g_atomic_int_inc (&stress->n_done);
}

static void
hand_over (Stress * stress, GRand * rand, guint64 frame)
{
  GstMobilenetJob job = {.classifier = stress->classifier,.n_looks = 1,
    .frame = frame,.stream = stress->stream,.pts = frame * GST_MSECOND
  };
  gboolean replaced;
  guint8 *tensor = gst_mobilenet_worker_begin (stress->worker, stress->bytes,
      g_rand_int_range (rand, 0, 2) * GST_SECOND, &replaced);

  stress->n_replaced += replaced;
  if (!tensor)
    return;
  memset (tensor, frame, stress->bytes);
  job.looks[0].whole = TRUE;
  if (g_rand_int_range (rand, 0, 5)) {
    gst_mobilenet_worker_end (stress->worker, &job);
    stress->n_handed++;
  } else {
    gst_mobilenet_worker_end (stress->worker, NULL);
  }
}

static void
take (Stress * stress)
{
  GstMobilenetFinished finished;

  if (!gst_mobilenet_worker_take (stress->worker, stress->stream, &finished))
    return;
  REQUIRE (finished.job.stream == stress->stream);
  REQUIRE (finished.job.frame >= stress->newest);
  REQUIRE (finished.results[0]->n_classes == 3);
  REQUIRE (finished.results[0]->pts == finished.job.frame * GST_MSECOND);
  stress->newest = finished.job.frame;
  stress->n_taken++;
  gst_mobilenet_finished_clear (&finished);
}

static void
restart (Stress * stress)
{
  gst_mobilenet_worker_free (stress->worker);
  stress->worker = gst_mobilenet_worker_new (done, stress);
}

static gpointer
stream_thread (gpointer data)
{
  Stress *stress = data;
  GRand *rand = g_rand_new_with_seed (7);
  guint64 frame;

  for (frame = 0; frame < STEPS; frame++) {
    switch (g_rand_int_range (rand, 0, 24)) {
      case 0:
        gst_mobilenet_worker_drain (stress->worker);
        REQUIRE (!gst_mobilenet_worker_is_busy (stress->worker));
        break;
      case 1:
        stress->stream++;
        break;
      case 2:
        restart (stress);
        break;
      case 3:
      case 4:
        g_usleep (g_rand_int_range (rand, 0, 20000));
        break;
      default:
        hand_over (stress, rand, frame);
        break;
    }
    take (stress);
  }
  gst_mobilenet_worker_drain (stress->worker);
  take (stress);
  g_rand_free (rand);
  return NULL;
}

/* How long a job takes is known from the one before. */
static void
frames_are_taken_near_the_end (Stress * stress)
{
  GstMobilenetJob job = {.classifier = stress->classifier,.n_looks = 1,
    .debug_time = 1000
  };
  const GstClockTime margins[] = { 0, 100 * GST_MSECOND, 10 * GST_SECOND };
  const gboolean near[] = { FALSE, FALSE, TRUE };
  gboolean replaced;
  guint i, round;

  for (round = 0; round < 2; round++) {
    REQUIRE (gst_mobilenet_worker_begin (stress->worker, stress->bytes, 0,
            &replaced));
    gst_mobilenet_worker_end (stress->worker, &job);
    /* until it runs, what waits can be replaced */
    g_usleep (200000);
    for (i = 0; i < G_N_ELEMENTS (margins); i++) {
      gpointer tensor = gst_mobilenet_worker_begin (stress->worker,
          stress->bytes, margins[i], &replaced);

      REQUIRE ((tensor != NULL) == (round > 0 && near[i]));
      REQUIRE (!replaced);
      if (tensor)
        gst_mobilenet_worker_end (stress->worker, NULL);
    }
    gst_mobilenet_worker_drain (stress->worker);
  }
}

int
main (void)
{
  const GstMobilenetModelSettings settings = {.threads = 1,.top_k = 3 };
  const MnetPreprocess preprocess = { 0 };
  Stress stress = { 0 };
  MnetModel *model = NULL;
  MnetError error;

  REQUIRE (mnet_model_open (NULL, NULL, &model, &error) == MNET_OK);
  stress.classifier =
      gst_mobilenet_classifier_new (model, &settings, &preprocess, &error);
  REQUIRE (stress.classifier != NULL);
  stress.bytes = mnet_model_info (model)->prepared_bytes;
  stress.worker = gst_mobilenet_worker_new (done, &stress);
  frames_are_taken_near_the_end (&stress);
  stress.n_done = 0;
  restart (&stress);
  g_thread_join (g_thread_new ("stream", stream_thread, &stress));
  gst_mobilenet_worker_free (stress.worker);
  gst_mobilenet_classifier_unref (stress.classifier);
  mnet_model_unref (&model);

  printf ("%u handed over, %u replaced, %d done, %u taken\n", stress.n_handed,
      stress.n_replaced, stress.n_done, stress.n_taken);
  REQUIRE (stress.n_taken > 0 && stress.n_replaced > 0);
  REQUIRE ((guint) stress.n_done + stress.n_replaced <= stress.n_handed);
  REQUIRE ((guint) stress.n_done >= stress.n_taken);
  return 0;
}
