/* Frames, harnesses and expectations that the plugin's tests share. */
#ifndef TESTS_PLUGIN_FRAMES_H
#define TESTS_PLUGIN_FRAMES_H

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>

#include "nn/mnet.h"
#include "plugin/meta/gstmobilenetmeta.h"

/* The formats that the element must take, in the order of MnetPixelFormat; NULL after the last. */
extern const gchar *const frame_formats[];

/* 30 frames a second. */
GstCaps *frame_caps (const gchar * format, gint width, gint height);
void frame_info (GstVideoInfo * info, const gchar * format, gint width, gint height);
/* A picture that depends on `seed` in every pixel's value; frame n has the PTS of the n-th at 30 a second. */
GstBuffer *frame_new (const GstVideoInfo * info, guint seed, guint n);
/* The same picture, each plane in a memory of its own with another offset, and rows `padding` bytes longer. */
GstBuffer *frame_new_padded (const GstVideoInfo * info, guint seed, guint padding);

/* A grey frame whose planes end with the last pixel of their last row, and the last plane `cut` bytes before that. */
GstBuffer *frame_new_tight (const GstVideoInfo * info, guint cut);

/* A harness around an element with these properties, written as for gst-launch. */
GstHarness *element_harness (const gchar * name, const gchar * properties);
/* The same around a `mobilenet` with mode=sync threshold=0, as a harness is live. */
GstHarness *mobilenet_harness (const gchar * properties);
/* The same with the element's own mode, live, and I420 of 64x48, which `info` then describes. */
GstHarness *live_harness (GstVideoInfo * info, const gchar * properties);
void mobilenet_set_caps (GstHarness * h, const gchar * format, gint width, gint height);
/* Pushes a frame, and returns what comes out. */
GstBuffer *mobilenet_push (GstHarness * h, GstBuffer * frame);
/* Pushes a picture, and returns the result that comes out with it, to be unreffed. */
GstMobilenetResult *mobilenet_result_of (GstHarness * h, const GstVideoInfo * info);
guint64 mobilenet_stat (GstElement * element, const gchar * name);

/* What the engine itself says of a picture, asked without the element. */
typedef struct {
  guint n;
  guint index[5];
  gfloat probability[5];
} Expected;

Expected expected_of_image (const MnetImage * image);
Expected expected_of_frame (const GstVideoInfo * info, guint seed, const MnetRect * crop,
    MnetOrientation orientation);
void assert_meta (GstBuffer * buffer, const Expected * expected, guint age);
gboolean expected_equal (const Expected * a, const Expected * b);

/* From the smallest to the largest. */
void sort_numbers (gdouble * numbers, guint n);
/* Memory of the process that isn't swapped out. */
glong resident_kib (void);

#endif
