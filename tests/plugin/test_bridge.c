/* Results as regions of interest, and the flags; test_bridge_analytics has the rest. */
#include "tests/plugin/bridge_case.h"

static GstVideoInfo info;

static GstBuffer *
attached (guint n_classes, const GstVideoRectangle * region, guint which)
{
  GstMobilenetResult *result = bridge_result (n_classes);
  GstBuffer *buffer;

  frame_info (&info, "I420", 320, 240);
  buffer = frame_new (&info, 1, 0);
  gst_mobilenet_bridge_attach (buffer, result, region, &info, which);
  gst_mobilenet_result_unref (result);
  return buffer;
}

/* With the fields and types that DL Streamer's elements read. */
static void
assert_classification (GstVideoRegionOfInterestMeta * roi)
{
  const GstStructure *s =
      gst_video_region_of_interest_meta_get_param (roi, "classification");
  gdouble confidence;
  gint label_id;

  fail_unless (s != NULL);
  fail_unless_equals_string (gst_structure_get_string (s, "label"),
      "Egyptian cat");
  fail_unless_equals_string (gst_structure_get_string (s, "model"),
      gst_structure_get_string (s, "model_name"));
  fail_unless_equals_string (gst_structure_get_string (s, "model_name"),
      "a model");
  fail_unless (gst_structure_get_int (s, "label_id", &label_id));
  fail_unless_equals_int (label_id, 285);
  fail_unless (gst_structure_get_double (s, "confidence", &confidence));
  fail_unless_equals_float (confidence, 0.75);
}

GST_START_TEST (nothing_is_attached_unasked)
{
  GstBuffer *buffer = attached (3, NULL, GST_MOBILENET_BRIDGES_NONE);

  gpointer state = NULL;

  fail_unless (gst_buffer_iterate_meta (buffer, &state) == NULL);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (no_class_leaves_nothing)
{
  gpointer state = NULL;
  GstBuffer *buffer = attached (0, NULL, ~0u);

  fail_unless (gst_buffer_iterate_meta (buffer, &state) == NULL);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (a_frame_becomes_a_region_of_interest)
{
  GstBuffer *buffer = attached (3, NULL, GST_MOBILENET_BRIDGES_ROI);
  GstBuffer *copy = gst_buffer_copy_deep (buffer);
  GstVideoRegionOfInterestMeta *roi;

  gst_buffer_unref (buffer);
  roi = bridge_roi (copy, 0);
  fail_unless (roi != NULL && bridge_roi (copy, 1) == NULL);
  fail_unless_equals_string (g_quark_to_string (roi->roi_type), "Egyptian cat");
  fail_unless (roi->x == 0 && roi->y == 0 && roi->w == 320 && roi->h == 240);
  assert_classification (roi);
  fail_unless (gst_mobilenet_bridge_is_proxy (roi));
  gst_buffer_unref (copy);
}

GST_END_TEST;

GST_START_TEST (a_part_of_the_frame_too)
{
  const GstVideoRectangle part = { 10, 20, 30, 40 };
  GstBuffer *buffer = attached (1, &part, GST_MOBILENET_BRIDGES_ROI);
  GstVideoRegionOfInterestMeta *roi = bridge_roi (buffer, 0);

  fail_unless (roi->x == 10 && roi->y == 20 && roi->w == 30 && roi->h == 40);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (unknown_is_a_label_without_an_id)
{
  const GstMobilenetCategory unknown = { GST_MOBILENET_INDEX_UNKNOWN,
    GST_MOBILENET_LABEL_UNKNOWN, 0.0f
  };
  GstMobilenetResult *result =
      gst_mobilenet_result_new ("a model", &unknown, 1, 0, 0, 0);
  GstVideoRegionOfInterestMeta *roi;
  GstBuffer *buffer;
  gint label_id;

  frame_info (&info, "I420", 320, 240);
  buffer = frame_new (&info, 1, 0);
  gst_mobilenet_bridge_attach (buffer, result, NULL, &info,
      GST_MOBILENET_BRIDGES_ROI);
  roi = bridge_roi (buffer, 0);
  fail_unless_equals_string (g_quark_to_string (roi->roi_type), "unknown");
  fail_unless (gst_structure_get_int
      (gst_video_region_of_interest_meta_get_param (roi, "classification"),
          "label_id", &label_id));
  fail_unless_equals_int (label_id, -1);
  gst_buffer_unref (buffer);
  gst_mobilenet_result_unref (result);
}

GST_END_TEST;

GST_START_TEST (a_detectors_region_of_interest_gets_a_parameter)
{
  GstMobilenetResult *result = bridge_result (2);
  GstMobilenetRegion region;
  GstVideoRegionOfInterestMeta *roi;
  GstMobilenetMeta *meta;
  GstBuffer *buffer;

  frame_info (&info, "I420", 320, 240);
  buffer = frame_new (&info, 1, 0);
  gst_buffer_add_video_region_of_interest_meta (buffer, "animal", 8, 16, 64,
      32);
  fail_unless_equals_int (gst_mobilenet_regions_collect (buffer, &info, NULL,
          &region, 1), 1);
  gst_mobilenet_region_attach (buffer, &region, result, 4,
      GST_MOBILENET_BRIDGES_ROI);

  roi = bridge_roi (buffer, 0);
  fail_unless (bridge_roi (buffer, 1) == NULL);
  fail_unless_equals_string (g_quark_to_string (roi->roi_type), "animal");
  assert_classification (roi);
  fail_if (gst_mobilenet_bridge_is_proxy (roi));
  meta = gst_buffer_get_mobilenet_meta (buffer);
  fail_unless (meta->result == result);
  fail_unless_equals_int (meta->age, 4);
  bridge_assert_rect (&meta->region, 8, 16, 64, 32);
  gst_buffer_unref (buffer);
  gst_mobilenet_result_unref (result);
}

GST_END_TEST;

GST_START_TEST (flags_are_read_as_gst_launch_writes_them)
{
  GFlagsClass *klass = g_type_class_ref (GST_TYPE_MOBILENET_BRIDGES);
  GValue value = G_VALUE_INIT;

  g_value_init (&value, GST_TYPE_MOBILENET_BRIDGES);
  fail_unless (gst_value_deserialize (&value, "roi"));
  fail_unless_equals_int (g_value_get_flags (&value),
      GST_MOBILENET_BRIDGES_ROI);
  fail_unless (gst_value_deserialize (&value, "0"));
  fail_unless_equals_int (g_value_get_flags (&value), 0);
#ifdef HAVE_GST_ANALYTICS
  fail_unless (gst_value_deserialize (&value, "analytics+proxy-region+roi"));
  fail_unless_equals_int (g_value_get_flags (&value), klass->mask);
  fail_unless_equals_int (klass->n_values, 3);
#else
  fail_unless_equals_int (klass->n_values, 1);
#endif
  g_value_unset (&value);
  g_type_class_unref (klass);
}

GST_END_TEST;

static Suite *
bridge_suite (void)
{
  Suite *suite = suite_create ("bridge");
  TCase *tc = tcase_create ("roi");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, nothing_is_attached_unasked);
  tcase_add_test (tc, no_class_leaves_nothing);
  tcase_add_test (tc, a_frame_becomes_a_region_of_interest);
  tcase_add_test (tc, a_part_of_the_frame_too);
  tcase_add_test (tc, unknown_is_a_label_without_an_id);
  tcase_add_test (tc, a_detectors_region_of_interest_gets_a_parameter);
  tcase_add_test (tc, flags_are_read_as_gst_launch_writes_them);
  return suite;
}

GST_CHECK_MAIN (bridge);
