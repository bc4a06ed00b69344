#include "plugin/classify/settings.h"

static GType
fit_get_type (void)
{
  static const GEnumValue values[] = {
    {MNET_FIT_STRETCH, "Each axis by itself; the whole picture is seen",
        "stretch"},
    {MNET_FIT_CROP, "The largest centred part of the model's aspect ratio, "
          "times crop-fraction; the borders are not seen", "crop"},
    {MNET_FIT_LETTERBOX, "The whole picture in its own aspect ratio, "
          "with black bars", "letterbox"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type)) {
    GType new_type = g_enum_register_static ("GstMobilenetFit", values);
    g_once_init_leave (&type, new_type);
  }
  return type;
}

static GType
resize_method_get_type (void)
{
  static const GEnumValue values[] = {
    {MNET_RESIZE_ANTIALIAS, "Bilinear with the filter widened to the scale",
        "antialias"},
    {MNET_RESIZE_BILINEAR, "Two taps an axis", "bilinear"},
    {MNET_RESIZE_NEAREST, "The nearest pixel", "nearest"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type)) {
    GType new_type =
        g_enum_register_static ("GstMobilenetResizeMethod", values);
    g_once_init_leave (&type, new_type);
  }
  return type;
}

static GType
channel_order_get_type (void)
{
  static const GEnumValue values[] = {
    {MNET_CHANNEL_ORDER_DEFAULT, "What the model says, else RGB", "default"},
    {MNET_CHANNEL_ORDER_RGB, "Red first", "rgb"},
    {MNET_CHANNEL_ORDER_BGR, "Blue first", "bgr"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type)) {
    GType new_type =
        g_enum_register_static ("GstMobilenetChannelOrder", values);
    g_once_init_leave (&type, new_type);
  }
  return type;
}

static GType
mode_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_MOBILENET_MODE_AUTO, "async in a live pipeline, else sync", "auto"},
    {GST_MOBILENET_MODE_SYNC, "Each frame waits for its own result", "sync"},
    {GST_MOBILENET_MODE_ASYNC,
        "Frames pass at once, with the last result that is ready", "async"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type)) {
    GType new_type = g_enum_register_static ("GstMobilenetMode", values);
    g_once_init_leave (&type, new_type);
  }
  return type;
}

static GType
unknown_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_MOBILENET_UNKNOWN_AUTO, "on in async mode, else off", "auto"},
    {GST_MOBILENET_UNKNOWN_OFF, "The result has no class then", "off"},
    {GST_MOBILENET_UNKNOWN_ON, "The result's first class is \"unknown\" then",
        "on"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type)) {
    GType new_type = g_enum_register_static ("GstMobilenetUnknown", values);
    g_once_init_leave (&type, new_type);
  }
  return type;
}

static GType
roi_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_MOBILENET_ROI_FRAME, "The whole frame", "frame"},
    {GST_MOBILENET_ROI_REGIONS, "Each region that a detector has attached",
        "regions"},
    {GST_MOBILENET_ROI_BOTH, "The frame and each region", "both"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type)) {
    GType new_type = g_enum_register_static ("GstMobilenetRoi", values);
    g_once_init_leave (&type, new_type);
  }
  return type;
}

#define FLAGS (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)

static void
install_model_properties (GObjectClass * klass)
{
  g_object_class_install_property (klass, GST_MOBILENET_PROP_MODEL,
      g_param_spec_string ("model", "Model",
          "Model file (TFLite or ONNX), or \"builtin\" (also NULL). Set while "
          "playing, it is opened at once and takes over at the next frame; one "
          "that can't be opened is answered with a warning, and the old one stays",
          NULL, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_LABELS,
      g_param_spec_string ("labels", "Labels",
          "File with the names of the classes, one a line. NULL: the labels "
          "inside the model. Can be set while playing, as the model can",
          NULL, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_THREADS,
      g_param_spec_uint ("threads", "Threads",
          "CPU threads that a classification may use (0 = one a physical core); "
          "frames of a file that come fast are classified side by side by them",
          0, 64, 0, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_TOP_K,
      g_param_spec_uint ("top-k", "Top k",
          "At most so many classes in a result; more than the model has: all",
          1, 65536, 5, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_MEAN,
      gst_param_spec_array ("mean", "Mean",
          "Subtracted from each value (0 to 255) of red, green and blue: three "
          "numbers, or one for all, as mean=\"<127.5, 127.5, 127.5>\". Counts "
          "only where scale is given too. Empty: what the model says", NULL,
          FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_SCALE,
      gst_param_spec_array ("scale", "Scale",
          "Factor after the mean was subtracted, not zero: three numbers (red, "
          "green, blue), or one for all, as scale=\"<0.0078125>\". Without a "
          "mean, that is 0. Empty: what the model says", NULL, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_CHANNEL_ORDER,
      g_param_spec_enum ("channel-order", "Channel order",
          "Order of the model's input channels", channel_order_get_type (),
          MNET_CHANNEL_ORDER_DEFAULT, FLAGS));
}

static void
install_frame_properties (GObjectClass * klass)
{
  g_object_class_install_property (klass, GST_MOBILENET_PROP_ENABLED,
      g_param_spec_boolean ("enabled", "Enabled",
          "Whether frames are classified; they pass either way", TRUE, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_INTERVAL,
      g_param_spec_uint ("interval", "Interval",
          "Classify each n-th frame (1 = every frame); the frames between get "
          "the last result again, with its age in frames",
          1, G_MAXUINT, 1, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_THRESHOLD,
      g_param_spec_double ("threshold", "Threshold",
          "Classes of a lower probability are left out of the result",
          0.0, 1.0, 0.1, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_FIT,
      g_param_spec_enum ("fit", "Fit",
          "How the picture is brought to the model's width and height",
          fit_get_type (), MNET_FIT_STRETCH, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_CROP_FRACTION,
      g_param_spec_double ("crop-fraction", "Crop fraction",
          "With fit=crop: part of the largest centred rectangle that is seen, "
          "along each axis (0.875 is how ImageNet models are evaluated)",
          0.01, 1.0, 0.875, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_RESIZE_METHOD,
      g_param_spec_enum ("resize-method", "Resize method",
          "How the picture is resized", resize_method_get_type (),
          MNET_RESIZE_ANTIALIAS, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_ORIENTATION,
      g_param_spec_enum ("orientation", "Orientation",
          "How the picture is turned before it is looked at (the frame itself "
          "passes as it is); auto follows the image-orientation tag, custom "
          "turns nothing", GST_TYPE_VIDEO_ORIENTATION_METHOD,
          GST_VIDEO_ORIENTATION_AUTO, FLAGS));
}

static void
install_live_properties (GObjectClass * klass)
{
  g_object_class_install_property (klass, GST_MOBILENET_PROP_MODE,
      g_param_spec_enum ("mode", "Mode",
          "Whether a frame waits for its own result, or passes at once with the "
          "last one that is ready and its age", mode_get_type (),
          GST_MOBILENET_MODE_AUTO, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_MAX_RATE,
      g_param_spec_double ("max-rate", "Maximum rate",
          "At most so many classifications a second of the stream's time "
          "(0 = any)", 0.0, 10000.0, 0.0, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_CPU_BUDGET,
      g_param_spec_double ("cpu-budget", "CPU budget",
          "At most so much CPU time for classifications, in percent of one core "
          "by the wall clock; the element rests until a classification is paid "
          "off (0 = any)", 0.0, 6400.0, 0.0, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_STATIC_THRESHOLD,
      g_param_spec_double ("static-threshold", "Static threshold",
          "A frame whose input tensor differs from the one classified last by "
          "less, as the mean absolute difference in percent of the pixels' "
          "range, reuses its result (0 = never)", 0.0, 100.0, 0.0, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_SMOOTHING,
      g_param_spec_int ("smoothing", "Smoothing",
          "Time constant of the exponential mean of the scores, in ms of the "
          "stream's time (0 = none, -1 = 300 in async mode, else none)",
          -1, 60000, -1, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_ENTER_THRESHOLD,
      g_param_spec_double ("enter-threshold", "Enter threshold",
          "A label holds from this probability on; until then there is none "
          "(0 = the best class over threshold comes first, -1 = twice threshold "
          "in async mode, else 0)", -1.0, 1.0, -1.0, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_LEAVE_THRESHOLD,
      g_param_spec_double ("leave-threshold", "Leave threshold",
          "With enter-threshold: the label holds until it falls below this "
          "probability, or another one is better by the difference of the two "
          "(-1 = threshold)", -1.0, 1.0, -1.0, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_UNKNOWN,
      g_param_spec_enum ("unknown", "Unknown",
          "What a result says where no label holds", unknown_get_type (),
          GST_MOBILENET_UNKNOWN_AUTO, FLAGS));
}

static void
install_metadata_properties (GObjectClass * klass)
{
  g_object_class_install_property (klass, GST_MOBILENET_PROP_ROI,
      g_param_spec_enum ("roi", "Regions of interest",
          "What is classified of a frame", roi_get_type (),
          GST_MOBILENET_ROI_FRAME, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_REGION_TYPES,
      g_param_spec_string ("region-types", "Region types",
          "Only regions with one of these labels of the detector, with commas "
          "between them (NULL = any)", NULL, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_MAX_REGIONS,
      g_param_spec_uint ("max-regions", "Maximum regions",
          "At most so many regions of a frame, the largest ones",
          1, GST_MOBILENET_MAX_REGIONS, 8, FLAGS));
  g_object_class_install_property (klass,
      GST_MOBILENET_PROP_RECLASSIFY_INTERVAL,
      g_param_spec_uint ("reclassify-interval", "Reclassify interval",
          "A tracked region keeps its result for so many frames",
          0, G_MAXUINT, 15, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_ATTACH,
      g_param_spec_flags ("attach", "Attach",
          "Metadata for other elements, beside our own",
          GST_TYPE_MOBILENET_BRIDGES, GST_MOBILENET_BRIDGES_NONE, FLAGS));
  g_object_class_install_property (klass,
      GST_MOBILENET_PROP_DEBUG_INFERENCE_TIME,
      g_param_spec_uint ("debug-inference-time", "Debug inference time",
          "For tests: each classification takes at least so many ms, as on a "
          "slower machine", 0, 60000, 0, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_PROP_DUMP_INPUT,
      g_param_spec_string ("dump-input", "Dump input",
          "For debugging: PNG file to which what the network sees is written for "
          "each classification; %d or %05d in the name numbers them, else each "
          "replaces the one before. Written in the streaming thread, so that "
          "frames wait for it in async mode too", NULL, FLAGS));
}

void
gst_mobilenet_settings_install (GObjectClass * klass)
{
  install_model_properties (klass);
  install_frame_properties (klass);
  install_live_properties (klass);
  install_metadata_properties (klass);

  gst_type_mark_as_plugin_api (fit_get_type (), 0);
  gst_type_mark_as_plugin_api (resize_method_get_type (), 0);
  gst_type_mark_as_plugin_api (channel_order_get_type (), 0);
  gst_type_mark_as_plugin_api (mode_get_type (), 0);
  gst_type_mark_as_plugin_api (unknown_get_type (), 0);
  gst_type_mark_as_plugin_api (roi_get_type (), 0);
  gst_type_mark_as_plugin_api (GST_TYPE_MOBILENET_BRIDGES, 0);
}
