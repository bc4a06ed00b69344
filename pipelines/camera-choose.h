/*
 * Which of a camera's modes costs the least CPU and still gives the model what it needs. No hardware and no GStreamer
 * in here.
 */
#ifndef __CAMERA_CHOOSE_H__
#define __CAMERA_CHOOSE_H__

#include <glib.h>

G_BEGIN_DECLS

/**
 * CameraMode:
 * @code: the format's V4L2 code, or GStreamer's name for libcamera
 * @format: GStreamer's name of a raw format, "JPEG", or NULL where mobilenet-camera can't use it
 * @emulated: libv4l2 converts to it
 * @rate_n: frames a second, @rate_n / @rate_d; 0: unknown
 */
typedef struct
{
  gchar code[16];
  const gchar *format;
  gboolean emulated;
  gint width, height;
  gint rate_n, rate_d;
} CameraMode;

/**
 * CameraWish:
 * @input_width: of the model
 * @rate: frames a second
 * @width: and @height: that the picture must have; 0: any
 */
typedef struct
{
  gint input_width, input_height;
  gdouble rate;
  gint width, height;
} CameraWish;

gdouble camera_mode_rate (const CameraMode * mode);

/* Estimated CPU nanoseconds a second between the driver and the model's input. */
gdouble camera_mode_cost (const CameraMode * mode);

/**
 * camera_choose:
 * @why: (out): one sentence, or which sizes there are where none fits
 *
 * A mode that is smaller than the model's input, or slower than wanted, is taken only where no other is better; size
 * counts more than rate, and rate more than cost. Of equals the first.
 *
 * Returns: (nullable): one of @modes
 */
const CameraMode *camera_choose (const CameraMode * modes, guint n_modes,
    const CameraWish * wish, gchar ** why);

G_END_DECLS

#endif
