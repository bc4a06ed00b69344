#include "plugin/overlay/settings.h"

#include <string.h>

#define DEFAULT_FONT "Sans"
#define DEFAULT_MARGIN 3.0
#define DEFAULT_TEXT_COLOR 0xffffffff
#define DEFAULT_BACKGROUND_COLOR 0xb810141a
#define DEFAULT_BAR_COLOR 0xff38bdf8
#define DEFAULT_MAX_LABELS 3
#define DEFAULT_MIN_PROBABILITY 0.1

static GType
position_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_MOBILENET_OVERLAY_TOP_LEFT, "Upper left corner", "top-left"},
    {GST_MOBILENET_OVERLAY_TOP, "Middle of the upper edge", "top"},
    {GST_MOBILENET_OVERLAY_TOP_RIGHT, "Upper right corner", "top-right"},
    {GST_MOBILENET_OVERLAY_BOTTOM_LEFT, "Lower left corner", "bottom-left"},
    {GST_MOBILENET_OVERLAY_BOTTOM, "Middle of the lower edge", "bottom"},
    {GST_MOBILENET_OVERLAY_BOTTOM_RIGHT, "Lower right corner", "bottom-right"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type)) {
    GType new_type =
        g_enum_register_static ("GstMobilenetOverlayPosition", values);
    g_once_init_leave (&type, new_type);
  }
  return type;
}

#define FLAGS (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)

static void
install_look (GObjectClass * klass)
{
  g_object_class_install_property (klass, GST_MOBILENET_OVERLAY_PROP_FONT,
      g_param_spec_string ("font", "Font",
          "Pango description of family, style and weight, such as \"Sans Bold\" "
          "(a size in it isn't used); NULL: the default", DEFAULT_FONT, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_OVERLAY_PROP_FONT_SIZE,
      g_param_spec_double ("font-size", "Font size",
          "Of the first label, in percent of the frame's smaller side; "
          "0: 4 percent, and not less than 12 pixels", 0, 100, 0, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_OVERLAY_PROP_POSITION,
      g_param_spec_enum ("position", "Position", "Where on the frame",
          position_get_type (), GST_MOBILENET_OVERLAY_TOP_LEFT, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_OVERLAY_PROP_MARGIN,
      g_param_spec_double ("margin", "Margin",
          "Distance from the edges, in percent of the frame's smaller side",
          0, 45, DEFAULT_MARGIN, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_OVERLAY_PROP_TEXT_COLOR,
      g_param_spec_uint ("text-color", "Text colour",
          "Of labels and percentages, 0xAARRGGBB (default: white, 0xffffffff)",
          0, G_MAXUINT32, DEFAULT_TEXT_COLOR, FLAGS));
  g_object_class_install_property (klass,
      GST_MOBILENET_OVERLAY_PROP_BACKGROUND_COLOR,
      g_param_spec_uint ("background-color", "Background colour",
          "Of the panel behind the text, 0xAARRGGBB (default: dark and half "
          "transparent, 0xb810141a)", 0, G_MAXUINT32, DEFAULT_BACKGROUND_COLOR,
          FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_OVERLAY_PROP_BAR_COLOR,
      g_param_spec_uint ("bar-color", "Bar colour",
          "Of the probability bars, 0xAARRGGBB (default: light blue, 0xff38bdf8)",
          0, G_MAXUINT32, DEFAULT_BAR_COLOR, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_OVERLAY_PROP_OPACITY,
      g_param_spec_double ("opacity", "Opacity",
          "Of all that is drawn, on top of the colours' own: 0 (not seen) to 1",
          0, 1, 1, FLAGS));
}

static void
install_content (GObjectClass * klass)
{
  g_object_class_install_property (klass,
      GST_MOBILENET_OVERLAY_PROP_SHOW_PROBABILITY,
      g_param_spec_boolean ("show-probability", "Show probability",
          "Write the probability behind the label, in whole percent", TRUE,
          FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_OVERLAY_PROP_SHOW_BAR,
      g_param_spec_boolean ("show-bar", "Show bar",
          "Draw the probability as a bar under the label", TRUE, FLAGS));
  g_object_class_install_property (klass,
      GST_MOBILENET_OVERLAY_PROP_SHOW_TIMING,
      g_param_spec_boolean ("show-timing", "Show timing",
          "Write the inference time under the labels, a moving mean that is "
          "renewed every 15 frames", FALSE, FLAGS));
  g_object_class_install_property (klass, GST_MOBILENET_OVERLAY_PROP_MAX_LABELS,
      g_param_spec_uint ("max-labels", "Maximum labels",
          "At most so many labels of a result, the most probable; those that "
          "don't fit on the frame are left out", 1,
          GST_MOBILENET_OVERLAY_MAX_LABELS, DEFAULT_MAX_LABELS, FLAGS));
  g_object_class_install_property (klass,
      GST_MOBILENET_OVERLAY_PROP_MIN_PROBABILITY,
      g_param_spec_double ("min-probability", "Minimum probability",
          "Labels less probable than this (0 to 1) aren't drawn; without any "
          "label the frame isn't touched. \"unknown\" is always drawn, without "
          "percentage and bar", 0, 1, DEFAULT_MIN_PROBABILITY, FLAGS));
}

void
gst_mobilenet_overlay_settings_install (GObjectClass * klass)
{
  install_look (klass);
  install_content (klass);
  gst_type_mark_as_plugin_api (position_get_type (), 0);
}

void
gst_mobilenet_overlay_settings_init (GstMobilenetOverlaySettings * settings)
{
  memset (settings, 0, sizeof *settings);
  settings->font = g_strdup (DEFAULT_FONT);
  settings->position = GST_MOBILENET_OVERLAY_TOP_LEFT;
  settings->margin = DEFAULT_MARGIN;
  settings->text_color = DEFAULT_TEXT_COLOR;
  settings->background_color = DEFAULT_BACKGROUND_COLOR;
  settings->bar_color = DEFAULT_BAR_COLOR;
  settings->opacity = 1;
  settings->show_probability = TRUE;
  settings->show_bar = TRUE;
  settings->max_labels = DEFAULT_MAX_LABELS;
  settings->min_probability = DEFAULT_MIN_PROBABILITY;
}

void
gst_mobilenet_overlay_settings_clear (GstMobilenetOverlaySettings * settings)
{
  g_clear_pointer (&settings->font, g_free);
}

void
gst_mobilenet_overlay_settings_copy (GstMobilenetOverlaySettings * copy,
    const GstMobilenetOverlaySettings * settings)
{
  gst_mobilenet_overlay_settings_clear (copy);
  *copy = *settings;
  copy->font = g_strdup (settings->font);
}

gboolean
gst_mobilenet_overlay_settings_set (GstMobilenetOverlaySettings * settings,
    guint prop_id, const GValue * value)
{
  switch (prop_id) {
    case GST_MOBILENET_OVERLAY_PROP_FONT:
      g_free (settings->font);
      settings->font = g_value_dup_string (value);
      if (!settings->font)
        settings->font = g_strdup (DEFAULT_FONT);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_FONT_SIZE:
      settings->font_size = g_value_get_double (value);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_POSITION:
      settings->position = g_value_get_enum (value);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_MARGIN:
      settings->margin = g_value_get_double (value);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_TEXT_COLOR:
      settings->text_color = g_value_get_uint (value);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_BACKGROUND_COLOR:
      settings->background_color = g_value_get_uint (value);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_BAR_COLOR:
      settings->bar_color = g_value_get_uint (value);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_OPACITY:
      settings->opacity = g_value_get_double (value);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_SHOW_PROBABILITY:
      settings->show_probability = g_value_get_boolean (value);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_SHOW_BAR:
      settings->show_bar = g_value_get_boolean (value);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_SHOW_TIMING:
      settings->show_timing = g_value_get_boolean (value);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_MAX_LABELS:
      settings->max_labels = g_value_get_uint (value);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_MIN_PROBABILITY:
      settings->min_probability = g_value_get_double (value);
      return TRUE;
    default:
      return FALSE;
  }
}

gboolean
gst_mobilenet_overlay_settings_get (const GstMobilenetOverlaySettings *
    settings, guint prop_id, GValue * value)
{
  switch (prop_id) {
    case GST_MOBILENET_OVERLAY_PROP_FONT:
      g_value_set_string (value, settings->font);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_FONT_SIZE:
      g_value_set_double (value, settings->font_size);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_POSITION:
      g_value_set_enum (value, settings->position);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_MARGIN:
      g_value_set_double (value, settings->margin);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_TEXT_COLOR:
      g_value_set_uint (value, settings->text_color);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_BACKGROUND_COLOR:
      g_value_set_uint (value, settings->background_color);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_BAR_COLOR:
      g_value_set_uint (value, settings->bar_color);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_OPACITY:
      g_value_set_double (value, settings->opacity);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_SHOW_PROBABILITY:
      g_value_set_boolean (value, settings->show_probability);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_SHOW_BAR:
      g_value_set_boolean (value, settings->show_bar);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_SHOW_TIMING:
      g_value_set_boolean (value, settings->show_timing);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_MAX_LABELS:
      g_value_set_uint (value, settings->max_labels);
      return TRUE;
    case GST_MOBILENET_OVERLAY_PROP_MIN_PROBABILITY:
      g_value_set_double (value, settings->min_probability);
      return TRUE;
    default:
      return FALSE;
  }
}
