/* Hands whole lines to a file, a pipe or standard output, at once and unbuffered. */
#ifndef __GST_MOBILENET_LINE_WRITER_H__
#define __GST_MOBILENET_LINE_WRITER_H__

#include <gst/gst.h>

G_BEGIN_DECLS

typedef struct _GstMobilenetLineWriter GstMobilenetLineWriter;

/* NULL, "-" and "/dev/stdout" are the standard output of the process. A file is made where it doesn't exist, and emptied
 * unless `append`. NULL where it can't be opened; errno then says why. */
GstMobilenetLineWriter *gst_mobilenet_line_writer_open (const gchar * location, gboolean append);

/* Whether nothing was in it when it was opened: an empty file, or no file at all. */
gboolean gst_mobilenet_line_writer_was_empty (GstMobilenetLineWriter * writer);

/* Returns after the system has taken all of `size` bytes: 0, or an errno. EPIPE comes without SIGPIPE; EBUSY says that
 * it was interrupted. */
gint gst_mobilenet_line_writer_write (GstMobilenetLineWriter * writer, const gchar * text, gsize size);

/* From any thread: ends a write that waits for a reader, and fails those after it, until set back. */
void gst_mobilenet_line_writer_interrupt (GstMobilenetLineWriter * writer, gboolean interrupt);

/* Closes and frees; NULL is fine. 0, or the errno of a write that the system had put off. */
gint gst_mobilenet_line_writer_close (GstMobilenetLineWriter * writer);

G_END_DECLS

#endif
