#include "nn/models/builtin.h"

extern const uint8_t mnet_builtin_model_begin[], mnet_builtin_model_end[];
extern const uint8_t mnet_builtin_labels_begin[], mnet_builtin_labels_end[];

MnetBytes mnet_builtin_model(void) {
    return (MnetBytes){mnet_builtin_model_begin, mnet_builtin_model_end - mnet_builtin_model_begin};
}

MnetBytes mnet_builtin_labels(void) {
    return (MnetBytes){mnet_builtin_labels_begin,
                       mnet_builtin_labels_end - mnet_builtin_labels_begin};
}
