/** What the camera of the shim can do: its formats, sizes and rates, and the ioctls that ask for
 * them. */
#ifndef TESTS_V4L2_MODES_H
#define TESTS_V4L2_MODES_H

#include <linux/videodev2.h>

/** `row` bytes are between rows in truth; `said` more are claimed, or fewer where it is negative.
 */
typedef struct Padding {
    unsigned row;
    int said;
} Padding;

/** ENUM_FMT, ENUM_FRAMESIZES, ENUM_FRAMEINTERVALS: 0 or a negative errno. */
int modes_enum_format(struct v4l2_fmtdesc *format);
int modes_enum_size(struct v4l2_frmsizeenum *size);
int modes_enum_interval(struct v4l2_frmivalenum *interval);

/** TRY_FMT: makes of any request the nearest mode there is. */
void modes_adjust(struct v4l2_pix_format *format, Padding padding);
/** The nearest interval that this format and size has. */
struct v4l2_fract modes_nearest_interval(const struct v4l2_pix_format *format,
                                         struct v4l2_fract wanted);

/** Bytes of a picture's row of pixels; 0 for compressed formats. */
unsigned modes_row_bytes(const struct v4l2_pix_format *format);
/** Rows of all its planes. */
unsigned modes_rows(const struct v4l2_pix_format *format);

#endif
