/** What the printers of plans share. */
#ifndef MNET_PLAN_PRINT_H
#define MNET_PLAN_PRINT_H

#include "nn/graph/graph.h"

#include <stdio.h>

/** Shape and type, led by a space: " 1x112x112x32    qs8". */
void mnet_plan_print_shape(FILE *out, const MnetTensor *tensor);

#endif
