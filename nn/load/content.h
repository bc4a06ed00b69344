/** Recognises by content what people name in place of a model. */
#ifndef MNET_LOAD_CONTENT_H
#define MNET_LOAD_CONTENT_H

#include "nn/base/bytes.h"

/**
 * What the bytes are, and the mend, such as "is a ZIP archive; unpack it and name the model
 * inside"; NULL where they are nothing that is known, as a model's are.
 */
const char *mnet_content_describe(MnetBytes bytes);

#endif
