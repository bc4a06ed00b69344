/**
 * GStreamer's `.modelinfo` (gst-plugins-bad, GstAnalyticsModelInfo, since 1.28): a key file that
 * says how a model's tensors are to be filled.
 *
 *     [modelinfo]
 *     version=1.0
 *
 *     [input]                    the tensor's name in the model
 *     dir=input
 *     type=float32
 *     dims=1,224,224,3           -1 stands for any size
 *     ranges=-1.0,1.0            min,max that 0 and 255 become; or three of them, with ';' between
 *     caps=video/x-raw,format=RGB
 *
 * Read are the input's section, by its name or, where no section has it, the first with dir=input:
 * `ranges`, in numbers of the raw tensor, and of `caps` whether the format is RGB or BGR. Sections
 * whose type or dims are those of another tensor are passed over.
 */
#ifndef MNET_LOAD_MODELINFO_H
#define MNET_LOAD_MODELINFO_H

#include "nn/graph/graph.h"

/**
 * Looks for PATH.modelinfo, then for PATH with its extension replaced, and fills graph->metadata's
 * normalisation from it. No such file, or nothing in it for this input, is no error; a broken one
 * is.
 */
MnetStatus mnet_modelinfo_read(const char *path, MnetGraph *graph, MnetError *error);

/** The same for a file's text; `file` names it in messages. */
MnetStatus mnet_modelinfo_parse(MnetBytes text, const char *file, MnetGraph *graph,
                                MnetError *error);

#endif
