/*
 * A GstElement with two pads and not a GstBaseTransform: what goes out is a sparse stream with caps, stream-start and
 * times of its own, none of which follow from a frame's; no buffer is turned into another.
 */
#ifndef __GST_MOBILENET_TEXT_H__
#define __GST_MOBILENET_TEXT_H__

#include "plugin/text/cue.h"

G_BEGIN_DECLS

typedef enum {
  GST_MOBILENET_TEXT_AUTO,
  GST_MOBILENET_TEXT_TEXT,
  GST_MOBILENET_TEXT_JSON,
  GST_MOBILENET_TEXT_SRT,
  GST_MOBILENET_TEXT_WEBVTT
} GstMobilenetTextFormat;

typedef enum {
  GST_MOBILENET_TEXT_EMIT_AUTO,
  GST_MOBILENET_TEXT_EMIT_START,
  GST_MOBILENET_TEXT_EMIT_END
} GstMobilenetTextEmit;

/* Guarded by the object lock. */
typedef struct {
  GstMobilenetTextFormat format;
  GstMobilenetTextEmit emit;
  gchar *template;
  gdouble min_probability;
  GstClockTime max_duration;    /* 0: as fits */
} GstMobilenetTextSettings;

#define GST_TYPE_MOBILENET_TEXT (gst_mobilenet_text_get_type ())
G_DECLARE_FINAL_TYPE (GstMobilenetText, gst_mobilenet_text, GST, MOBILENET_TEXT, GstElement)

struct _GstMobilenetText {
  GstElement parent;

  GstPad *sinkpad;
  GstPad *srcpad;
  GstMobilenetTextSettings settings;

  /* The streaming thread's own. */
  GstSegment segment;
  GstClockTime frame_duration;  /* of the caps, or 0 */
  GstMobilenetCueFormat output;
  gboolean at_start;            /* whether text goes out when its span begins */
  GstMobilenetSpan span;
  GstClockTime position;        /* of the last frame; NONE before the first one of a segment */
  GstClockTime position_end;    /* where that frame ends */
  GstClockTime covered;         /* until where labels went out; 0 before the first one */
  GstClockTime told;            /* where the last buffer began; NONE before the first one */
  guint n_cues;
  gboolean wrote_header;
};

/* properties.c */
void gst_mobilenet_text_install_properties (GObjectClass * klass);
void gst_mobilenet_text_init_settings (GstMobilenetText * self);

GST_ELEMENT_REGISTER_DECLARE (mobilenettext);

G_END_DECLS

#endif
