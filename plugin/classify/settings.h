/*
 * What the properties of a mobilenet element say, and the properties themselves.
 */
#ifndef __GST_MOBILENET_SETTINGS_H__
#define __GST_MOBILENET_SETTINGS_H__

#include <gst/video/video.h>

#include "nn/mnet.h"
#include "plugin/classify/pacing.h"
#include "plugin/classify/regions.h"
#include "plugin/classify/steady.h"

G_BEGIN_DECLS

/* Three values in R, G, B; n is 0 (not given), 1 (for all three) or 3. */
typedef struct {
  guint n;
  gdouble values[3];
} GstMobilenetTriple;

/* What a model and a session are opened with: a change needs a new session, and some a new model. Owns its strings. */
typedef struct {
  gchar *model;                 /* NULL: built-in */
  gchar *labels;                /* NULL: the model's own */
  GstMobilenetTriple mean;
  GstMobilenetTriple scale;
  MnetChannelOrder channel_order;
  guint threads;
  guint top_k;
} GstMobilenetModelSettings;

typedef enum {
  GST_MOBILENET_MODE_AUTO,
  GST_MOBILENET_MODE_SYNC,
  GST_MOBILENET_MODE_ASYNC
} GstMobilenetMode;

typedef enum {
  GST_MOBILENET_UNKNOWN_AUTO,
  GST_MOBILENET_UNKNOWN_OFF,
  GST_MOBILENET_UNKNOWN_ON
} GstMobilenetUnknown;

typedef enum {
  GST_MOBILENET_ROI_FRAME,
  GST_MOBILENET_ROI_REGIONS,
  GST_MOBILENET_ROI_BOTH
} GstMobilenetRoi;

#define GST_MOBILENET_MAX_REGIONS 64
#define GST_MOBILENET_MAX_REGION_TYPES 32

/* What counts from the next frame on, without opening anything. */
typedef struct {
  gboolean enabled;
  GstMobilenetMode mode;
  GstMobilenetPacingSettings pacing;
  gdouble threshold;
  gint smoothing;               /* ms; -1: by the mode, as the next three */
  gdouble enter;
  gdouble leave;
  GstMobilenetUnknown unknown;
  MnetPreprocess preprocess;
  GstVideoOrientationMethod orientation;
  GstMobilenetRoi roi;
  GQuark region_types[GST_MOBILENET_MAX_REGION_TYPES + 1];      /* ended by 0; none: any */
  guint max_regions;
  guint reclassify_interval;    /* frames */
  GstMobilenetBridges attach;
  guint debug_time;             /* ms that it takes at least */
} GstMobilenetFrameSettings;

typedef struct {
  gchar *dump_input;            /* file name; NULL: none */
  GstMobilenetModelSettings model;
  GstMobilenetFrameSettings frame;
} GstMobilenetSettings;

typedef enum {
  GST_MOBILENET_PROP_MODEL = 1,
  GST_MOBILENET_PROP_LABELS,
  GST_MOBILENET_PROP_THREADS,
  GST_MOBILENET_PROP_TOP_K,
  GST_MOBILENET_PROP_THRESHOLD,
  GST_MOBILENET_PROP_INTERVAL,
  GST_MOBILENET_PROP_FIT,
  GST_MOBILENET_PROP_CROP_FRACTION,
  GST_MOBILENET_PROP_RESIZE_METHOD,
  GST_MOBILENET_PROP_MEAN,
  GST_MOBILENET_PROP_SCALE,
  GST_MOBILENET_PROP_CHANNEL_ORDER,
  GST_MOBILENET_PROP_ORIENTATION,
  GST_MOBILENET_PROP_ENABLED,
  GST_MOBILENET_PROP_MODE,
  GST_MOBILENET_PROP_MAX_RATE,
  GST_MOBILENET_PROP_CPU_BUDGET,
  GST_MOBILENET_PROP_STATIC_THRESHOLD,
  GST_MOBILENET_PROP_SMOOTHING,
  GST_MOBILENET_PROP_ENTER_THRESHOLD,
  GST_MOBILENET_PROP_LEAVE_THRESHOLD,
  GST_MOBILENET_PROP_UNKNOWN,
  GST_MOBILENET_PROP_ROI,
  GST_MOBILENET_PROP_REGION_TYPES,
  GST_MOBILENET_PROP_MAX_REGIONS,
  GST_MOBILENET_PROP_RECLASSIFY_INTERVAL,
  GST_MOBILENET_PROP_ATTACH,
  GST_MOBILENET_PROP_DEBUG_INFERENCE_TIME,
  GST_MOBILENET_PROP_DUMP_INPUT,
  GST_MOBILENET_N_SETTINGS      /* the element's own properties come from here on */
} GstMobilenetProp;

void gst_mobilenet_settings_init (GstMobilenetSettings * settings);
void gst_mobilenet_settings_clear (GstMobilenetSettings * settings);

/* Installs one property for each GstMobilenetProp. */
void gst_mobilenet_settings_install (GObjectClass * klass);
/* FALSE where the property is none of these. The caller holds the lock that guards the settings. */
gboolean gst_mobilenet_settings_set (GstMobilenetSettings * settings, guint prop_id, const GValue * value);
gboolean gst_mobilenet_settings_get (const GstMobilenetSettings * settings, guint prop_id, GValue * value);

/* How labels are kept steady, with what depends on the mode settled. */
GstMobilenetSteadySettings gst_mobilenet_frame_settings_steady (const GstMobilenetFrameSettings * settings,
    gboolean async);
/* The same for a region, which is looked at by itself. */
GstMobilenetSteadySettings gst_mobilenet_frame_settings_region (const GstMobilenetFrameSettings * settings,
    gboolean async);

void gst_mobilenet_model_settings_copy (GstMobilenetModelSettings * to, const GstMobilenetModelSettings * from);
void gst_mobilenet_model_settings_clear (GstMobilenetModelSettings * settings);
gboolean gst_mobilenet_model_settings_equal (const GstMobilenetModelSettings * a, const GstMobilenetModelSettings * b);
G_END_DECLS

#endif
