#include "plugin/classify/dump.h"

#include <cairo.h>
#include <math.h>
#include <string.h>

#define MAX_DIGITS 20

void
gst_mobilenet_dump_set_location (GstMobilenetDump * dump,
    const gchar * location)
{
  if (g_strcmp0 (dump->location, location) == 0)
    return;
  g_free (dump->location);
  dump->location = g_strdup (location);
  dump->number = 0;
  dump->failed = FALSE;
}

/* Only %d and %05d have a meaning, whatever else a name may hold. */
static gchar *
numbered (const gchar * location, guint number)
{
  GString *name = g_string_new (NULL);
  const gchar *at = location;

  while (*at) {
    gsize digits = *at == '%' ? strspn (at + 1, "0123456789") : 0;
    guint width;

    if (*at != '%' || at[1 + digits] != 'd') {
      g_string_append_c (name, *at++);
      continue;
    }
    width = MIN (g_ascii_strtoull (at + 1, NULL, 10), MAX_DIGITS);
    g_string_append_printf (name, at[1] == '0' ? "%0*u" : "%*u", width, number);
    at += digits + 2;
  }
  return g_string_free (name, FALSE);
}

static gdouble
real_value (const MnetModelInfo * info, gconstpointer tensor, gsize i)
{
  if (info->prepared_dtype == MNET_DTYPE_F32)
    return ((const gfloat *) tensor)[i];
  return (((const gint8 *) tensor)[i] - info->prepared_zero_point)
      * (gdouble) info->prepared_scale;
}

/* Channel 0 is red, or grey. */
static guint8
pixel_value (const MnetModelInfo * info, gconstpointer tensor, gint x, gint y,
    gint channel)
{
  const MnetNormalization *normalization = &info->normalization;
  gsize pixel = (gsize) y * info->input_width + x;
  gint place = channel;
  gdouble value;

  if (normalization->order == MNET_CHANNEL_ORDER_BGR)
    place = info->input_channels - 1 - channel;
  value = real_value (info, tensor, pixel * info->input_channels + place);
  value = value / normalization->scale[channel] + normalization->mean[channel];
  return value > 0 ? lrint (MIN (value, 255)) : 0;
}

static cairo_surface_t *
picture_new (const MnetModelInfo * info, gconstpointer tensor)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24,
      info->input_width, info->input_height);
  guchar *data = cairo_image_surface_get_data (surface);
  gint stride = cairo_image_surface_get_stride (surface);
  gint x, y, c;

  if (!data)
    return surface;
  for (y = 0; y < info->input_height; y++) {
    guint32 *row = (guint32 *) (data + (gsize) y * stride);

    for (x = 0; x < info->input_width; x++) {
      row[x] = 0;
      for (c = 0; c < 3; c++)
        row[x] = row[x] << 8
            | pixel_value (info, tensor, x, y, MIN (c,
                info->input_channels - 1));
    }
  }
  cairo_surface_mark_dirty (surface);
  return surface;
}

static cairo_status_t
append_bytes (gpointer bytes, const guchar * data, guint size)
{
  g_byte_array_append (bytes, data, size);
  return CAIRO_STATUS_SUCCESS;
}

gboolean
gst_mobilenet_dump_write (GstMobilenetDump * dump, const MnetModelInfo * info,
    gconstpointer tensor, GError ** error)
{
  gboolean failed_before = dump->failed;
  GByteArray *bytes;
  cairo_surface_t *surface;
  cairo_status_t status;
  GError *cause = NULL;
  gchar *name;

  if (!dump->location)
    return TRUE;
  name = numbered (dump->location, dump->number++);
  bytes = g_byte_array_new ();
  surface = picture_new (info, tensor);
  status = cairo_surface_write_to_png_stream (surface, append_bytes, bytes);
  /* whole at once, so that who looks at it never sees half of it */
  if (status == CAIRO_STATUS_SUCCESS)
    g_file_set_contents (name, (const gchar *) bytes->data, bytes->len, &cause);
  else
    g_set_error (&cause, G_FILE_ERROR, G_FILE_ERROR_FAILED, "%s: %s", name,
        cairo_status_to_string (status));
  cairo_surface_destroy (surface);
  g_byte_array_unref (bytes);
  g_free (name);

  dump->failed = cause != NULL;
  if (!cause || failed_before) {
    g_clear_error (&cause);
    return TRUE;
  }
  g_propagate_error (error, cause);
  return FALSE;
}
