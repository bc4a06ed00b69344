/* Label files, for models of several class counts. */
#include <stdlib.h>

#include "nn/load/labels.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const int classes[] = {1, 3, 1000, 1001};
    MnetBytes text = {data, size};

    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        MnetArena arena = {0};
        MnetLabels labels;
        MnetError error;
        if (!mnet_labels_parse(text, "labels.txt", classes[i], &arena, &labels, &error) &&
            labels.count != classes[i])
            abort();
        mnet_arena_clear(&arena);
    }
    return 0;
}
