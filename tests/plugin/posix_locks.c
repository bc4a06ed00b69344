/*
 * GMutex and GCond by way of pthreads, for programs under TSan. GLib's own are futexes in a library that isn't
 * instrumented, so that TSan sees no lock there; pthreads it knows, and GLib's other locks and threads are made of those.
 * A program's functions come before those of its libraries, so that GStreamer, GObject and the plugin call these too. Only
 * GLib itself calls its own, for locks that no one else sees.
 */
#include <errno.h>
#include <glib.h>
#include <pthread.h>

/* A lock in static memory is never initialised: the first who comes does. */
static pthread_mutex_t *
get_mutex (GMutex * mutex)
{
  pthread_mutex_t *made, *found = g_atomic_pointer_get (&mutex->p);

  if (found)
    return found;
  made = g_new (pthread_mutex_t, 1);
  pthread_mutex_init (made, NULL);
  if (g_atomic_pointer_compare_and_exchange (&mutex->p, NULL, made))
    return made;
  pthread_mutex_destroy (made);
  g_free (made);
  return g_atomic_pointer_get (&mutex->p);
}

void
g_mutex_init (GMutex * mutex)
{
  mutex->p = NULL;
}

void
g_mutex_clear (GMutex * mutex)
{
  if (!mutex->p)
    return;
  pthread_mutex_destroy (mutex->p);
  g_free (mutex->p);
}

void
g_mutex_lock (GMutex * mutex)
{
  pthread_mutex_lock (get_mutex (mutex));
}

gboolean
g_mutex_trylock (GMutex * mutex)
{
  return pthread_mutex_trylock (get_mutex (mutex)) == 0;
}

void
g_mutex_unlock (GMutex * mutex)
{
  pthread_mutex_unlock (get_mutex (mutex));
}

static pthread_cond_t *
get_cond (GCond * cond)
{
  pthread_cond_t *made, *found = g_atomic_pointer_get (&cond->p);
  pthread_condattr_t attributes;

  if (found)
    return found;
  made = g_new (pthread_cond_t, 1);
  pthread_condattr_init (&attributes);
  pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC);
  pthread_cond_init (made, &attributes);
  pthread_condattr_destroy (&attributes);
  if (g_atomic_pointer_compare_and_exchange (&cond->p, NULL, made))
    return made;
  pthread_cond_destroy (made);
  g_free (made);
  return g_atomic_pointer_get (&cond->p);
}

void
g_cond_init (GCond * cond)
{
  cond->p = NULL;
}

void
g_cond_clear (GCond * cond)
{
  if (!cond->p)
    return;
  pthread_cond_destroy (cond->p);
  g_free (cond->p);
}

void
g_cond_wait (GCond * cond, GMutex * mutex)
{
  pthread_cond_wait (get_cond (cond), get_mutex (mutex));
}

gboolean
g_cond_wait_until (GCond * cond, GMutex * mutex, gint64 end_time)
{
  struct timespec end = { end_time / G_USEC_PER_SEC,
    end_time % G_USEC_PER_SEC * 1000
  };

  return pthread_cond_timedwait (get_cond (cond), get_mutex (mutex),
      &end) != ETIMEDOUT;
}

void
g_cond_signal (GCond * cond)
{
  pthread_cond_signal (get_cond (cond));
}

void
g_cond_broadcast (GCond * cond)
{
  pthread_cond_broadcast (get_cond (cond));
}
