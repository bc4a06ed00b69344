/* parse ARGUMENT...: builds the pipeline of a gst-launch-1.0 command line without running it. Exits with 0, with 1 where
 * the line is wrong, or with 77 where only elements are missing that this machine lacks. */
#include <gst/gst.h>

static gboolean
only_foreign (gchar ** missing)
{
  for (; *missing; missing++)
    if (g_str_has_prefix (*missing, "mobilenet"))
      return FALSE;
  return TRUE;
}

int
main (int argc, char **argv)
{
  GstParseContext *context;
  GstElement *pipeline;
  GError *error = NULL;
  gchar **missing;
  int status = 0;

  gst_init (NULL, NULL);
  context = gst_parse_context_new ();
  for (argv++; *argv && **argv == '-'; argv++)
    continue;
  pipeline = gst_parse_launchv_full ((const gchar **) argv, context,
      GST_PARSE_FLAG_FATAL_ERRORS, &error);
  missing = gst_parse_context_get_missing_elements (context);
  if (error) {
    g_printerr ("%s\n", error->message);
    status = missing && *missing && only_foreign (missing) ? 77 : 1;
  }
  g_clear_error (&error);
  g_strfreev (missing);
  g_clear_pointer (&pipeline, gst_object_unref);
  gst_parse_context_free (context);
  return status;
}
