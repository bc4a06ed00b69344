/** The built-in model and its labels, linked into the library by builtin.S. See nn/models/NOTICE
 * for origin and figures. */
#ifndef MNET_MODELS_BUILTIN_H
#define MNET_MODELS_BUILTIN_H

#include "nn/base/bytes.h"

/** An ONNX file (QDQ int8), aligned to 64 bytes. */
MnetBytes mnet_builtin_model(void);
/** 1000 lines of text. */
MnetBytes mnet_builtin_labels(void);

#endif
