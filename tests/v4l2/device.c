#include "tests/v4l2/device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/v4l2/modes.h"
#include "tests/v4l2/stream.h"

enum { MAX_HANDLES = 64 };

struct Handle {
    bool gone;     /* unplugged while it was open */
    Stream stream; /* whose descriptors are one of our own of the application's end, and our end */
};

/* What the environment says; see device.h. */
typedef struct Setup {
    const char *pictures;
    double speed;
    unsigned unplug, truncate, buffers;
    int64_t away; /* nanoseconds; -1: for good */
    Padding padding;
} Setup;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Setup setup;
static Handle *streamer; /* that has buffers, of those not gone */
static Handle *handles[MAX_HANDLES];
static struct v4l2_pix_format format;
static struct v4l2_fract interval;
static bool away;
static int64_t back_at;       /* while away; -1: never */
static unsigned unplugs_done; /* in the life of the process */

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static unsigned number(const char *name, unsigned otherwise) {
    const char *text = getenv(name);
    return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

static void read_setup(void) {
    const char *text;
    unsigned frames = 0, times = 1, ms = 0;
    int n;

    setup.pictures = getenv("MNET_V4L2_PICTURES");
    text = getenv("MNET_V4L2_SPEED");
    setup.speed = text ? atof(text) : 1;
    setup.truncate = number("MNET_V4L2_TRUNCATE", 0);
    setup.buffers = number("MNET_V4L2_BUFFERS", STREAM_BUFFERS);

    text = getenv("MNET_V4L2_UNPLUG");
    n = text ? sscanf(text, "%u,%u,%u", &frames, &ms, &times) : 0;
    setup.unplug = n > 0 && unplugs_done < times ? frames : 0;
    setup.away = n > 1 ? ms * INT64_C(1000000) : -1;

    text = getenv("MNET_V4L2_STRIDE");
    setup.padding = (Padding){0};
    if (text && !strncmp(text, "lie:", 4))
        setup.padding.said = atoi(text + 4);
    else if (text)
        setup.padding.row = (unsigned)atoi(text);
}

const char *device_path(void) {
    const char *path = getenv("MNET_V4L2_DEVICE");
    return path ? path : "/dev/video90";
}

static bool is_present(void) {
    if (away && back_at >= 0 && now() >= back_at)
        away = false;
    return !away;
}

bool device_present(void) {
    bool present;
    pthread_mutex_lock(&lock);
    present = is_present();
    pthread_mutex_unlock(&lock);
    return present;
}

/* The application's ends of all handles become POLLERR and POLLHUP: closing ours with a byte unread
 * resets them. */
static void unplug(void) {
    away = true;
    streamer = NULL;
    unplugs_done++;
    back_at = setup.away < 0 ? -1 : now() + setup.away;
    for (int i = 0; i < MAX_HANDLES; i++)
        if (handles[i] && !handles[i]->gone) {
            handles[i]->gone = true;
            send(handles[i]->stream.fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
            close(handles[i]->stream.signal);
            handles[i]->stream.signal = -1;
        }
}

int device_open(int flags, Handle **handle) {
    int ends[2], status = -EMFILE;

    pthread_mutex_lock(&lock);
    if (!is_present()) {
        pthread_mutex_unlock(&lock);
        return -ENOENT;
    }
    read_setup();
    if (format.width == 0) {
        modes_adjust(&format, setup.padding);
        interval = modes_nearest_interval(&format, (struct v4l2_fract){0});
    }
    for (int i = 0; i < MAX_HANDLES && status == -EMFILE; i++) {
        if (handles[i])
            continue;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
            break;
        if (flags & O_NONBLOCK)
            fcntl(ends[0], F_SETFL, O_RDWR | O_NONBLOCK);
        *handle = handles[i] = calloc(1, sizeof **handle);
        stream_init(&handles[i]->stream, &lock, fcntl(ends[0], F_DUPFD_CLOEXEC, 0), ends[1]);
        status = 0;
    }
    pthread_mutex_unlock(&lock);
    return status ? status : ends[0];
}

void device_close(Handle *handle) {
    stream_stop(&handle->stream);
    pthread_mutex_lock(&lock);
    stream_free_buffers(&handle->stream);
    if (streamer == handle)
        streamer = NULL;
    for (int i = 0; i < MAX_HANDLES; i++)
        if (handles[i] == handle)
            handles[i] = NULL;
    close(handle->stream.fd);
    if (handle->stream.signal >= 0)
        close(handle->stream.signal);
    pthread_mutex_unlock(&lock);
    free(handle);
}

bool device_idle(Handle *handle) {
    bool idle;
    pthread_mutex_lock(&lock);
    idle = !handle->gone && handle->stream.idle;
    pthread_mutex_unlock(&lock);
    return idle;
}

int device_map(Handle *handle, off_t offset, size_t length) {
    int fd = -EINVAL;
    pthread_mutex_lock(&lock);
    if (handle->gone)
        fd = -ENODEV;
    else if (handle->stream.memory >= 0 && offset >= 0 &&
             (size_t)offset + length <= (size_t)handle->stream.n_buffers * handle->stream.length)
        fd = handle->stream.memory;
    pthread_mutex_unlock(&lock);
    return fd;
}

static int capability(struct v4l2_capability *capability) {
    memset(capability, 0, sizeof *capability);
    strcpy((char *)capability->driver, "shim");
    strcpy((char *)capability->card, "Test camera");
    snprintf((char *)capability->bus_info, sizeof capability->bus_info, "platform:shim-%d",
             DEVICE_MINOR);
    capability->version = 0x050a00;
    capability->device_caps = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
    capability->capabilities = capability->device_caps | V4L2_CAP_DEVICE_CAPS;
    return 0;
}

static int choose_format(Handle *handle, struct v4l2_format *wanted, bool set) {
    if (wanted->type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
        return -EINVAL;
    if (set && streamer && (streamer != handle || handle->stream.n_buffers > 0))
        return -EBUSY;
    modes_adjust(&wanted->fmt.pix, setup.padding);
    if (set) {
        format = wanted->fmt.pix;
        interval = modes_nearest_interval(&format, (struct v4l2_fract){0});
    }
    return 0;
}

static int parameters(const Handle *handle, struct v4l2_streamparm *parameters, bool set) {
    struct v4l2_captureparm *capture = &parameters->parm.capture;
    if (parameters->type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
        return -EINVAL;
    if (set && handle->stream.running)
        return -EBUSY;
    if (set)
        interval = modes_nearest_interval(&format, capture->timeperframe);
    memset(capture, 0, sizeof *capture);
    capture->capability = V4L2_CAP_TIMEPERFRAME;
    capture->timeperframe = interval;
    return 0;
}

static int request(Handle *handle, unsigned *count, unsigned type, unsigned memory,
                   unsigned length) {
    int status = 0;

    if (type != V4L2_BUF_TYPE_VIDEO_CAPTURE || memory != V4L2_MEMORY_MMAP)
        return -EINVAL;
    if (streamer && streamer != handle)
        return -EBUSY;
    if (*count > 0)
        status = stream_add_buffers(&handle->stream, count, setup.buffers, length);
    if (handle->stream.n_buffers > 0)
        streamer = handle;
    return status;
}

static int request_buffers(Handle *handle, struct v4l2_requestbuffers *buffers) {
    if (handle->stream.running)
        return -EBUSY;
    if (streamer == handle) {
        stream_free_buffers(&handle->stream);
        streamer = NULL;
    }
    buffers->capabilities = V4L2_BUF_CAP_SUPPORTS_MMAP | V4L2_BUF_CAP_SUPPORTS_ORPHANED_BUFS;
    return request(handle, &buffers->count, buffers->type, buffers->memory, format.sizeimage);
}

static int create_buffers(Handle *handle, struct v4l2_create_buffers *buffers) {
    buffers->index = handle->stream.n_buffers;
    buffers->capabilities = V4L2_BUF_CAP_SUPPORTS_MMAP | V4L2_BUF_CAP_SUPPORTS_ORPHANED_BUFS;
    return request(handle, &buffers->count, buffers->format.type, buffers->memory,
                   buffers->format.fmt.pix.sizeimage);
}

static int start(Handle *handle, unsigned type) {
    Stream *stream = &handle->stream;
    if (type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
        return -EINVAL;
    if (streamer != handle)
        return streamer ? -EBUSY : -EINVAL;
    stream->format = format;
    stream->interval = (double)interval.numerator / interval.denominator / setup.speed;
    stream->padding = setup.padding.row;
    stream->truncate = setup.truncate;
    stream->unplug = setup.unplug;
    stream->unplugged = unplug;
    return stream_start(stream, setup.pictures);
}

static int input(struct v4l2_input *input) {
    if (input->index > 0)
        return -EINVAL;
    memset(input, 0, sizeof *input);
    strcpy((char *)input->name, "Camera 1");
    input->type = V4L2_INPUT_TYPE_CAMERA;
    return 0;
}

static int answer(Handle *handle, int fd, unsigned long request, void *argument) {
    switch (request) {
    case VIDIOC_QUERYCAP:
        return capability(argument);
    case VIDIOC_ENUM_FMT:
        return modes_enum_format(argument);
    case VIDIOC_ENUM_FRAMESIZES:
        return modes_enum_size(argument);
    case VIDIOC_ENUM_FRAMEINTERVALS:
        return modes_enum_interval(argument);
    case VIDIOC_G_FMT:
        if (((struct v4l2_format *)argument)->type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
            return -EINVAL;
        ((struct v4l2_format *)argument)->fmt.pix = format;
        return 0;
    case VIDIOC_TRY_FMT:
    case VIDIOC_S_FMT:
        return choose_format(handle, argument, request == VIDIOC_S_FMT);
    case VIDIOC_G_PARM:
    case VIDIOC_S_PARM:
        return parameters(handle, argument, request == VIDIOC_S_PARM);
    case VIDIOC_REQBUFS:
        return request_buffers(handle, argument);
    case VIDIOC_CREATE_BUFS:
        return create_buffers(handle, argument);
    case VIDIOC_QUERYBUF:
        return stream_query(&handle->stream, argument);
    case VIDIOC_QBUF:
        return stream_queue(&handle->stream, argument);
    case VIDIOC_DQBUF:
        return stream_dequeue(&handle->stream, argument, fcntl(fd, F_GETFL) & O_NONBLOCK);
    case VIDIOC_STREAMON:
        return start(handle, *(unsigned *)argument);
    case VIDIOC_ENUMINPUT:
        return input(argument);
    case VIDIOC_G_INPUT:
        *(int *)argument = 0;
        return 0;
    case VIDIOC_S_INPUT:
        return *(int *)argument == 0 ? 0 : -EINVAL;
    case VIDIOC_QUERYCTRL:
    case VIDIOC_QUERYMENU:
    case VIDIOC_G_CTRL:
    case VIDIOC_S_CTRL:
        return -EINVAL;
    default:
        return -ENOTTY;
    }
}

int device_ioctl(Handle *handle, int fd, unsigned long request, void *argument) {
    int status;

    /* Waits for the thread, which needs the lock. */
    if (request == VIDIOC_STREAMOFF && !handle->gone) {
        stream_stop(&handle->stream);
        return 0;
    }
    pthread_mutex_lock(&lock);
    status = handle->gone ? -ENODEV : answer(handle, fd, request, argument);
    if (handle->gone) /* perhaps while it waited */
        status = -ENODEV;
    pthread_mutex_unlock(&lock);
    return status;
}
