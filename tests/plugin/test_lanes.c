/* Work side by side leaves in its order, each piece once. tests/run.sh has it run under TSan too. */
#include "plugin/classify/lanes.h"
#include "tests/plugin/require.h"

#define LANES 3
#define JOBS 500

typedef struct
{
  guint number, square;
} Job;

typedef struct
{
  guint left;                   /* not atomic: one at a time */
  guint64 sum;
  gint at_work, most;           /* atomic */
  gint in_lane[LANES];          /* atomic */
} Seen;

static void
work (gpointer data, guint lane, gpointer data_of_job)
{
  Seen *seen = data;
  Job *job = data_of_job;
  gint now = g_atomic_int_add (&seen->at_work, 1) + 1;

  REQUIRE (lane < LANES);
  REQUIRE (g_atomic_int_add (&seen->in_lane[lane], 1) == 0);
  if (now > g_atomic_int_get (&seen->most))
    g_atomic_int_set (&seen->most, now);
  g_usleep (job->number * 7919 % 5 * 100);
  job->square = job->number * job->number;
  g_atomic_int_add (&seen->in_lane[lane], -1);
  g_atomic_int_add (&seen->at_work, -1);
}

static void
leave (gpointer data, gpointer data_of_job)
{
  Seen *seen = data;
  Job *job = data_of_job;

  REQUIRE (job->number == seen->left);
  REQUIRE (job->square == job->number * job->number);
  seen->sum += job->square;
  seen->left++;
  if (job->number % 50 == 0)
    g_usleep (2000);
}

int
main (void)
{
  Seen seen = { 0, };
  GstMobilenetLanes *lanes =
      gst_mobilenet_lanes_new (LANES, sizeof (Job), work, leave, &seen);
  guint64 sum = 0;
  guint i;

  REQUIRE (!gst_mobilenet_lanes_are_busy (lanes));
  gst_mobilenet_lanes_drain (lanes);
  for (i = 0; i < JOBS; i++) {
    Job *job = gst_mobilenet_lanes_begin (lanes);

    job->number = i;
    sum += i * i;
    gst_mobilenet_lanes_end (lanes);
    if (i % 97 == 0) {
      gst_mobilenet_lanes_drain (lanes);
      REQUIRE (!gst_mobilenet_lanes_are_busy (lanes));
      REQUIRE (seen.left == i + 1);
    }
  }
  gst_mobilenet_lanes_drain (lanes);
  REQUIRE (seen.left == JOBS && seen.sum == sum);
  REQUIRE (seen.most > 1 && seen.most <= LANES);
  gst_mobilenet_lanes_free (lanes);

  /* of no use, but no harm */
  lanes = gst_mobilenet_lanes_new (LANES, sizeof (Job), work, leave, &seen);
  gst_mobilenet_lanes_free (lanes);
  return 0;
}
