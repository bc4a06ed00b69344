#include "plugin/classify/modelcache.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

typedef struct
{
  gchar *key;
  MnetModel *model;
  guint users;
} Entry;

/* The process's one list; the lock is also held while a model is opened, so
 * that streams that start together open it once. */
static struct
{
  GMutex lock;
  GList *entries;
} cache;

static void
triple_to_floats (const GstMobilenetTriple * triple, gfloat floats[3])
{
  guint i;

  for (i = 0; i < 3 && triple->n; i++)
    floats[i] = triple->values[triple->n == 3 ? i : 0];
}

static gboolean
read_normalization (const GstMobilenetModelSettings * settings,
    MnetNormalization * normalization, MnetError * error)
{
  guint i;

  normalization->order = settings->channel_order;
  if (!settings->scale.n)
    return TRUE;
  triple_to_floats (&settings->mean, normalization->mean);
  triple_to_floats (&settings->scale, normalization->scale);
  for (i = 0; i < 3; i++) {
    if (normalization->scale[i] == 0.0f || !isfinite (normalization->scale[i])
        || !isfinite (normalization->mean[i])) {
      error->status = MNET_ERROR_ARGUMENT;
      g_strlcpy (error->message,
          "mean and scale must be finite numbers, and scale not zero",
          sizeof (error->message));
      return FALSE;
    }
  }
  return TRUE;
}

/* What tells a file from another one that has taken its name, or has come to
 * be. */
static void
append_file (GString * key, const gchar * path)
{
  GStatBuf info;

  g_string_append_printf (key, "%s\n", path ? path : "");
  if (path && g_stat (path, &info) == 0)
    g_string_append_printf (key, "%ju %ju %jd %jd.%09ld\n",
        (uintmax_t) info.st_dev, (uintmax_t) info.st_ino,
        (intmax_t) info.st_size, (intmax_t) info.st_mtim.tv_sec,
        info.st_mtim.tv_nsec);
}

/* The files that may stand beside a model and say how it is to be fed. */
static void
append_modelinfo (GString * key, const gchar * model)
{
  const gchar *dot = strrchr (model, '.');
  gchar *path = g_strconcat (model, ".modelinfo", NULL);

  append_file (key, path);
  g_free (path);
  if (!dot || strchr (dot, '/'))
    return;
  path = g_strdup_printf ("%.*s.modelinfo", (gint) (dot - model), model);
  append_file (key, path);
  g_free (path);
}

static gchar *
make_key (const GstMobilenetModelSettings * settings,
    const MnetNormalization * normalization)
{
  const gchar *model = settings->model ? settings->model : "builtin";
  GString *key = g_string_new (NULL);
  gchar number[G_ASCII_DTOSTR_BUF_SIZE];
  guint i;

  append_file (key, model);
  if (strcmp (model, "builtin") != 0)
    append_modelinfo (key, model);
  append_file (key, settings->labels);
  for (i = 0; i < 3; i++) {
    g_string_append_printf (key, "%s ", g_ascii_dtostr (number, sizeof (number),
            normalization->mean[i]));
    g_string_append_printf (key, "%s ", g_ascii_dtostr (number, sizeof (number),
            normalization->scale[i]));
  }
  g_string_append_printf (key, "%d", normalization->order);
  return g_string_free (key, FALSE);
}

static gint
has_key (gconstpointer entry, gconstpointer key)
{
  return g_strcmp0 (((const Entry *) entry)->key, key);
}

static gint
has_model (gconstpointer entry, gconstpointer model)
{
  return ((const Entry *) entry)->model != model;
}

MnetModel *
gst_mobilenet_model_acquire (const GstMobilenetModelSettings * settings,
    MnetError * error)
{
  MnetModelOptions options = {.labels = settings->labels };
  MnetModel *model = NULL;
  GList *found;
  gchar *key;

  if (!read_normalization (settings, &options.normalization, error))
    return NULL;
  key = make_key (settings, &options.normalization);

  g_mutex_lock (&cache.lock);
  found = g_list_find_custom (cache.entries, key, has_key);
  if (found) {
    Entry *entry = found->data;

    entry->users++;
    model = entry->model;
  } else if (mnet_model_open (settings->model, &options, &model,
          error) == MNET_OK) {
    Entry *entry = g_new (Entry, 1);

    *entry = (Entry) {
    g_steal_pointer (&key), model, 1};
    cache.entries = g_list_prepend (cache.entries, entry);
  }
  g_mutex_unlock (&cache.lock);
  g_free (key);
  return model;
}

void
gst_mobilenet_model_release (MnetModel ** model)
{
  GList *found;
  Entry *entry;

  if (!*model)
    return;
  g_mutex_lock (&cache.lock);
  found = g_list_find_custom (cache.entries, *model, has_model);
  entry = found->data;
  if (--entry->users == 0) {
    cache.entries = g_list_delete_link (cache.entries, found);
    mnet_model_unref (&entry->model);
    g_free (entry->key);
    g_free (entry);
  }
  g_mutex_unlock (&cache.lock);
  *model = NULL;
}
