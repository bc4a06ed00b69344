#ifndef __GST_MOBILENET_LOG_H__
#define __GST_MOBILENET_LOG_H__

#include <gst/base/gstbasetransform.h>

#include "plugin/log/linewriter.h"

G_BEGIN_DECLS

typedef enum {
  GST_MOBILENET_LOG_JSON,
  GST_MOBILENET_LOG_CSV
} GstMobilenetLogFormat;

#define GST_TYPE_MOBILENET_LOG (gst_mobilenet_log_get_type ())
G_DECLARE_FINAL_TYPE (GstMobilenetLog, gst_mobilenet_log, GST, MOBILENET_LOG, GstBaseTransform)

struct _GstMobilenetLog {
  GstBaseTransform parent;

  /* Guarded by the object lock. */
  gchar *location;
  gboolean append;
  GstMobilenetLogFormat format;
  gboolean timing;
  GstMobilenetLineWriter *writer;       /* from start to stop; only these two set it */

  /* The streaming thread's own, set up at the start. */
  GstMobilenetLogFormat running_format;
  gboolean running_timing;
  guint64 frame;
  GString *line;
};

GST_ELEMENT_REGISTER_DECLARE (mobilenetlog);

G_END_DECLS

#endif
