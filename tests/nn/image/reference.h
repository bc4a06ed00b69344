/** The frame-to-tensor pass once more: slow, in double, pixel by pixel, sharing nothing with the
 * engine. */
#ifndef TESTS_NN_IMAGE_REFERENCE_H
#define TESTS_NN_IMAGE_REFERENCE_H

#include "nn/mnet.h"

/** R, G, B (0 to 255, not rounded) of the width x height pixels of the model's input: rgb[(y *
 * width + x) * 3 + c]. */
void reference_convert(const MnetImage *image, const MnetPreprocess *preprocess, int width,
                       int height, double *rgb);

#endif
