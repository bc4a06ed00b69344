#include "tests/v4l2/stream.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void send_byte(const Stream *stream) {
    send(stream->signal, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void take_byte(const Stream *stream) {
    char byte;
    recv(stream->fd, &byte, 1, MSG_DONTWAIT);
}

/* With nothing to wait for, poll() doesn't wait. */
static void set_idle(Stream *stream, bool idle) {
    if (idle && !stream->idle)
        send_byte(stream);
    if (!idle && stream->idle)
        take_byte(stream);
    stream->idle = idle;
}

void stream_init(Stream *stream, pthread_mutex_t *lock, int fd, int signal) {
    pthread_condattr_t monotonic;

    *stream = (Stream){.memory = -1, .lock = lock, .fd = fd, .signal = signal};
    set_idle(stream, true);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&stream->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static void push(Queue *queue, unsigned index) {
    queue->items[queue->n++] = (unsigned char)index;
}

static unsigned pop(Queue *queue) {
    unsigned index = queue->items[0];
    memmove(queue->items, queue->items + 1, --queue->n);
    return index;
}

int stream_add_buffers(Stream *stream, unsigned *count, unsigned most, unsigned length) {
    unsigned page = (unsigned)sysconf(_SC_PAGESIZE);
    length = (length + page - 1) / page * page;
    if (stream->memory < 0)
        stream->memory = memfd_create("v4l2-buffers", MFD_CLOEXEC);
    if (stream->n_buffers > 0 && length != stream->length)
        return -EINVAL;
    if (stream->n_buffers + *count > most)
        *count = most > stream->n_buffers ? most - stream->n_buffers : 0;
    if (*count == 0 || stream->memory < 0 ||
        ftruncate(stream->memory, (off_t)length * (stream->n_buffers + *count)))
        return -ENOMEM;
    stream->length = length;
    for (unsigned i = 0; i < *count; i++, stream->n_buffers++)
        stream->buffers[stream->n_buffers] =
            (struct v4l2_buffer){.index = stream->n_buffers,
                                 .type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
                                 .memory = V4L2_MEMORY_MMAP,
                                 .flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC,
                                 .field = V4L2_FIELD_NONE,
                                 .m.offset = stream->n_buffers * length,
                                 .length = length};
    return 0;
}

void stream_free_buffers(Stream *stream) {
    if (stream->memory >= 0)
        close(stream->memory);
    stream->memory = -1;
    stream->n_buffers = 0;
    stream->queued.n = stream->filled.n = 0;
}

static struct v4l2_buffer *find(const Stream *stream, const struct v4l2_buffer *buffer) {
    if (buffer->type != V4L2_BUF_TYPE_VIDEO_CAPTURE || buffer->index >= stream->n_buffers)
        return NULL;
    return (struct v4l2_buffer *)&stream->buffers[buffer->index];
}

int stream_query(const Stream *stream, struct v4l2_buffer *buffer) {
    const struct v4l2_buffer *found = find(stream, buffer);
    if (!found)
        return -EINVAL;
    *buffer = *found;
    return 0;
}

int stream_queue(Stream *stream, struct v4l2_buffer *buffer) {
    struct v4l2_buffer *found = find(stream, buffer);
    if (!found || buffer->memory != V4L2_MEMORY_MMAP ||
        found->flags & (V4L2_BUF_FLAG_QUEUED | V4L2_BUF_FLAG_DONE))
        return -EINVAL;
    found->flags |= V4L2_BUF_FLAG_QUEUED;
    push(&stream->queued, found->index);
    if (stream->running)
        set_idle(stream, false);
    *buffer = *found;
    return 0;
}

int stream_dequeue(Stream *stream, struct v4l2_buffer *buffer, bool nonblocking) {
    unsigned index;

    if (buffer->type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
        return -EINVAL;
    while (stream->running && !stream->ended && stream->filled.n == 0) {
        if (nonblocking)
            return -EAGAIN;
        pthread_cond_wait(&stream->changed, stream->lock);
    }
    if (!stream->running)
        return -EINVAL;
    if (stream->filled.n == 0)
        return -ENODEV;
    index = pop(&stream->filled);
    take_byte(stream);
    stream->buffers[index].flags &= ~(unsigned)V4L2_BUF_FLAG_DONE;
    *buffer = stream->buffers[index];
    return 0;
}

static void fill(Stream *stream, const struct timespec *now) {
    struct v4l2_buffer *buffer = &stream->buffers[pop(&stream->queued)];
    uint8_t *out = mmap(NULL, buffer->length, PROT_READ | PROT_WRITE, MAP_SHARED, stream->memory,
                        (off_t)buffer->m.offset);

    buffer->bytesused = 0;
    if (out != MAP_FAILED) {
        buffer->bytesused = (unsigned)pictures_write(&stream->pictures, &stream->format,
                                                     stream->padding, stream->delivered, out);
        munmap(out, buffer->length);
    }
    stream->delivered++;
    if (stream->truncate && stream->delivered % stream->truncate == 0)
        buffer->bytesused /= 2;
    buffer->timestamp.tv_sec = now->tv_sec;
    buffer->timestamp.tv_usec = now->tv_nsec / 1000;
    buffer->sequence = stream->sequence;
    buffer->flags ^= V4L2_BUF_FLAG_QUEUED | V4L2_BUF_FLAG_DONE;
    push(&stream->filled, buffer->index);
    send_byte(stream);
    pthread_cond_broadcast(&stream->changed);
}

/* A frame for which no buffer is queued is lost, as with a real camera. */
static void *pace(void *data) {
    Stream *stream = data;
    struct timespec next, now;
    long interval = (long)(stream->interval * 1e9);

    clock_gettime(CLOCK_MONOTONIC, &next);
    pthread_mutex_lock(stream->lock);
    while (stream->running) {
        next.tv_nsec += interval % 1000000000;
        next.tv_sec += interval / 1000000000 + next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        while (stream->running &&
               pthread_cond_timedwait(&stream->changed, stream->lock, &next) != ETIMEDOUT)
            continue;
        if (!stream->running)
            break;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (stream->queued.n > 0)
            fill(stream, &now);
        stream->sequence++;
        if (stream->unplug && stream->delivered >= stream->unplug) {
            stream->unplugged();
            stream->ended = true;
            pthread_cond_broadcast(&stream->changed);
            break;
        }
    }
    pthread_mutex_unlock(stream->lock);
    return NULL;
}

int stream_start(Stream *stream, const char *folder) {
    int status;

    if (stream->running)
        return 0;
    if (stream->n_buffers == 0)
        return -EINVAL;
    if ((status = pictures_load(&stream->pictures, folder, &stream->format)) < 0)
        return status;
    stream->sequence = stream->delivered = 0;
    stream->running = true;
    stream->ended = false;
    if ((status = pthread_create(&stream->thread, NULL, pace, stream))) {
        stream->running = false;
        pictures_free(&stream->pictures);
    }
    if (stream->running && stream->queued.n > 0)
        set_idle(stream, false);
    return -status;
}

void stream_stop(Stream *stream) {
    char bytes[STREAM_BUFFERS];
    bool was_running;

    pthread_mutex_lock(stream->lock);
    was_running = stream->running;
    stream->running = false;
    if (was_running)
        pthread_cond_broadcast(&stream->changed);
    pthread_mutex_unlock(stream->lock);
    if (was_running)
        pthread_join(stream->thread, NULL);

    pthread_mutex_lock(stream->lock);
    while (recv(stream->fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        continue;
    stream->idle = false;
    set_idle(stream, true);
    for (unsigned i = 0; i < stream->n_buffers; i++)
        stream->buffers[i].flags &= ~(unsigned)(V4L2_BUF_FLAG_QUEUED | V4L2_BUF_FLAG_DONE);
    stream->queued.n = stream->filled.n = 0;
    pictures_free(&stream->pictures);
    pthread_mutex_unlock(stream->lock);
}
