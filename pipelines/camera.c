/* mobilenet-camera: lists cameras, picks the mode that costs the least, and shows what the camera sees. */
#include "pipelines/camera.h"

#include <gst/gst.h>
#include <locale.h>
#include <stdio.h>

#include "nn/mnet.h"

static gboolean
parse_options (CameraOptions * options, int *argc, char ***argv)
{
  const GOptionEntry entries[] = {
    {"list", 0, 0, G_OPTION_ARG_NONE, &options->list,
        "List the cameras and their modes", NULL},
    {"device", 0, 0, G_OPTION_ARG_STRING, &options->device,
          "Path such as /dev/video0, or libcamera's name; else the first",
        "CAMERA"},
    {"size", 0, 0, G_OPTION_ARG_STRING, &options->size,
          "Of the picture; else the cheapest that covers the model's input",
        "WxH"},
    {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &options->rate,
        "Frames a second (30)", "N"},
    {"model", 0, 0, G_OPTION_ARG_FILENAME, &options->model,
        "TFLite or ONNX; else the built-in one", "FILE"},
    {"labels", 0, 0, G_OPTION_ARG_FILENAME, &options->labels,
        "Names of the classes, one a line", "FILE"},
    {"headless", 0, 0, G_OPTION_ARG_NONE, &options->headless,
        "No window; a line whenever the label changes", NULL},
    {"json", 0, 0, G_OPTION_ARG_NONE, &options->json,
        "These lines, or the list, as JSON", NULL},
    {"print", 0, 0, G_OPTION_ARG_NONE, &options->print,
        "Print the gst-launch-1.0 line, and end", NULL},
    {"reconnect", 0, 0, G_OPTION_ARG_NONE, &options->reconnect,
        "Wait for a camera that vanishes, and go on", NULL},
    G_OPTION_ENTRY_NULL
  };
  GOptionContext *context = g_option_context_new (NULL);
  GError *error = NULL;
  gboolean ok;

  g_option_context_set_summary (context,
      "Says what a camera sees, until Ctrl-C.");
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  ok = g_option_context_parse (context, argc, argv, &error);
  if (!ok)
    g_printerr ("mobilenet-camera: %s; see --help\n", error->message);
  else if (*argc > 1)
    g_printerr ("mobilenet-camera: %s: not an option; see --help\n",
        (*argv)[1]);
  ok = ok && *argc == 1;
  g_clear_error (&error);
  g_option_context_free (context);
  return ok;
}

/* What the model needs, and what was asked for. */
static gboolean
make_wish (const CameraOptions * options, CameraWish * wish)
{
  MnetModelOptions model_options = {.labels = options->labels };
  MnetModel *model = NULL;
  MnetError error;
  const MnetModelInfo *info;
  gchar end;

  wish->rate = options->rate;
  if (wish->rate <= 0) {
    g_printerr ("mobilenet-camera: --rate: a number above 0 is needed\n");
    return FALSE;
  }
  if (options->size && (sscanf (options->size, "%dx%d%c", &wish->width,
              &wish->height, &end) != 2 || wish->width <= 0)) {
    g_printerr ("mobilenet-camera: --size: WIDTHxHEIGHT is needed, such as "
        "640x480\n");
    return FALSE;
  }
  if (mnet_model_open (options->model, &model_options, &model, &error)) {
    g_printerr ("mobilenet-camera: %s\n", error.message);
    return FALSE;
  }
  info = mnet_model_info (model);
  wish->input_width = info->input_width;
  wish->input_height = info->input_height;
  mnet_model_unref (&model);
  return TRUE;
}

static gboolean
has_usable_mode (const Camera * camera)
{
  guint i;

  for (i = 0; i < camera->modes->len; i++)
    if (g_array_index (camera->modes, CameraMode, i).format)
      return TRUE;
  return FALSE;
}

/* Without a name: one on USB, else one of libcamera, else the first that gives pictures: beside a camera of libcamera
 * stand devices in /dev that look like cameras. */
static Camera *
find_camera (GPtrArray * cameras, const gchar * device)
{
  Camera *best = NULL;
  gint best_rank = 0;
  guint i;

  for (i = 0; i < cameras->len; i++) {
    Camera *camera = cameras->pdata[i];
    gint rank = camera->usb ? 3 :
        g_str_equal (camera->element, "libcamerasrc") ? 2 : 1;

    if (device ? !g_str_equal (camera->device, device) :
        !has_usable_mode (camera))
      continue;
    if (rank > best_rank) {
      best = camera;
      best_rank = rank;
    }
  }
  return best;
}

static gboolean
collect_cameras (const CameraOptions * options, GPtrArray * cameras)
{
  gchar *problem = NULL;
  Camera *camera;

  if (options->device && options->device[0] == '/') {
    camera = camera_v4l2_open (options->device, &problem);
    if (!camera) {
      g_printerr ("mobilenet-camera: %s\n", problem);
      g_free (problem);
      return FALSE;
    }
    g_ptr_array_add (cameras, camera);
    return TRUE;
  }
  camera_v4l2_list (cameras);
  camera_libcamera_list (cameras);
  return TRUE;
}

static gint
show (const CameraOptions * options, const CameraWish * wish,
    const Camera * camera)
{
  gchar *why, **launch, *line;
  const CameraMode *mode = camera_choose ((CameraMode *) camera->modes->data,
      camera->modes->len, wish, &why);

  g_printerr ("%s%s: %s\n", mode ? "" : "mobilenet-camera: ", camera->device,
      why);
  g_free (why);
  if (!mode)
    return 1;
  if (options->print) {
    launch = camera_launch (options, camera, mode);
    line = camera_launch_line (launch, mode);
    g_print ("%s\n", line);
    g_free (line);
    g_strfreev (launch);
    return 0;
  }
  if (!options->headless && !g_getenv ("DISPLAY")
      && !g_getenv ("WAYLAND_DISPLAY")) {
    g_printerr ("mobilenet-camera: there is no display for the window; try "
        "--headless\n");
    return 1;
  }
  /* how v4l2src is told to let libv4l2 convert */
  if (mode->emulated)
    g_setenv ("GST_V4L2_USE_LIBV4L2", "1", TRUE);
  return camera_run (options, camera, mode);
}

static gint
run (const CameraOptions * options)
{
  GPtrArray *cameras =
      g_ptr_array_new_with_free_func ((GDestroyNotify) camera_free);
  CameraWish wish = { 0 };
  Camera *camera;
  gint status = 1;

  if (!collect_cameras (options, cameras))
    goto done;
  if (options->list) {
    camera_print_list (cameras, options->json);
    status = 0;
  } else if (make_wish (options, &wish)) {
    camera = find_camera (cameras, options->device);
    if (camera)
      status = show (options, &wish, camera);
    else if (options->device)
      g_printerr ("mobilenet-camera: %s: no such camera; choose one of "
          "--list\n", options->device);
    else
      g_printerr ("mobilenet-camera: there is no camera; plug one in\n");
  }
done:
  g_ptr_array_unref (cameras);
  return status;
}

int
main (int argc, char **argv)
{
  CameraOptions options = {.rate = 30 };
  gint status;

  setlocale (LC_ALL, "");
  status = parse_options (&options, &argc, &argv) ? run (&options) : 1;
  g_free (options.device);
  g_free (options.size);
  g_free (options.model);
  g_free (options.labels);
  return status;
}
