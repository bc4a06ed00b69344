/* How the picture is meant to be seen: orientation, colour and chroma siting. */
#include "tests/plugin/frames.h"

#define WIDTH 66
#define HEIGHT 50

GST_START_TEST (orientation_is_of_the_property_or_the_tag)
{
  static const struct
  {
    const gchar *tag;
    GstVideoOrientationMethod method;
    MnetOrientation orientation;
  } turns[] = {
    {"rotate-90", GST_VIDEO_ORIENTATION_90R, MNET_ORIENTATION_ROTATE_90},
    {"rotate-180", GST_VIDEO_ORIENTATION_180, MNET_ORIENTATION_ROTATE_180},
    {"rotate-270", GST_VIDEO_ORIENTATION_90L, MNET_ORIENTATION_ROTATE_270},
    {"flip-rotate-0", GST_VIDEO_ORIENTATION_HORIZ, MNET_ORIENTATION_FLIP},
    {"flip-rotate-180", GST_VIDEO_ORIENTATION_VERT,
        MNET_ORIENTATION_FLIP_ROTATE_180},
    {"flip-rotate-90", GST_VIDEO_ORIENTATION_UR_LL,
        MNET_ORIENTATION_FLIP_ROTATE_90},
    {"flip-rotate-270", GST_VIDEO_ORIENTATION_UL_LR,
        MNET_ORIENTATION_FLIP_ROTATE_270}
  };
  GstVideoInfo info;
  Expected upright;
  guint i;

  frame_info (&info, "RGB", WIDTH, HEIGHT);
  upright = expected_of_frame (&info, 1, NULL, MNET_ORIENTATION_NONE);
  for (i = 0; i < G_N_ELEMENTS (turns); i++) {
    Expected expected =
        expected_of_frame (&info, 1, NULL, turns[i].orientation);
    GstHarness *h = mobilenet_harness ("");
    GstBuffer *out;

    fail_if (expected_equal (&expected, &upright));
    mobilenet_set_caps (h, "RGB", WIDTH, HEIGHT);
    gst_harness_push_event (h, gst_event_new_tag (gst_tag_list_new
            (GST_TAG_IMAGE_ORIENTATION, turns[i].tag, NULL)));
    out = mobilenet_push (h, frame_new (&info, 1, 0));
    assert_meta (out, &expected, 0);
    gst_buffer_unref (out);

    g_object_set (h->element, "orientation", GST_VIDEO_ORIENTATION_IDENTITY,
        NULL);
    out = mobilenet_push (h, frame_new (&info, 1, 0));
    assert_meta (out, &upright, 0);
    gst_buffer_unref (out);

    g_object_set (h->element, "orientation", turns[i].method, NULL);
    gst_harness_push_event (h, gst_event_new_stream_start ("another"));
    out = mobilenet_push (h, frame_new (&info, 1, 0));
    assert_meta (out, &expected, 0);
    gst_buffer_unref (out);

    /* the tag was the other stream's */
    g_object_set (h->element, "orientation", GST_VIDEO_ORIENTATION_AUTO, NULL);
    out = mobilenet_push (h, frame_new (&info, 1, 0));
    assert_meta (out, &upright, 0);
    gst_buffer_unref (out);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

GST_START_TEST (colorimetry_and_chroma_site_are_honoured)
{
  static const struct
  {
    const gchar *colorimetry, *site;
    MnetColorMatrix matrix;
    MnetColorRange range;
    MnetChromaSite chroma_site;
  } ways[] = {
    {"bt601", "jpeg", MNET_COLOR_MATRIX_BT601, MNET_COLOR_RANGE_LIMITED,
        MNET_CHROMA_SITE_CENTER},
    {"bt709", "mpeg2", MNET_COLOR_MATRIX_BT709, MNET_COLOR_RANGE_LIMITED,
        MNET_CHROMA_SITE_LEFT},
    {"bt2020", "cosited", MNET_COLOR_MATRIX_BT2020, MNET_COLOR_RANGE_LIMITED,
        MNET_CHROMA_SITE_TOP_LEFT},
    {"1:4:0:0", "jpeg", MNET_COLOR_MATRIX_BT601, MNET_COLOR_RANGE_FULL,
        MNET_CHROMA_SITE_CENTER}
  };
  GstHarness *h = mobilenet_harness ("");
  Expected expected[G_N_ELEMENTS (ways)];
  GstVideoInfo info;
  guint i;

  frame_info (&info, "I420", WIDTH, HEIGHT);
  for (i = 0; i < G_N_ELEMENTS (ways); i++) {
    GstCaps *caps = frame_caps ("I420", WIDTH, HEIGHT);
    GstBuffer *frame = frame_new (&info, 1, 0);
    MnetImage image = { 0 };
    GstMapInfo map;
    guint plane;

    image.format = MNET_PIXEL_FORMAT_I420;
    image.width = WIDTH;
    image.height = HEIGHT;
    image.matrix = ways[i].matrix;
    image.range = ways[i].range;
    image.chroma_site = ways[i].chroma_site;
    fail_unless (gst_buffer_map (frame, &map, GST_MAP_READ));
    for (plane = 0; plane < 3; plane++) {
      image.planes[plane] =
          map.data + GST_VIDEO_INFO_PLANE_OFFSET (&info, plane);
      image.strides[plane] = GST_VIDEO_INFO_PLANE_STRIDE (&info, plane);
    }
    expected[i] = expected_of_image (&image);
    gst_buffer_unmap (frame, &map);
    if (i > 0)
      fail_if (expected_equal (&expected[i], &expected[i - 1]));

    gst_caps_set_simple (caps, "colorimetry", G_TYPE_STRING,
        ways[i].colorimetry, "chroma-site", G_TYPE_STRING, ways[i].site, NULL);
    gst_harness_set_src_caps (h, caps);
    frame = mobilenet_push (h, frame);
    assert_meta (frame, &expected[i], 0);
    gst_buffer_unref (frame);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

/* What orientation makes of a frame is what videoflip makes of it. */
GST_START_TEST (orientation_turns_as_videoflip_does)
{
  GstVideoOrientationMethod method;
  GstVideoInfo info;

  frame_info (&info, "RGB", 64, 64);
  for (method = GST_VIDEO_ORIENTATION_90R;
      method <= GST_VIDEO_ORIENTATION_UR_LL; method++) {
    gchar *line = g_strdup_printf ("videoflip video-direction=%d ! "
        "mobilenet mode=sync threshold=0 orientation=identity", method);
    GstHarness *flipped = gst_harness_new_parse (line);
    GstHarness *turned = mobilenet_harness ("");
    GstBuffer *out[2];
    GstMobilenetResult *result[2];

    g_free (line);
    g_object_set (turned->element, "orientation", method, NULL);
    mobilenet_set_caps (flipped, "RGB", 64, 64);
    mobilenet_set_caps (turned, "RGB", 64, 64);
    out[0] = mobilenet_push (flipped, frame_new (&info, 3, 0));
    out[1] = mobilenet_push (turned, frame_new (&info, 3, 0));
    result[0] = gst_buffer_get_mobilenet_meta (out[0])->result;
    result[1] = gst_buffer_get_mobilenet_meta (out[1])->result;
    fail_unless_equals_int (result[0]->classes[0].index,
        result[1]->classes[0].index);
    fail_unless (ABS (result[0]->classes[0].probability
            - result[1]->classes[0].probability) < 0.02);
    gst_buffer_unref (out[0]);
    gst_buffer_unref (out[1]);
    gst_harness_teardown (flipped);
    gst_harness_teardown (turned);
  }
}

GST_END_TEST;

static Suite *
picture_suite (void)
{
  Suite *s = suite_create ("picture");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, orientation_is_of_the_property_or_the_tag);
  tcase_add_test (tc, orientation_turns_as_videoflip_does);
  tcase_add_test (tc, colorimetry_and_chroma_site_are_honoured);
  return s;
}

GST_CHECK_MAIN (picture);
