#include "nn/load/text.h"

#include <string.h>

static bool is_blank(uint8_t byte) {
    return byte == ' ' || byte == '\t' || byte == '\r';
}

MnetBytes mnet_text_trim(MnetBytes text) {
    while (text.size && is_blank(text.data[0]))
        text.data++, text.size--;
    while (text.size && is_blank(text.data[text.size - 1]))
        text.size--;
    return text;
}

bool mnet_text_equals(MnetBytes text, const char *word) {
    return text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

/* Bytes that follow the lead byte, and the range of the first of them; -1 for what is no lead byte.
 */
static int following(uint8_t lead, uint8_t *lo, uint8_t *hi) {
    *lo = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    *hi = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    return lead < 0x80                    ? 0
           : lead >= 0xc2 && lead <= 0xdf ? 1
           : lead >= 0xe0 && lead <= 0xef ? 2
           : lead >= 0xf0 && lead <= 0xf4 ? 3
                                          : -1;
}

bool mnet_text_is_utf8(MnetBytes text) {
    for (size_t at = 0; at < text.size;) {
        uint8_t lo, hi;
        int count = following(text.data[at++], &lo, &hi);
        if (count < 0 || (size_t)count > text.size - at)
            return false;
        for (int i = 0; i < count; i++, lo = 0x80, hi = 0xbf)
            if (text.data[at + i] < lo || text.data[at + i] > hi)
                return false;
        at += count;
    }
    return true;
}
