/*
 * The text of a label, from a template: literal text with
 *   %l  the label
 *   %p  its probability in percent, a whole number
 *   %i  its index in the model's output
 *   %m  the model's name
 *   %%  a percent sign
 * "unknown", which has neither probability nor index, is written alone, whatever the template.
 */
#ifndef __GST_MOBILENET_TEMPLATE_H__
#define __GST_MOBILENET_TEMPLATE_H__

#include "plugin/meta/gstmobilenetmeta.h"

G_BEGIN_DECLS

#define GST_MOBILENET_TEMPLATE_DEFAULT "%l %p%%"

/* Whether each % begins a field, and the rest is UTF-8. */
gboolean gst_mobilenet_template_is_valid (const gchar * template);

/* Fills a valid template with the first class of `result`, which has one. What comes is UTF-8 in lines that are neither
 * empty nor hold control characters, whatever the label's file held, of at most 1024 bytes; maybe none at all. Free with
 * g_string_free(). */
GString *gst_mobilenet_template_fill (const gchar * template, const GstMobilenetResult * result);

G_END_DECLS

#endif
