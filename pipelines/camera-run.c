#include "pipelines/camera.h"

#include <glib-unix.h>
#include <gst/gst.h>
#include <json-glib/json-glib.h>
#include <string.h>

#define RETRY_MS 500

typedef struct
{
  const CameraOptions *options;
  const Camera *camera;
  GMainLoop *loop;
  GstElement *pipeline;
  GstElement *classifier;
  gboolean waiting;             /* for the camera to come back */
  gint64 since;                 /* of the time that frames come, or 0 */
  gint64 running;               /* before that, in microseconds */
  guint64 frames, classified;
  gint status;
} Run;

static void
start (Run * run)
{
  run->since = g_get_monotonic_time ();
  gst_element_set_state (run->pipeline, GST_STATE_PLAYING);
}

static void
get_stats (Run * run, guint64 * frames, guint64 * classified)
{
  GstStructure *stats;

  g_object_get (run->classifier, "stats", &stats, NULL);
  gst_structure_get (stats, "frames", G_TYPE_UINT64, frames, "classified",
      G_TYPE_UINT64, classified, NULL);
  gst_structure_free (stats);
}

/* The element's statistics begin anew with each start. */
static void
stop (Run * run)
{
  guint64 frames = 0, classified = 0;

  if (run->since == 0)
    return;
  get_stats (run, &frames, &classified);
  gst_element_set_state (run->pipeline, GST_STATE_NULL);
  run->frames += frames;
  run->classified += classified;
  run->running += g_get_monotonic_time () - run->since;
  run->since = 0;
}

static void
finish (Run * run, gint status)
{
  run->status = status;
  g_main_loop_quit (run->loop);
}

static gboolean
on_signal (gpointer data)
{
  finish (data, 0);
  return G_SOURCE_CONTINUE;
}

static void
print_json (const GstStructure * change, gint64 ms)
{
  JsonObject *object = json_object_new ();
  JsonNode *node = json_node_init_object (json_node_alloc (), object);
  const gchar *label = gst_structure_get_string (change, "label");
  const gchar *previous = gst_structure_get_string (change, "previous");
  gdouble probability = 0;
  gchar *text;

  gst_structure_get_double (change, "probability", &probability);
  json_object_set_int_member (object, "ms", ms);
  json_object_set_string_member (object, "label", label);
  json_object_set_double_member (object, "probability", probability);
  json_object_set_string_member (object, "previous", previous);
  text = json_to_string (node, FALSE);
  g_print ("%s\n", text);
  g_free (text);
  json_node_unref (node);
  json_object_unref (object);
}

static void
on_element_message (GstBus * bus, GstMessage * message, gpointer data)
{
  const GstStructure *change = gst_message_get_structure (message);
  Run *run = data;
  const gchar *label;
  gdouble probability = 0;
  gint64 ms;

  if (!gst_structure_has_name (change, "mobilenet-classification"))
    return;
  ms = (run->running + g_get_monotonic_time () - run->since) / 1000;
  if (run->options->json) {
    print_json (change, ms);
    return;
  }
  label = gst_structure_get_string (change, "label");
  gst_structure_get_double (change, "probability", &probability);
  if (label)
    g_print ("%8.2f s  %-30s %3.0f %%\n", ms / 1e3, label, probability * 100);
  else
    g_print ("%8.2f s\n", ms / 1e3);
}

static gboolean
is_present (const Camera * camera)
{
  gchar *problem = NULL;
  Camera *found;

  /* libcamera has no cheap answer, and its element says by itself what is wrong */
  if (!g_str_equal (camera->element, "v4l2src"))
    return TRUE;
  found = camera_v4l2_open (camera->device, &problem);
  g_free (problem);
  if (!found)
    return FALSE;
  camera_free (found);
  return TRUE;
}

/* The camera is back in truth when it gives a frame. */
static gboolean
retry (gpointer data)
{
  Run *run = data;
  guint64 frames = 0, classified;

  if (run->since)
    get_stats (run, &frames, &classified);
  else if (is_present (run->camera))
    start (run);
  if (frames == 0)
    return G_SOURCE_CONTINUE;
  g_printerr ("mobilenet-camera: %s is back.\n", run->camera->device);
  run->waiting = FALSE;
  return G_SOURCE_REMOVE;
}

static void
report (const Run * run, GstMessage * message, gboolean vanished,
    gboolean retrying)
{
  GError *error;
  gchar *debug, *detail;

  if (vanished) {
    g_printerr ("mobilenet-camera: %s (%s) has vanished. %s\n",
        run->camera->device, run->camera->name, retrying ?
        "Waiting for it; Ctrl-C ends." :
        "Plug it in and start again, or wait for it with --reconnect.");
    return;
  }
  gst_message_parse_error (message, &error, &debug);
  detail = debug ? strrchr (debug, '\n') : NULL;
  g_printerr ("mobilenet-camera: %s: %s%s%s%s%s\n", run->camera->device,
      error->message, detail ? " (" : "", detail ? detail + 1 : "",
      detail ? ")" : "", retrying ? " Trying again; Ctrl-C ends." : "");
  g_error_free (error);
  g_free (debug);
}

static void
on_error (GstBus * bus, GstMessage * message, gpointer data)
{
  Run *run = data;
  gboolean of_camera =
      g_str_equal (GST_OBJECT_NAME (GST_MESSAGE_SRC (message)), "camera");
  gboolean retrying = of_camera && run->options->reconnect;

  stop (run);
  if (run->waiting && retrying)
    return;
  report (run, message, of_camera && !is_present (run->camera), retrying);
  if (retrying) {
    run->waiting = TRUE;
    g_timeout_add (RETRY_MS, retry, run);
  } else {
    finish (run, 1);
  }
}

static void
on_eos (GstBus * bus, GstMessage * message, gpointer data)
{
  finish (data, 0);
}

static void
print_statistics (const Run * run)
{
  gdouble seconds = run->running / 1e6;

  g_printerr ("%" G_GUINT64_FORMAT " frames in %.1f s (%.1f/s), %"
      G_GUINT64_FORMAT " classified\n", run->frames, seconds,
      seconds > 0 ? run->frames / seconds : 0, run->classified);
}

gint
camera_run (const CameraOptions * options, const Camera * camera,
    const CameraMode * mode)
{
  Run run = {.options = options,.camera = camera };
  gchar **launch = camera_launch (options, camera, mode);
  GError *error = NULL;
  GstBus *bus;
  guint signals[2];

  run.pipeline = gst_parse_launchv_full ((const gchar **) launch, NULL,
      GST_PARSE_FLAG_FATAL_ERRORS, &error);
  g_strfreev (launch);
  if (!run.pipeline) {
    g_printerr ("mobilenet-camera: %s\n", error->message);
    g_error_free (error);
    return 1;
  }
  run.classifier = gst_bin_get_by_name (GST_BIN (run.pipeline), "classifier");
  run.loop = g_main_loop_new (NULL, FALSE);
  bus = gst_element_get_bus (run.pipeline);
  gst_bus_add_signal_watch (bus);
  g_signal_connect (bus, "message::element", G_CALLBACK (on_element_message),
      &run);
  g_signal_connect (bus, "message::error", G_CALLBACK (on_error), &run);
  g_signal_connect (bus, "message::eos", G_CALLBACK (on_eos), &run);
  signals[0] = g_unix_signal_add (SIGINT, on_signal, &run);
  signals[1] = g_unix_signal_add (SIGTERM, on_signal, &run);

  start (&run);
  g_main_loop_run (run.loop);
  stop (&run);
  print_statistics (&run);

  g_source_remove (signals[0]);
  g_source_remove (signals[1]);
  gst_bus_remove_signal_watch (bus);
  gst_object_unref (bus);
  gst_object_unref (run.classifier);
  gst_object_unref (run.pipeline);
  g_main_loop_unref (run.loop);
  return run.status;
}
