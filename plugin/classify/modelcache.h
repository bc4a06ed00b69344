/*
 * The models that elements of this process have open, so that those who name the same one share its weights.
 */
#ifndef __GST_MOBILENET_MODEL_CACHE_H__
#define __GST_MOBILENET_MODEL_CACHE_H__

#include "plugin/classify/settings.h"

G_BEGIN_DECLS

/*
 * The model that the settings name: opened, or the one that is open already with these settings and unchanged files.
 * On failure NULL, with *error filled. Thread-safe, as all of this.
 */
MnetModel *gst_mobilenet_model_acquire (const GstMobilenetModelSettings * settings, MnetError * error);
/* Gives back what gst_mobilenet_model_acquire() gave, and sets *model to NULL; which it may be already. */
void gst_mobilenet_model_release (MnetModel ** model);

G_END_DECLS

#endif
