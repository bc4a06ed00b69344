/* LD_PRELOAD library: the camera of device.h behind the functions that programs, v4l2src and
 * libv4l2 (which calls syscall()) reach a device with. All else goes on to the C library. */
#undef _FILE_OFFSET_BITS /* open() and open64() are two functions here */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tests/v4l2/device.h"

enum { MAX_FDS = 4096 };

#define EXPORT __attribute__((visibility("default")))
#define REAL(name, ...)                                                                            \
    static __typeof__(&name) real;                                                                 \
    if (!real)                                                                                     \
        real = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                                         \
    return real(__VA_ARGS__)

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static Handle *table[MAX_FDS];

static Handle *find(int fd) {
    return fd >= 0 && fd < MAX_FDS ? __atomic_load_n(&table[fd], __ATOMIC_ACQUIRE) : NULL;
}

static bool is_device(const char *path) {
    return path && !strcmp(path, device_path());
}

static int answer(int status) {
    if (status >= 0)
        return status;
    errno = -status;
    return -1;
}

static int open_device(int flags) {
    Handle *handle;
    int fd = device_open(flags, &handle);
    if (fd >= 0 && fd < MAX_FDS)
        __atomic_store_n(&table[fd], handle, __ATOMIC_RELEASE);
    return answer(fd);
}

/* The handle goes with the last descriptor. */
static void forget(int fd) {
    Handle *handle;
    bool last = true;

    pthread_mutex_lock(&table_lock);
    handle = find(fd);
    table[fd] = NULL;
    for (int i = 0; handle && i < MAX_FDS; i++)
        last = last && table[i] != handle;
    pthread_mutex_unlock(&table_lock);
    if (handle && last)
        device_close(handle);
}

static int remember(int from, int to) {
    if (to >= 0 && to < MAX_FDS)
        __atomic_store_n(&table[to], find(from), __ATOMIC_RELEASE);
    return to;
}

static mode_t mode_argument(int flags, va_list arguments) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name)                                                                                 \
    EXPORT int name(const char *path, int flags, ...) {                                            \
        va_list arguments;                                                                         \
        va_start(arguments, flags);                                                                \
        mode_t mode = mode_argument(flags, arguments);                                             \
        va_end(arguments);                                                                         \
        if (is_device(path))                                                                       \
            return open_device(flags);                                                             \
        REAL(name, path, flags, mode);                                                             \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                               \
    EXPORT int name(int folder, const char *path, int flags, ...) {                                \
        va_list arguments;                                                                         \
        va_start(arguments, flags);                                                                \
        mode_t mode = mode_argument(flags, arguments);                                             \
        va_end(arguments);                                                                         \
        if (is_device(path))                                                                       \
            return open_device(flags);                                                             \
        REAL(name, folder, path, flags, mode);                                                     \
    }
OPENAT(openat)
OPENAT(openat64)

/* What open() becomes where it is called with flags that aren't constant, under _FORTIFY_SOURCE. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
#define OPEN_2(name)                                                                               \
    EXPORT int name(const char *path, int flags) {                                                 \
        if (is_device(path))                                                                       \
            return open_device(flags);                                                             \
        REAL(name, path, flags);                                                                   \
    }
OPEN_2(__open_2)
OPEN_2(__open64_2)

EXPORT int close(int fd) {
    if (find(fd))
        forget(fd);
    REAL(close, fd);
}

static int real_dup(int fd) {
    REAL(dup, fd);
}

EXPORT int dup(int fd) {
    return find(fd) ? remember(fd, real_dup(fd)) : real_dup(fd);
}

static int device_status(int status, struct stat *out) {
    if (status == 0) {
        out->st_mode = S_IFCHR | 0660;
        out->st_rdev = makedev(DEVICE_MAJOR, DEVICE_MINOR);
    }
    return status;
}

static int stat_device(void *out) {
    memset(out, 0, sizeof(struct stat));
    return device_present() ? device_status(0, out) : answer(-ENOENT);
}

#define STAT(name, type)                                                                           \
    EXPORT int name(const char *restrict path, struct type *restrict out) {                        \
        if (is_device(path))                                                                       \
            return stat_device(out);                                                               \
        REAL(name, path, out);                                                                     \
    }
STAT(stat, stat)
STAT(lstat, stat)
STAT(stat64, stat64)
STAT(lstat64, stat64)

static int real_fstat(int fd, struct stat *out) {
    REAL(fstat, fd, out);
}

/* struct stat64 is struct stat on 64-bit machines. */
_Static_assert(sizeof(struct stat) == sizeof(struct stat64), "a 64-bit machine");

EXPORT int fstat(int fd, struct stat *out) {
    return find(fd) ? device_status(real_fstat(fd, out), out) : real_fstat(fd, out);
}

EXPORT int fstat64(int fd, struct stat64 *out) {
    return fstat(fd, (struct stat *)out);
}

EXPORT int access(const char *path, int mode) {
    if (is_device(path))
        return device_present() ? 0 : answer(-ENOENT);
    REAL(access, path, mode);
}

static int real_ioctl(int fd, unsigned long request, void *argument) {
    REAL(ioctl, fd, request, argument);
}

static int any_ioctl(int fd, unsigned long request, void *argument) {
    Handle *handle = find(fd);
    /* libv4l2 hands requests on as int, sign and all. */
    return handle ? answer(device_ioctl(handle, fd, request & 0xffffffff, argument))
                  : real_ioctl(fd, request, argument);
}

EXPORT int ioctl(int fd, unsigned long request, ...) {
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return any_ioctl(fd, request, argument);
}

static int poll_errors(struct pollfd *fds, nfds_t n, int ready) {
    for (nfds_t i = 0; ready > 0 && i < n; i++) {
        Handle *handle = fds[i].revents & POLLIN ? find(fds[i].fd) : NULL;
        if (handle && device_idle(handle))
            fds[i].revents = (short)((fds[i].revents & ~(POLLIN | POLLRDNORM)) | POLLERR);
    }
    return ready;
}

static int real_poll(struct pollfd *fds, nfds_t n, int timeout) {
    REAL(poll, fds, n, timeout);
}

EXPORT int poll(struct pollfd *fds, nfds_t n, int timeout) {
    return poll_errors(fds, n, real_poll(fds, n, timeout));
}

static int real_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
                      const sigset_t *signals) {
    REAL(ppoll, fds, n, timeout, signals);
}

EXPORT int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
                 const sigset_t *signals) {
    return poll_errors(fds, n, real_ppoll(fds, n, timeout, signals));
}

static void *real_mmap(void *address, size_t length, int protection, int flags, int fd,
                       off_t offset) {
    REAL(mmap, address, length, protection, flags, fd, offset);
}

EXPORT void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset) {
    Handle *handle = find(fd);
    if (handle && (fd = answer(device_map(handle, offset, length))) < 0)
        return MAP_FAILED;
    return real_mmap(address, length, protection, flags, fd, offset);
}

EXPORT void *mmap64(void *address, size_t length, int protection, int flags, int fd,
                    off64_t offset) {
    return mmap(address, length, protection, flags, fd, offset);
}

static long real_syscall(long number, const long *a) {
    REAL(syscall, number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

EXPORT long syscall(long number, ...) {
    long a[6];
    va_list arguments;
    va_start(arguments, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(arguments, long);
    va_end(arguments);

    if (number == SYS_openat && is_device((const char *)a[1]))
        return open_device((int)a[2]);
    if (number == SYS_close && find((int)a[0]))
        return close((int)a[0]);
    if (number == SYS_ioctl && find((int)a[0]))
        return any_ioctl((int)a[0], (unsigned long)a[1], (void *)a[2]);
    if (number == SYS_mmap && find((int)a[4]))
        return (long)mmap((void *)a[0], (size_t)a[1], (int)a[2], (int)a[3], (int)a[4], a[5]);
    return real_syscall(number, a);
}
