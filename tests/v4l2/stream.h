/** Buffers of the shim's camera, and the thread that fills them at the camera's rate. All but
 * stream_stop() are called with *stream->lock held; they return 0 or a negative errno. */
#ifndef TESTS_V4L2_STREAM_H
#define TESTS_V4L2_STREAM_H

#include <linux/videodev2.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

#include "tests/v4l2/pictures.h"

enum { STREAM_BUFFERS = 32 };

/** Buffer numbers, first in, first out. */
typedef struct Queue {
    unsigned char items[STREAM_BUFFERS];
    unsigned n;
} Queue;

typedef struct Stream {
    /* Set before stream_start(). */
    struct v4l2_pix_format format;
    double interval;         /* seconds */
    unsigned padding;        /* behind each row */
    unsigned truncate;       /* each such frame is cut; 0: none */
    unsigned unplug;         /* after so many frames; 0: never */
    void (*unplugged)(void); /* called from the thread, the lock held, which then ends */

    pthread_mutex_t *lock;
    /* The application's end, and where a byte goes into it for each filled buffer, or -1. */
    int fd, signal;
    bool idle; /* doesn't stream, or has had no buffer yet; then there is one byte */
    struct v4l2_buffer buffers[STREAM_BUFFERS];
    unsigned n_buffers, length;
    int memory; /* memfd of all buffers, or -1 */
    Queue queued, filled;
    Pictures pictures;
    pthread_t thread;
    pthread_cond_t changed;
    bool running;
    bool ended; /* unplugged */
    unsigned sequence, delivered;
} Stream;

/** Before anything else; `lock` guards all of it. The descriptors stay the caller's. */
void stream_init(Stream *stream, pthread_mutex_t *lock, int fd, int signal);
/** Buffers of `length` bytes are added to those there are, as many of *count as `most` allows. */
int stream_add_buffers(Stream *stream, unsigned *count, unsigned most, unsigned length);
void stream_free_buffers(Stream *stream);
int stream_query(const Stream *stream, struct v4l2_buffer *buffer);
int stream_queue(Stream *stream, struct v4l2_buffer *buffer);
/** Waits for a filled buffer unless `nonblocking`. */
int stream_dequeue(Stream *stream, struct v4l2_buffer *buffer, bool nonblocking);

/** `folder`: of pictures, or NULL. */
int stream_start(Stream *stream, const char *folder);
/** Takes the lock by itself. What is queued is forgotten. */
void stream_stop(Stream *stream);

#endif
