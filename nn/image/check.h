/** Are the caller's structs what mnet.h allows? Messages name the value. */
#ifndef MNET_IMAGE_CHECK_H
#define MNET_IMAGE_CHECK_H

#include "nn/image/format.h"
#include "nn/image/image.h"

MnetStatus mnet_check_target(const MnetImageTarget *target, MnetError *error);
/** `preprocess` may be NULL (all default). On MNET_OK *out has every default filled in. */
MnetStatus mnet_check_preprocess(const MnetPreprocess *preprocess, MnetPreprocess *out,
                                 MnetError *error);
MnetStatus mnet_check_image(const MnetImage *image, MnetError *error);

#endif
