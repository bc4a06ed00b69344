#include "tests/v4l2/pictures.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/v4l2/modes.h"

static uint8_t *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    long length;

    if (!file)
        return NULL;
    if (fseek(file, 0, SEEK_END) == 0 && (length = ftell(file)) > 0 &&
        (data = malloc((size_t)length))) {
        rewind(file);
        *size = fread(data, 1, (size_t)length, file);
    }
    fclose(file);
    return data;
}

int pictures_load(Pictures *pictures, const char *folder, const struct v4l2_pix_format *format) {
    char path[4096];
    uint8_t *data;

    while (folder && pictures->n < PICTURES_MAX) {
        snprintf(path, sizeof path, "%s/%.4s-%ux%u-%03u", folder,
                 (const char *)&format->pixelformat, format->width, format->height, pictures->n);
        if (!(data = read_file(path, &pictures->sizes[pictures->n])))
            break;
        pictures->data[pictures->n++] = data;
    }
    return pictures->n == 0 && modes_row_bytes(format) == 0 ? -EIO : 0;
}

void pictures_free(Pictures *pictures) {
    while (pictures->n > 0)
        free(pictures->data[--pictures->n]);
}

/* A gradient that wanders; the same formula for luma and chroma is as good as any. */
static void generate_row(uint8_t *out, unsigned bytes, unsigned row, unsigned number) {
    for (unsigned i = 0; i < bytes; i++)
        out[i] = (uint8_t)(16 + (i / 4 + row + 3 * number) % 220);
}

size_t pictures_write(const Pictures *pictures, const struct v4l2_pix_format *format,
                      unsigned padding, unsigned number, uint8_t *out) {
    unsigned row = modes_row_bytes(format), rows = modes_rows(format);
    unsigned which = pictures->n ? number % pictures->n : 0;

    if (row == 0) {
        size_t size = pictures->sizes[which];
        if (size > format->sizeimage)
            size = format->sizeimage;
        memcpy(out, pictures->data[which], size);
        return size;
    }
    for (unsigned y = 0; y < rows; y++, out += row + padding) {
        if (pictures->n == 0)
            generate_row(out, row, y, number);
        else if ((size_t)(y + 1) * row <= pictures->sizes[which])
            memcpy(out, pictures->data[which] + (size_t)y * row, row);
    }
    return format->sizeimage;
}
