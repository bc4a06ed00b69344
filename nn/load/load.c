#include "nn/load/load.h"

#include <stdio.h>

#include "nn/load/content.h"
#include "nn/load/modelinfo.h"

static const MnetLoader *const loaders[] = {&mnet_loader_tflite, &mnet_loader_onnx};

static MnetStatus no_model(MnetBytes bytes, const char *file, MnetError *error) {
    char begin[3 * 8 + 1] = "";

    if (bytes.size < 8)
        return mnet_fail(error, MNET_ERROR_FORMAT,
                         "%s: has %zu bytes, too few for a model; fetch or export it again", file,
                         bytes.size);
    for (int i = 0; i < 8; i++)
        snprintf(begin + 3 * i, 4, " %02x", bytes.data[i]);
    return mnet_fail(error, MNET_ERROR_FORMAT,
                     "%s: is neither a TFLite nor an ONNX model: it begins with%s", file, begin);
}

/* What is known to be something else is asked first: a loader that judges by few bytes might take
 * it for its own. */
static MnetStatus find_loader(MnetBytes bytes, const char *file, const MnetLoader **loader,
                              MnetError *error) {
    const char *other = mnet_content_describe(bytes);

    if (!bytes.size)
        return mnet_fail(error, MNET_ERROR_FORMAT, "%s: is empty; fetch or export it again", file);
    if (other)
        return mnet_fail(error, MNET_ERROR_FORMAT, "%s: %s", file, other);
    for (size_t i = 0; i < sizeof loaders / sizeof *loaders; i++)
        if (loaders[i]->probe(bytes)) {
            *loader = loaders[i];
            return MNET_OK;
        }
    return no_model(bytes, file, error);
}

MnetStatus mnet_load(MnetBytes bytes, const char *file, const char *path, MnetGraph *graph,
                     MnetError *error) {
    const MnetLoader *loader = NULL;
    MnetStatus status;

    mnet_graph_init(graph, file);
    status = find_loader(bytes, graph->file, &loader, error);
    if (!status) {
        graph->format = loader->format;
        status = loader->load(bytes, graph, error);
    }
    if (!status && path && !graph->metadata.has_normalization)
        status = mnet_modelinfo_read(path, graph, error);
    if (status)
        mnet_graph_clear(graph);
    return status;
}
