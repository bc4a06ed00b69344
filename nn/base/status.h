/** Errors inside the engine: every function that can fail returns a status and fills an MnetError.
 */
#ifndef MNET_BASE_STATUS_H
#define MNET_BASE_STATUS_H

#include "nn/mnet.h"

/**
 * Writes the status and the formatted message into `error` (may be NULL) and returns the status, so
 * that a failure is one line: `return mnet_fail(error, MNET_ERROR_FORMAT, "%s: truncated at byte
 * %zu", name, at);` Control characters and broken UTF-8 that came from a file are replaced by '?';
 * an overlong message ends in "...".
 */
MnetStatus mnet_fail(MnetError *error, MnetStatus status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
