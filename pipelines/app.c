/*
 * An application around the elements: what a camera sees, a line whenever the label changes.
 *
 *   app                          the first USB camera
 *   app libcamerasrc             a Raspberry Pi's camera
 *   app "filesrc location=video.mp4 ! decodebin"
 *
 * The messages come in the main loop. The element's signal `label-changed` says the same at once, in a thread of the
 * pipeline. Build: cc app.c $(pkg-config --cflags --libs gstreamer-1.0)
 */
#include <gst/gst.h>

static void
on_element (GstBus * bus, GstMessage * message, gpointer loop)
{
  const GstStructure *change = gst_message_get_structure (message);
  const gchar *label, *previous;
  gdouble probability;
  guint64 timestamp;

  if (!gst_structure_has_name (change, "mobilenet-classification"))
    return;
  label = gst_structure_get_string (change, "label");
  previous = gst_structure_get_string (change, "previous");
  if (gst_structure_get (change, "probability", G_TYPE_DOUBLE, &probability,
          "timestamp", G_TYPE_UINT64, &timestamp, NULL))
    g_print ("%" GST_TIME_FORMAT " %s, %.0f %% (before: %s)\n",
        GST_TIME_ARGS (timestamp), label ? label : "nothing",
        probability * 100, previous ? previous : "nothing");
}

static void
on_error (GstBus * bus, GstMessage * message, gpointer loop)
{
  GError *error;

  gst_message_parse_error (message, &error, NULL);
  g_printerr ("%s: %s\n", GST_OBJECT_NAME (GST_MESSAGE_SRC (message)),
      error->message);
  g_error_free (error);
  g_main_loop_quit (loop);
}

static void
on_eos (GstBus * bus, GstMessage * message, gpointer loop)
{
  g_main_loop_quit (loop);
}

int
main (int argc, char **argv)
{
  const gchar *source = argc > 1 ? argv[1] : "v4l2src";
  gchar *description;
  GstElement *pipeline;
  GError *error = NULL;
  GMainLoop *loop;
  GstBus *bus;

  gst_init (&argc, &argv);
  description = g_strdup_printf ("%s ! videoconvert ! mobilenet ! "
      "fakesink sync=true", source);
  pipeline = gst_parse_launch_full (description, NULL,
      GST_PARSE_FLAG_FATAL_ERRORS, &error);
  g_free (description);
  if (!pipeline) {
    g_printerr ("%s\n", error->message);
    g_error_free (error);
    return 1;
  }

  loop = g_main_loop_new (NULL, FALSE);
  bus = gst_element_get_bus (pipeline);
  gst_bus_add_signal_watch (bus);
  g_signal_connect (bus, "message::element", G_CALLBACK (on_element), loop);
  g_signal_connect (bus, "message::error", G_CALLBACK (on_error), loop);
  g_signal_connect (bus, "message::eos", G_CALLBACK (on_eos), loop);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_main_loop_run (loop);
  gst_element_set_state (pipeline, GST_STATE_NULL);

  gst_bus_remove_signal_watch (bus);
  gst_object_unref (bus);
  gst_object_unref (pipeline);
  g_main_loop_unref (loop);
  return 0;
}
