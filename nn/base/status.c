#include "nn/base/status.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Length of the UTF-8 sequence at text, or 0 where it is broken. */
static int utf8_length(const unsigned char *text) {
    int n = text[0] < 0x80                       ? 1
            : text[0] >= 0xc2 && text[0] <= 0xdf ? 2
            : text[0] >= 0xe0 && text[0] <= 0xef ? 3
            : text[0] >= 0xf0 && text[0] <= 0xf4 ? 4
                                                 : 0;
    for (int i = 1; i < n; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (text[0] == 0xe0 && n == 3 && text[1] < 0xa0) ||
                    (text[0] == 0xf0 && n == 4 && text[1] < 0x90);
    bool outside = (text[0] == 0xed && n == 3 && text[1] > 0x9f) ||
                   (text[0] == 0xf4 && n == 4 && text[1] > 0x8f);
    return overlong || outside ? 0 : n;
}

MnetStatus mnet_fail(MnetError *error, MnetStatus status, const char *format, ...) {
    if (!error)
        return status;
    char text[1024];
    va_list args;
    va_start(args, format);
    int written = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (written < 0)
        text[0] = 0;
    bool cut = written >= (int)sizeof text;

    const size_t room = sizeof error->message - sizeof "...";
    size_t out = 0;
    for (const unsigned char *at = (const unsigned char *)text; *at;) {
        int n = utf8_length(at);
        if (out + (n ? n : 1) > room) {
            cut = true;
            break;
        }
        if (n > 1 || (n == 1 && *at >= 0x20 && *at != 0x7f))
            memcpy(error->message + out, at, n);
        else
            error->message[out] = '?', n = 1;
        out += n;
        at += n;
    }
    strcpy(error->message + out, cut ? "..." : "");
    error->status = status;
    return status;
}

const char *mnet_status_name(MnetStatus status) {
    switch (status) {
    case MNET_OK:
        return "ok";
    case MNET_ERROR_IO:
        return "io";
    case MNET_ERROR_FORMAT:
        return "format";
    case MNET_ERROR_UNSUPPORTED:
        return "unsupported";
    case MNET_ERROR_ARGUMENT:
        return "argument";
    case MNET_ERROR_MEMORY:
        return "memory";
    }
    return "unknown";
}
