#ifndef __GST_MOBILENET_H__
#define __GST_MOBILENET_H__

#include <gst/base/gstbasetransform.h>

#include "plugin/classify/classifier.h"
#include "plugin/classify/stats.h"

G_BEGIN_DECLS

#define GST_TYPE_MOBILENET (gst_mobilenet_get_type ())
G_DECLARE_FINAL_TYPE (GstMobilenet, gst_mobilenet, GST, MOBILENET, GstBaseTransform)

struct _GstMobilenet {
  GstBaseTransform parent;

  /* Guarded by the object lock, which is held only to copy. */
  GstMobilenetSettings settings;
  GstMobilenetStats stats;
  GstMobilenetClassifier *pending;      /* takes over at the next frame */

  /* Models are opened one at a time, by the thread that starts the element or sets a property. The streaming thread
   * never takes this lock while frames flow. */
  GMutex open_lock;
  gboolean started;
  GstMobilenetModelSettings applied;    /* what `model` and the newest classifier were opened with */
  MnetModel *model;

  /* The streaming thread's own. */
  GstMobilenetClassifier *classifier;
  GstVideoInfo info;
  GstVideoOrientationMethod tag_orientation;
  GstMobilenetResult *result;           /* of the last classification, NULL where it no longer holds */
  GstVideoRectangle region;
  guint age;
  gboolean warned;                      /* that a frame could not be classified */
};

/* Opens the model at the start. FALSE after an error message. */
gboolean gst_mobilenet_open (GstMobilenet * self);
/* Where the properties ask for something else than what is open, opens that for the next frame. Where this fails, posts
 * a warning and sets the properties back. */
void gst_mobilenet_reopen (GstMobilenet * self);
/* Drops the model. The streaming thread has stopped. */
void gst_mobilenet_close (GstMobilenet * self);

GST_ELEMENT_REGISTER_DECLARE (mobilenet);

G_END_DECLS

#endif
