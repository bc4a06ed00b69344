/* Results as GstAnalytics metadata, and GStreamer's own element that draws it. */
#include "tests/plugin/bridge_case.h"

#ifdef HAVE_GST_ANALYTICS
#include <string.h>

#include <gst/analytics/analytics.h>

#define TO_CLASS (GST_ANALYTICS_REL_TYPE_CONTAIN | GST_ANALYTICS_REL_TYPE_RELATE_TO)

static GstVideoInfo info;

static void
attach (GstBuffer * buffer, guint n_classes, GstMobilenetBridges which)
{
  GstMobilenetResult *result = bridge_result (n_classes);

  gst_mobilenet_bridge_attach (buffer, result, NULL, &info, which);
  gst_mobilenet_result_unref (result);
}

static GstBuffer *
make_frame (gint width, gint height)
{
  frame_info (&info, "BGRA", width, height);
  return frame_new (&info, 1, 0);
}

static void
assert_class (GstAnalyticsClsMtd * mtd, gsize i, const gchar * label,
    gfloat level)
{
  fail_unless_equals_string (g_quark_to_string (gst_analytics_cls_mtd_get_quark
          (mtd, i)), label);
  fail_unless_equals_float (gst_analytics_cls_mtd_get_level (mtd, i), level);
}

/* The classification mtds that begin at an id. */
static void
assert_classes (GstAnalyticsRelationMeta * meta, guint id, guint n_classes)
{
  GstAnalyticsClsMtd top, all;

  fail_unless (gst_analytics_relation_meta_get_cls_mtd (meta, id, &top));
  fail_unless_equals_int (gst_analytics_cls_mtd_get_length (&top), 1);
  assert_class (&top, 0, "Egyptian cat", 0.75f);

  fail_unless (gst_analytics_relation_meta_get_cls_mtd (meta, id + 1, &all));
  fail_unless_equals_int (gst_analytics_cls_mtd_get_length (&all), n_classes);
  assert_class (&all, 0, "Egyptian cat", 0.75f);
  if (n_classes > 2)
    assert_class (&all, 2, "tiger cat", 0.0625f);

  fail_unless_equals_int (gst_analytics_relation_meta_get_relation (meta,
          all.id, top.id), GST_ANALYTICS_REL_TYPE_CONTAIN);
  fail_unless_equals_int (gst_analytics_relation_meta_get_relation (meta,
          top.id, all.id), GST_ANALYTICS_REL_TYPE_IS_PART_OF);
}

static void
assert_detection (GstAnalyticsRelationMeta * meta, guint id, guint class_id,
    const gchar * label, const GstVideoRectangle * rect)
{
  GstVideoRectangle is;
  GstAnalyticsODMtd mtd;
  gfloat confidence;

  fail_unless (gst_analytics_relation_meta_get_od_mtd (meta, id, &mtd));
  fail_unless_equals_string (g_quark_to_string
      (gst_analytics_od_mtd_get_obj_type (&mtd)), label);
  fail_unless (gst_analytics_od_mtd_get_location (&mtd, &is.x, &is.y, &is.w,
          &is.h, &confidence));
  bridge_assert_rect (&is, rect->x, rect->y, rect->w, rect->h);
  fail_unless_equals_float (confidence, 0.75f);
  fail_unless_equals_int (gst_analytics_relation_meta_get_relation (meta, id,
          class_id), TO_CLASS);
  fail_unless_equals_int (gst_analytics_relation_meta_get_relation (meta,
          class_id, id), GST_ANALYTICS_REL_TYPE_IS_PART_OF);
  /* the other one isn't the detection's */
  fail_unless_equals_int (gst_analytics_relation_meta_get_relation (meta, id,
          class_id + 1), GST_ANALYTICS_REL_TYPE_NONE);
}

GST_START_TEST (the_best_class_comes_alone_then_all)
{
  guint n;

  for (n = 1; n <= 3; n++) {
    GstBuffer *buffer = make_frame (320, 240);
    GstAnalyticsRelationMeta *meta;

    attach (buffer, n, GST_MOBILENET_BRIDGES_ANALYTICS);
    meta = gst_buffer_get_analytics_relation_meta (buffer);
    fail_unless (meta != NULL);
    fail_unless_equals_int (gst_analytics_relation_get_length (meta), 2);
    assert_classes (meta, 0, n);
    gst_buffer_unref (buffer);
  }
}

GST_END_TEST;

GST_START_TEST (no_class_adds_no_relations)
{
  GstBuffer *buffer = make_frame (320, 240);

  attach (buffer, 0, GST_MOBILENET_BRIDGES_PROXY_REGION);
  fail_if (gst_buffer_get_analytics_relation_meta (buffer));
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (a_proxy_lies_inside_of_the_frame)
{
  static const struct
  {
    gint width, height;
    GstVideoRectangle proxy;
  } cases[] = {
    {320, 240, {20, 20, 280, 200}},
    {1920, 1080, {20, 20, 1880, 1040}},
    {640, 8, {3, 3, 634, 2}},
    {1, 1, {0, 0, 1, 1}},
  };
  guint i;

  for (i = 0; i < G_N_ELEMENTS (cases); i++) {
    GstBuffer *buffer = make_frame (cases[i].width, cases[i].height);
    GstBuffer *copy;
    GstAnalyticsRelationMeta *meta;

    attach (buffer, 3, GST_MOBILENET_BRIDGES_PROXY_REGION);
    copy = gst_buffer_copy (buffer);
    gst_buffer_unref (buffer);
    meta = gst_buffer_get_analytics_relation_meta (copy);
    fail_unless_equals_int (gst_analytics_relation_get_length (meta), 3);
    assert_classes (meta, 0, 3);
    assert_detection (meta, 2, 0, "Egyptian cat", &cases[i].proxy);
    gst_buffer_unref (copy);
  }
}

GST_END_TEST;

GST_START_TEST (both_kinds_of_regions_have_one_id)
{
  GstBuffer *buffer = make_frame (320, 240);
  GstVideoRegionOfInterestMeta *roi;

  attach (buffer, 3,
      GST_MOBILENET_BRIDGES_ROI | GST_MOBILENET_BRIDGES_PROXY_REGION);
  roi = bridge_roi (buffer, 0);
  fail_unless_equals_int (roi->id, 2);
  fail_unless_equals_string (gst_structure_get_string
      (gst_video_region_of_interest_meta_get_param (roi, "classification"),
          "type"), "classification_result");
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/* However little room upstream made. */
GST_START_TEST (an_upstream_meta_is_added_to)
{
  GstAnalyticsRelationMetaInitParams small = { 1, 8 };
  const GstVideoRectangle proxy = { 20, 20, 280, 200 };
  GstBuffer *buffer = make_frame (320, 240);
  GstAnalyticsRelationMeta *meta =
      gst_buffer_add_analytics_relation_meta_full (buffer, &small);
  GstAnalyticsODMtd theirs;
  guint i;

  fail_unless (gst_analytics_relation_meta_add_od_mtd (meta,
          g_quark_from_string ("person"), 1, 2, 3, 4, 0.5f, &theirs));
  for (i = 0; i < 5; i++) {
    attach (buffer, 3, GST_MOBILENET_BRIDGES_PROXY_REGION);
    fail_unless (gst_buffer_get_analytics_relation_meta (buffer) == meta);
    fail_unless_equals_int (gst_analytics_relation_get_length (meta),
        1 + 3 * (i + 1));
    assert_classes (meta, 1 + 3 * i, 3);
    assert_detection (meta, 3 + 3 * i, 1 + 3 * i, "Egyptian cat", &proxy);
  }
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (a_detection_contains_its_class)
{
  GstMobilenetResult *result = bridge_result (3);
  const GstVideoRectangle rect = { 8, 16, 64, 32 };
  GstBuffer *buffer = make_frame (320, 240);
  GstAnalyticsRelationMeta *meta =
      gst_buffer_add_analytics_relation_meta (buffer);
  GstVideoRegionOfInterestMeta *roi;
  GstMobilenetRegion region;
  GstAnalyticsODMtd mtd;

  fail_unless (gst_analytics_relation_meta_add_od_mtd (meta,
          g_quark_from_string ("animal"), 8, 16, 64, 32, 0.75f, &mtd));
  fail_unless_equals_int (gst_mobilenet_regions_collect (buffer, &info, NULL,
          &region, 1), 1);
  gst_mobilenet_region_attach (buffer, &region, result, 0,
      GST_MOBILENET_BRIDGES_ANALYTICS | GST_MOBILENET_BRIDGES_PROXY_REGION |
      GST_MOBILENET_BRIDGES_ROI);

  /* no second detection, but a region of interest of the detector's label */
  fail_unless_equals_int (gst_analytics_relation_get_length (meta), 3);
  assert_classes (meta, 1, 3);
  assert_detection (meta, 0, 1, "animal", &rect);
  roi = bridge_roi (buffer, 0);
  fail_unless_equals_string (g_quark_to_string (roi->roi_type), "animal");
  fail_unless_equals_int (roi->id, 0);
  bridge_assert_rect (&rect, roi->x, roi->y, roi->w, roi->h);
  gst_buffer_unref (buffer);
  gst_mobilenet_result_unref (result);
}

GST_END_TEST;

/* How many pixels objectdetectionoverlay changes above the proxy's edge, where
 * it writes the label, and elsewhere. */
static void
overlay (GstMobilenetBridges which, guint * label, guint * others)
{
  GstHarness *h = gst_harness_new ("objectdetectionoverlay");
  GstBuffer *frame = make_frame (320, 240);
  GstBuffer *drawn;
  GstMapInfo a, b;
  gint x, y;

  gst_harness_set_src_caps (h, frame_caps ("BGRA", 320, 240));
  attach (frame, 3, which);
  drawn = gst_harness_push_and_pull (h, gst_buffer_copy_deep (frame));
  fail_unless (drawn != NULL);
  fail_unless (gst_buffer_map (frame, &a, GST_MAP_READ));
  fail_unless (gst_buffer_map (drawn, &b, GST_MAP_READ));
  *label = *others = 0;
  for (y = 0; y < 240; y++) {
    for (x = 0; x < 320; x++) {
      if (memcmp (a.data + (y * 320 + x) * 4, b.data + (y * 320 + x) * 4, 3))
        *(y < 18 ? label : others) += 1;
    }
  }
  gst_buffer_unmap (frame, &a);
  gst_buffer_unmap (drawn, &b);
  gst_buffer_unref (frame);
  gst_buffer_unref (drawn);
  gst_harness_teardown (h);
}

GST_START_TEST (objectdetectionoverlay_draws_a_proxy)
{
  guint label, others;

  if (!gst_registry_check_feature_version (gst_registry_get (),
          "objectdetectionoverlay", 1, 24, 0)) {
    g_print ("skipped: no objectdetectionoverlay\n");
    return;
  }
  overlay (GST_MOBILENET_BRIDGES_ANALYTICS, &label, &others);
  fail_unless (label == 0 && others == 0, "%u and %u pixels", label, others);
  overlay (GST_MOBILENET_BRIDGES_PROXY_REGION, &label, &others);
  fail_unless (label > 100 && others >= 2 * (280 + 200) - 4,
      "%u and %u pixels", label, others);
}

GST_END_TEST;

static Suite *
bridge_analytics_suite (void)
{
  Suite *suite = suite_create ("bridge_analytics");
  TCase *tc = tcase_create ("analytics");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, the_best_class_comes_alone_then_all);
  tcase_add_test (tc, no_class_adds_no_relations);
  tcase_add_test (tc, a_proxy_lies_inside_of_the_frame);
  tcase_add_test (tc, both_kinds_of_regions_have_one_id);
  tcase_add_test (tc, an_upstream_meta_is_added_to);
  tcase_add_test (tc, a_detection_contains_its_class);
  tcase_add_test (tc, objectdetectionoverlay_draws_a_proxy);
  return suite;
}

GST_CHECK_MAIN (bridge_analytics);
#else
int
main (void)
{
  g_print ("skipped: built without GstAnalytics, which GStreamer 1.24 has\n");
  return 77;
}
#endif
