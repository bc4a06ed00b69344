/* Pictures of tensors: that a file shows what the engine made of a picture, for each kind of model. */
#include "plugin/classify/dump.h"

#include <cairo.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "tests/plugin/frames.h"

#define SIDE 7

typedef struct
{
  gchar *folder, *path;
  GstMobilenetDump dump;
} DumpTest;

static DumpTest
dump_test_begin (const gchar * name)
{
  DumpTest test = { 0 };

  test.folder = g_dir_make_tmp ("dump-XXXXXX", NULL);
  fail_unless (test.folder != NULL);
  test.path = g_build_filename (test.folder, name, NULL);
  gst_mobilenet_dump_set_location (&test.dump, test.path);
  return test;
}

static void
dump_test_end (DumpTest * test)
{
  GDir *dir = g_dir_open (test->folder, 0, NULL);
  const gchar *name;

  while ((name = g_dir_read_name (dir))) {
    gchar *path = g_build_filename (test->folder, name, NULL);

    g_remove (path);
    g_free (path);
  }
  g_dir_close (dir);
  g_rmdir (test->folder);
  gst_mobilenet_dump_set_location (&test->dump, NULL);
  g_free (test->path);
  g_free (test->folder);
}

/* Colours of a picture, one that is no square of any symmetry. */
static guint8
colour (gint x, gint y, gint channel)
{
  return x * 36 + y * 5 + channel * 90;
}

/* A tensor of that picture, as such a model is fed. */
static gpointer
tensor_new (const MnetModelInfo * info)
{
  const MnetNormalization *normal = &info->normalization;
  gsize count = SIDE * SIDE * info->input_channels, i;
  gfloat *tensor = g_new0 (gfloat, count);
  gint x, y, c;

  for (i = 0; i < count; i++) {
    gfloat value;

    c = i % info->input_channels;
    x = i / info->input_channels % SIDE;
    y = i / info->input_channels / SIDE;
    if (normal->order == MNET_CHANNEL_ORDER_BGR)
      c = info->input_channels - 1 - c;
    value = (colour (x, y, c) - normal->mean[c]) * normal->scale[c];
    if (info->prepared_dtype == MNET_DTYPE_F32)
      tensor[i] = value;
    else
      ((gint8 *) tensor)[i] = (gint) lrintf (value / info->prepared_scale)
          + info->prepared_zero_point;
  }
  return tensor;
}

static void
assert_pictured (const gchar * path, const MnetModelInfo * info, gint within)
{
  cairo_surface_t *surface = cairo_image_surface_create_from_png (path);
  const guchar *data = cairo_image_surface_get_data (surface);
  gint x, y, c;

  fail_unless_equals_int (cairo_image_surface_get_width (surface), SIDE);
  fail_unless_equals_int (cairo_image_surface_get_height (surface), SIDE);
  for (y = 0; y < SIDE; y++) {
    const guint32 *row = (const guint32 *) (data
        + y * cairo_image_surface_get_stride (surface));

    for (x = 0; x < SIDE; x++) {
      for (c = 0; c < 3; c++) {
        gint seen = row[x] >> (16 - 8 * c) & 0xff;

        fail_unless (abs (seen - colour (x, y, info->input_channels == 1 ? 0
                    : c)) <= within, "%d at %d, %d, %d", seen, x, y, c);
      }
    }
  }
  cairo_surface_destroy (surface);
}

GST_START_TEST (tensors_of_all_kinds_become_pixels)
{
  DumpTest test = dump_test_begin ("picture.png");
  guint i;

  for (i = 0; i < 2 * 2 * 2; i++) {
    MnetModelInfo info = {
      .prepared_dtype = i % 2 ? MNET_DTYPE_QS8 : MNET_DTYPE_F32,
      .input_width = SIDE,.input_height = SIDE,
      .input_channels = i / 2 % 2 ? 1 : 3,
      .prepared_scale = i % 2 ? 0.02f : 0,
      .prepared_zero_point = -8,
      .normalization = {
            .mean = {123.7f, 116.3f, 103.5f},.scale =
            {0.0171f, 0.0175f, 0.0174f},
          .order = i / 4 % 2 ? MNET_CHANNEL_ORDER_BGR : MNET_CHANNEL_ORDER_RGB}
    };
    gpointer tensor = tensor_new (&info);

    fail_unless (gst_mobilenet_dump_write (&test.dump, &info, tensor, NULL));
    assert_pictured (test.path, &info, i % 2 ? 1 : 0);
    g_free (tensor);
  }
  dump_test_end (&test);
}

GST_END_TEST;

/* The built-in model takes a picture of its own size as it is. */
GST_START_TEST (a_picture_comes_back)
{
  DumpTest test = dump_test_begin ("picture.png");
  MnetImage image = {.format = MNET_PIXEL_FORMAT_RGB };
  MnetSession *session = NULL;
  MnetModel *model = NULL;
  const MnetModelInfo *info;
  cairo_surface_t *surface;
  guint8 *pixels;
  gpointer tensor;
  gint x, y;

  fail_if (mnet_model_open (NULL, NULL, &model, NULL));
  fail_if (mnet_session_open (model, NULL, &session, NULL));
  info = mnet_model_info (model);
  image.width = info->input_width;
  image.height = info->input_height;
  image.strides[0] = 3 * image.width;
  image.planes[0] = pixels = g_malloc (3 * image.width * image.height);
  for (x = 0; x < 3 * image.width * image.height; x++)
    pixels[x] = x * 7 % 251;
  tensor = g_malloc (info->prepared_bytes);
  fail_if (mnet_session_prepare (session, &image, tensor, NULL));
  fail_unless (gst_mobilenet_dump_write (&test.dump, info, tensor, NULL));

  surface = cairo_image_surface_create_from_png (test.path);
  for (y = 0; y < image.height; y++) {
    const guint32 *row = (const guint32 *)
        (cairo_image_surface_get_data (surface)
        + y * cairo_image_surface_get_stride (surface));

    for (x = 0; x < image.width; x++) {
      const guint8 *pixel = &pixels[3 * (y * image.width + x)];

      fail_unless (abs ((gint) (row[x] >> 16 & 0xff) - pixel[0]) <= 1);
      fail_unless (abs ((gint) (row[x] >> 8 & 0xff) - pixel[1]) <= 1);
      fail_unless (abs ((gint) (row[x] & 0xff) - pixel[2]) <= 1);
    }
  }
  cairo_surface_destroy (surface);
  g_free (tensor);
  g_free (pixels);
  mnet_session_close (&session);
  mnet_model_unref (&model);
  dump_test_end (&test);
}

GST_END_TEST;

static const MnetModelInfo grey = {.prepared_dtype = MNET_DTYPE_QS8,
  .input_width = 1,.input_height = 1,.input_channels = 1,.prepared_scale = 1,
  .normalization = {.scale = {1}}
};

static const guint8 grey_pixel[1] = { 7 };

static void
check_names (const gchar * location, const gchar * first, const gchar * second)
{
  DumpTest test = dump_test_begin (location);
  const gchar *names[] = { first, second };
  guint i;

  for (i = 0; i < 2; i++) {
    gchar *path = g_build_filename (test.folder, names[i], NULL);

    g_remove (path);
    fail_unless (gst_mobilenet_dump_write (&test.dump, &grey, grey_pixel,
            NULL));
    fail_unless (g_file_test (path, G_FILE_TEST_IS_REGULAR), "no %s", path);
    g_free (path);
    /* the same name again counts on */
    gst_mobilenet_dump_set_location (&test.dump, test.path);
  }
  dump_test_end (&test);
}

GST_START_TEST (names_are_numbered)
{
  check_names ("a.png", "a.png", "a.png");
  check_names ("a%d.png", "a0.png", "a1.png");
  check_names ("%05d-%d.png", "00000-0.png", "00001-1.png");
  check_names ("%3d.png", "  0.png", "  1.png");
  check_names ("%s%n%%", "%s%n%%", "%s%n%%");
  check_names ("100%", "100%", "100%");
}

GST_END_TEST;

GST_START_TEST (what_cannot_be_written_is_said_once)
{
  GstMobilenetDump dump = { 0 };
  GError *error = NULL;

  fail_unless (gst_mobilenet_dump_write (&dump, &grey, grey_pixel, NULL));
  gst_mobilenet_dump_set_location (&dump, "/nonexistent/a.png");
  fail_if (gst_mobilenet_dump_write (&dump, &grey, grey_pixel, &error));
  fail_unless (strstr (error->message, "/nonexistent/a.png") != NULL, "%s",
      error->message);
  fail_unless (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT));
  g_clear_error (&error);
  fail_unless (gst_mobilenet_dump_write (&dump, &grey, grey_pixel, &error));
  gst_mobilenet_dump_set_location (&dump, "/nonexistent/b.png");
  fail_if (gst_mobilenet_dump_write (&dump, &grey, grey_pixel, &error));
  g_clear_error (&error);
  gst_mobilenet_dump_set_location (&dump, NULL);
}

GST_END_TEST;

static guint
count_pictures (DumpTest * test)
{
  GDir *dir = g_dir_open (test->folder, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir))
    n++;
  g_dir_close (dir);
  return n;
}

/* One for each classification, in either mode, by either way to a tensor. */
GST_START_TEST (the_element_writes_what_it_classifies)
{
  static const gchar *const properties[] = { "interval=2",
    "interval=2 static-threshold=0.001", "mode=async"
  };
  GstVideoInfo info;
  guint i, n;

  frame_info (&info, "I420", 64, 48);
  for (i = 0; i < G_N_ELEMENTS (properties); i++) {
    DumpTest test = dump_test_begin ("a%d.png");
    GstHarness *h = mobilenet_harness (properties[i]);

    mobilenet_set_caps (h, "I420", 64, 48);
    g_object_set (h->element, "dump-input", test.path, NULL);
    for (n = 0; n < 4; n++)
      gst_buffer_unref (mobilenet_push (h, frame_new (&info, 30 * n, n)));
    if (i == 2)
      fail_unless (count_pictures (&test) >= 1);
    else
      fail_unless_equals_int (count_pictures (&test), 2);
    gst_harness_teardown (h);
    dump_test_end (&test);
  }
}

GST_END_TEST;

GST_START_TEST (the_element_warns_once)
{
  GstHarness *h = mobilenet_harness ("dump-input=/nonexistent/a.png");
  GstBus *bus = gst_bus_new ();
  GstMessage *message;
  GError *error = NULL;
  GstVideoInfo info;
  guint i;

  frame_info (&info, "I420", 64, 48);
  gst_element_set_bus (h->element, bus);
  mobilenet_set_caps (h, "I420", 64, 48);
  for (i = 0; i < 3; i++)
    gst_buffer_unref (mobilenet_push (h, frame_new (&info, 1, i)));
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "classified"), 3);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING);
  fail_unless (message != NULL);
  gst_message_parse_warning (message, &error, NULL);
  fail_unless (strstr (error->message, "/nonexistent/a.png") != NULL, "%s",
      error->message);
  g_error_free (error);
  gst_message_unref (message);
  fail_unless (gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING) == NULL);
  gst_element_set_bus (h->element, NULL);
  gst_object_unref (bus);
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
dump_suite (void)
{
  Suite *s = suite_create ("dump");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, tensors_of_all_kinds_become_pixels);
  tcase_add_test (tc, a_picture_comes_back);
  tcase_add_test (tc, names_are_numbered);
  tcase_add_test (tc, what_cannot_be_written_is_said_once);
  tcase_add_test (tc, the_element_writes_what_it_classifies);
  tcase_add_test (tc, the_element_warns_once);
  return s;
}

GST_CHECK_MAIN (dump);
