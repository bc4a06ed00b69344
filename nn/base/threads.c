#include "nn/base/threads.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * A worker is a state word that passes between it and a caller:
 *
 * - IDLE or ASLEEP -> CLAIMED -> READY, by the caller
 * - READY -> BUSY -> DONE, by the worker; DONE -> IDLE, by the caller
 * - READY -> IDLE, by the caller: taken back, where all units were done before the worker came
 * - IDLE -> ASLEEP, by the worker, after a short spin; a claim wakes it
 * - BUSY -> AWAITED, by the caller, which sleeps until the worker is DONE
 *
 * As an unstarted job is taken back, a caller never waits for a worker that the kernel hasn't
 * scheduled, and after a fork(), in whose child there are no workers, everything still works, on
 * the calling thread alone.
 */
enum { IDLE, ASLEEP, CLAIMED, READY, BUSY, AWAITED, DONE, STOP };

/* Units that one thread begins with. Steps that follow one another divide their rows alike, so that
 * a thread mostly reads what it wrote. */
typedef struct Share {
    _Alignas(64) atomic_int next;
    int end;
} Share;

typedef struct Job {
    MnetTask task;
    void *data;
    int n_shares, chunk;
    Share shares[MNET_MAX_THREADS];
} Job;

typedef struct Worker {
    _Alignas(64) atomic_int state;
    Job *job;
    int index; /* in the job */
    pthread_t thread;
    pid_t process;
    bool kept_off; /* its caller's core; `cores` are those that it had */
    cpu_set_t cores;
} Worker;

static struct {
    pthread_mutex_t growth;
    atomic_int callers; /* of jobs for several threads, now */
    atomic_int count;
    pid_t process;
    Worker workers[MNET_MAX_THREADS - 1];
} pool = {.growth = PTHREAD_MUTEX_INITIALIZER};

/* About 20 microseconds: longer than the gap between two steps of a run, far shorter than one
 * between frames. */
#define SPINS 600

/* About a millisecond more: longer than any part of a step. Who sleeps within a run may come back
 * late, and on another's core. */
#define YIELDS 2000

static inline void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb" ::: "memory");
#else
    __asm__ volatile("" ::: "memory");
#endif
}

/* For what another thread is about to do. */
static inline void spin(int spins) {
    if (spins < SPINS)
        relax();
    else
        sched_yield(); /* it may be waiting for this very core */
}

static void futex_wait(atomic_int *word, int value) {
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(atomic_int *word) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static bool change(atomic_int *state, int from, int to) {
    return atomic_compare_exchange_strong_explicit(state, &from, to, memory_order_acq_rel,
                                                   memory_order_acquire);
}

static void work_on(Job *job, Share *share, int worker) {
    MnetPart part = {.worker = worker};
    for (int last = -1;; last = part.end) {
        part.begin = atomic_fetch_add_explicit(&share->next, job->chunk, memory_order_relaxed);
        if (part.begin >= share->end)
            break;
        part.end = part.begin + job->chunk < share->end ? part.begin + job->chunk : share->end;
        part.continues = part.begin == last;
        job->task(job->data, &part);
    }
}

/* A worker's own share, and then what is left of the others'. */
static void work(Job *job, int worker) {
    for (int i = worker; i < job->n_shares; i++)
        work_on(job, &job->shares[i], worker);
    for (int i = 0; i < worker; i++)
        work_on(job, &job->shares[i], worker);
}

/* Until there is a job (true) or the process ends (false). */
static bool wait_for_job(Worker *worker) {
    for (int spins = 0, last = IDLE;; spins++) {
        int state = atomic_load_explicit(&worker->state, memory_order_acquire);
        if (state == STOP)
            return false;
        if (state == READY && change(&worker->state, READY, BUSY))
            return true;
        if (state != last)
            spins = 0;
        last = state;
        if (state == ASLEEP)
            futex_wait(&worker->state, ASLEEP);
        else if (state == IDLE && spins > SPINS)
            change(&worker->state, IDLE, ASLEEP);
        else
            spin(spins);
    }
}

/* Some kernels, above all of virtual machines whose other cores sleep, wake a thread on the core of
 * the one that wakes it. A worker would wait there for its caller's time to be over, and then take
 * it away. */
static void keep_off(Worker *worker, int core) {
    if (core < 0 || core >= CPU_SETSIZE || worker->process != getpid())
        return;
    if (!worker->kept_off &&
        pthread_getaffinity_np(worker->thread, sizeof worker->cores, &worker->cores))
        return;
    cpu_set_t others = worker->cores;
    CPU_CLR(core, &others);
    if (CPU_COUNT(&others) > 0 && !pthread_setaffinity_np(worker->thread, sizeof others, &others))
        worker->kept_off = true;
}

/* Once it runs, the kernel may move it as it likes. */
static void keep_off_no_more(Worker *worker) {
    if (worker->kept_off)
        pthread_setaffinity_np(worker->thread, sizeof worker->cores, &worker->cores);
    worker->kept_off = false;
}

/* No thread leaves its core when a worker wakes up, which is no loss: its caller does the work,
 * too. */
static void give_way(void) {
    struct sched_param param;
    int policy;
    if (!pthread_getschedparam(pthread_self(), &policy, &param) && policy == SCHED_OTHER)
        pthread_setschedparam(pthread_self(), SCHED_BATCH, &param);
}

static void *worker_main(void *data) {
    Worker *worker = data;
    give_way();
    pthread_setname_np(pthread_self(), "mnet-worker");
    while (wait_for_job(worker)) {
        keep_off_no_more(worker);
        work(worker->job, worker->index);
        if (atomic_exchange_explicit(&worker->state, DONE, memory_order_acq_rel) == AWAITED)
            futex_wake(&worker->state);
    }
    return NULL;
}

static void grow(int wanted) {
    sigset_t all, before;
    pthread_mutex_lock(&pool.growth);
    sigfillset(&all); /* a process's signals are for its own threads */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pool.process = getpid();
    for (int i = atomic_load(&pool.count); i < wanted; i++) {
        Worker *worker = &pool.workers[i];
        atomic_init(&worker->state, IDLE);
        worker->process = pool.process;
        if (pthread_create(&worker->thread, NULL, worker_main, worker))
            break;
        atomic_store_explicit(&pool.count, i + 1, memory_order_release);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_mutex_unlock(&pool.growth);
}

/* Workers end with the library, so that it can be unloaded and nothing is left at exit. */
__attribute__((destructor)) static void shrink(void) {
    int count = atomic_exchange(&pool.count, 0);
    if (!count || pool.process != getpid())
        return;
    for (int i = 0; i < count; i++) {
        Worker *worker = &pool.workers[i];
        while (!change(&worker->state, IDLE, STOP) && !change(&worker->state, ASLEEP, STOP))
            usleep(100);
        futex_wake(&worker->state);
        pthread_join(worker->thread, NULL);
    }
}

static bool claim(Worker *worker, Job *job, int index) {
    bool asleep = false;
    if (!change(&worker->state, IDLE, CLAIMED) &&
        !(asleep = change(&worker->state, ASLEEP, CLAIMED)))
        return false;
    worker->job = job;
    worker->index = index;
    if (asleep)
        keep_off(worker, sched_getcpu());
    atomic_store_explicit(&worker->state, READY, memory_order_release);
    if (asleep)
        futex_wake(&worker->state);
    return true;
}

static void release(Worker *worker) {
    if (change(&worker->state, READY, IDLE))
        return;
    for (int spins = 0; atomic_load_explicit(&worker->state, memory_order_acquire) != DONE; spins++)
        if (spins < SPINS + YIELDS)
            spin(spins);
        else if (change(&worker->state, BUSY, AWAITED) ||
                 atomic_load_explicit(&worker->state, memory_order_acquire) == AWAITED)
            futex_wait(&worker->state, AWAITED);
    atomic_store_explicit(&worker->state, IDLE, memory_order_release);
}

/* More than one thread, and no more than units. */
static void run(int threads, int units, int grain, MnetTask task, void *data) {
    if (atomic_load_explicit(&pool.count, memory_order_acquire) < threads - 1)
        grow(threads - 1);

    /* A few parts a thread: enough to even out a disturbed one, few enough to cost nothing. */
    int share = (units + threads - 1) / threads, parts = grain > 1 ? share / grain : share;
    parts = parts < 1 ? 1 : parts > 4 ? 4 : parts;
    Job job; /* not all cleared: it is large */
    job.task = task;
    job.data = data;
    job.chunk = (share + parts - 1) / parts;
    job.n_shares = threads;
    for (int i = 0; i < threads; i++) {
        atomic_init(&job.shares[i].next, (int)((int64_t)units * i / threads));
        job.shares[i].end = (int)((int64_t)units * (i + 1) / threads);
    }
    Worker *claimed[MNET_MAX_THREADS];
    int n = 0, count = atomic_load_explicit(&pool.count, memory_order_acquire);
    for (int i = 0; i < count && n < threads - 1; i++)
        if (claim(&pool.workers[i], &job, n + 1))
            claimed[n++] = &pool.workers[i];
    work(&job, 0);
    while (n > 0)
        release(claimed[--n]);
}

void mnet_threads_run(int threads, int units, int grain, MnetTask task, void *data) {
    if (threads > units)
        threads = units;
    if (threads > MNET_MAX_THREADS)
        threads = MNET_MAX_THREADS;
    bool shared = threads > 1;
    /* Each caller brings a thread of its own: with several there is less need of workers, which
     * would only take the callers' time. */
    if (shared)
        threads /= atomic_fetch_add_explicit(&pool.callers, 1, memory_order_relaxed) + 1;
    if (threads > 1)
        run(threads, units, grain, task, data);
    else if (units > 0)
        task(data, &(MnetPart){.end = units});
    if (shared)
        atomic_fetch_sub_explicit(&pool.callers, 1, memory_order_relaxed);
}
