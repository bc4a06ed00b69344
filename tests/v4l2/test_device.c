/* The camera in user space answers as videobuf2 does where faults of a program would hide
 * otherwise: what poll() says, who may stream, which buffer may be queued. Run with the shim. */
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tests/test.h"

enum { SOON_MS = 10000 };

static int camera(void) {
    int fd = open("/dev/video90", O_RDWR | O_NONBLOCK);
    CHECK(fd >= 0);
    return fd;
}

/* What the requests return: 0 or the error. */
static int request(int fd, unsigned long request, void *argument) {
    return ioctl(fd, request, argument) ? errno : 0;
}

static int request_buffers(int fd, unsigned count) {
    struct v4l2_requestbuffers buffers = {
        .count = count, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
    return request(fd, VIDIOC_REQBUFS, &buffers);
}

static int buffer(int fd, unsigned long what, unsigned index) {
    struct v4l2_buffer buffer = {
        .index = index, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
    return request(fd, what, &buffer);
}

static int queue(int fd, unsigned index) {
    return buffer(fd, VIDIOC_QBUF, index);
}

static int dequeue(int fd) {
    return buffer(fd, VIDIOC_DQBUF, 0);
}

static int stream(int fd, bool on) {
    unsigned type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    return request(fd, on ? VIDIOC_STREAMON : VIDIOC_STREAMOFF, &type);
}

static int set_format(int fd) {
    struct v4l2_format format = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
    CHECK(!request(fd, VIDIOC_G_FMT, &format));
    return request(fd, VIDIOC_S_FMT, &format);
}

static int events(int fd, int ms) {
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return poll(&poll_fd, 1, ms) > 0 ? poll_fd.revents : 0;
}

static void test_nothing_to_wait_for(void) {
    int fd = camera();
    CHECK(events(fd, 0) == POLLERR);
    CHECK(!request_buffers(fd, 2) && events(fd, 0) == POLLERR);
    CHECK(!stream(fd, true) && events(fd, 0) == POLLERR);
    CHECK(!queue(fd, 0) && events(fd, SOON_MS) == POLLIN);
    /* no buffer is left, but one was given */
    CHECK(!dequeue(fd) && events(fd, 0) == 0 && dequeue(fd) == EAGAIN);
    CHECK(!stream(fd, false) && events(fd, 0) == POLLERR && dequeue(fd) == EINVAL);
    /* given before it streams */
    CHECK(!queue(fd, 1) && events(fd, 0) == POLLERR);
    CHECK(!stream(fd, true) && events(fd, SOON_MS) == POLLIN);
    close(fd);
}

static void *wait_for_end(void *data) {
    int fd = *(int *)data, seen;
    while ((seen = events(fd, SOON_MS)) == POLLIN)
        dequeue(fd);
    return seen == POLLERR ? data : NULL;
}

static void test_end_wakes(void) {
    pthread_t thread;
    void *woken = NULL;
    int fd = camera();

    CHECK(!request_buffers(fd, 1) && !queue(fd, 0) && !stream(fd, true));
    CHECK(!pthread_create(&thread, NULL, wait_for_end, &fd));
    usleep(100000); /* so that it waits, which it needn't */
    CHECK(!stream(fd, false));
    pthread_join(thread, &woken);
    CHECK(woken);
    close(fd);
}

static void test_one_streams(void) {
    int one = camera(), other = camera();
    CHECK(stream(one, true) == EINVAL, "without buffers");
    CHECK(!request_buffers(one, 2));
    CHECK(request_buffers(other, 2) == EBUSY && stream(other, true) == EBUSY);
    CHECK(set_format(one) == EBUSY && set_format(other) == EBUSY);
    CHECK(!stream(one, true) && request_buffers(one, 0) == EBUSY);
    CHECK(!stream(one, false) && !request_buffers(one, 0));
    CHECK(!set_format(other) && !request_buffers(other, 2));
    close(one);
    close(other);
}

static void test_buffers(void) {
    int fd = camera();
    CHECK(!request_buffers(fd, 2));
    CHECK(queue(fd, 2) == EINVAL);
    CHECK(!queue(fd, 1) && queue(fd, 1) == EINVAL);
    CHECK(!stream(fd, true) && !stream(fd, false));
    CHECK(!queue(fd, 1), "the end gave it back");
    close(fd);
}

int main(void) {
    RUN(test_nothing_to_wait_for);
    RUN(test_end_wakes);
    RUN(test_one_streams);
    RUN(test_buffers);
    return test_end();
}
