/*
 * mobilenet-camera: what its files share.
 *
 *   camera.c           options
 *   camera-v4l2.c      cameras of the kernel, through libv4l2
 *   camera-libcamera.c cameras of libcamera, through GstDeviceMonitor
 *   camera-list.c      prints them
 *   camera-choose.c    which mode costs least
 *   camera-launch.c    the pipeline's description
 *   camera-run.c       runs it
 */
#ifndef __CAMERA_H__
#define __CAMERA_H__

#include <glib.h>

#include "pipelines/camera-choose.h"

G_BEGIN_DECLS

/**
 * Camera:
 * @element: that reads it, "v4l2src" or "libcamerasrc"
 * @device: path, or libcamera's name
 * @name: for people
 * @driver: of the kernel, or NULL
 * @usb: whether it is on USB; others in /dev may be parts of a camera that only libcamera can drive
 * @modes: (element-type CameraMode)
 */
typedef struct
{
  const gchar *element;
  gchar *device;
  gchar *name;
  gchar *driver;
  gboolean usb;
  GArray *modes;
} Camera;

/**
 * CameraOptions:
 * @device: path or name; NULL: the first
 * @size: "WIDTHxHEIGHT"; NULL: any
 * @rate: frames a second
 * @model: (nullable): of the mobilenet element, as @labels
 */
typedef struct
{
  gboolean list, json, headless, print, reconnect;
  gchar *device;
  gchar *size;
  gdouble rate;
  gchar *model;
  gchar *labels;
} CameraOptions;

Camera *camera_new (const gchar * element, const gchar * device,
    const gchar * name, const gchar * driver);
void camera_free (Camera * camera);

/* Each camera, in the order of the numbers in /dev. */
void camera_v4l2_list (GPtrArray * cameras);
/* NULL with the reason in @problem. */
Camera *camera_v4l2_open (const gchar * device, gchar ** problem);
/* Nothing where GStreamer has no libcamerasrc. */
void camera_libcamera_list (GPtrArray * cameras);

void camera_print_list (GPtrArray * cameras, gboolean json);

/* Arguments of gst-launch-1.0; free with g_strfreev(). */
gchar **camera_launch (const CameraOptions * options, const Camera * camera,
    const CameraMode * mode);
/* The same as a line to paste. */
gchar *camera_launch_line (gchar ** launch, const CameraMode * mode);

/* Until Ctrl-C or an error. The exit status. */
gint camera_run (const CameraOptions * options, const Camera * camera,
    const CameraMode * mode);

G_END_DECLS

#endif
