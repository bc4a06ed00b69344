#include "plugin/log/linewriter.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

struct _GstMobilenetLineWriter
{
  GstPoll *poll;
  GstPollFD fd;
  gboolean was_empty;
};

static gint
open_location (const gchar * location, gboolean append)
{
  gint flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;

  /* opened by its name, a redirected standard output would be emptied, and a socket would not open */
  if (!location || !g_strcmp0 (location, "-")
      || !g_strcmp0 (location, "/dev/stdout"))
    return fcntl (STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  if (!append)
    flags |= O_TRUNC;
  return open (location, flags, 0666);
}

GstMobilenetLineWriter *
gst_mobilenet_line_writer_open (const gchar * location, gboolean append)
{
  GstMobilenetLineWriter *writer;
  gint fd = open_location (location, append);
  struct stat status;

  if (fd < 0)
    return NULL;

  writer = g_new0 (GstMobilenetLineWriter, 1);
  writer->was_empty = fstat (fd, &status) < 0 || status.st_size == 0;
  writer->poll = gst_poll_new (TRUE);
  gst_poll_fd_init (&writer->fd);
  writer->fd.fd = fd;
  gst_poll_add_fd (writer->poll, &writer->fd);
  gst_poll_fd_ctl_write (writer->poll, &writer->fd, TRUE);
  return writer;
}

gboolean
gst_mobilenet_line_writer_was_empty (GstMobilenetLineWriter * writer)
{
  return writer->was_empty;
}

/* A pipe that nobody reads any more also sends SIGPIPE, which would end the application. */
static gssize
write_without_signal (gint fd, const gchar * text, gsize size)
{
  const struct timespec at_once = { 0, 0 };
  sigset_t pipe_signal, old, pending;
  gssize written;
  gint error;

  sigemptyset (&pipe_signal);
  sigaddset (&pipe_signal, SIGPIPE);
  sigpending (&pending);
  pthread_sigmask (SIG_BLOCK, &pipe_signal, &old);

  written = write (fd, text, size);
  error = errno;
  if (written < 0 && error == EPIPE && !sigismember (&pending, SIGPIPE)) {
    while (sigtimedwait (&pipe_signal, NULL, &at_once) < 0 && errno == EINTR);
  }

  pthread_sigmask (SIG_SETMASK, &old, NULL);
  errno = error;
  return written;
}

gint
gst_mobilenet_line_writer_write (GstMobilenetLineWriter * writer,
    const gchar * text, gsize size)
{
  while (size > 0) {
    gssize written;

    if (gst_poll_wait (writer->poll, GST_CLOCK_TIME_NONE) < 0) {
      if (errno == EINTR || errno == EAGAIN)
        continue;
      return errno;
    }
    /* a pipe that is ready takes this much without blocking, so that interrupting works */
    written = write_without_signal (writer->fd.fd, text, MIN (size, PIPE_BUF));
    if (written >= 0) {
      text += written;
      size -= written;
    } else if (errno != EINTR && errno != EAGAIN) {
      return errno;
    }
  }
  return 0;
}

void
gst_mobilenet_line_writer_interrupt (GstMobilenetLineWriter * writer,
    gboolean interrupt)
{
  gst_poll_set_flushing (writer->poll, interrupt);
}

gint
gst_mobilenet_line_writer_close (GstMobilenetLineWriter * writer)
{
  gint error;

  if (!writer)
    return 0;
  error = close (writer->fd.fd) < 0 ? errno : 0;
  gst_poll_free (writer->poll);
  g_free (writer);
  return error;
}
