/* Cameras of libcamera, such as a Raspberry Pi's module, where GStreamer has libcamerasrc. */
#include "pipelines/camera.h"

#include <gst/gst.h>

#include "nn/mnet.h"

/* One mode for each fixed structure. A range of sizes or rates has no end to choose by; the modes that libcamera
 * enumerates are fixed sizes, and it says no rates. */
static void
add_modes (Camera * camera, GstCaps * caps)
{
  guint i;

  for (i = 0; i < gst_caps_get_size (caps); i++) {
    GstStructure *structure = gst_caps_get_structure (caps, i);
    CameraMode mode = {.rate_d = 1 };
    const gchar *format = NULL;

    if (gst_structure_has_name (structure, "image/jpeg"))
      format = "JPEG";
    else if (gst_structure_has_name (structure, "video/x-raw"))
      format = gst_structure_get_string (structure, "format");
    if (!format || !gst_structure_get_int (structure, "width", &mode.width)
        || !gst_structure_get_int (structure, "height", &mode.height))
      continue;
    gst_structure_get_fraction (structure, "framerate", &mode.rate_n,
        &mode.rate_d);
    if (g_str_equal (format, "JPEG") || mnet_pixel_format_from_name (format))
      mode.format = g_intern_string (format);
    g_strlcpy (mode.code, format, sizeof mode.code);
    g_array_append_val (camera->modes, mode);
  }
}

static Camera *
from_device (GstDevice * device)
{
  GstElement *source = gst_device_create_element (device, NULL);
  gchar *display_name = gst_device_get_display_name (device);
  GstCaps *caps = gst_device_get_caps (device);
  Camera *camera = NULL;
  gchar *name;

  if (source && caps) {
    g_object_get (source, "camera-name", &name, NULL);
    camera = camera_new ("libcamerasrc", name, display_name, "libcamera");
    add_modes (camera, caps);
    g_free (name);
  }
  g_clear_pointer (&caps, gst_caps_unref);
  g_clear_object (&source);
  g_free (display_name);
  return camera;
}

void
camera_libcamera_list (GPtrArray * cameras)
{
  GstElementFactory *factory = gst_element_factory_find ("libcamerasrc");
  GstDeviceMonitor *monitor;
  GList *devices, *item;

  if (!factory)
    return;
  gst_object_unref (factory);
  monitor = gst_device_monitor_new ();
  gst_device_monitor_add_filter (monitor, "Video/Source", NULL);
  devices = gst_device_monitor_get_devices (monitor);
  for (item = devices; item; item = item->next) {
    Camera *camera = NULL;

    /* cameras of the kernel have been listed with more detail */
    if (g_str_equal (G_OBJECT_TYPE_NAME (item->data), "GstLibcameraDevice"))
      camera = from_device (item->data);
    if (camera)
      g_ptr_array_add (cameras, camera);
  }
  g_list_free_full (devices, gst_object_unref);
  gst_object_unref (monitor);
}
