#include <gst/gst.h>

GST_ELEMENT_REGISTER_DECLARE (mobilenet);
GST_ELEMENT_REGISTER_DECLARE (mobilenetlog);
GST_ELEMENT_REGISTER_DECLARE (mobilenetoverlay);
GST_ELEMENT_REGISTER_DECLARE (mobilenettext);

static gboolean
plugin_init (GstPlugin * plugin)
{
  return GST_ELEMENT_REGISTER (mobilenet, plugin)
      && GST_ELEMENT_REGISTER (mobilenetlog, plugin)
      && GST_ELEMENT_REGISTER (mobilenetoverlay, plugin)
      && GST_ELEMENT_REGISTER (mobilenettext, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, mobilenet,
    "Image classification with the models of the MobileNet family",
    plugin_init, PACKAGE_VERSION, "MIT/X11", PACKAGE, PACKAGE)
