#include "plugin/overlay/panel.h"

#include <math.h>
#include <string.h>

/* All in em, the font size of the first label. */
#define PADDING 0.55
#define CORNER 0.35
#define GAP 0.45                /* between rows, and between label and percentage */
#define BAR_GAP 0.12
#define BAR_HEIGHT 0.16
#define MIN_WIDTH 12            /* of the text, so that the panel doesn't change with each label */
#define OTHER_SIZE 0.8          /* font size of the labels after the first */
#define TIMING_SIZE 0.65

#define OTHER_ALPHA 0.82
#define TRACK_ALPHA 0.22

typedef struct
{
  PangoLayout *label, *percent; /* percent: NULL where it isn't shown */
  gdouble bar;                  /* part that is filled, negative where there is none */
  gdouble em;
  gdouble width, height;        /* natural, in pixels */
  gdouble percent_width;
  gdouble alpha;
} Line;

/* Everything in square pixels; the surface is narrower or wider by the pixels' shape. */
typedef struct
{
  Line lines[2 * GST_MOBILENET_OVERLAY_MAX_LABELS + 1];
  guint n_lines;
  gdouble em, pixel_aspect;
  gdouble frame_width, frame_height, margin;
  gdouble width, height;
} Panel;

PangoContext *
gst_mobilenet_panel_context_new (void)
{
  PangoFontMap *fonts = pango_cairo_font_map_new ();
  PangoContext *context = pango_font_map_create_context (fonts);
  cairo_font_options_t *options = cairo_font_options_create ();

  /* the colours of subpixel antialiasing would be wrong on video */
  cairo_font_options_set_antialias (options, CAIRO_ANTIALIAS_GRAY);
  pango_cairo_context_set_font_options (context, options);
  cairo_font_options_destroy (options);
  g_object_unref (fonts);
  return context;
}

static PangoLayout *
new_layout (PangoContext * context, const gchar * text, const gchar * font,
    gdouble size, gboolean bold)
{
  PangoFontDescription *description = pango_font_description_from_string (font);
  PangoLayout *layout = pango_layout_new (context);

  pango_font_description_set_absolute_size (description, size * PANGO_SCALE);
  if (bold && pango_font_description_get_weight (description)
      < PANGO_WEIGHT_BOLD)
    pango_font_description_set_weight (description, PANGO_WEIGHT_BOLD);
  pango_layout_set_font_description (layout, description);
  pango_font_description_free (description);

  pango_layout_set_single_paragraph_mode (layout, TRUE);
  pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
  pango_layout_set_text (layout, text, -1);
  return layout;
}

static void
measure (PangoLayout * layout, gdouble * width, gdouble * height)
{
  PangoRectangle logical;

  pango_layout_get_extents (layout, NULL, &logical);
  *width = (gdouble) logical.width / PANGO_SCALE;
  *height = (gdouble) logical.height / PANGO_SCALE;
}

static void
add_row (Panel * panel, PangoContext * context, const GstMobilenetRow * row,
    const GstMobilenetOverlaySettings * settings)
{
  Line *line = &panel->lines[panel->n_lines++];
  gchar text[16];
  gdouble height;

  line->em = row->first ? panel->em : panel->em * OTHER_SIZE;
  line->alpha = row->first ? 1 : OTHER_ALPHA;
  line->bar = settings->show_bar && !row->unknown ? row->percent / 100.0 : -1;
  line->label = new_layout (context, row->label, settings->font, line->em,
      row->first);
  measure (line->label, &line->width, &line->height);

  if (settings->show_probability && !row->unknown) {
    /* room for the widest, so that a label is cut at the same place whatever its probability */
    line->percent = new_layout (context, "100%", settings->font, line->em,
        row->first);
    measure (line->percent, &line->percent_width, &height);
    g_snprintf (text, sizeof text, "%u%%", row->percent);
    pango_layout_set_text (line->percent, text, -1);
    pango_layout_set_width (line->percent, ceil (line->percent_width)
        * PANGO_SCALE);
    pango_layout_set_alignment (line->percent, PANGO_ALIGN_RIGHT);
    line->percent_width = ceil (line->percent_width);
    line->width += line->percent_width + GAP * panel->em;
  }
  if (line->bar >= 0)
    line->height += (BAR_GAP + BAR_HEIGHT) * line->em;
}

static void
add_timing (Panel * panel, PangoContext * context, const gchar * text,
    const GstMobilenetOverlaySettings * settings)
{
  Line *line = &panel->lines[panel->n_lines++];

  line->em = panel->em * TIMING_SIZE;
  line->alpha = OTHER_ALPHA;
  line->bar = -1;
  line->label = new_layout (context, text, settings->font, line->em, FALSE);
  measure (line->label, &line->width, &line->height);
}

static void
init_sizes (Panel * panel, const GstMobilenetOverlaySettings * settings,
    const GstVideoInfo * info)
{
  gdouble side;

  memset (panel, 0, sizeof *panel);
  panel->pixel_aspect =
      (gdouble) GST_VIDEO_INFO_PAR_N (info) / GST_VIDEO_INFO_PAR_D (info);
  panel->frame_width = GST_VIDEO_INFO_WIDTH (info) * panel->pixel_aspect;
  panel->frame_height = GST_VIDEO_INFO_HEIGHT (info);
  side = MIN (panel->frame_width, panel->frame_height);
  panel->margin = side * settings->margin / 100;
  if (settings->font_size > 0)
    panel->em = side * settings->font_size / 100;
  else
    panel->em = MAX (side * 0.04, MIN (12, side / 3));
  panel->em = MAX (panel->em, 1);
}

/* As wide as its longest label, and as high as the lines that fit. */
static void
fit (Panel * panel)
{
  gdouble width = MIN_WIDTH * panel->em, padding = PADDING * panel->em;
  gdouble height = 2 * padding;
  gdouble room = panel->frame_height - 2 * panel->margin;
  guint i;

  for (i = 0; i < panel->n_lines; i++) {
    gdouble more = panel->lines[i].height + (i ? GAP * panel->em : 0);

    if (i > 0 && height + more > room)
      break;
    height += more;
    width = MAX (width, panel->lines[i].width);
  }
  for (; panel->n_lines > i; panel->n_lines--) {
    Line *line = &panel->lines[panel->n_lines - 1];

    g_clear_object (&line->label);
    g_clear_object (&line->percent);
  }
  width += 2 * padding;
  panel->width = MIN (width, panel->frame_width - 2 * panel->margin);
  panel->height = MIN (height, room);
}

static void
set_color (cairo_t * cr, guint32 argb, gdouble alpha)
{
  cairo_set_source_rgba (cr, (argb >> 16 & 0xff) / 255.0,
      (argb >> 8 & 0xff) / 255.0, (argb & 0xff) / 255.0,
      (argb >> 24) / 255.0 * alpha);
}

static void
rounded_rectangle (cairo_t * cr, gdouble x, gdouble y, gdouble width,
    gdouble height, gdouble radius)
{
  radius = MIN (radius, MIN (width, height) / 2);
  cairo_new_sub_path (cr);
  cairo_arc (cr, x + width - radius, y + radius, radius, -G_PI / 2, 0);
  cairo_arc (cr, x + width - radius, y + height - radius, radius, 0, G_PI / 2);
  cairo_arc (cr, x + radius, y + height - radius, radius, G_PI / 2, G_PI);
  cairo_arc (cr, x + radius, y + radius, radius, G_PI, 3 * G_PI / 2);
  cairo_close_path (cr);
}

static void
draw_bar (cairo_t * cr, const Line * line, gdouble x, gdouble y, gdouble width,
    const GstMobilenetOverlaySettings * settings)
{
  gdouble height = BAR_HEIGHT * line->em;

  cairo_save (cr);
  rounded_rectangle (cr, x, y, width, height, height / 2);
  cairo_clip (cr);
  set_color (cr, settings->text_color, TRACK_ALPHA);
  cairo_paint (cr);
  set_color (cr, settings->bar_color, line->alpha);
  cairo_rectangle (cr, x, y, width * line->bar, height);
  cairo_fill (cr);
  cairo_restore (cr);
}

static void
draw_line (cairo_t * cr, const Panel * panel, const Line * line, gdouble y,
    const GstMobilenetOverlaySettings * settings)
{
  gdouble x = PADDING * panel->em;
  gdouble width = MAX (panel->width - 2 * x, 1);
  gdouble label_width = width;

  set_color (cr, settings->text_color, line->alpha);
  if (line->percent) {
    label_width -= line->percent_width + GAP * panel->em;
    cairo_move_to (cr, x + width - line->percent_width, y);
    pango_cairo_show_layout (cr, line->percent);
  }
  if (label_width >= 1) {
    pango_layout_set_width (line->label, ceil (label_width) * PANGO_SCALE);
    cairo_move_to (cr, x, y);
    pango_cairo_show_layout (cr, line->label);
  }
  if (line->bar >= 0)
    draw_bar (cr, line, x, y + line->height - BAR_HEIGHT * line->em, width,
        settings);
}

static void
draw (cairo_t * cr, const Panel * panel,
    const GstMobilenetOverlaySettings * settings)
{
  gdouble y = PADDING * panel->em;
  guint i;

  cairo_push_group (cr);
  rounded_rectangle (cr, 0, 0, panel->width, panel->height, CORNER * panel->em);
  set_color (cr, settings->background_color, 1);
  cairo_fill_preserve (cr);
  cairo_clip (cr);
  for (i = 0; i < panel->n_lines; i++) {
    draw_line (cr, panel, &panel->lines[i], y, settings);
    y += panel->lines[i].height + GAP * panel->em;
  }
  cairo_pop_group_to_source (cr);
  cairo_paint_with_alpha (cr, settings->opacity);
}

/* In the frame's pixels. Even where it can be: blending halves of subsampled chroma would tint the border. */
static GstVideoRectangle
place (const Panel * panel, GstMobilenetOverlayPosition position,
    const GstVideoInfo * info)
{
  gint frame_width = GST_VIDEO_INFO_WIDTH (info);
  gint frame_height = GST_VIDEO_INFO_HEIGHT (info);
  gint margin_x = panel->margin / panel->pixel_aspect;
  gint margin_y = panel->margin;
  GstVideoRectangle place;

  place.w = CLAMP (GST_ROUND_UP_2 ((gint) ceil (panel->width /
              panel->pixel_aspect)), 1, frame_width);
  place.h = CLAMP (GST_ROUND_UP_2 ((gint) ceil (panel->height)), 1,
      frame_height);
  place.x = margin_x;
  place.y = margin_y;
  if (position == GST_MOBILENET_OVERLAY_TOP
      || position == GST_MOBILENET_OVERLAY_BOTTOM)
    place.x = (frame_width - place.w) / 2;
  else if (position == GST_MOBILENET_OVERLAY_TOP_RIGHT
      || position == GST_MOBILENET_OVERLAY_BOTTOM_RIGHT)
    place.x = frame_width - place.w - margin_x;
  if (position >= GST_MOBILENET_OVERLAY_BOTTOM_LEFT)
    place.y = frame_height - place.h - margin_y;
  place.x = MIN (MAX (place.x, 0) & ~1, frame_width - place.w);
  place.y = MIN (MAX (place.y, 0) & ~1, frame_height - place.h);
  return place;
}

static GstBuffer *
paint (const Panel * panel, const GstVideoRectangle * size,
    const GstMobilenetOverlaySettings * settings)
{
  gsize bytes = (gsize) size->w * size->h * 4;
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, bytes, NULL);
  cairo_surface_t *surface;
  GstMapInfo map;
  cairo_t *cr;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  memset (map.data, 0, bytes);
  surface = cairo_image_surface_create_for_data (map.data, CAIRO_FORMAT_ARGB32,
      size->w, size->h, size->w * 4);
  cr = cairo_create (surface);
  cairo_scale (cr, 1 / panel->pixel_aspect, 1);
  draw (cr, panel, settings);
  cairo_destroy (cr);
  cairo_surface_destroy (surface);
  gst_buffer_unmap (buffer, &map);

  gst_buffer_add_video_meta (buffer, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB, size->w, size->h);
  return buffer;
}

GstVideoOverlayRectangle *
gst_mobilenet_panel_render (PangoContext * context,
    const GstMobilenetContent * content,
    const GstMobilenetOverlaySettings * settings, const GstVideoInfo * info)
{
  GstVideoOverlayRectangle *rectangle;
  GstVideoRectangle where;
  GstBuffer *pixels;
  Panel panel;
  guint i;

  init_sizes (&panel, settings, info);
  for (i = 0; i < content->rows->len
      && panel.n_lines + 1 < G_N_ELEMENTS (panel.lines); i++)
    add_row (&panel, context, &g_array_index (content->rows, GstMobilenetRow,
            i), settings);
  if (*content->timing)
    add_timing (&panel, context, content->timing, settings);
  fit (&panel);

  where = place (&panel, settings->position, info);
  pixels = paint (&panel, &where, settings);
  rectangle = gst_video_overlay_rectangle_new_raw (pixels, where.x, where.y,
      where.w, where.h, GST_VIDEO_OVERLAY_FORMAT_FLAG_PREMULTIPLIED_ALPHA);
  gst_buffer_unref (pixels);

  for (i = 0; i < panel.n_lines; i++) {
    g_clear_object (&panel.lines[i].label);
    g_clear_object (&panel.lines[i].percent);
  }
  return rectangle;
}
