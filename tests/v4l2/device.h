/**
 * A V4L2 camera in user space: what stands behind a file descriptor that the shim (shim.c) gives
 * out.
 *
 * The descriptor is one end of a socket pair. A byte in it is a filled buffer, so that poll, select
 * and epoll work on it; a camera that is unplugged resets the connection, which is POLLERR and
 * POLLHUP as with a real one. One that has nothing to wait for is readable, too: the shim has
 * poll() say POLLERR there.
 *
 * The camera is set up by the environment, read whenever it is opened:
 *   MNET_V4L2_DEVICE=PATH      its path, else /dev/video90
 *   MNET_V4L2_PICTURES=FOLDER  frames to show, in turn; see below
 *   MNET_V4L2_SPEED=FACTOR     frames come so many times faster than the rate says
 *   MNET_V4L2_UNPLUG=N[,MS[,TIMES]]  vanishes after N frames and is back after MS, or never;
 *                              TIMES times in the life of the process, or once
 *   MNET_V4L2_TRUNCATE=N       each Nth frame has only its first half
 *   MNET_V4L2_BUFFERS=N        grants at most N buffers; 0: has no memory for any
 *   MNET_V4L2_STRIDE=N         rows are N bytes longer than their pixels
 *   MNET_V4L2_STRIDE=lie:N     it says so, but they aren't; N may be negative
 *
 * Frames are FOLDER/YUYV-640x480-000 and on, named by the V4L2 code of the format. Raw formats have
 * a generated test picture otherwise; MJPG has none.
 *
 * All functions but device_path() and device_present() return 0, or a descriptor, or a negative
 * errno. Safe to call from several threads.
 */
#ifndef TESTS_V4L2_DEVICE_H
#define TESTS_V4L2_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { DEVICE_MAJOR = 81, DEVICE_MINOR = 90 };

typedef struct Handle Handle;

const char *device_path(void);
/** Whether it is plugged in. */
bool device_present(void);

/** A new descriptor in *fd; `flags` as of open(2), of which O_NONBLOCK and O_CLOEXEC count. */
int device_open(int flags, Handle **handle);
/** Whether waiting for a frame is an error: it doesn't stream, or has been given no buffer yet. */
bool device_idle(Handle *handle);
/** After the last descriptor of the handle has gone. */
void device_close(Handle *handle);
int device_ioctl(Handle *handle, int fd, unsigned long request, void *argument);
/** The descriptor and offset to map in place of the device's own. */
int device_map(Handle *handle, off_t offset, size_t length);

#endif
