#include "plugin/text/gstmobilenettext.h"

#include "plugin/text/template.h"

enum
{
  PROP_0,
  PROP_FORMAT,
  PROP_EMIT,
  PROP_TEMPLATE,
  PROP_MIN_PROBABILITY,
  PROP_MAX_DURATION
};

static GType
format_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_MOBILENET_TEXT_AUTO, "What is linked behind takes, text first",
        "auto"},
    {GST_MOBILENET_TEXT_TEXT, "Text: UTF-8, or Pango's markup", "text"},
    {GST_MOBILENET_TEXT_JSON, "JSON Lines: one object a span", "json"},
    {GST_MOBILENET_TEXT_SRT, "A SubRip file", "srt"},
    {GST_MOBILENET_TEXT_WEBVTT, "A WebVTT file", "webvtt"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type)) {
    GType new_type = g_enum_register_static ("GstMobilenetTextFormat", values);
    g_once_init_leave (&type, new_type);
  }
  return type;
}

static GType
emit_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_MOBILENET_TEXT_EMIT_AUTO, "start for text, end for the others",
        "auto"},
    {GST_MOBILENET_TEXT_EMIT_START,
          "When a span begins, in pieces of max-duration: never late",
        "start"},
    {GST_MOBILENET_TEXT_EMIT_END,
        "When a span is over, with its exact duration", "end"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type)) {
    GType new_type = g_enum_register_static ("GstMobilenetTextEmit", values);
    g_once_init_leave (&type, new_type);
  }
  return type;
}

static gboolean
check_template (const gchar * template)
{
  if (!template || gst_mobilenet_template_is_valid (template))
    return TRUE;
  g_warning ("mobilenettext: the template \"%s\" isn't set: it must be UTF-8, "
      "and each %% one of %%l, %%p, %%i, %%m and %%%%", template);
  return FALSE;
}

static void
set_template (GstMobilenetTextSettings * settings, const gchar * template)
{
  g_free (settings->template);
  settings->template = g_strdup (template ? template :
      GST_MOBILENET_TEMPLATE_DEFAULT);
}

static void
gst_mobilenet_text_set_property (GObject * object, guint prop_id,
    const GValue * value, GParamSpec * pspec)
{
  GstMobilenetTextSettings *settings = &GST_MOBILENET_TEXT (object)->settings;

  if (prop_id == PROP_TEMPLATE && !check_template (g_value_get_string (value)))
    return;

  GST_OBJECT_LOCK (object);
  switch (prop_id) {
    case PROP_FORMAT:
      settings->format = g_value_get_enum (value);
      break;
    case PROP_EMIT:
      settings->emit = g_value_get_enum (value);
      break;
    case PROP_TEMPLATE:
      set_template (settings, g_value_get_string (value));
      break;
    case PROP_MIN_PROBABILITY:
      settings->min_probability = g_value_get_double (value);
      break;
    case PROP_MAX_DURATION:
      settings->max_duration = g_value_get_uint64 (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (object);
}

static void
gst_mobilenet_text_get_property (GObject * object, guint prop_id,
    GValue * value, GParamSpec * pspec)
{
  GstMobilenetTextSettings *settings = &GST_MOBILENET_TEXT (object)->settings;

  GST_OBJECT_LOCK (object);
  switch (prop_id) {
    case PROP_FORMAT:
      g_value_set_enum (value, settings->format);
      break;
    case PROP_EMIT:
      g_value_set_enum (value, settings->emit);
      break;
    case PROP_TEMPLATE:
      g_value_set_string (value, settings->template);
      break;
    case PROP_MIN_PROBABILITY:
      g_value_set_double (value, settings->min_probability);
      break;
    case PROP_MAX_DURATION:
      g_value_set_uint64 (value, settings->max_duration);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (object);
}

#define READY (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY)
#define PLAYING (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)

void
gst_mobilenet_text_install_properties (GObjectClass * klass)
{
  klass->set_property = gst_mobilenet_text_set_property;
  klass->get_property = gst_mobilenet_text_get_property;

  g_object_class_install_property (klass, PROP_FORMAT,
      g_param_spec_enum ("format", "Format", "What goes out",
          format_get_type (), GST_MOBILENET_TEXT_AUTO, READY));
  g_object_class_install_property (klass, PROP_EMIT,
      g_param_spec_enum ("emit", "Emit", "When the text of a span goes out",
          emit_get_type (), GST_MOBILENET_TEXT_EMIT_AUTO, READY));
  g_object_class_install_property (klass, PROP_TEMPLATE,
      g_param_spec_string ("template", "Template",
          "The text: %l label, %p percent, %i index, %m model, %% percent sign",
          GST_MOBILENET_TEMPLATE_DEFAULT, PLAYING));
  g_object_class_install_property (klass, PROP_MIN_PROBABILITY,
      g_param_spec_double ("min-probability", "Minimum probability",
          "Labels less probable are taken as none", 0, 1, 0.1, PLAYING));
  g_object_class_install_property (klass, PROP_MAX_DURATION,
      g_param_spec_uint64 ("max-duration", "Maximum duration",
          "Of one text, in nanoseconds; a span that lasts longer gets several. "
          "0: 500 ms with emit=start, no limit with emit=end", 0, G_MAXUINT64,
          0, PLAYING));
  gst_type_mark_as_plugin_api (format_get_type (), 0);
  gst_type_mark_as_plugin_api (emit_get_type (), 0);
}

void
gst_mobilenet_text_init_settings (GstMobilenetText * self)
{
  self->settings.template = g_strdup (GST_MOBILENET_TEMPLATE_DEFAULT);
  self->settings.min_probability = 0.1;
}
