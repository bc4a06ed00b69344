#include "plugin/classify/settings.h"

#include <string.h>

/* Milliseconds: three frames of a slow camera, far less than one needs to read
 * a label. */
#define LIVE_SMOOTHING 300

static gboolean
triple_equal (const GstMobilenetTriple * a, const GstMobilenetTriple * b)
{
  return a->n == b->n
      && memcmp (a->values, b->values, a->n * sizeof (a->values[0])) == 0;
}

/* Numbers of any type, as "<127, 127.5, 128>" makes ints and doubles of them. */
static void
triple_from_value (GstMobilenetTriple * triple, const GValue * value)
{
  GstMobilenetTriple read = { 0, {0, 0, 0} };
  guint n = gst_value_array_get_size (value);
  guint i;

  if (n != 0 && n != 1 && n != 3) {
    g_warning ("an array of none, one or three numbers is needed, not of %u",
        n);
    return;
  }
  for (i = 0; i < n; i++) {
    const GValue *element = gst_value_array_get_value (value, i);
    GValue number = G_VALUE_INIT;

    g_value_init (&number, G_TYPE_DOUBLE);
    if (!g_value_type_transformable (G_VALUE_TYPE (element), G_TYPE_DOUBLE)
        || !g_value_transform (element, &number)) {
      g_warning ("a %s is not a number", G_VALUE_TYPE_NAME (element));
      return;
    }
    read.values[i] = g_value_get_double (&number);
  }
  read.n = n;
  *triple = read;
}

static void
triple_to_value (const GstMobilenetTriple * triple, GValue * value)
{
  guint i;

  for (i = 0; i < triple->n; i++) {
    GValue number = G_VALUE_INIT;

    g_value_init (&number, G_TYPE_DOUBLE);
    g_value_set_double (&number, triple->values[i]);
    gst_value_array_append_and_take_value (value, &number);
  }
}

static void
types_from_value (GQuark * types, const GValue * value)
{
  GQuark *parsed =
      gst_mobilenet_region_types_parse (g_value_get_string (value));
  guint n = 0;

  for (; parsed && parsed[n] && n < GST_MOBILENET_MAX_REGION_TYPES; n++)
    types[n] = parsed[n];
  if (parsed && parsed[n])
    g_warning ("region-types: only the first %u are taken",
        GST_MOBILENET_MAX_REGION_TYPES);
  types[n] = 0;
  g_free (parsed);
}

static void
types_to_value (const GQuark * types, GValue * value)
{
  GString *list = g_string_new (NULL);

  for (; *types; types++)
    g_string_append_printf (list, "%s%s", list->len ? "," : "",
        g_quark_to_string (*types));
  g_value_take_string (value, list->len ? g_string_free (list, FALSE) :
      (g_string_free (list, TRUE), NULL));
}

void
gst_mobilenet_settings_init (GstMobilenetSettings * settings)
{
  memset (settings, 0, sizeof (*settings));
  settings->model.top_k = 5;
  settings->frame.enabled = TRUE;
  settings->frame.pacing.interval = 1;
  settings->frame.smoothing = -1;
  settings->frame.enter = -1;
  settings->frame.leave = -1;
  settings->frame.max_regions = 8;
  settings->frame.reclassify_interval = 15;
  settings->frame.threshold = 0.1;
  settings->frame.preprocess.crop_fraction = 0.875f;
  settings->frame.orientation = GST_VIDEO_ORIENTATION_AUTO;
}

void
gst_mobilenet_settings_clear (GstMobilenetSettings * settings)
{
  gst_mobilenet_model_settings_clear (&settings->model);
  g_clear_pointer (&settings->dump_input, g_free);
}

gboolean
gst_mobilenet_settings_set (GstMobilenetSettings * settings, guint prop_id,
    const GValue * value)
{
  GstMobilenetModelSettings *model = &settings->model;
  GstMobilenetFrameSettings *frame = &settings->frame;

  switch (prop_id) {
    case GST_MOBILENET_PROP_MODEL:
      g_free (model->model);
      model->model = g_value_dup_string (value);
      break;
    case GST_MOBILENET_PROP_LABELS:
      g_free (model->labels);
      model->labels = g_value_dup_string (value);
      break;
    case GST_MOBILENET_PROP_THREADS:
      model->threads = g_value_get_uint (value);
      break;
    case GST_MOBILENET_PROP_TOP_K:
      model->top_k = g_value_get_uint (value);
      break;
    case GST_MOBILENET_PROP_THRESHOLD:
      frame->threshold = g_value_get_double (value);
      break;
    case GST_MOBILENET_PROP_INTERVAL:
      frame->pacing.interval = g_value_get_uint (value);
      break;
    case GST_MOBILENET_PROP_FIT:
      frame->preprocess.fit = g_value_get_enum (value);
      break;
    case GST_MOBILENET_PROP_CROP_FRACTION:
      frame->preprocess.crop_fraction = g_value_get_double (value);
      break;
    case GST_MOBILENET_PROP_RESIZE_METHOD:
      frame->preprocess.resize = g_value_get_enum (value);
      break;
    case GST_MOBILENET_PROP_MEAN:
      triple_from_value (&model->mean, value);
      break;
    case GST_MOBILENET_PROP_SCALE:
      triple_from_value (&model->scale, value);
      break;
    case GST_MOBILENET_PROP_CHANNEL_ORDER:
      model->channel_order = g_value_get_enum (value);
      break;
    case GST_MOBILENET_PROP_ORIENTATION:
      frame->orientation = g_value_get_enum (value);
      break;
    case GST_MOBILENET_PROP_ENABLED:
      frame->enabled = g_value_get_boolean (value);
      break;
    case GST_MOBILENET_PROP_MODE:
      frame->mode = g_value_get_enum (value);
      break;
    case GST_MOBILENET_PROP_MAX_RATE:
      frame->pacing.max_rate = g_value_get_double (value);
      break;
    case GST_MOBILENET_PROP_CPU_BUDGET:
      frame->pacing.cpu_budget = g_value_get_double (value);
      break;
    case GST_MOBILENET_PROP_STATIC_THRESHOLD:
      frame->pacing.static_threshold = g_value_get_double (value);
      break;
    case GST_MOBILENET_PROP_SMOOTHING:
      frame->smoothing = g_value_get_int (value);
      break;
    case GST_MOBILENET_PROP_ENTER_THRESHOLD:
      frame->enter = g_value_get_double (value);
      break;
    case GST_MOBILENET_PROP_LEAVE_THRESHOLD:
      frame->leave = g_value_get_double (value);
      break;
    case GST_MOBILENET_PROP_UNKNOWN:
      frame->unknown = g_value_get_enum (value);
      break;
    case GST_MOBILENET_PROP_ROI:
      frame->roi = g_value_get_enum (value);
      break;
    case GST_MOBILENET_PROP_REGION_TYPES:
      types_from_value (frame->region_types, value);
      break;
    case GST_MOBILENET_PROP_MAX_REGIONS:
      frame->max_regions = g_value_get_uint (value);
      break;
    case GST_MOBILENET_PROP_RECLASSIFY_INTERVAL:
      frame->reclassify_interval = g_value_get_uint (value);
      break;
    case GST_MOBILENET_PROP_ATTACH:
      frame->attach = g_value_get_flags (value);
      break;
    case GST_MOBILENET_PROP_DEBUG_INFERENCE_TIME:
      frame->debug_time = g_value_get_uint (value);
      break;
    case GST_MOBILENET_PROP_DUMP_INPUT:
      g_free (settings->dump_input);
      settings->dump_input = g_value_dup_string (value);
      break;
    default:
      return FALSE;
  }
  return TRUE;
}

gboolean
gst_mobilenet_settings_get (const GstMobilenetSettings * settings,
    guint prop_id, GValue * value)
{
  const GstMobilenetModelSettings *model = &settings->model;
  const GstMobilenetFrameSettings *frame = &settings->frame;

  switch (prop_id) {
    case GST_MOBILENET_PROP_MODEL:
      g_value_set_string (value, model->model);
      break;
    case GST_MOBILENET_PROP_LABELS:
      g_value_set_string (value, model->labels);
      break;
    case GST_MOBILENET_PROP_THREADS:
      g_value_set_uint (value, model->threads);
      break;
    case GST_MOBILENET_PROP_TOP_K:
      g_value_set_uint (value, model->top_k);
      break;
    case GST_MOBILENET_PROP_THRESHOLD:
      g_value_set_double (value, frame->threshold);
      break;
    case GST_MOBILENET_PROP_INTERVAL:
      g_value_set_uint (value, frame->pacing.interval);
      break;
    case GST_MOBILENET_PROP_FIT:
      g_value_set_enum (value, frame->preprocess.fit);
      break;
    case GST_MOBILENET_PROP_CROP_FRACTION:
      g_value_set_double (value, frame->preprocess.crop_fraction);
      break;
    case GST_MOBILENET_PROP_RESIZE_METHOD:
      g_value_set_enum (value, frame->preprocess.resize);
      break;
    case GST_MOBILENET_PROP_MEAN:
      triple_to_value (&model->mean, value);
      break;
    case GST_MOBILENET_PROP_SCALE:
      triple_to_value (&model->scale, value);
      break;
    case GST_MOBILENET_PROP_CHANNEL_ORDER:
      g_value_set_enum (value, model->channel_order);
      break;
    case GST_MOBILENET_PROP_ORIENTATION:
      g_value_set_enum (value, frame->orientation);
      break;
    case GST_MOBILENET_PROP_ENABLED:
      g_value_set_boolean (value, frame->enabled);
      break;
    case GST_MOBILENET_PROP_MODE:
      g_value_set_enum (value, frame->mode);
      break;
    case GST_MOBILENET_PROP_MAX_RATE:
      g_value_set_double (value, frame->pacing.max_rate);
      break;
    case GST_MOBILENET_PROP_CPU_BUDGET:
      g_value_set_double (value, frame->pacing.cpu_budget);
      break;
    case GST_MOBILENET_PROP_STATIC_THRESHOLD:
      g_value_set_double (value, frame->pacing.static_threshold);
      break;
    case GST_MOBILENET_PROP_SMOOTHING:
      g_value_set_int (value, frame->smoothing);
      break;
    case GST_MOBILENET_PROP_ENTER_THRESHOLD:
      g_value_set_double (value, frame->enter);
      break;
    case GST_MOBILENET_PROP_LEAVE_THRESHOLD:
      g_value_set_double (value, frame->leave);
      break;
    case GST_MOBILENET_PROP_UNKNOWN:
      g_value_set_enum (value, frame->unknown);
      break;
    case GST_MOBILENET_PROP_ROI:
      g_value_set_enum (value, frame->roi);
      break;
    case GST_MOBILENET_PROP_REGION_TYPES:
      types_to_value (frame->region_types, value);
      break;
    case GST_MOBILENET_PROP_MAX_REGIONS:
      g_value_set_uint (value, frame->max_regions);
      break;
    case GST_MOBILENET_PROP_RECLASSIFY_INTERVAL:
      g_value_set_uint (value, frame->reclassify_interval);
      break;
    case GST_MOBILENET_PROP_ATTACH:
      g_value_set_flags (value, frame->attach);
      break;
    case GST_MOBILENET_PROP_DEBUG_INFERENCE_TIME:
      g_value_set_uint (value, frame->debug_time);
      break;
    case GST_MOBILENET_PROP_DUMP_INPUT:
      g_value_set_string (value, settings->dump_input);
      break;
    default:
      return FALSE;
  }
  return TRUE;
}

GstMobilenetSteadySettings
gst_mobilenet_frame_settings_steady (const GstMobilenetFrameSettings * settings,
    gboolean async)
{
  gint ms = settings->smoothing;
  GstMobilenetSteadySettings steady = {.threshold = settings->threshold };

  if (ms < 0)
    ms = async ? LIVE_SMOOTHING : 0;
  steady.time_constant = ms * GST_MSECOND;
  steady.enter = settings->enter;
  if (steady.enter < 0)
    steady.enter = async ? MIN (2 * settings->threshold, 1) : 0;
  steady.leave = settings->leave < 0 ? settings->threshold : settings->leave;
  steady.unknown = settings->unknown == GST_MOBILENET_UNKNOWN_ON
      || (settings->unknown == GST_MOBILENET_UNKNOWN_AUTO && async);
  return steady;
}

GstMobilenetSteadySettings
gst_mobilenet_frame_settings_region (const GstMobilenetFrameSettings * settings,
    gboolean async)
{
  GstMobilenetSteadySettings steady =
      gst_mobilenet_frame_settings_steady (settings, async);

  steady.time_constant = 0;
  steady.enter = 0;
  return steady;
}

void
gst_mobilenet_model_settings_copy (GstMobilenetModelSettings * to,
    const GstMobilenetModelSettings * from)
{
  *to = *from;
  to->model = g_strdup (from->model);
  to->labels = g_strdup (from->labels);
}

void
gst_mobilenet_model_settings_clear (GstMobilenetModelSettings * settings)
{
  g_clear_pointer (&settings->model, g_free);
  g_clear_pointer (&settings->labels, g_free);
}

gboolean
gst_mobilenet_model_settings_equal (const GstMobilenetModelSettings * a,
    const GstMobilenetModelSettings * b)
{
  return g_strcmp0 (a->model, b->model) == 0
      && g_strcmp0 (a->labels, b->labels) == 0
      && triple_equal (&a->mean, &b->mean)
      && triple_equal (&a->scale, &b->scale)
      && a->channel_order == b->channel_order
      && a->threads == b->threads && a->top_k == b->top_k;
}
