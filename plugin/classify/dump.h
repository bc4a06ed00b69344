/*
 * Pictures of what the network saw: prepared inputs (nn/mnet.h) turned back into pixels, as PNG files. For debugging; each is written before
 * the call returns. Not thread-safe: the streaming thread's own.
 */
#ifndef __GST_MOBILENET_DUMP_H__
#define __GST_MOBILENET_DUMP_H__

#include <gst/gst.h>

#include "nn/mnet.h"

G_BEGIN_DECLS

/* All zero: nothing is written. */
typedef struct {
  gchar *location;
  guint number;                 /* of the next picture */
  gboolean failed;              /* the last one could not be written */
} GstMobilenetDump;

/*
 * Where the next pictures go; NULL: nowhere. In a name with %d, or %05d, that is their number, from 0; else each replaces the
 * one before. Another name begins to count anew, the same one changes nothing.
 */
void gst_mobilenet_dump_set_location (GstMobilenetDump * dump, const gchar * location);

/*
 * Writes a prepared input, if there is a location. FALSE with *error filled, which names the file
 * and the cause; only where it is the first to fail after one that didn't.
 */
gboolean gst_mobilenet_dump_write (GstMobilenetDump * dump, const MnetModelInfo * info, gconstpointer tensor,
    GError ** error);

G_END_DECLS

#endif
