/** Text in bounded bytes. */
#ifndef MNET_LOAD_TEXT_H
#define MNET_LOAD_TEXT_H

#include "nn/base/bytes.h"

/** Without blanks, tabs and carriage returns at both ends. */
MnetBytes mnet_text_trim(MnetBytes text);
bool mnet_text_equals(MnetBytes text, const char *word);
/** Is it UTF-8 as Unicode defines it: no overlong forms, no surrogates, nothing beyond U+10FFFF? */
bool mnet_text_is_utf8(MnetBytes text);

#endif
