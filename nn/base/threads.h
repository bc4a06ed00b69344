/**
 * Thread pool: one a process, started on first use, fork-join by atomics with a short spin and then
 * a futex-like wait. A run borrows up to `threads` - 1 workers and works itself; when others hold
 * the workers, it works with fewer, which changes the time and never the result.
 */
#ifndef MNET_BASE_THREADS_H
#define MNET_BASE_THREADS_H

#include <stdbool.h>

#define MNET_MAX_THREADS 64

/**
 * Units [begin, end) of a job. `worker` is 0 to threads - 1, and no two parts of one job that run
 * at the same time have the same: it may pick scratch memory. `continues` says that the worker's
 * part before this one ended at `begin`, so that what it left in its scratch may serve again.
 */
typedef struct MnetPart {
    int begin, end, worker;
    bool continues;
} MnetPart;

typedef void (*MnetTask)(void *job, const MnetPart *part);

/**
 * Calls `task` so that every unit of [0, units) is done once, on up to `threads` threads, and
 * returns when all are. Each thread begins with an equal share of neighbouring units, and helps the
 * others then. It takes a few parts for that, of at least `grain` units where there are so many.
 * Callers at one time get fewer threads each.
 */
void mnet_threads_run(int threads, int units, int grain, MnetTask task, void *job);

/** Physical cores that this process may use (affinity mask, cgroup quota), 1 to MNET_MAX_THREADS.
 */
int mnet_threads_default(void);

#endif
