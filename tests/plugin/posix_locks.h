/*
 * GMutex and GCond by way of pthreads, forced into the files that test_worker compiles for TSan. GLib locks by futexes in
 * a library that isn't instrumented, so that TSan sees no lock and reports each pair of accesses; pthreads it knows.
 */
#ifndef TESTS_PLUGIN_POSIX_LOCKS_H
#define TESTS_PLUGIN_POSIX_LOCKS_H

#include <glib.h>
#include <pthread.h>

static inline void
posix_mutex_init (GMutex * mutex)
{
  mutex->p = g_new (pthread_mutex_t, 1);
  pthread_mutex_init (mutex->p, NULL);
}

static inline void
posix_mutex_clear (GMutex * mutex)
{
  pthread_mutex_destroy (mutex->p);
  g_free (mutex->p);
}

static inline void
posix_cond_init (GCond * cond)
{
  cond->p = g_new (pthread_cond_t, 1);
  pthread_cond_init (cond->p, NULL);
}

static inline void
posix_cond_clear (GCond * cond)
{
  pthread_cond_destroy (cond->p);
  g_free (cond->p);
}

#undef g_mutex_lock
#undef g_mutex_unlock
#define g_mutex_init posix_mutex_init
#define g_mutex_clear posix_mutex_clear
#define g_mutex_lock(mutex) pthread_mutex_lock ((mutex)->p)
#define g_mutex_unlock(mutex) pthread_mutex_unlock ((mutex)->p)
#define g_cond_init posix_cond_init
#define g_cond_clear posix_cond_clear
#define g_cond_wait(cond, mutex) pthread_cond_wait ((cond)->p, (mutex)->p)
#define g_cond_broadcast(cond) pthread_cond_broadcast ((cond)->p)

#endif
