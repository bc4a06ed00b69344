/* What the panel says: the key by which a rendered panel is known to still hold. */
#ifndef __GST_MOBILENET_CONTENT_H__
#define __GST_MOBILENET_CONTENT_H__

#include <gst/gst.h>

#include "plugin/overlay/settings.h"

G_BEGIN_DECLS

typedef struct {
  gchar *label;                 /* valid UTF-8 */
  guint percent;
  gboolean first;               /* the first of its result */
  gboolean unknown;             /* no class: it has no probability */
} GstMobilenetRow;

typedef struct {
  GArray *rows;                 /* of GstMobilenetRow */
  gchar timing[24];             /* "" where it isn't shown */

  /* the inference time in ms: its moving mean, and what is shown of it */
  gdouble mean, shown;
  guint frames;                 /* since the one shown was taken */
} GstMobilenetContent;

void gst_mobilenet_content_init (GstMobilenetContent * content);
void gst_mobilenet_content_clear (GstMobilenetContent * content);

/* Takes over what the buffer's metas say now. TRUE where the panel then looks otherwise. */
gboolean gst_mobilenet_content_update (GstMobilenetContent * content, GstBuffer * buffer,
    const GstMobilenetOverlaySettings * settings);

G_END_DECLS

#endif
