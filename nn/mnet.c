#include "nn/mnet.h"

const char *mnet_version(void) {
    return MNET_VERSION;
}
