/* Regions that a detector has attached, each classified by itself. */
#include "tests/plugin/frames.h"

static GstVideoInfo info;

static GstHarness *
cascade_harness (const gchar * properties)
{
  GstHarness *h = mobilenet_harness (properties);

  mobilenet_set_caps (h, "I420", 160, 120);
  frame_info (&info, "I420", 160, 120);
  return h;
}

/* A region as a detector and its tracker attach it; id 0: not tracked. */
static void
add_region (GstBuffer * buffer, const gchar * type, gint x, gint y, gint w,
    gint h, gint id)
{
  GstVideoRegionOfInterestMeta *roi =
      gst_buffer_add_video_region_of_interest_meta (buffer, type, x, y, w, h);

  if (id)
    gst_video_region_of_interest_meta_add_param (roi,
        gst_structure_new ("object_id", "id", G_TYPE_INT, id, NULL));
}

static GstMobilenetMeta *
find_meta (GstBuffer * buffer, gint x)
{
  GstMobilenetMeta *meta;
  gpointer state = NULL;

  while ((meta = gst_buffer_iterate_mobilenet_meta (buffer, &state))) {
    if (meta->region.x == x)
      return meta;
  }
  return NULL;
}

static guint
count_metas (GstBuffer * buffer)
{
  gpointer state = NULL;
  guint n = 0;

  while (gst_buffer_iterate_mobilenet_meta (buffer, &state))
    n++;
  return n;
}

static void
assert_region (GstBuffer * buffer, guint seed, MnetRect rect, guint age)
{
  GstMobilenetMeta *meta = find_meta (buffer, rect.x);
  Expected expected = expected_of_frame (&info, seed, &rect,
      MNET_ORIENTATION_NONE);

  fail_unless (meta != NULL);
  fail_unless_equals_int (meta->age, age);
  fail_unless_equals_int (meta->region.y, rect.y);
  fail_unless_equals_int (meta->region.w, rect.width);
  fail_unless_equals_int (meta->region.h, rect.height);
  fail_unless_equals_int (meta->result->classes[0].index, expected.index[0]);
  fail_unless (meta->result->classes[0].probability == expected.probability[0]);
}

GST_START_TEST (each_region_is_seen_by_itself)
{
  GstHarness *h = cascade_harness ("roi=regions");
  GstBuffer *frame = frame_new (&info, 1, 0);

  add_region (frame, "cat", 10, 20, 60, 50, 0);
  add_region (frame, "dog", 80, 30, 64, 64, 0);
  add_region (frame, "nowhere", 500, 500, 10, 10, 0);
  frame = mobilenet_push (h, frame);
  fail_unless_equals_int (count_metas (frame), 2);
  assert_region (frame, 1, (MnetRect) {
      10, 20, 60, 50}, 0);
  assert_region (frame, 1, (MnetRect) {
      80, 30, 64, 64}, 0);
  gst_buffer_unref (frame);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "regions"), 2);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "classified"), 1);

  frame = mobilenet_push (h, frame_new (&info, 1, 1));
  fail_unless_equals_int (count_metas (frame), 0);
  gst_buffer_unref (frame);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "skipped-off"), 1);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (the_frame_and_its_regions)
{
  GstHarness *h = cascade_harness ("roi=both region-types=cat,horse "
      "max-regions=2");
  GstBuffer *frame = frame_new (&info, 1, 0);
  Expected whole = expected_of_frame (&info, 1, NULL, MNET_ORIENTATION_NONE);
  GstMobilenetMeta *meta;

  add_region (frame, "cat", 10, 20, 20, 20, 0);
  add_region (frame, "dog", 80, 30, 64, 64, 0);
  add_region (frame, "horse", 40, 20, 60, 50, 0);
  add_region (frame, "cat", 41, 20, 30, 30, 0);
  frame = mobilenet_push (h, frame);
  fail_unless_equals_int (count_metas (frame), 3);
  meta = gst_buffer_get_mobilenet_meta (frame);
  fail_unless_equals_int (meta->region.w, 0);
  fail_unless_equals_int (meta->result->classes[0].index, whole.index[0]);
  assert_region (frame, 1, (MnetRect) {
      40, 20, 60, 50}, 0);
  assert_region (frame, 1, (MnetRect) {
      41, 20, 30, 30}, 0);
  gst_buffer_unref (frame);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (a_tracked_region_keeps_its_result_for_a_while)
{
  GstHarness *h = cascade_harness ("roi=regions reclassify-interval=5");
  guint i;

  for (i = 0; i < 12; i++) {
    GstBuffer *frame = frame_new (&info, i, i);
    GstMobilenetMeta *meta;

    add_region (frame, "cat", 10 + 5 * i, 20, 60, 50, 7);
    frame = mobilenet_push (h, frame);
    meta = find_meta (frame, 10 + 5 * i);
    fail_unless (meta != NULL);
    fail_unless_equals_int (meta->age, i % 5);
    gst_buffer_unref (frame);
  }
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "regions"), 3);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (regions_between_classifications_are_known_again)
{
  GstHarness *h = cascade_harness ("roi=regions interval=4");
  guint i;

  for (i = 0; i < 8; i++) {
    GstBuffer *frame = frame_new (&info, i, i);
    GstMobilenetMeta *meta;

    add_region (frame, "cat", 10 + 2 * i, 20, 60, 50, 0);
    if (i == 2)
      add_region (frame, "dog", 90, 60, 40, 40, 0);
    frame = mobilenet_push (h, frame);
    fail_unless_equals_int (count_metas (frame), 1);
    meta = find_meta (frame, 10 + 2 * i);
    fail_unless (meta != NULL);
    fail_unless_equals_int (meta->age, i % 4);
    gst_buffer_unref (frame);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (regions_in_async_mode_come_later)
{
  GstHarness *h = cascade_harness ("mode=async roi=both");
  gint64 end = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;
  gboolean found = FALSE;
  guint i;

  for (i = 0; !found && g_get_monotonic_time () < end; i++) {
    GstBuffer *frame = frame_new (&info, 1, i);

    add_region (frame, "cat", 10, 20, 60, 50, 0);
    frame = mobilenet_push (h, frame);
    found = find_meta (frame, 10) != NULL;
    if (found) {
      fail_unless_equals_int (count_metas (frame), 2);
      assert_region (frame, 1, (MnetRect) {
          10, 20, 60, 50}
          , find_meta (frame, 10)->age);
    }
    gst_buffer_unref (frame);
    g_usleep (2000);
  }
  fail_unless (found);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (results_go_to_the_detectors_regions)
{
  GstHarness *h = cascade_harness ("roi=both attach=roi");
  GstBuffer *frame = frame_new (&info, 1, 0);
  gpointer state = NULL;
  guint with_result = 0;
  GstMeta *meta;

  add_region (frame, "cat", 10, 20, 60, 50, 0);
  frame = mobilenet_push (h, frame);
  while ((meta = gst_buffer_iterate_meta_filtered (frame, &state,
              GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE))) {
    GstStructure *s = gst_video_region_of_interest_meta_get_param (
        (GstVideoRegionOfInterestMeta *) meta, "classification");

    fail_unless (s && gst_structure_has_field (s, "label"));
    with_result++;
  }
  fail_unless_equals_int (with_result, 2);
  gst_buffer_unref (frame);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (a_static_frame_leaves_its_regions)
{
  GstHarness *h = cascade_harness ("roi=both static-threshold=1");
  guint i;

  for (i = 0; i < 3; i++) {
    GstBuffer *frame = frame_new (&info, 1, i);

    if (i < 2)
      add_region (frame, "cat", 10, 20, 60, 50, 0);
    frame = mobilenet_push (h, frame);
    fail_unless_equals_int (gst_buffer_get_mobilenet_meta (frame)->age, i);
    if (i < 2)
      assert_region (frame, 1, (MnetRect) {
          10, 20, 60, 50}
        , 0);
    gst_buffer_unref (frame);
  }
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "regions"), 2);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "classified"), 2);
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "skipped-static"), 1);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (late_regions_pass_unclassified)
{
  GstHarness *h = cascade_harness ("roi=regions");
  guint i;

  for (i = 0; i < 2; i++) {
    GstBuffer *frame = frame_new (&info, 1, i);

    add_region (frame, "cat", 10, 20, 60, 50, 0);
    frame = mobilenet_push (h, frame);
    fail_unless (find_meta (frame, 10) && find_meta (frame, 10)->age == i);
    gst_buffer_unref (frame);
    gst_harness_push_upstream_event (h,
        gst_event_new_qos (GST_QOS_TYPE_UNDERFLOW, 1.5, GST_SECOND, 0));
  }
  fail_unless_equals_uint64 (mobilenet_stat (h->element, "skipped-qos"), 1);
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
cascade_suite (void)
{
  Suite *s = suite_create ("cascade");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, each_region_is_seen_by_itself);
  tcase_add_test (tc, the_frame_and_its_regions);
  tcase_add_test (tc, a_tracked_region_keeps_its_result_for_a_while);
  tcase_add_test (tc, regions_between_classifications_are_known_again);
  tcase_add_test (tc, regions_in_async_mode_come_later);
  tcase_add_test (tc, results_go_to_the_detectors_regions);
  tcase_add_test (tc, a_static_frame_leaves_its_regions);
  tcase_add_test (tc, late_regions_pass_unclassified);
  return s;
}

GST_CHECK_MAIN (cascade);
