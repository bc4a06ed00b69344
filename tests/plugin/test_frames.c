/* What the element makes of frames: formats, strides, crops, and frames that are broken. */
#include "tests/plugin/frames.h"

#define WIDTH 66
#define HEIGHT 50

static GstMessage *
pop_warning (GstBus * bus)
{
  return gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING);
}

/* Pushes a frame that can't be classified, and checks that it passes with a warning, and the next one without. */
static void
assert_passes_unclassified (const gchar * format, GstBuffer * (*make) (void))
{
  GstHarness *h = mobilenet_harness ("");
  GstBus *bus = gst_bus_new ();
  GstMessage *message;
  guint i;

  gst_element_set_bus (h->element, bus);
  mobilenet_set_caps (h, format, WIDTH, HEIGHT);
  for (i = 0; i < 2; i++) {
    GstBuffer *frame = make ();
    GstBuffer *out = mobilenet_push (h, frame);

    fail_unless (out == frame);
    fail_if (gst_buffer_get_mobilenet_meta (out));
    gst_buffer_unref (out);
    message = pop_warning (bus);
    fail_unless ((message != NULL) == (i == 0));
    g_clear_pointer (&message, gst_message_unref);
  }
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "failed"), 2);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "frames"), 2);
  gst_element_set_bus (h->element, NULL);
  gst_object_unref (bus);
  gst_harness_teardown (h);
}

GST_START_TEST (every_format_is_seen_as_the_engine_sees_it)
{
  const gchar *const *format;

  for (format = frame_formats; *format; format++) {
    GstHarness *h = mobilenet_harness ("threads=1");
    GstVideoInfo info;
    Expected expected;
    GstBuffer *out;

    GST_INFO ("%s", *format);
    frame_info (&info, *format, WIDTH, HEIGHT);
    expected = expected_of_frame (&info, 1, NULL, MNET_ORIENTATION_NONE);
    mobilenet_set_caps (h, *format, WIDTH, HEIGHT);
    out = mobilenet_push (h, frame_new (&info, 1, 0));
    assert_meta (out, &expected, 0);
    gst_buffer_unref (out);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

GST_START_TEST (strides_and_offsets_are_honoured)
{
  GstHarness *h = mobilenet_harness ("");
  const gchar *const *format;

  for (format = frame_formats; *format; format++) {
    GstVideoInfo info;
    Expected expected;
    GstBuffer *out;

    frame_info (&info, *format, WIDTH + 1, HEIGHT + 1);
    expected = expected_of_frame (&info, 2, NULL, MNET_ORIENTATION_NONE);
    mobilenet_set_caps (h, *format, WIDTH + 1, HEIGHT + 1);
    out = mobilenet_push (h, frame_new_padded (&info, 2, 48));
    assert_meta (out, &expected, 0);
    gst_buffer_unref (out);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (planes_may_end_with_their_last_pixel_and_not_before)
{
  GstHarness *h = mobilenet_harness ("");
  const gchar *const *format;

  for (format = frame_formats; *format; format++) {
    GstVideoInfo info;
    GstBuffer *out;

    frame_info (&info, *format, WIDTH, HEIGHT);
    mobilenet_set_caps (h, *format, WIDTH, HEIGHT);
    out = mobilenet_push (h, frame_new_tight (&info, 0));
    fail_unless (gst_buffer_get_mobilenet_meta (out) != NULL, "%s", *format);
    gst_buffer_unref (out);
    out = mobilenet_push (h, frame_new_tight (&info, 1));
    fail_if (gst_buffer_get_mobilenet_meta (out) != NULL, "%s", *format);
    gst_buffer_unref (out);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (memory_is_never_copied)
{
  GstHarness *h = mobilenet_harness ("");
  GstVideoInfo info;
  GstBuffer *frame, *start, *out;
  GstMemory *memory[2];

  frame_info (&info, "NV12", WIDTH, HEIGHT);
  mobilenet_set_caps (h, "NV12", WIDTH, HEIGHT);

  /* a writable frame: the same buffer */
  frame = frame_new (&info, 1, 0);
  memory[0] = gst_buffer_peek_memory (frame, 0);
  out = mobilenet_push (h, frame);
  fail_unless (out == frame);
  fail_unless (gst_buffer_peek_memory (out, 0) == memory[0]);
  gst_buffer_unref (out);

  /* a frame that somebody else holds too: that one stays as it is */
  frame = frame_new (&info, 1, 0);
  GST_BUFFER_OFFSET (frame) = 17;
  GST_BUFFER_FLAG_SET (frame, GST_BUFFER_FLAG_CORRUPTED);
  memory[0] = gst_buffer_peek_memory (frame, 0);
  out = mobilenet_push (h, gst_buffer_ref (frame));
  fail_unless (out != frame);
  fail_unless (gst_buffer_peek_memory (out, 0) == memory[0]);
  fail_unless (gst_buffer_get_mobilenet_meta (out) != NULL);
  fail_unless (gst_buffer_get_mobilenet_meta (frame) == NULL);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (out), GST_BUFFER_PTS (frame));
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (out), 17);
  fail_unless (GST_BUFFER_FLAG_IS_SET (out, GST_BUFFER_FLAG_CORRUPTED));
  gst_buffer_unref (out);
  gst_buffer_unref (frame);

  /* several memories without a GstVideoMeta: mapping must not merge them */
  frame = frame_new (&info, 1, 0);
  start = gst_buffer_copy_region (frame, GST_BUFFER_COPY_ALL, 0, 1000);
  out = gst_buffer_copy_region (frame, GST_BUFFER_COPY_MEMORY, 1000, -1);
  gst_buffer_unref (frame);
  frame = gst_buffer_append (start, out);
  fail_unless_equals_int (gst_buffer_n_memory (frame), 2);
  memory[0] = gst_buffer_peek_memory (frame, 0);
  memory[1] = gst_buffer_peek_memory (frame, 1);
  out = mobilenet_push (h, frame);
  fail_unless (gst_buffer_get_mobilenet_meta (out) != NULL);
  fail_unless_equals_int (gst_buffer_n_memory (out), 2);
  fail_unless (gst_buffer_peek_memory (out, 0) == memory[0]);
  fail_unless (gst_buffer_peek_memory (out, 1) == memory[1]);
  gst_buffer_unref (out);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (the_crop_meta_is_where_it_looks)
{
  static const MnetRect crop = { 10, 6, 40, 30 };
  GstHarness *h = mobilenet_harness ("");
  GstVideoCropMeta *meta;
  GstMobilenetMeta *seen;
  GstVideoInfo info;
  Expected expected, whole;
  GstBuffer *frame;

  frame_info (&info, "NV12", WIDTH, HEIGHT);
  expected = expected_of_frame (&info, 1, &crop, MNET_ORIENTATION_NONE);
  whole = expected_of_frame (&info, 1, NULL, MNET_ORIENTATION_NONE);
  fail_if (expected_equal (&expected, &whole));
  mobilenet_set_caps (h, "NV12", WIDTH, HEIGHT);

  frame = frame_new (&info, 1, 0);
  meta = gst_buffer_add_video_crop_meta (frame);
  meta->x = crop.x;
  meta->y = crop.y;
  meta->width = crop.width;
  meta->height = crop.height;
  frame = mobilenet_push (h, frame);
  assert_meta (frame, &expected, 0);
  seen = gst_buffer_get_mobilenet_meta (frame);
  fail_unless_equals_int (seen->region.x, 10);
  fail_unless_equals_int (seen->region.y, 6);
  fail_unless_equals_int (seen->region.w, 40);
  fail_unless_equals_int (seen->region.h, 30);
  gst_buffer_unref (frame);

  /* a rectangle that reaches beyond the frame is clipped to it, one outside says nothing */
  frame = frame_new (&info, 1, 0);
  meta = gst_buffer_add_video_crop_meta (frame);
  meta->x = 10;
  meta->y = 6;
  meta->width = meta->height = G_MAXUINT;
  frame = mobilenet_push (h, frame);
  seen = gst_buffer_get_mobilenet_meta (frame);
  fail_unless_equals_int (seen->region.w, WIDTH - 10);
  fail_unless_equals_int (seen->region.h, HEIGHT - 6);
  gst_buffer_unref (frame);

  frame = frame_new (&info, 1, 0);
  meta = gst_buffer_add_video_crop_meta (frame);
  meta->x = meta->y = meta->width = meta->height = G_MAXUINT;
  frame = mobilenet_push (h, frame);
  assert_meta (frame, &whole, 0);
  gst_buffer_unref (frame);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* videocrop doesn't copy where downstream knows the crop meta: the caps are smaller than the frame then. */
GST_START_TEST (a_crop_by_videocrop_is_where_it_looks)
{
  static const MnetRect crop = { 8, 4, WIDTH - 8, HEIGHT - 4 };
  GstHarness *h = gst_harness_new_parse ("videocrop left=8 top=4 ! "
      "mobilenet mode=sync threshold=0");
  GstVideoInfo info;
  Expected expected;
  GstBuffer *out;
  GstMemory *memory;

  frame_info (&info, "NV12", WIDTH, HEIGHT);
  expected = expected_of_frame (&info, 3, &crop, MNET_ORIENTATION_NONE);
  gst_harness_add_propose_allocation_meta (h, GST_VIDEO_META_API_TYPE, NULL);
  gst_harness_add_propose_allocation_meta (h, GST_VIDEO_CROP_META_API_TYPE,
      NULL);
  mobilenet_set_caps (h, "NV12", WIDTH, HEIGHT);
  out = frame_new (&info, 3, 0);
  memory = gst_buffer_peek_memory (out, 0);
  out = mobilenet_push (h, out);
  fail_unless (gst_buffer_peek_memory (out, 0) == memory);
  fail_unless (gst_buffer_get_video_crop_meta (out) != NULL);
  assert_meta (out, &expected, 0);
  gst_buffer_unref (out);
  gst_harness_teardown (h);
}

GST_END_TEST;

static GstBuffer *
make_too_small (void)
{
  GstVideoInfo info;
  GstBuffer *buffer;

  frame_info (&info, "I420", WIDTH, HEIGHT);
  buffer = frame_new (&info, 1, 0);
  gst_buffer_set_size (buffer, info.size / 2);
  return buffer;
}

static GstBuffer *
make_with_meta (guint width, guint height, gint stride, gsize offset)
{
  gsize offsets[GST_VIDEO_MAX_PLANES] = { 0, offset, offset + 1024, 0 };
  gint strides[GST_VIDEO_MAX_PLANES] = { 68, stride, stride, 0 };
  GstVideoInfo info;
  GstBuffer *buffer;

  frame_info (&info, "I420", WIDTH, HEIGHT);
  buffer = frame_new (&info, 1, 0);
  gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_FORMAT_I420, width, height, 3, offsets, strides);
  return buffer;
}

static GstBuffer *
make_stride_too_large (void)
{
  return make_with_meta (WIDTH, HEIGHT, 1000000, 68 * HEIGHT);
}

static GstBuffer *
make_stride_negative (void)
{
  return make_with_meta (WIDTH, HEIGHT, -1000000, 68 * HEIGHT);
}

static GstBuffer *
make_offset_outside (void)
{
  return make_with_meta (WIDTH, HEIGHT, 36, G_MAXSIZE / 2);
}

static GstBuffer *
make_smaller_than_caps (void)
{
  return make_with_meta (WIDTH - 2, HEIGHT - 2, 36, 68 * HEIGHT);
}

static GstBuffer *
make_huge (void)
{
  return make_with_meta (G_MAXUINT, G_MAXUINT, 36, 68 * HEIGHT);
}

GST_START_TEST (broken_frames_pass_with_one_warning)
{
  assert_passes_unclassified ("I420", make_too_small);
  assert_passes_unclassified ("I420", make_stride_too_large);
  assert_passes_unclassified ("I420", make_stride_negative);
  assert_passes_unclassified ("I420", make_offset_outside);
  assert_passes_unclassified ("I420", make_smaller_than_caps);
  assert_passes_unclassified ("I420", make_huge);
}

GST_END_TEST;

GST_START_TEST (unsupported_caps_are_refused)
{
  static const gchar *const refused[] = {
    "video/x-raw, format=GRAY16_LE, width=64, height=48, framerate=30/1",
    "video/x-raw, format=NV12, width=8194, height=48, framerate=30/1",
    "video/x-raw(memory:GLMemory), format=RGBA, width=64, height=48, framerate=30/1",
    "audio/x-raw, format=S16LE, rate=44100, channels=1",
  };
  static const gchar *const taken[] = {
    "video/x-raw, format=NV12, width=1, height=1, framerate=0/1",
    "video/x-raw, format=RGB, width=8192, height=8192, framerate=30/1",
    "video/x-raw(memory:SystemMemory, meta:GstVideoOverlayComposition), "
        "format=I420, width=64, height=48, framerate=30/1",
    "video/x-raw, format=I420, width=64, height=48, framerate=25/1, "
        "interlace-mode=interleaved",
  };
  GstHarness *h = mobilenet_harness ("");
  guint i;

  for (i = 0; i < G_N_ELEMENTS (refused); i++) {
    GstCaps *caps = gst_caps_from_string (refused[i]);

    fail_if (gst_pad_peer_query_accept_caps (h->srcpad, caps), "%s",
        refused[i]);
    gst_caps_unref (caps);
  }
  for (i = 0; i < G_N_ELEMENTS (taken); i++) {
    GstCaps *caps = gst_caps_from_string (taken[i]);

    fail_unless (gst_pad_peer_query_accept_caps (h->srcpad, caps), "%s",
        taken[i]);
    gst_caps_unref (caps);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (the_smallest_frame_is_seen)
{
  const gchar *const *format;
  GstHarness *h = mobilenet_harness ("");

  for (format = frame_formats; *format; format++) {
    GstVideoInfo info;
    Expected expected;
    GstBuffer *out;

    frame_info (&info, *format, 1, 1);
    expected = expected_of_frame (&info, 4, NULL, MNET_ORIENTATION_NONE);
    mobilenet_set_caps (h, *format, 1, 1);
    out = mobilenet_push (h, frame_new (&info, 4, 0));
    assert_meta (out, &expected, 0);
    gst_buffer_unref (out);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
frames_suite (void)
{
  Suite *s = suite_create ("frames");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, every_format_is_seen_as_the_engine_sees_it);
  tcase_add_test (tc, strides_and_offsets_are_honoured);
  tcase_add_test (tc, planes_may_end_with_their_last_pixel_and_not_before);
  tcase_add_test (tc, memory_is_never_copied);
  tcase_add_test (tc, the_crop_meta_is_where_it_looks);
  tcase_add_test (tc, a_crop_by_videocrop_is_where_it_looks);
  tcase_add_test (tc, broken_frames_pass_with_one_warning);
  tcase_add_test (tc, unsupported_caps_are_refused);
  tcase_add_test (tc, the_smallest_frame_is_seen);
  return s;
}

GST_CHECK_MAIN (frames);
