/** Labels: a text file with one a line, or "index: label" (also "index label", "index,label"); a
 * BOM and CRLF are fine. */
#ifndef MNET_LOAD_LABELS_H
#define MNET_LOAD_LABELS_H

#include "nn/base/arena.h"
#include "nn/base/bytes.h"

typedef struct MnetLabels {
    int count;          /* of the model's classes */
    const char **names; /* count of them, in the arena; NULL where a class has none */
} MnetLabels;

/**
 * Parses label text for a model of n_classes. 1000 labels on 1001 outputs: output 0 is
 * "background"; 1001 labels on 1000 outputs: the first, background, is left out. Any other wrong
 * count, binary junk, or a line over 1 MB is an error that names `file`, the line and the mend.
 * Empty lines at the end are ignored; one in the middle is a class without a label. Broken UTF-8 is
 * an error too.
 */
MnetStatus mnet_labels_parse(MnetBytes text, const char *file, int n_classes, MnetArena *arena,
                             MnetLabels *labels, MnetError *error);

#endif
