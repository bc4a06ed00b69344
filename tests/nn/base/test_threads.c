/* The pool gives every unit to a thread once. With --bench, what it costs. */
#include "nn/base/threads.h"

#include "tests/test.h"

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_THREAD__)
#define TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TSAN 1
#endif
#endif
#ifndef TSAN
#define TSAN 0
#endif

enum { MOST_UNITS = 1000 };

typedef struct Count {
    int threads, units, grain;
    int done[MOST_UNITS];       /* not atomic: no unit is done twice, and the return is a barrier */
    int last[MNET_MAX_THREADS]; /* end of each worker's part; 0 before its first */
    atomic_int busy[MNET_MAX_THREADS];
    atomic_int wrong;
} Count;

/* Whether a part is as short as its grain allows: shares end where they end. */
static bool fits_grain(const Count *job, int begin, int end) {
    int threads = job->threads < MNET_MAX_THREADS ? job->threads : MNET_MAX_THREADS;
    threads = threads < job->units ? threads : job->units;
    for (int i = 1; i <= threads; i++)
        if (end == (int)((int64_t)job->units * i / threads))
            return true;
    return end - begin >= job->grain;
}

static void count(void *data, const MnetPart *part) {
    Count *job = data;
    int begin = part->begin, end = part->end, worker = part->worker;
    bool inside =
        worker >= 0 && worker < job->threads && begin >= 0 && begin < end && end <= job->units;
    if (!inside || atomic_exchange(&job->busy[worker], 1)) {
        atomic_fetch_add(&job->wrong, 1);
        return;
    }
    if ((part->continues && job->last[worker] != begin) || !fits_grain(job, begin, end))
        atomic_fetch_add(&job->wrong, 1);
    job->last[worker] = end;
    for (int i = begin; i < end; i++)
        job->done[i]++;
    atomic_store(&job->busy[worker], 0);
}

static bool each_once_by(Count *job, int threads, int units, int grain) {
    memset(job->done, 0, sizeof job->done);
    memset(job->last, 0, sizeof job->last);
    job->threads = threads < 1 ? 1 : threads;
    job->units = units;
    job->grain = grain;
    mnet_threads_run(threads, units, grain, count, job);
    for (int i = 0; i < MOST_UNITS; i++)
        if (job->done[i] != (i < units))
            return false;
    return !atomic_load(&job->wrong);
}

static bool each_once(Count *job, int threads, int units) {
    return each_once_by(job, threads, units, 1);
}

static void test_nothing_to_do(void) {
    static Count job;
    CHECK(each_once(&job, 4, 0));
    CHECK(each_once(&job, 0, 5));
    CHECK(each_once(&job, -1, 5));
}

static int threads_of_process(void) {
    int n = 0;
    DIR *folder = opendir("/proc/self/task");
    if (!folder)
        return -1;
    for (struct dirent *entry; (entry = readdir(folder));)
        n += entry->d_name[0] != '.';
    closedir(folder);
    return n;
}

static void *return_at_once(void *data) {
    return data;
}

/* Must be the first that uses more than one thread: a pool never shrinks. */
static void test_no_more_threads_than_asked(void) {
    static Count job;
    pthread_t first; /* with which a sanitizer may start a thread of its own */
    CHECK(!pthread_create(&first, NULL, return_at_once, NULL) && !pthread_join(first, NULL));
    int before = threads_of_process();
    CHECK(each_once(&job, 1, 100));
    CHECK(threads_of_process() == before, "one thread is the caller's");
    CHECK(each_once(&job, 3, 100) && each_once(&job, 3, 100) && each_once(&job, 2, 50));
    CHECK(threads_of_process() == before + 2, "%d, %d before", threads_of_process(), before);
    CHECK(each_once(&job, 16, 2));
    CHECK(threads_of_process() == before + 2, "no more than units");
}

static void test_every_unit_once(void) {
    static const int units[] = {1, 2, 3, 5, 7, 8, 31, 64, 100, 255, 999, 1000};
    static const int threads[] = {1, 2, 3, 4, 5, 8, 16, 64, 100};
    static Count job;
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++)
        for (size_t u = 0; u < sizeof units / sizeof *units; u++)
            for (int round = 0; round < 10; round++)
                CHECK(each_once_by(&job, threads[t], units[u], round * round),
                      "%d threads, %d units, grain %d", threads[t], units[u], round * round);
}

static void nest(void *data, const MnetPart *part) {
    atomic_int *sum = data;
    Count *job = calloc(1, sizeof *job);
    for (int i = part->begin; i < part->end; i++)
        atomic_fetch_add(sum, job && each_once(job, 4, 20 + i));
    free(job);
}

static void test_nested(void) {
    atomic_int sum = 0;
    mnet_threads_run(4, 50, 1, nest, &sum);
    CHECK(sum == 50, "%d", (int)sum);
}

static void *call_often(void *data) {
    static const int sizes[] = {1, 9, 100};
    Count *job = calloc(1, sizeof *job);
    bool *right = data;
    *right = job != NULL;
    for (int i = 0; i < 300 && *right; i++)
        *right = each_once(job, 1 + i % 5, sizes[i % 3]);
    free(job);
    return NULL;
}

static void test_many_callers(void) {
    pthread_t threads[6];
    bool right[6];
    for (int i = 0; i < 6; i++)
        CHECK(!pthread_create(&threads[i], NULL, call_often, &right[i]));
    for (int i = 0; i < 6; i++) {
        pthread_join(threads[i], NULL);
        CHECK(right[i], "caller %d", i);
    }
}

/* The child has none of the workers, and must not wait for them. */
static void test_fork(void) {
    static Count job;
    int status = 0;
    if (TSAN)
        return; /* which refuses to go on in the child of a process with threads */
    CHECK(each_once(&job, 4, 100));
    fflush(NULL);
    pid_t child = fork();
    if (!child) {
        cpu_set_t before, after;
        bool right = !sched_getaffinity(0, sizeof before, &before);
        alarm(20);
        for (int i = 0; i < 20; i++)
            right &= each_once(&job, 4, 100);
        right &= !sched_getaffinity(0, sizeof after, &after) && CPU_EQUAL(&before, &after);
        exit(right ? 0 : 1); /* with the library's destructor */
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
    CHECK(each_once(&job, 4, 100));
}

typedef struct Cores {
    int of[2]; /* that each of two threads was on */
    bool all;  /* the worker may run on all that the process may */
    cpu_set_t allowed;
    atomic_int inside;
} Cores;

static double now_us(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec * 1e-3;
}

static void note_core(void *data, const MnetPart *part) {
    Cores *cores = data;
    double end = now_us() + 10000;
    cores->of[part->worker] = sched_getcpu();
    if (part->worker) {
        cpu_set_t allowed;
        cores->all =
            !sched_getaffinity(0, sizeof allowed, &allowed) && CPU_EQUAL(&allowed, &cores->allowed);
    }
    atomic_fetch_add(&cores->inside, part->end - part->begin);
    while (atomic_load(&cores->inside) < 2 && now_us() < end)
        continue;
}

/* A worker that has slept is woken on another core than its caller's, and is free to move then. */
static void test_wakes_elsewhere(void) {
    cpu_set_t allowed;
    int met = 0, same = 0;
    CHECK(!sched_getaffinity(0, sizeof allowed, &allowed));
    if (CPU_COUNT(&allowed) < 2)
        return;
    for (int i = 0; i < 20; i++) {
        Cores cores = {.of = {-1, -1}, .all = true, .allowed = allowed};
        usleep(30000);
        mnet_threads_run(2, 2, 1, note_core, &cores);
        CHECK(cores.all, "round %d", i);
        met += cores.of[0] >= 0 && cores.of[1] >= 0;
        same += cores.of[0] >= 0 && cores.of[0] == cores.of[1];
    }
    /* where other processes hold all cores, threads may be moved at any time */
    CHECK(same <= 5, "on one core %d times, of %d", same, met);
}

static double cpu_seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static void test_idle_costs_nothing(void) {
    static Count job;
    CHECK(each_once(&job, 4, 100));
    usleep(100000);
    double before = cpu_seconds();
    usleep(300000);
    double used = cpu_seconds() - before;
    CHECK(used < 0.01, "%g s of CPU in 0.3 s", used);
}

static void test_default(void) {
    cpu_set_t all, one;
    CHECK(!sched_getaffinity(0, sizeof all, &all));
    int threads = mnet_threads_default();
    CHECK(threads >= 1 && threads <= MNET_MAX_THREADS && threads <= CPU_COUNT(&all), "%d", threads);
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && !CPU_COUNT(&one); cpu++)
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    CHECK(!sched_setaffinity(0, sizeof one, &one));
    CHECK(mnet_threads_default() == 1);
    CHECK(!sched_setaffinity(0, sizeof all, &all));
}

static void nothing(void *data, const MnetPart *part) {
}

/* Until both threads are in it, but at most a millisecond or so, as the other may be waiting for a
 * processor. */
static void meet(void *data, const MnetPart *part) {
    atomic_int *inside = data;
    atomic_fetch_add(inside, part->end - part->begin);
    for (int i = 0; i < 100000 && atomic_load(inside) < 2; i++)
        continue;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Microseconds of one call after the other, for which the pool stays awake. */
static void bench_task(const char *name, MnetTask task) {
    enum { ROUNDS = 500, CALLS = 100 };
    static double times[ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        double start = now_us();
        for (int call = 0; call < CALLS; call++) {
            atomic_int inside = 0;
            mnet_threads_run(2, 2, 1, task, &inside);
        }
        times[round] = (now_us() - start) / CALLS;
    }
    qsort(times, ROUNDS, sizeof *times, compare);
    printf("%-36s min %.3f  median %.3f us\n", name, times[0], times[ROUNDS / 2]);
}

static void bench(void) {
    bench_task("fork-join, empty task", nothing);
    bench_task("fork-join, both threads take part", meet);
    usleep(10000);
    double before = cpu_seconds();
    sleep(1);
    printf("CPU time in an idle second            %.6f s\n", cpu_seconds() - before);
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "--bench")) {
        bench();
        return 0;
    }
    RUN(test_nothing_to_do);
    RUN(test_no_more_threads_than_asked);
    RUN(test_every_unit_once);
    RUN(test_nested);
    RUN(test_many_callers);
    RUN(test_fork);
    RUN(test_wakes_elsewhere);
    RUN(test_idle_costs_nothing);
    RUN(test_default);
    return test_end();
}
