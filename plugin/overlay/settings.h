/* The properties of `mobilenetoverlay`. */
#ifndef __GST_MOBILENET_OVERLAY_SETTINGS_H__
#define __GST_MOBILENET_OVERLAY_SETTINGS_H__

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_MOBILENET_OVERLAY_MAX_LABELS 20

typedef enum {
  GST_MOBILENET_OVERLAY_TOP_LEFT,
  GST_MOBILENET_OVERLAY_TOP,
  GST_MOBILENET_OVERLAY_TOP_RIGHT,
  GST_MOBILENET_OVERLAY_BOTTOM_LEFT,
  GST_MOBILENET_OVERLAY_BOTTOM,
  GST_MOBILENET_OVERLAY_BOTTOM_RIGHT
} GstMobilenetOverlayPosition;

enum {
  GST_MOBILENET_OVERLAY_PROP_0,
  GST_MOBILENET_OVERLAY_PROP_FONT,
  GST_MOBILENET_OVERLAY_PROP_FONT_SIZE,
  GST_MOBILENET_OVERLAY_PROP_POSITION,
  GST_MOBILENET_OVERLAY_PROP_MARGIN,
  GST_MOBILENET_OVERLAY_PROP_TEXT_COLOR,
  GST_MOBILENET_OVERLAY_PROP_BACKGROUND_COLOR,
  GST_MOBILENET_OVERLAY_PROP_BAR_COLOR,
  GST_MOBILENET_OVERLAY_PROP_OPACITY,
  GST_MOBILENET_OVERLAY_PROP_SHOW_PROBABILITY,
  GST_MOBILENET_OVERLAY_PROP_SHOW_BAR,
  GST_MOBILENET_OVERLAY_PROP_SHOW_TIMING,
  GST_MOBILENET_OVERLAY_PROP_MAX_LABELS,
  GST_MOBILENET_OVERLAY_PROP_MIN_PROBABILITY,
  GST_MOBILENET_OVERLAY_N_SETTINGS
};

/* Sizes are in percent of the frame's smaller side, colours 0xAARRGGBB. */
typedef struct {
  gchar *font;
  gdouble font_size;            /* 0: automatic */
  GstMobilenetOverlayPosition position;
  gdouble margin;
  guint32 text_color, background_color, bar_color;
  gdouble opacity;
  gboolean show_probability, show_bar, show_timing;
  guint max_labels;
  gdouble min_probability;
} GstMobilenetOverlaySettings;

/* Installs the properties in a class whose instances give them to the functions below. */
void gst_mobilenet_overlay_settings_install (GObjectClass * klass);

void gst_mobilenet_overlay_settings_init (GstMobilenetOverlaySettings * settings);
void gst_mobilenet_overlay_settings_clear (GstMobilenetOverlaySettings * settings);
/* `copy` is cleared first. */
void gst_mobilenet_overlay_settings_copy (GstMobilenetOverlaySettings * copy,
    const GstMobilenetOverlaySettings * settings);

/* FALSE where there is no such property. */
gboolean gst_mobilenet_overlay_settings_set (GstMobilenetOverlaySettings * settings, guint prop_id,
    const GValue * value);
gboolean gst_mobilenet_overlay_settings_get (const GstMobilenetOverlaySettings * settings, guint prop_id,
    GValue * value);

G_END_DECLS

#endif
