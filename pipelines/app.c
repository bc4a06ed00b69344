/*
 * An application around the elements: what a camera sees, a line whenever the label changes.
 *
 *   app                          the first USB camera
 *   app libcamerasrc             a Raspberry Pi's camera
 *   app "filesrc location=video.mp4 ! decodebin"
 *
 * The signal comes in a thread of the pipeline. A program with a main loop may take the element message
 * `mobilenet-classification` from the bus instead. Build: cc app.c $(pkg-config --cflags --libs gstreamer-1.0)
 */
#include <gst/gst.h>

static void
on_label_changed (GstElement * mobilenet, const gchar * label,
    gdouble probability, const gchar * previous, guint64 timestamp,
    gpointer data)
{
  g_print ("%" GST_TIME_FORMAT " %s, %.0f %% (before: %s)\n",
      GST_TIME_ARGS (timestamp), label ? label : "nothing", probability * 100,
      previous ? previous : "nothing");
}

/* Until the source ends. FALSE where something went wrong. */
static gboolean
run (GstElement * pipeline)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;
  GError *error = NULL;
  gboolean done;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, GST_CLOCK_TIME_NONE,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  gst_element_set_state (pipeline, GST_STATE_NULL);

  done = GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS;
  if (!done) {
    gst_message_parse_error (message, &error, NULL);
    g_printerr ("%s: %s\n", GST_OBJECT_NAME (GST_MESSAGE_SRC (message)),
        error->message);
    g_error_free (error);
  }
  gst_message_unref (message);
  gst_object_unref (bus);
  return done;
}

int
main (int argc, char **argv)
{
  const gchar *source = argc > 1 ? argv[1] : "v4l2src";
  gchar *description;
  GstElement *pipeline, *mobilenet;
  GError *error = NULL;
  gboolean done;

  gst_init (&argc, &argv);
  description = g_strdup_printf ("%s ! videoconvert ! mobilenet name=classifier"
      " ! fakesink sync=true", source);
  pipeline = gst_parse_launch_full (description, NULL,
      GST_PARSE_FLAG_FATAL_ERRORS, &error);
  g_free (description);
  if (!pipeline) {
    g_printerr ("%s\n", error->message);
    g_error_free (error);
    return 1;
  }

  mobilenet = gst_bin_get_by_name (GST_BIN (pipeline), "classifier");
  g_signal_connect (mobilenet, "label-changed", G_CALLBACK (on_label_changed),
      NULL);
  done = run (pipeline);
  gst_object_unref (mobilenet);
  gst_object_unref (pipeline);
  return done ? 0 : 1;
}
