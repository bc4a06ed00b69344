/** The pictures that the camera of the shim shows. */
#ifndef TESTS_V4L2_PICTURES_H
#define TESTS_V4L2_PICTURES_H

#include <linux/videodev2.h>
#include <stddef.h>
#include <stdint.h>

enum { PICTURES_MAX = 64 };

/** The files of one mode, in memory; n == 0: a generated test picture. Zero-initialise. */
typedef struct Pictures {
    uint8_t *data[PICTURES_MAX];
    size_t sizes[PICTURES_MAX];
    unsigned n;
} Pictures;

/** Reads FOLDER/YUYV-640x480-000 and on. `folder` NULL: none. 0, or -EIO where a compressed format
 * has none. */
int pictures_load(Pictures *pictures, const char *folder, const struct v4l2_pix_format *format);
void pictures_free(Pictures *pictures);

/** Writes the frame of that number to `out` of format->sizeimage bytes; `padding` bytes are left
 * out behind each row. Returns the bytes used. */
size_t pictures_write(const Pictures *pictures, const struct v4l2_pix_format *format,
                      unsigned padding, unsigned number, uint8_t *out);

#endif
