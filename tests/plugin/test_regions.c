/* What a detector attached, as regions to classify; and the cache of tracked ones. */
#include "plugin/classify/regioncache.h"
#include "tests/plugin/bridge_case.h"

#ifdef HAVE_GST_ANALYTICS
#include <gst/analytics/analytics.h>
#endif

#define N_MAX 8

static GstVideoInfo info;
static GstMobilenetRegion regions[N_MAX];

static GstBuffer *
make_frame (void)
{
  frame_info (&info, "I420", 320, 240);
  return frame_new (&info, 1, 0);
}

static GstVideoRegionOfInterestMeta *
add_roi (GstBuffer * buffer, const gchar * type, guint x, guint y, guint w,
    guint h)
{
  return gst_buffer_add_video_region_of_interest_meta (buffer, type, x, y, w,
      h);
}

static guint
collect (GstBuffer * buffer, const gchar * types, guint max)
{
  GQuark *quarks = gst_mobilenet_region_types_parse (types);
  guint n = gst_mobilenet_regions_collect (buffer, &info, quarks, regions, max);

  g_free (quarks);
  return n;
}

static void
assert_type (guint i, const gchar * type)
{
  fail_unless_equals_string (g_quark_to_string (regions[i].type), type);
}

GST_START_TEST (a_frame_without_regions_has_none)
{
  GstBuffer *buffer = make_frame ();

  fail_unless_equals_int (collect (buffer, NULL, N_MAX), 0);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (the_largest_come_first)
{
  GstBuffer *buffer = make_frame ();

  add_roi (buffer, "small", 0, 0, 10, 10);
  add_roi (buffer, "large", 100, 100, 50, 50);
  add_roi (buffer, "middle 1", 0, 0, 20, 10);
  add_roi (buffer, "middle 2", 0, 0, 10, 20);
  fail_unless_equals_int (collect (buffer, NULL, N_MAX), 4);
  assert_type (0, "large");
  bridge_assert_rect (&regions[0].rect, 100, 100, 50, 50);
  assert_type (1, "middle 1");
  assert_type (2, "middle 2");
  assert_type (3, "small");

  fail_unless_equals_int (collect (buffer, NULL, 2), 2);
  assert_type (0, "large");
  assert_type (1, "middle 1");
  fail_unless_equals_int (collect (buffer, NULL, 0), 0);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (odd_rectangles_are_clipped_or_left_out)
{
  GstBuffer *buffer = make_frame ();

  add_roi (buffer, "empty", 10, 10, 0, 10);
  add_roi (buffer, "outside", 320, 0, 10, 10);
  add_roi (buffer, "far", G_MAXUINT, G_MAXUINT, G_MAXUINT, G_MAXUINT);
  add_roi (buffer, "flat", 10, 240, 10, 1);
  fail_unless_equals_int (collect (buffer, NULL, N_MAX), 0);

  add_roi (buffer, "endless", 310, 230, G_MAXUINT, G_MAXUINT);
  add_roi (buffer, "corner", 319, 239, 2, 2);
  fail_unless_equals_int (collect (buffer, NULL, N_MAX), 2);
  bridge_assert_rect (&regions[0].rect, 310, 230, 10, 10);
  bridge_assert_rect (&regions[1].rect, 319, 239, 1, 1);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (types_choose)
{
  GstBuffer *buffer = make_frame ();

  add_roi (buffer, "person", 0, 0, 10, 10);
  add_roi (buffer, "traffic light", 0, 0, 20, 20);
  add_roi (buffer, NULL, 0, 0, 30, 30);
  fail_unless_equals_int (collect (buffer, "traffic light", N_MAX), 1);
  fail_unless_equals_int (collect (buffer, " person ,,traffic light, ", N_MAX),
      2);
  assert_type (0, "traffic light");
  assert_type (1, "person");
  fail_unless_equals_int (collect (buffer, "light", N_MAX), 0);
  fail_unless_equals_int (collect (buffer, "", N_MAX), 3);
  fail_unless_equals_int (collect (buffer, " , ", N_MAX), 3);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (an_object_id_tracks)
{
  GstBuffer *buffer = make_frame ();
  GstVideoRegionOfInterestMeta *roi = add_roi (buffer, "car", 0, 0, 20, 20);

  gst_video_region_of_interest_meta_add_param (roi,
      gst_structure_new ("object_id", "id", G_TYPE_INT, 17, NULL));
  roi = add_roi (buffer, "car", 0, 0, 10, 10);
  gst_video_region_of_interest_meta_add_param (roi,
      gst_structure_new ("object_id", "id", G_TYPE_STRING, "17", NULL));
  fail_unless_equals_int (collect (buffer, NULL, N_MAX), 2);
  fail_unless (regions[0].tracked && regions[0].tracking_id == 17);
  fail_unless (!regions[1].tracked && regions[1].tracking_id == 0);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/* By a classifier upstream, with all that this build can attach. */
GST_START_TEST (our_own_regions_are_no_detectors)
{
  GstMobilenetResult *result = bridge_result (3);
  GstBuffer *buffer = make_frame ();
  guint i;

  add_roi (buffer, "Egyptian cat", 40, 40, 20, 20);
  for (i = 0; i < 3; i++) {
    guint n = collect (buffer, NULL, N_MAX);

    fail_unless_equals_int (n, 1);
    assert_type (0, "Egyptian cat");
    bridge_assert_rect (&regions[0].rect, 40, 40, 20, 20);
    gst_mobilenet_bridge_attach (buffer, result, NULL, &info, ~0u);
    gst_mobilenet_region_attach (buffer, &regions[0], result, 0,
        GST_MOBILENET_BRIDGES_ANALYTICS | GST_MOBILENET_BRIDGES_ROI);
  }
  gst_buffer_unref (buffer);
  gst_mobilenet_result_unref (result);
}

GST_END_TEST;

#ifdef HAVE_GST_ANALYTICS
static guint
add_detection (GstBuffer * buffer, const gchar * type, gint x, gint y, gint w,
    gint h)
{
  GstAnalyticsODMtd mtd;

  fail_unless (gst_analytics_relation_meta_add_od_mtd
      (gst_buffer_add_analytics_relation_meta (buffer),
          g_quark_from_string (type), x, y, w, h, 0.5f, &mtd));
  return mtd.id;
}

GST_START_TEST (detections_are_regions)
{
  GstBuffer *buffer = make_frame ();

  add_detection (buffer, "person", -10, -20, 30, 40);
  add_detection (buffer, "negative", 10, 10, -5, -5);
  add_detection (buffer, "far", G_MAXINT, G_MAXINT, G_MAXINT, G_MAXINT);
  add_detection (buffer, "car", G_MININT, 100, G_MAXINT, G_MAXINT);
  add_detection (buffer, "dog", 300, 200, G_MAXINT, G_MAXINT);
  fail_unless_equals_int (collect (buffer, NULL, N_MAX), 2);
  assert_type (0, "dog");
  bridge_assert_rect (&regions[0].rect, 300, 200, 20, 40);
  fail_unless (regions[0].detection == 4 && regions[0].roi == NULL);
  assert_type (1, "person");
  bridge_assert_rect (&regions[1].rect, 0, 0, 20, 20);
  fail_unless_equals_int (collect (buffer, "person", N_MAX), 1);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (a_detection_and_its_region_of_interest_are_one)
{
  GstBuffer *buffer = make_frame ();
  guint id = add_detection (buffer, "person", 10, 20, 30, 40);
  GstVideoRegionOfInterestMeta *roi =
      add_roi (buffer, "person", 10, 21, 30, 39);

  roi->id = id;
  gst_video_region_of_interest_meta_add_param (roi,
      gst_structure_new ("object_id", "id", G_TYPE_INT, 5, NULL));
  /* of the same id, as it has none, but elsewhere */
  add_roi (buffer, "face", 12, 22, 6, 6);
  fail_unless_equals_int (collect (buffer, NULL, N_MAX), 2);
  fail_unless (regions[0].roi == roi && regions[0].detection == (gint) id);
  fail_unless (regions[0].tracked && regions[0].tracking_id == 5);
  assert_type (1, "face");
  fail_unless_equals_int (regions[1].detection, -1);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

GST_START_TEST (a_tracking_mtd_tracks)
{
  GstBuffer *buffer = make_frame ();
  guint id = add_detection (buffer, "person", 10, 20, 30, 40);
  GstAnalyticsRelationMeta *meta =
      gst_buffer_get_analytics_relation_meta (buffer);
  GstAnalyticsTrackingMtd tracking;

  fail_unless (gst_analytics_relation_meta_add_tracking_mtd (meta, 0, 0,
          &tracking));
  fail_unless (gst_analytics_relation_meta_set_relation (meta,
          GST_ANALYTICS_REL_TYPE_RELATE_TO, id, tracking.id));
  add_detection (buffer, "car", 0, 0, 10, 10);
  fail_unless_equals_int (collect (buffer, NULL, N_MAX), 2);
  fail_unless (regions[0].tracked && regions[0].tracking_id == 0);
  fail_if (regions[1].tracked);
  gst_buffer_unref (buffer);
}

GST_END_TEST;

/* Also where it has the label that the detector gave. */
GST_START_TEST (a_classified_detection_stays_one)
{
  GstMobilenetResult *result = bridge_result (1);
  GstBuffer *buffer = make_frame ();
  guint i;

  add_detection (buffer, "Egyptian cat", 10, 20, 30, 40);
  for (i = 0; i < 3; i++) {
    fail_unless_equals_int (collect (buffer, NULL, N_MAX), 1);
    fail_unless_equals_int (regions[0].detection, 0);
    gst_mobilenet_bridge_attach (buffer, result, NULL, &info, ~0u);
    gst_mobilenet_region_attach (buffer, &regions[0], result, 0, ~0u);
  }
  gst_buffer_unref (buffer);
  gst_mobilenet_result_unref (result);
}

GST_END_TEST;
#endif

static const GstMobilenetRegion *
tracked (guint64 id)
{
  static GstMobilenetRegion region;

  region = (GstMobilenetRegion) {
  .rect = { 0, 0, 8, 8 },.tracked = TRUE,.tracking_id = id};
  return &region;
}

GST_START_TEST (a_cache_keeps_what_is_looked_up)
{
  GstMobilenetRegionCache *cache = gst_mobilenet_region_cache_new (2);
  GstMobilenetResult *a = bridge_result (1), *b = bridge_result (2);
  guint64 on = 99;

  fail_if (gst_mobilenet_region_cache_look_up (cache, tracked (0), 1, &on));
  gst_mobilenet_region_cache_store (cache, tracked (0), 1, a);
  gst_mobilenet_region_cache_store (cache, tracked (G_MAXUINT64), 2, b);
  fail_unless (gst_mobilenet_region_cache_look_up (cache, tracked (0), 3, &on)
      == a);
  fail_unless_equals_int (on, 1);

  /* a third takes the place of the one that wasn't looked up since */
  gst_mobilenet_region_cache_store (cache, tracked (7), 3, b);
  fail_if (gst_mobilenet_region_cache_look_up (cache, tracked (G_MAXUINT64), 3,
          &on));
  fail_unless (gst_mobilenet_region_cache_look_up (cache, tracked (7), 3, &on)
      == b);
  fail_unless_equals_int (on, 3);
  fail_unless (gst_mobilenet_region_cache_look_up (cache, tracked (0), 3, &on)
      == a);

  /* the same object again, and the same result */
  gst_mobilenet_region_cache_store (cache, tracked (0), 4, b);
  gst_mobilenet_region_cache_store (cache, tracked (0), 5, b);
  fail_unless (gst_mobilenet_region_cache_look_up (cache, tracked (0), 6, &on)
      == b);
  fail_unless_equals_int (on, 5);
  fail_unless (gst_mobilenet_region_cache_look_up (cache, tracked (7), 6, &on)
      == b);

  gst_mobilenet_region_cache_clear (cache);
  fail_if (gst_mobilenet_region_cache_look_up (cache, tracked (0), 7, &on));
  gst_mobilenet_region_cache_store (cache, tracked (1), 7, a);
  gst_mobilenet_region_cache_free (cache);
  fail_unless_equals_int (a->ref_count, 1);
  fail_unless_equals_int (b->ref_count, 1);
  gst_mobilenet_result_unref (a);
  gst_mobilenet_result_unref (b);
}

GST_END_TEST;

GST_START_TEST (an_untracked_region_is_found_by_its_place)
{
  GstMobilenetRegionCache *cache = gst_mobilenet_region_cache_new (4);
  GstMobilenetResult *a = bridge_result (1), *b = bridge_result (2);
  GstMobilenetRegion region = {.rect = {100, 100, 50, 40},.type = 5 };
  guint64 on = 0;
  guint i;

  gst_mobilenet_region_cache_store (cache, &region, 1, a);
  region.rect.x = 300;
  gst_mobilenet_region_cache_store (cache, &region, 1, b);

  /* it is followed where it goes */
  region.rect.x = 100;
  for (i = 0; i < 10; i++) {
    region.rect.x += 10;
    fail_unless (gst_mobilenet_region_cache_look_up (cache, &region, 2 + i,
            &on) == a);
    fail_unless_equals_int (on, 1);
  }
  region.rect.x = 600;
  fail_if (gst_mobilenet_region_cache_look_up (cache, &region, 30, &on));
  region.rect.x = 300;
  region.type = 6;
  fail_if (gst_mobilenet_region_cache_look_up (cache, &region, 30, &on));
  fail_if (gst_mobilenet_region_cache_look_up (cache, tracked (0), 30, &on));
  gst_mobilenet_region_cache_free (cache);
  gst_mobilenet_result_unref (a);
  gst_mobilenet_result_unref (b);
}

GST_END_TEST;

static Suite *
regions_suite (void)
{
  Suite *suite = suite_create ("regions");
  TCase *tc = tcase_create ("regions");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, a_frame_without_regions_has_none);
  tcase_add_test (tc, the_largest_come_first);
  tcase_add_test (tc, odd_rectangles_are_clipped_or_left_out);
  tcase_add_test (tc, types_choose);
  tcase_add_test (tc, an_object_id_tracks);
  tcase_add_test (tc, our_own_regions_are_no_detectors);
#ifdef HAVE_GST_ANALYTICS
  tcase_add_test (tc, detections_are_regions);
  tcase_add_test (tc, a_detection_and_its_region_of_interest_are_one);
  tcase_add_test (tc, a_tracking_mtd_tracks);
  tcase_add_test (tc, a_classified_detection_stays_one);
#endif
  tcase_add_test (tc, a_cache_keeps_what_is_looked_up);
  tcase_add_test (tc, an_untracked_region_is_found_by_its_place);
  return suite;
}

GST_CHECK_MAIN (regions);
