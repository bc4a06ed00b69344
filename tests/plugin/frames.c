#include "tests/plugin/frames.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const gchar *const frame_formats[] = { "I420", "YV12", "NV12", "NV21", "Y42B",
  "Y444", "YUY2", "UYVY", "I420_10LE", "P010_10LE", "RGB", "BGR", "RGBA",
  "BGRA", "ARGB", "ABGR", "RGBx", "BGRx", "xRGB", "xBGR", "RGBP", "GRAY8", NULL
};

void
frame_info (GstVideoInfo * info, const gchar * format, gint width, gint height)
{
  GstCaps *caps = frame_caps (format, width, height);

  fail_unless (gst_video_info_from_caps (info, caps));
  gst_caps_unref (caps);
}

GstCaps *
frame_caps (const gchar * format, gint width, gint height)
{
  return gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING, format,
      "width", G_TYPE_INT, width, "height", G_TYPE_INT, height,
      "framerate", GST_TYPE_FRACTION, 30, 1, NULL);
}

/* Waves of a different length in each component, in the upper bits of P010. */
static guint
sample (guint seed, guint component, gint x, gint y, guint depth, guint shift)
{
  guint value = (x * (3 + component) + y * (5 + seed) + seed * 37) % 512;

  value = value < 256 ? value : 511 - value;
  return (depth > 8 ? value << (depth - 8) : value) << shift;
}

static void
paint (GstVideoFrame * frame, guint seed)
{
  const GstVideoFormatInfo *finfo = frame->info.finfo;
  guint c;
  gint x, y;

  for (c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS (frame); c++) {
    guint depth = GST_VIDEO_FORMAT_INFO_DEPTH (finfo, c);
    guint shift = GST_VIDEO_FORMAT_INFO_SHIFT (finfo, c);
    guint offset = GST_VIDEO_FORMAT_INFO_POFFSET (finfo, c);

    /* GStreamer says 1, where V follows the two bytes of U */
    if (GST_VIDEO_FRAME_FORMAT (frame) == GST_VIDEO_FORMAT_P010_10LE && c == 2)
      offset = 2;

    for (y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (frame, c); y++) {
      guint8 *row = (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (frame,
          GST_VIDEO_FORMAT_INFO_PLANE (finfo, c))
          + y * GST_VIDEO_FRAME_COMP_STRIDE (frame, c) + offset;

      for (x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH (frame, c); x++) {
        guint8 *at = row + x * GST_VIDEO_FRAME_COMP_PSTRIDE (frame, c);
        guint value = sample (seed, c, x, y, depth, shift);

        if (depth > 8)
          GST_WRITE_UINT16_LE (at, value);
        else
          *at = value;
      }
    }
  }
}

static void
paint_buffer (GstBuffer * buffer, const GstVideoInfo * info, guint seed)
{
  GstVideoFrame frame;

  gst_buffer_memset (buffer, 0, 0xa5, gst_buffer_get_size (buffer));
  fail_unless (gst_video_frame_map (&frame, info, buffer, GST_MAP_READWRITE));
  paint (&frame, seed);
  gst_video_frame_unmap (&frame);
}

GstBuffer *
frame_new (const GstVideoInfo * info, guint seed, guint n)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, info->size, NULL);

  paint_buffer (buffer, info, seed);
  GST_BUFFER_PTS (buffer) = gst_util_uint64_scale (n, GST_SECOND, 30);
  GST_BUFFER_DURATION (buffer) = GST_SECOND / 30;
  return buffer;
}

GstBuffer *
frame_new_padded (const GstVideoInfo * info, guint seed, guint padding)
{
  GstBuffer *buffer = gst_buffer_new ();
  gsize offset[GST_VIDEO_MAX_PLANES] = { 0, };
  gint stride[GST_VIDEO_MAX_PLANES] = { 0, };
  gsize end = 0;
  guint i;

  for (i = 0; i < GST_VIDEO_INFO_N_PLANES (info); i++) {
    gint comp[GST_VIDEO_MAX_COMPONENTS];
    gsize size, lead = 16 * (i + 1);

    gst_video_format_info_component (info->finfo, i, comp);
    stride[i] = GST_VIDEO_INFO_PLANE_STRIDE (info, i) + padding;
    offset[i] = end + lead;
    size = lead + stride[i] * GST_VIDEO_INFO_COMP_HEIGHT (info, comp[0]);
    gst_buffer_append_memory (buffer, gst_allocator_alloc (NULL, size, NULL));
    end += size;
  }
  gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_INFO_FORMAT (info), GST_VIDEO_INFO_WIDTH (info),
      GST_VIDEO_INFO_HEIGHT (info), GST_VIDEO_INFO_N_PLANES (info), offset,
      stride);
  paint_buffer (buffer, info, seed);
  GST_BUFFER_PTS (buffer) = 0;
  return buffer;
}

GstBuffer *
frame_new_tight (const GstVideoInfo * info, guint cut)
{
  GstBuffer *buffer = gst_buffer_new ();
  gsize offset[GST_VIDEO_MAX_PLANES] = { 0, };
  gint stride[GST_VIDEO_MAX_PLANES] = { 0, };
  gsize end = 0;
  guint i;

  for (i = 0; i < GST_VIDEO_INFO_N_PLANES (info); i++) {
    gint comp[GST_VIDEO_MAX_COMPONENTS];
    gsize row, size;

    gst_video_format_info_component (info->finfo, i, comp);
    row = GST_VIDEO_INFO_COMP_WIDTH (info, comp[0])
        * GST_VIDEO_INFO_COMP_PSTRIDE (info, comp[0]);
    stride[i] = row + 64;
    offset[i] = end;
    size = stride[i] * (GST_VIDEO_INFO_COMP_HEIGHT (info, comp[0]) - 1) + row;
    if (i == GST_VIDEO_INFO_N_PLANES (info) - 1)
      size -= cut;
    gst_buffer_append_memory (buffer, gst_allocator_alloc (NULL, size, NULL));
    end += size;
  }
  gst_buffer_memset (buffer, 0, 0x80, end);
  gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_INFO_FORMAT (info), GST_VIDEO_INFO_WIDTH (info),
      GST_VIDEO_INFO_HEIGHT (info), GST_VIDEO_INFO_N_PLANES (info), offset,
      stride);
  return buffer;
}

GstHarness *
element_harness (const gchar * name, const gchar * properties)
{
  gchar *line = g_strdup_printf ("%s %s", name, properties);
  GstElement *element = gst_parse_launch (line, NULL);
  GstHarness *h;

  fail_unless (element != NULL, "%s", line);
  gst_object_ref_sink (element);
  h = gst_harness_new_with_element (element, "sink", "src");
  gst_object_unref (element);
  g_free (line);
  return h;
}

GstHarness *
mobilenet_harness (const gchar * properties)
{
  return element_harness ("mobilenet mode=sync threshold=0", properties);
}

GstHarness *
live_harness (GstVideoInfo * info, const gchar * properties)
{
  GstHarness *h = element_harness ("mobilenet threshold=0", properties);

  mobilenet_set_caps (h, "I420", 64, 48);
  frame_info (info, "I420", 64, 48);
  return h;
}

void
mobilenet_set_caps (GstHarness * h, const gchar * format, gint width,
    gint height)
{
  gst_harness_set_src_caps (h, frame_caps (format, width, height));
}

GstBuffer *
mobilenet_push (GstHarness * h, GstBuffer * frame)
{
  fail_unless_equals_int (gst_harness_push (h, frame), GST_FLOW_OK);
  frame = gst_harness_try_pull (h);
  fail_unless (frame != NULL);
  return frame;
}

GstMobilenetResult *
mobilenet_result_of (GstHarness * h, const GstVideoInfo * info)
{
  GstBuffer *out = mobilenet_push (h, frame_new (info, 1, 0));
  GstMobilenetMeta *meta = gst_buffer_get_mobilenet_meta (out);
  GstMobilenetResult *result;

  fail_unless (meta != NULL);
  result = gst_mobilenet_result_ref (meta->result);
  gst_buffer_unref (out);
  return result;
}

guint64
mobilenet_stat (GstElement * element, const gchar * name)
{
  GstStructure *stats = NULL;
  guint64 value = 0;

  g_object_get (element, "stats", &stats, NULL);
  fail_unless (gst_structure_get_uint64 (stats, name, &value), "no %s", name);
  gst_structure_free (stats);
  return value;
}

Expected
expected_of_image (const MnetImage * image)
{
  static MnetSession *session = NULL;
  const MnetResult *result = NULL;
  MnetModel *model = NULL;
  MnetError error = { 0 };
  Expected expected = { 0 };

  if (!session) {
    fail_if (mnet_model_open (NULL, NULL, &model, &error), "%s", error.message);
    fail_if (mnet_session_open (model, NULL, &session, &error), "%s",
        error.message);
    mnet_model_unref (&model);
  }
  fail_if (mnet_session_run_image (session, image, &result, &error), "%s",
      error.message);
  for (; expected.n < (guint) result->n_classes; expected.n++) {
    expected.index[expected.n] = result->classes[expected.n].index;
    expected.probability[expected.n] = result->classes[expected.n].probability;
  }
  return expected;
}

Expected
expected_of_frame (const GstVideoInfo * info, guint seed, const MnetRect * crop,
    MnetOrientation orientation)
{
  GstBuffer *buffer = frame_new (info, seed, 0);
  MnetImage image = { 0 };
  Expected expected;
  GstMapInfo map;
  guint i;

  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  image.format = mnet_pixel_format_from_name (GST_VIDEO_INFO_NAME (info));
  image.width = GST_VIDEO_INFO_WIDTH (info);
  image.height = GST_VIDEO_INFO_HEIGHT (info);
  image.orientation = orientation;
  /* what GStreamer takes for a small frame where the caps say nothing */
  if (GST_VIDEO_INFO_IS_YUV (info)) {
    image.matrix = MNET_COLOR_MATRIX_BT601;
    image.range = MNET_COLOR_RANGE_LIMITED;
    image.chroma_site = MNET_CHROMA_SITE_CENTER;
  } else {
    image.range = MNET_COLOR_RANGE_FULL;
  }
  if (GST_VIDEO_INFO_IS_GRAY (info))
    image.matrix = MNET_COLOR_MATRIX_BT601;
  if (crop)
    image.crop = *crop;
  for (i = 0; i < GST_VIDEO_INFO_N_PLANES (info); i++) {
    image.planes[i] = map.data + GST_VIDEO_INFO_PLANE_OFFSET (info, i);
    image.strides[i] = GST_VIDEO_INFO_PLANE_STRIDE (info, i);
  }
  expected = expected_of_image (&image);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  return expected;
}

gboolean
expected_equal (const Expected * a, const Expected * b)
{
  guint i;

  if (a->n != b->n)
    return FALSE;
  for (i = 0; i < a->n; i++) {
    if (a->index[i] != b->index[i] || a->probability[i] != b->probability[i])
      return FALSE;
  }
  return TRUE;
}

void
assert_meta (GstBuffer * buffer, const Expected * expected, guint age)
{
  GstMobilenetMeta *meta = gst_buffer_get_mobilenet_meta (buffer);
  guint i;

  fail_unless (meta != NULL, "no result on the frame");
  fail_unless_equals_int (meta->age, age);
  fail_unless_equals_int (meta->result->n_classes, expected->n);
  for (i = 0; i < expected->n; i++) {
    const GstMobilenetCategory *seen = &meta->result->classes[i];

    fail_unless_equals_int (seen->index, expected->index[i]);
    fail_unless_equals_float (seen->probability, expected->probability[i]);
    fail_unless (seen->label && *seen->label);
  }
}

static int
compare_numbers (const void *a, const void *b)
{
  gdouble x = *(const gdouble *) a, y = *(const gdouble *) b;

  return (x > y) - (x < y);
}

void
sort_numbers (gdouble * numbers, guint n)
{
  qsort (numbers, n, sizeof (*numbers), compare_numbers);
}

glong
resident_kib (void)
{
  FILE *file = fopen ("/proc/self/statm", "re");
  glong pages = 0;

  fail_unless (file != NULL && fscanf (file, "%*s %ld", &pages) == 1);
  fclose (file);
  return pages * (sysconf (_SC_PAGESIZE) / 1024);
}
