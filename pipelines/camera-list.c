#include "pipelines/camera.h"

#include <json-glib/json-glib.h>

Camera *
camera_new (const gchar * element, const gchar * device, const gchar * name,
    const gchar * driver)
{
  Camera *camera = g_new0 (Camera, 1);

  camera->element = element;
  camera->device = g_strdup (device);
  camera->name = g_utf8_make_valid (name, -1);
  camera->driver = g_strdup (driver);
  camera->modes = g_array_new (FALSE, TRUE, sizeof (CameraMode));
  return camera;
}

void
camera_free (Camera * camera)
{
  g_free (camera->device);
  g_free (camera->name);
  g_free (camera->driver);
  g_array_unref (camera->modes);
  g_free (camera);
}

static void
build_mode (JsonBuilder * builder, const CameraMode * mode)
{
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "format");
  json_builder_add_string_value (builder, mode->code);
  json_builder_set_member_name (builder, "width");
  json_builder_add_int_value (builder, mode->width);
  json_builder_set_member_name (builder, "height");
  json_builder_add_int_value (builder, mode->height);
  json_builder_set_member_name (builder, "rate");
  json_builder_add_double_value (builder, camera_mode_rate (mode));
  json_builder_set_member_name (builder, "emulated");
  json_builder_add_boolean_value (builder, mode->emulated);
  json_builder_set_member_name (builder, "usable");
  json_builder_add_boolean_value (builder, mode->format != NULL);
  json_builder_end_object (builder);
}

static void
print_json (GPtrArray * cameras)
{
  JsonBuilder *builder = json_builder_new ();
  JsonNode *node;
  gchar *text;
  guint i, j;

  json_builder_begin_array (builder);
  for (i = 0; i < cameras->len; i++) {
    const Camera *camera = cameras->pdata[i];

    json_builder_begin_object (builder);
    json_builder_set_member_name (builder, "device");
    json_builder_add_string_value (builder, camera->device);
    json_builder_set_member_name (builder, "name");
    json_builder_add_string_value (builder, camera->name);
    json_builder_set_member_name (builder, "driver");
    json_builder_add_string_value (builder, camera->driver);
    json_builder_set_member_name (builder, "element");
    json_builder_add_string_value (builder, camera->element);
    json_builder_set_member_name (builder, "modes");
    json_builder_begin_array (builder);
    for (j = 0; j < camera->modes->len; j++)
      build_mode (builder, &g_array_index (camera->modes, CameraMode, j));
    json_builder_end_array (builder);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
  node = json_builder_get_root (builder);
  text = json_to_string (node, FALSE);
  g_print ("%s\n", text);
  g_free (text);
  json_node_unref (node);
  g_object_unref (builder);
}

/* A line for each format and size, with its rates. */
static void
print_modes (GArray * modes)
{
  const CameraMode *last = NULL;
  guint i;

  for (i = 0; i < modes->len; i++) {
    const CameraMode *mode = &g_array_index (modes, CameraMode, i);
    gdouble rate = camera_mode_rate (mode);

    if (!last || !g_str_equal (last->code, mode->code)
        || last->width != mode->width || last->height != mode->height)
      g_print ("%s  %-6s%5dx%-5d%s", last ? "\n" : "", mode->code, mode->width,
          mode->height, mode->emulated ? "emulated  " : "          ");
    if (rate > 0)
      g_print (" %g/s", rate);
    last = mode;
  }
  g_print ("%s", last ? "\n" : "  no modes\n");
}

void
camera_print_list (GPtrArray * cameras, gboolean json)
{
  guint i;

  if (json) {
    print_json (cameras);
    return;
  }
  for (i = 0; i < cameras->len; i++) {
    const Camera *camera = cameras->pdata[i];

    g_print ("%s  %s (%s)\n", camera->device, camera->name, camera->driver);
    print_modes (camera->modes);
  }
}
