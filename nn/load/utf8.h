/** UTF-8 as Unicode defines it: no overlong forms, no surrogates, nothing beyond U+10FFFF. */
#ifndef MNET_LOAD_UTF8_H
#define MNET_LOAD_UTF8_H

#include "nn/base/bytes.h"

bool mnet_utf8_valid(MnetBytes text);

#endif
